//! Who is signed in: sessions known by a cookie, each with a token for its forms and with the connection that it is about to
//! make. They survive a restart in a file that lets nobody in: it holds digests of cookies and of the admin token together.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use connector_runtime::{ExposeSecret as _, SecretString};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::outside;
use crate::private_file;
use crate::random;

/// How long a session lasts.
const LIFETIME_MS: i64 = 12 * 60 * 60 * 1000;

/// How long a connection may take from its beginning to the callback.
const FLOW_MS: i64 = 15 * 60 * 1000;

/// The most sessions; the oldest ends where there are more.
const MOST: usize = 256;

/// Sessions are kept by a digest of their cookie, so that no comparison tells of a cookie by the time it takes.
type Key = [u8; 32];

/// The sessions.
pub(super) struct Sessions {
    is_secure: bool,
    /// What signs in. A digest of a cookie has it in it, so that another admin token ends all sessions.
    admin_token: SecretString,
    file: PathBuf,
    all: Arc<Mutex<All>>,
}

/// By the digest in hex.
type All = HashMap<String, Session>;

#[derive(Clone, Deserialize, Serialize)]
struct Session {
    began_ms: i64,
    flow: Option<Flow>,
}

/// A connection that somebody signed in has begun to make.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Flow {
    /// Through this app.
    pub(super) app: String,
    /// To this account.
    pub(super) account: String,
    /// The [`digest`] of what the vendor gives back, where it was told.
    pub(super) state: Option<String>,
    /// When.
    pub(super) began_ms: i64,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    session: String,
    /// What every form must send along.
    pub(super) form_token: String,
}

impl Sessions {
    /// The sessions that a file holds; none where it cannot be read.
    pub(super) fn open(is_secure: bool, admin_token: Option<SecretString>, file: PathBuf) -> Self {
        let all = match outside::file(&file) {
            Ok(text) => serde_json::from_str(text.expose_secret()).unwrap_or_else(|error| {
                tracing::warn!(%error, "the sessions of before cannot be read: everybody signs in again");
                All::new()
            }),
            Err(_) => All::new(),
        };
        let admin_token = admin_token.unwrap_or_default();
        Self { is_secure, admin_token, file, all: Arc::new(Mutex::new(all)) }
    }

    /// Begins a session; the cookie to set.
    ///
    /// # Errors
    /// When the system has no randomness, or the session cannot be stored.
    pub(super) async fn begin(&self, now_ms: i64) -> std::io::Result<HeaderValue> {
        let id = token()?;
        let session = self.session(&id);
        self.change(move |all| {
            all.retain(|_, session| now_ms < session.began_ms.saturating_add(LIFETIME_MS));
            if all.len() >= MOST
                && let Some(oldest) =
                    all.iter().min_by_key(|(_, session)| session.began_ms).map(|(key, _)| key.clone())
            {
                all.remove(&oldest);
            }
            all.insert(session, Session { began_ms: now_ms, flow: None });
        })
        .await?;
        Ok(self.cookie(self.name(), &id, LIFETIME_MS / 1000))
    }

    /// Who sent these headers, where they are signed in.
    pub(super) fn find(&self, headers: &HeaderMap, now_ms: i64) -> Option<SignedIn> {
        let id = cookie(headers, self.name())?;
        let session = self.session(&id);
        let began_ms = lock(&self.all).get(&session)?.began_ms;
        let is_live = now_ms < began_ms.saturating_add(LIFETIME_MS);
        is_live.then(|| SignedIn { session, form_token: digest(&format!("form {id}")) })
    }

    /// Ends a session; the cookie that removes theirs.
    pub(super) async fn end(&self, who: &SignedIn) -> HeaderValue {
        let session = who.session.clone();
        if let Err(error) = self.change(move |all| drop(all.remove(&session))).await {
            tracing::error!(%error, "a session ended, and begins again with the next start");
        }
        self.cookie(self.name(), "", 0)
    }

    /// Notes that a connection was begun, in place of one before.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub(super) async fn begin_flow(&self, who: &SignedIn, flow: Flow) -> std::io::Result<()> {
        let session = who.session.clone();
        self.change(move |all| {
            if let Some(session) = all.get_mut(&session) {
                session.flow = Some(flow);
            }
        })
        .await
    }

    /// The connection that was begun through an app, which is taken: it can be finished once.
    ///
    /// # Errors
    /// When it cannot be stored that it was taken.
    pub(super) async fn take_flow(
        &self,
        headers: &HeaderMap,
        app: &str,
        now_ms: i64,
    ) -> std::io::Result<Option<Flow>> {
        let Some(who) = self.find(headers, now_ms) else { return Ok(None) };
        let is_there = |all: &All| all.get(&who.session).is_some_and(|session| session.flow.is_some());
        if !is_there(&lock(&self.all)) {
            return Ok(None);
        }
        let app = app.to_owned();
        let take = move |all: &mut All| {
            all.get_mut(&who.session).and_then(|session| session.flow.take_if(|flow| flow.app == app))
        };
        let flow = self.change(take).await?;
        Ok(flow.filter(|flow| now_ms < flow.began_ms.saturating_add(FLOW_MS)))
    }

    /// Changes the sessions, in memory and on disk, one change after the other.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut All) -> T + Send + 'static,
    ) -> std::io::Result<T> {
        let (all, file) = (Arc::clone(&self.all), self.file.clone());
        let write = move || {
            let mut all = lock(&all);
            let outcome = change(&mut all);
            private_file::replace(&file, &serde_json::to_vec(&*all)?)?;
            Ok(outcome)
        };
        tokio::task::spawn_blocking(write).await.map_err(std::io::Error::other)?
    }

    /// The name of a session in memory and in the file.
    fn session(&self, id: &str) -> String {
        digest(&format!("session {id} {}", self.admin_token.expose_secret()))
    }

    /// A cookie for the form of somebody who is not signed in yet, and the text that the form must send along.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn form_cookie(&self) -> std::io::Result<(HeaderValue, String)> {
        let token = token()?;
        Ok((self.cookie(self.form_name(), &token, 60 * 60), token))
    }

    /// Whether what a form sent along is what its cookie says.
    pub(super) fn is_form(&self, headers: &HeaderMap, sent: &str) -> bool {
        cookie(headers, self.form_name()).is_some_and(|known| !known.is_empty() && key(&known) == key(sent))
    }

    fn name(&self) -> &'static str {
        if self.is_secure { "__Host-connector" } else { "connector" }
    }

    fn form_name(&self) -> &'static str {
        if self.is_secure { "__Host-connector-form" } else { "connector-form" }
    }

    /// Lax: the way back from the vendor comes from another site, by a link.
    fn cookie(&self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // Names and tokens are plain letters and digits.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

fn lock(all: &Mutex<All>) -> std::sync::MutexGuard<'_, All> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SignedIn {
    /// Whether a form of this session sent this along.
    pub(super) fn is_form(&self, sent: &str) -> bool {
        key(&self.form_token) == key(sent)
    }
}

/// 192 bits that nobody can guess.
///
/// # Errors
/// When the system has none.
pub(super) fn token() -> std::io::Result<String> {
    Ok(hex::encode(random::bytes::<24>()?))
}

/// The digest of a secret, to compare it by.
pub(super) fn key(text: &str) -> Key {
    Sha256::digest(text.as_bytes()).into()
}

/// The same in hex.
pub(super) fn digest(text: &str) -> String {
    hex::encode(key(text))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(cookie: &HeaderValue) -> HeaderMap {
        let text = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {text}")).unwrap())])
    }

    fn flow(began_ms: i64) -> Flow {
        Flow { app: "shop".to_owned(), account: "abc123".to_owned(), state: None, began_ms }
    }

    fn opened(folder: &tempfile::TempDir, admin_token: &str) -> Sessions {
        let admin_token = Some(SecretString::from(admin_token));
        Sessions::open(false, admin_token, folder.path().join("sessions.json"))
    }

    fn sessions() -> (tempfile::TempDir, Sessions) {
        let folder = tempfile::tempdir().unwrap();
        let sessions = opened(&folder, "admin");
        (folder, sessions)
    }

    #[tokio::test]
    async fn a_session_lasts_until_its_end_or_its_time() {
        let (_folder, sessions) = sessions();
        let headers = returned(&sessions.begin(0).await.unwrap());
        let who = sessions.find(&headers, LIFETIME_MS - 1).unwrap();
        assert!(who.is_form(&who.form_token) && !who.is_form(""));
        assert!(sessions.find(&headers, LIFETIME_MS).is_none());
        assert!(sessions.find(&HeaderMap::new(), 0).is_none());
        sessions.end(&who).await;
        assert!(sessions.find(&headers, 1).is_none());
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_once_in_time_and_through_its_app() {
        let (_folder, sessions) = sessions();
        let headers = returned(&sessions.begin(0).await.unwrap());
        let who = sessions.find(&headers, 0).unwrap();
        sessions.begin_flow(&who, flow(0)).await.unwrap();
        let take = async |app: &str, now| sessions.take_flow(&headers, app, now).await.unwrap();
        assert_eq!(take("other", 1).await, None);
        assert_eq!(take("shop", 1).await, Some(flow(0)));
        assert_eq!(take("shop", 1).await, None);
        sessions.begin_flow(&who, flow(0)).await.unwrap();
        assert_eq!(take("shop", FLOW_MS).await, None);
    }

    #[tokio::test]
    async fn sessions_and_what_was_begun_survive_a_restart_and_are_taken_once_all_the_same() {
        let (folder, sessions) = sessions();
        let headers = returned(&sessions.begin(0).await.unwrap());
        let gone = returned(&sessions.begin(0).await.unwrap());
        let who = sessions.find(&headers, 0).unwrap();
        sessions.begin_flow(&who, flow(0)).await.unwrap();
        sessions.end(&sessions.find(&gone, 0).unwrap()).await;

        let next = opened(&folder, "admin");
        assert_eq!(next.find(&headers, 1).unwrap().form_token, who.form_token);
        assert!(next.find(&gone, 1).is_none(), "who has signed out stays signed out");
        assert_eq!(next.take_flow(&headers, "shop", 1).await.unwrap(), Some(flow(0)));
        let after = opened(&folder, "admin");
        assert_eq!(after.take_flow(&headers, "shop", 1).await.unwrap(), None);
        assert!(opened(&folder, "another").find(&headers, 1).is_none(), "another admin token");

        let text = std::fs::read_to_string(folder.path().join("sessions.json")).unwrap();
        let cookie = headers[COOKIE].to_str().unwrap().rsplit('=').next().unwrap();
        assert!(
            !text.contains(cookie) && !text.contains(&who.form_token) && !text.contains("admin"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_noted_as_taken_is_not_given_out() {
        let (folder, sessions) = sessions();
        let headers = returned(&sessions.begin(0).await.unwrap());
        let who = sessions.find(&headers, 0).unwrap();
        sessions.begin_flow(&who, flow(0)).await.unwrap();
        drop(folder);
        assert!(sessions.take_flow(&headers, "shop", 1).await.is_err());
    }

    #[test]
    fn a_file_that_cannot_be_read_signs_everybody_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sessions.json"), "{broken").unwrap();
        assert!(lock(&opened(&folder, "admin").all).is_empty());
    }

    #[tokio::test]
    async fn cookies_are_for_this_host_and_no_script() {
        let (folder, sessions) = sessions();
        let plain = sessions.begin(0).await.unwrap();
        assert!(plain.to_str().unwrap().ends_with("; HttpOnly; SameSite=Lax"));
        let secure = Sessions::open(true, None, folder.path().join("sessions.json")).begin(0).await.unwrap();
        let secure = secure.to_str().unwrap();
        assert!(secure.starts_with("__Host-connector="), "{secure}");
        assert!(secure.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"), "{secure}");
    }

    #[tokio::test]
    async fn the_oldest_session_makes_room() {
        let (_folder, sessions) = sessions();
        let first = returned(&sessions.begin(0).await.unwrap());
        for now in 1..=MOST {
            sessions.begin(i64::try_from(now).unwrap()).await.unwrap();
        }
        assert!(sessions.find(&first, 1).is_none());
        assert_eq!(lock(&sessions.all).len(), MOST);
    }
}
