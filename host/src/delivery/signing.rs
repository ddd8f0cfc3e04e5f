//! Our own signature of what is sent: Standard Webhooks, with one secret or, while it is renewed, with two.

use std::fmt;
use std::time::Duration;

use connector_runtime::signature::{
    Algorithm, Encoding, KeyForm, Repeats, SetupError, SignatureForm, SignatureProfile, SignedPart, Signer,
    TimestampUnit, Tolerance,
};
use connector_runtime::{ExposeSecret as _, SecretString};

/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
pub(crate) static PROFILE: SignatureProfile = SignatureProfile {
    name: "standard-webhooks",
    signature_header: "webhook-signature",
    timestamp_header: Some("webhook-timestamp"),
    id_header: Some("webhook-id"),
    timestamp_unit: TimestampUnit::Seconds,
    signed_content: &[
        SignedPart::Id,
        SignedPart::Literal("."),
        SignedPart::Timestamp,
        SignedPart::Literal("."),
        SignedPart::Body,
    ],
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::Base64,
    key_form: KeyForm::Base64 { prefix: PREFIX },
    signature_form: SignatureForm::List { prefix: "v1," },
    tolerance: Tolerance { max_age: Duration::from_secs(300), max_ahead: Duration::from_secs(300) },
    repeats: Repeats::Signed,
};

/// Begins a secret of Standard Webhooks.
const PREFIX: &str = "whsec_";

/// The shortest key that Standard Webhooks allow, in bytes.
const LEAST: usize = 24;

/// Checks a secret of any kind that begins with [`PREFIX`], by which it is one of Standard Webhooks.
///
/// # Errors
/// See [`check`].
pub(crate) fn check_prefixed(secret: &SecretString) -> Result<(), String> {
    match secret.expose_secret().starts_with(PREFIX) {
        true => check(secret),
        false => Ok(()),
    }
}

/// Checks that a text is a secret of Standard Webhooks, with or without [`PREFIX`].
///
/// # Errors
/// With the fault and the remedy. They hold nothing of the secret.
pub(crate) fn check(secret: &SecretString) -> Result<(), String> {
    let remedy = "give the secret whole, or make one with `echo \"whsec_$(openssl rand -base64 32)\"`";
    Signer::new(&PROFILE, secret).map_err(|_| format!("it is not `{PREFIX}` and base64: {remedy}"))?;
    let secret = secret.expose_secret();
    let digits = secret.strip_prefix(PREFIX).unwrap_or(secret).trim_end_matches('=').len();
    match digits.saturating_mul(3) / 4 >= LEAST {
        true => Ok(()),
        false => Err(format!("its base64 holds fewer than {LEAST} bytes: {remedy}")),
    }
}

/// Signs what is sent.
pub(crate) struct Signature {
    signers: Vec<Signer>,
}

impl Signature {
    /// A signature with each of these secrets, the newest first.
    ///
    /// # Errors
    /// When one is no secret of the form `whsec_…`.
    pub(crate) fn new(secrets: &[SecretString]) -> Result<Self, SetupError> {
        let signers = secrets.iter().map(|secret| Signer::new(&PROFILE, secret)).collect::<Result<_, _>>()?;
        Ok(Self { signers })
    }

    /// The headers for a body with this id; none where it cannot be signed, which no id of ours and no clock brings about.
    pub(crate) fn headers(&self, id: &str, now_ms: i64, body: &[u8]) -> Option<Vec<(&'static str, String)>> {
        let mut all: Vec<(&'static str, String)> = Vec::new();
        for signer in &self.signers {
            for (name, value) in signer.sign(id, "", now_ms, body).ok()? {
                match all.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, list)) if name == PROFILE.signature_header => *list = format!("{list} {value}"),
                    Some(_) => {}
                    None => all.push((name, value)),
                }
            }
        }
        (!all.is_empty()).then_some(all)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signature").field("secrets", &self.signers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use base64::Engine as _;

    use super::*;

    const OLD: &str = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQt";
    const NEW: &str = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXct";

    #[test]
    fn a_secret_has_at_least_24_bytes_in_base64() {
        let fault = |text: &str| check(&SecretString::from(text)).err().unwrap_or_default();
        for bytes in [24, 25, 26, 32, 64] {
            let secret = base64::engine::general_purpose::STANDARD.encode(vec![7_u8; bytes]);
            assert_eq!(fault(&format!("whsec_{secret}")), "", "{bytes}");
            assert_eq!(fault(&secret), "", "{bytes}");
        }
        for bytes in [1, 22, 23] {
            let secret = base64::engine::general_purpose::STANDARD.encode(vec![7_u8; bytes]);
            for text in [format!("whsec_{secret}"), secret] {
                assert!(fault(&text).starts_with("its base64 holds fewer than 24 bytes: "), "{bytes}");
            }
        }
        for text in ["whsec_hush hush", "whsec_hush-hush-hush-hush-hush-hush-hush", "whsec_aHVzaA"] {
            let fault = fault(text);
            assert!(
                fault.starts_with("it is not `whsec_` and base64: ") && !fault.contains("hush"),
                "{fault}"
            );
        }
    }

    #[test]
    fn what_is_signed_with_two_secrets_verifies_with_either_in_the_receiver_that_others_use() {
        let signature = Signature::new(&[SecretString::from(NEW), SecretString::from(OLD)]).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let headers = signature.headers("e1", i64::try_from(now).unwrap(), b"{}").unwrap();
        assert_eq!(headers.len(), 3);
        let mut map = http::HeaderMap::new();
        for (name, value) in headers {
            map.insert(name, value.parse().unwrap());
        }
        for secret in [OLD, NEW] {
            let receiver = standardwebhooks::Webhook::new(secret).unwrap();
            assert!(receiver.verify(b"{}", &map).is_ok(), "{map:?}");
            assert!(receiver.verify(b"{ }", &map).is_err());
        }
        assert!(Signature::new(&[SecretString::from("whsec_not base64")]).is_err());
        assert!(!format!("{signature:?}").contains("b2xk"));
    }
}
