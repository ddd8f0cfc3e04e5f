//! Signs deliveries under the same profiles: for outgoing events, and for the tests of those who receive them.

use std::fmt;

use secrecy::SecretString;

use super::headers::is_valid_id;
use super::key::{Content, Key};
use super::profile::{SignatureForm, SignatureProfile, TimestampUnit};
use super::rejected::SetupError;
use super::timestamp;

/// Signs deliveries under one profile with one secret.
pub struct Signer {
    profile: &'static SignatureProfile,
    key: Key,
}

/// Why a delivery cannot be signed: no receiver would accept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The id is empty, too long, not one word of printable ASCII, or holds the delimiter of the signed content.
    InvalidId,
    /// The time of signing lies before the Unix epoch, or so far ahead that no receiver reads it.
    InvalidTimestamp,
}

impl Signer {
    /// Prepares the key.
    ///
    /// # Errors
    ///
    /// When the profile contradicts itself or the secret gives no key under it.
    pub fn new(profile: &'static SignatureProfile, secret: &SecretString) -> Result<Self, SetupError> {
        profile.check()?;
        Ok(Self { profile, key: Key::new(profile, secret)? })
    }

    /// The headers that make a delivery of `body` to `url` verifiable.
    ///
    /// `id` and `url` count only where the profile signs them. `timestamp_ms` is the time of signing in
    /// milliseconds since the Unix epoch; a profile that counts in seconds drops the rest.
    ///
    /// # Errors
    ///
    /// When the id or the time could not be verified by any receiver.
    pub fn sign(
        &self,
        id: &str,
        url: &str,
        timestamp_ms: i64,
        body: &[u8],
    ) -> Result<Vec<(&'static str, String)>, SignError> {
        let profile = self.profile;
        if profile.id_header.is_some() && !is_valid_id(id, profile) {
            return Err(SignError::InvalidId);
        }
        let timestamp = match profile.timestamp_unit {
            TimestampUnit::Seconds => timestamp_ms.div_euclid(1000),
            TimestampUnit::Milliseconds => timestamp_ms,
        };
        let timestamp = timestamp.to_string();
        timestamp::parse(timestamp.as_bytes(), profile.timestamp_unit)
            .map_err(|_| SignError::InvalidTimestamp)?;
        let content = Content { timestamp: Some(timestamp.as_bytes()), id: Some(id), url, body };
        let digest = self.key.code(profile.signed_content, &content).into_digest();
        let signature = profile.encoding.encode(&digest);
        let signature = match profile.signature_form {
            SignatureForm::Single => signature,
            SignatureForm::List { prefix } => format!("{prefix}{signature}"),
            SignatureForm::KeyValue { timestamp_key, signature_key } => {
                format!("{timestamp_key}={timestamp},{signature_key}={signature}")
            }
        };
        let mut headers = Vec::with_capacity(3);
        headers.extend(profile.id_header.map(|name| (name, id.to_owned())));
        headers.extend(profile.timestamp_header.map(|name| (name, timestamp)));
        headers.push((profile.signature_header, signature));
        Ok(headers)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("profile", &self.profile.name).finish_non_exhaustive()
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidId => "the delivery id cannot be signed: use letters, digits, '-' and '_'",
            Self::InvalidTimestamp => {
                "the time of signing lies before 1970 or beyond any receiver's: check the clock"
            }
        })
    }
}

impl std::error::Error for SignError {}
