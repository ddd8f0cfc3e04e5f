//! Who is signed in: sessions in memory, known by a cookie, each with a token for its forms and with the connection that it
//! is about to make. A restart signs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use sha2::{Digest as _, Sha256};

use crate::random;

/// How long a session lasts.
const LIFETIME_MS: i64 = 12 * 60 * 60 * 1000;

/// How long a connection may take from its beginning to the callback.
const FLOW_MS: i64 = 15 * 60 * 1000;

/// The most sessions; the oldest ends where there are more.
const MOST: usize = 256;

/// Sessions are kept by the digest of their cookie, so that no comparison tells of a cookie by the time it takes.
type Key = [u8; 32];

/// The sessions.
pub(super) struct Sessions {
    is_secure: bool,
    all: Mutex<HashMap<Key, Session>>,
}

struct Session {
    form_token: String,
    began_ms: i64,
    flow: Option<Flow>,
}

/// A connection that somebody signed in has begun to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// Through this app.
    pub(super) app: String,
    /// To this account.
    pub(super) account: String,
    /// What the vendor gives back, where it was told.
    pub(super) state: Option<String>,
    /// When.
    pub(super) began_ms: i64,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    key: Key,
    /// What every form must send along.
    pub(super) form_token: String,
}

impl Sessions {
    pub(super) fn new(is_secure: bool) -> Self {
        Self { is_secure, all: Mutex::default() }
    }

    /// Begins a session; the cookie to set.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn begin(&self, now_ms: i64) -> std::io::Result<HeaderValue> {
        let (id, form_token) = (token()?, token()?);
        let mut all = self.lock();
        all.retain(|_, session| now_ms < session.began_ms.saturating_add(LIFETIME_MS));
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, session)| session.began_ms).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        all.insert(key(&id), Session { form_token, began_ms: now_ms, flow: None });
        drop(all);
        Ok(self.cookie(self.name(), &id, LIFETIME_MS / 1000))
    }

    /// Who sent these headers, where they are signed in.
    pub(super) fn find(&self, headers: &HeaderMap, now_ms: i64) -> Option<SignedIn> {
        let key = key(&cookie(headers, self.name())?);
        let all = self.lock();
        let session = all.get(&key)?;
        let is_live = now_ms < session.began_ms.saturating_add(LIFETIME_MS);
        is_live.then(|| SignedIn { key, form_token: session.form_token.clone() })
    }

    /// Ends a session; the cookie that removes theirs.
    pub(super) fn end(&self, who: &SignedIn) -> HeaderValue {
        self.lock().remove(&who.key);
        self.cookie(self.name(), "", 0)
    }

    /// Notes that a connection was begun, in place of one before.
    pub(super) fn begin_flow(&self, who: &SignedIn, flow: Flow) {
        if let Some(session) = self.lock().get_mut(&who.key) {
            session.flow = Some(flow);
        }
    }

    /// The connection that was begun through an app, which is taken: it can be finished once.
    pub(super) fn take_flow(&self, headers: &HeaderMap, app: &str, now_ms: i64) -> Option<Flow> {
        let who = self.find(headers, now_ms)?;
        let mut all = self.lock();
        let flow = &mut all.get_mut(&who.key)?.flow;
        flow.take_if(|flow| flow.app == app).filter(|flow| now_ms < flow.began_ms.saturating_add(FLOW_MS))
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

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    #[test]
    fn a_session_lasts_until_its_end_or_its_time() {
        let sessions = Sessions::new(false);
        let headers = returned(&sessions.begin(0).unwrap());
        let who = sessions.find(&headers, LIFETIME_MS - 1).unwrap();
        assert!(who.is_form(&who.form_token) && !who.is_form(""));
        assert!(sessions.find(&headers, LIFETIME_MS).is_none());
        assert!(sessions.find(&HeaderMap::new(), 0).is_none());
        sessions.end(&who);
        assert!(sessions.find(&headers, 1).is_none());
    }

    #[test]
    fn what_was_begun_is_finished_once_in_time_and_through_its_app() {
        let sessions = Sessions::new(false);
        let headers = returned(&sessions.begin(0).unwrap());
        let who = sessions.find(&headers, 0).unwrap();
        sessions.begin_flow(&who, flow(0));
        assert_eq!(sessions.take_flow(&headers, "other", 1), None);
        assert_eq!(sessions.take_flow(&headers, "shop", 1), Some(flow(0)));
        assert_eq!(sessions.take_flow(&headers, "shop", 1), None);
        sessions.begin_flow(&who, flow(0));
        assert_eq!(sessions.take_flow(&headers, "shop", FLOW_MS), None);
    }

    #[test]
    fn cookies_are_for_this_host_and_no_script() {
        let secure = Sessions::new(true).begin(0).unwrap();
        let secure = secure.to_str().unwrap();
        assert!(secure.starts_with("__Host-connector="), "{secure}");
        assert!(secure.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"), "{secure}");
        let plain = Sessions::new(false).begin(0).unwrap();
        assert!(plain.to_str().unwrap().ends_with("; HttpOnly; SameSite=Lax"));
    }

    #[test]
    fn the_oldest_session_makes_room() {
        let sessions = Sessions::new(false);
        let first = returned(&sessions.begin(0).unwrap());
        for now in 1..=MOST {
            sessions.begin(i64::try_from(now).unwrap()).unwrap();
        }
        assert!(sessions.find(&first, 1).is_none());
        assert_eq!(sessions.lock().len(), MOST);
    }
}
