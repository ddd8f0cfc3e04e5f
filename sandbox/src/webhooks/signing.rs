//! The headers that sign a delivery, in either form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::options::SignatureProfile;

/// What is signed of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    /// The id of the message, the same in all its attempts.
    pub(crate) id: &'a str,
    /// When it was signed, in epoch milliseconds.
    pub(crate) timestamp_ms: u64,
    /// The bytes of the body.
    pub(crate) body: &'a [u8],
}

/// The signature's headers. The key is the client secret's own bytes, as they are.
pub(crate) fn headers(
    profile: SignatureProfile,
    secret: &str,
    content: Content<'_>,
) -> Vec<(&'static str, String)> {
    let Content { id, timestamp_ms, body } = content;
    match profile {
        SignatureProfile::BcHex => {
            let signature = mac(secret, &[timestamp_ms.to_string().as_bytes(), b".", body]);
            vec![
                ("x-bc-webhook-signature", hex::encode(signature)),
                ("x-bc-webhook-timestamp", timestamp_ms.to_string()),
            ]
        }
        SignatureProfile::StandardWebhooks => {
            let seconds = (timestamp_ms / 1_000).to_string();
            let signature = mac(secret, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]);
            vec![
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", seconds),
                ("webhook-signature", format!("v1,{}", STANDARD.encode(signature))),
            ]
        }
    }
}

fn mac(secret: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_an_independent_library_does() {
        let body = br#"{"scope":"store/order/created"}"#;
        let content = Content { id: "msg_1", timestamp_ms: 1_767_225_600_999, body };
        let signed = headers(SignatureProfile::StandardWebhooks, "a client secret", content);
        let library = standardwebhooks::Webhook::from_bytes(b"a client secret".to_vec()).expect("a key");
        let expected = library.sign("msg_1", 1_767_225_600, body).expect("a signature");
        assert_eq!(signed[1], ("webhook-timestamp", "1767225600".to_owned()));
        assert_eq!(signed[2], ("webhook-signature", expected));
    }

    #[test]
    fn the_other_form_is_hexadecimal_over_time_and_body() {
        let content = Content { id: "", timestamp_ms: 1_700_000_000_123, body: b"{}" };
        let signed = headers(SignatureProfile::BcHex, "key", content);
        assert_eq!(signed[1], ("x-bc-webhook-timestamp", "1700000000123".to_owned()));
        let digits = &signed[0].1;
        assert!(digits.len() == 64 && digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
        let later = headers(SignatureProfile::BcHex, "key", Content { timestamp_ms: 1, ..content });
        assert_ne!(later[0].1, *digits);
    }
}
