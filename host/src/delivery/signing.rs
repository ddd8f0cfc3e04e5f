//! Our own signature of what is sent: Standard Webhooks, with one secret or, while it is renewed, with two.

use std::fmt;
use std::time::Duration;

use connector_runtime::SecretString;
use connector_runtime::signature::{
    Algorithm, Encoding, KeyForm, Repeats, SetupError, SignatureForm, SignatureProfile, SignedPart, Signer,
    TimestampUnit, Tolerance,
};

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
    key_form: KeyForm::Base64 { prefix: "whsec_" },
    signature_form: SignatureForm::List { prefix: "v1," },
    tolerance: Tolerance { max_age: Duration::from_secs(300), max_ahead: Duration::from_secs(300) },
    repeats: Repeats::Signed,
};

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

    use super::*;

    const OLD: &str = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC0=";
    const NEW: &str = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy0=";

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
