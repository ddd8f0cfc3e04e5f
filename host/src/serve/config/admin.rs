//! Where operators and workers are served, and the token that they show.

use std::net::SocketAddr;

use connector_runtime::{ExposeSecret as _, SecretString};

use crate::failure::Failure;
use crate::serve::values::Values;

/// The fewest characters of an admin token.
const LEAST_TOKEN: usize = 16;

/// The admin token.
///
/// # Errors
/// `Usage` if it cannot be read or could be guessed.
pub(super) fn token(values: &Values<'_>) -> Result<Option<SecretString>, Failure> {
    let token = values.secret("admin.token", "file with the admin token")?;
    if token.as_ref().is_some_and(|token| token.expose_secret().chars().count() < LEAST_TOKEN) {
        let what = format!(
            "cannot use this admin token: it has fewer than {LEAST_TOKEN} characters, and could be guessed: make one with \
             `openssl rand -hex 32`"
        );
        return Err(values.wrong_secret("admin.token", &what));
    }
    Ok(token)
}

/// The address for operators and workers; `None` if they are not served.
///
/// # Errors
/// `Usage` if it is none, or can be reached by others without a token.
pub(super) fn listen(values: &Values<'_>, has_token: bool) -> Result<Option<SocketAddr>, Failure> {
    if values.text("admin.listen").as_deref() == Some("none") {
        return Ok(None);
    }
    let listen = values.address("admin.listen")?;
    if !has_token && !listen.ip().is_loopback() {
        let what = format!(
            "{listen} can be reached by other machines: give --admin-token-file or set CONNECTOR_ADMIN_TOKEN"
        );
        return Err(values.wrong("admin.listen", &what));
    }
    Ok(Some(listen))
}
