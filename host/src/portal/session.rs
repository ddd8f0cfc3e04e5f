//! Who is signed in: sessions known by a cookie, each with a token for its forms and with the connections that it is about to
//! make. They are a file that lets nobody in: it holds digests of cookies and of the admin token together. Every process of a
//! data folder reads and changes the same file.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use connector_runtime::{ExposeSecret as _, SecretString};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::lasts;
use crate::outside;
use crate::private_file;
use crate::random;

/// How long a session lasts.
const LIFETIME_MS: i64 = 12 * 60 * 60 * 1000;

/// How long a connection may take from its beginning to the callback.
const FLOW_MS: i64 = 15 * 60 * 1000;

/// The most sessions; the oldest ends where there are more.
const MOST: usize = 256;

/// The most connections that a session has begun and not finished; the oldest is forgotten if there are more.
const MOST_FLOWS: usize = 8;

/// Sessions are kept by a digest of their cookie, so that no comparison tells of a cookie by the time it takes.
type Key = [u8; 32];

/// The sessions.
pub(super) struct Sessions {
    is_secure: bool,
    /// What signs in. A digest of a cookie has it in it, so that another admin token ends all sessions.
    admin_token: SecretString,
    file: PathBuf,
}

/// By the digest in hex.
type All = HashMap<String, Session>;

#[derive(Clone, Deserialize, Serialize)]
struct Session {
    began_ms: i64,
    #[serde(default)]
    flows: Vec<Flow>,
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
    /// The digest of the code that came back for it first; `None` before. With a state, no other code is exchanged.
    #[serde(default)]
    pub(super) code: Option<String>,
}

impl Flow {
    fn is_live(&self, now_ms: i64) -> bool {
        lasts(self.began_ms, FLOW_MS, now_ms)
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.app, &self.account, &self.state) == (&other.app, &other.account, &other.state)
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    /// The name of the session.
    pub(super) session: String,
    /// What every form must send along.
    pub(super) form_token: String,
    /// The connections that were begun and may still be finished, the newest last.
    pub(super) flows: Vec<Flow>,
}

impl Sessions {
    /// The sessions of a file, which is made when the first session begins.
    pub(super) fn open(is_secure: bool, admin_token: Option<SecretString>, file: PathBuf) -> Self {
        Self { is_secure, admin_token: admin_token.unwrap_or_default(), file }
    }

    /// Begins a session; the cookie to set.
    ///
    /// # Errors
    /// When the system has no randomness, or the session cannot be stored.
    pub(super) async fn begin(&self, now_ms: i64) -> io::Result<HeaderValue> {
        let id = token()?;
        let session = self.session(&id);
        self.change(move |all| {
            all.retain(|_, session| lasts(session.began_ms, LIFETIME_MS, now_ms));
            if all.len() >= MOST
                && let Some(oldest) =
                    all.iter().min_by_key(|(_, session)| session.began_ms).map(|(key, _)| key.clone())
            {
                all.remove(&oldest);
            }
            all.insert(session, Session { began_ms: now_ms, flows: Vec::new() });
        })
        .await?;
        Ok(self.cookie(self.name(), &id, LIFETIME_MS / 1000))
    }

    /// Who sent these headers, where they are signed in.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn find(&self, headers: &HeaderMap, now_ms: i64) -> io::Result<Option<SignedIn>> {
        let Some(id) = cookie(headers, self.name()) else { return Ok(None) };
        let (session, form_token) = (self.session(&id), digest(&format!("form {id}")));
        self.again(&SignedIn { session, form_token, flows: Vec::new() }, now_ms).await
    }

    /// The same session as it is now; `None` if it has ended.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn again(&self, who: &SignedIn, now_ms: i64) -> io::Result<Option<SignedIn>> {
        let (who, file) = (who.clone(), self.file.clone());
        blocking(move || {
            let Some(found) = read(&file)?.remove(&who.session) else { return Ok(None) };
            let is_live = lasts(found.began_ms, LIFETIME_MS, now_ms);
            let flows = found.flows.into_iter().filter(|flow| flow.is_live(now_ms)).collect();
            Ok(is_live.then_some(SignedIn { flows, ..who }))
        })
        .await
    }

    /// Ends a session; the cookie that removes theirs.
    ///
    /// # Errors
    /// When it cannot be stored: the session goes on.
    pub(super) async fn end(&self, who: &SignedIn) -> io::Result<HeaderValue> {
        let session = who.session.clone();
        self.change(move |all| drop(all.remove(&session))).await?;
        Ok(self.cookie(self.name(), "", 0))
    }

    /// Notes that a connection was begun, in place of the same begun before. Others of the session stay: a form that is sent
    /// twice has two states, and the browser may come back with either.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub(super) async fn begin_flow(&self, who: &SignedIn, flow: Flow) -> io::Result<()> {
        let session = who.session.clone();
        self.change(move |all| {
            if let Some(session) = all.get_mut(&session) {
                session.flows.retain(|known| known.is_live(flow.began_ms) && !known.is_same(&flow));
                if session.flows.len() >= MOST_FLOWS {
                    session.flows.remove(0);
                }
                session.flows.push(flow);
            }
        })
        .await
    }

    /// Gives a flow, as it was read, to the code that came back for it; false if another code got it meanwhile.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub(super) async fn bind_flow(&self, session: &str, flow: &Flow, code: &str) -> io::Result<bool> {
        if flow.code.as_deref() == Some(code) {
            return Ok(true);
        }
        let (session, flow, code) = (session.to_owned(), flow.clone(), code.to_owned());
        self.change(move |all| {
            let flows = all.get_mut(&session).map_or(&mut [] as &mut [_], |session| &mut session.flows);
            let Some(known) = flows.iter_mut().find(|known| known.is_same(&flow)) else { return false };
            if *known == flow {
                known.code = Some(code.clone());
            }
            known.code.as_deref() == Some(&*code)
        })
        .await
    }

    /// Changes the file. A lock makes the changes of all processes one after the other.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut All) -> T + Send + 'static,
    ) -> io::Result<T> {
        let file = self.file.clone();
        blocking(move || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            // It ends with the handle.
            let lock = options.open(file.with_extension("lock"))?;
            lock.lock()?;
            let mut all = read(&file)?;
            let outcome = change(&mut all);
            private_file::replace(&file, &serde_json::to_vec(&all)?)?;
            Ok(outcome)
        })
        .await
    }

    /// The name of a session in the file.
    fn session(&self, id: &str) -> String {
        digest(&format!("session {id} {}", self.admin_token.expose_secret()))
    }

    /// A cookie for the form of somebody who is not signed in yet, and the text that the form must send along.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn form_cookie(&self) -> io::Result<(HeaderValue, String)> {
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

/// The sessions of a file; none if there is no file yet, or it is in no form of ours.
fn read(file: &Path) -> io::Result<All> {
    let text = match outside::file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(All::new()),
        Err(error) if error.kind() != ErrorKind::InvalidData => return Err(error),
        text => text.and_then(|text| Ok(serde_json::from_str(text.expose_secret())?)),
    };
    Ok(text.unwrap_or_else(|error: io::Error| {
        tracing::warn!(%error, "the sessions cannot be read: everybody signs in again");
        All::new()
    }))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
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
pub(super) fn token() -> io::Result<String> {
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
mod tests;
