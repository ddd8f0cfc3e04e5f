//! Prepared keys: the hash state after the key has gone in, so that no delivery pays for it again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::encoding::Digest;
use super::profile::{Algorithm, KeyForm, SignatureProfile, SignedPart};
use super::rejected::SetupError;

/// The prepared key of one profile and one secret.
pub(super) struct Key(Hmac<Sha256>);

/// What stands in the place of each [`SignedPart`] in one delivery.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) timestamp: Option<&'a [u8]>,
    pub(super) id: Option<&'a str>,
    pub(super) url: &'a str,
    pub(super) body: &'a [u8],
}

/// A computed code. Comparing it takes the same time wherever the difference lies.
pub(super) struct Code(CtOutput<Hmac<Sha256>>);

impl Key {
    pub(super) fn new(profile: &'static SignatureProfile, secret: &SecretString) -> Result<Self, SetupError> {
        let key = key_bytes(profile, secret)?;
        if key.is_empty() {
            return Err(SetupError::EmptySecret { profile: profile.name });
        }
        match profile.algorithm {
            Algorithm::HmacSha256 => {
                let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
                Ok(Self(mac))
            }
        }
    }

    /// The code of the content that `parts` describe.
    pub(super) fn code(&self, parts: &[SignedPart], content: &Content<'_>) -> Code {
        let mut mac = self.0.clone();
        let mut block = [0; BLOCK];
        let mut len = 0;
        for part in parts {
            let bytes = match part {
                SignedPart::Body => content.body,
                SignedPart::Timestamp => content.timestamp.unwrap_or_default(),
                SignedPart::Id => content.id.unwrap_or_default().as_bytes(),
                SignedPart::Url => content.url.as_bytes(),
                SignedPart::Literal(text) => text.as_bytes(),
            };
            let room = &mut block[len..];
            if bytes.len() < room.len() {
                room[..bytes.len()].copy_from_slice(bytes);
                len += bytes.len();
            } else {
                let (fitting, rest) = bytes.split_at(room.len());
                room.copy_from_slice(fitting);
                mac.update(&block);
                mac.update(rest);
                len = 0;
            }
        }
        mac.update(&block[..len]);
        Code(mac.finalize())
    }
}

/// The block of SHA-256. What comes before the body is gathered into one: handing over many small parts costs more.
const BLOCK: usize = 64;

impl Code {
    pub(super) fn matches(&self, digest: &Digest) -> bool {
        self.0 == CtOutput::new((*digest).into())
    }

    pub(super) fn into_digest(self) -> Digest {
        self.0.into_bytes().into()
    }
}

fn key_bytes(
    profile: &'static SignatureProfile,
    secret: &SecretString,
) -> Result<Zeroizing<Vec<u8>>, SetupError> {
    let secret = secret.expose_secret();
    match profile.key_form {
        KeyForm::Utf8 => Ok(Zeroizing::new(secret.as_bytes().to_vec())),
        KeyForm::Base64 { prefix } => STANDARD
            .decode(secret.strip_prefix(prefix).unwrap_or(secret))
            .map(Zeroizing::new)
            .map_err(|_| SetupError::SecretNotBase64 { profile: profile.name }),
    }
}
