//! How fast a webhook of 300 bytes is verified, header look-up included: both profiles of the connector beside the crates
//! `hmac` and `sha2` by hand, with a prepared key and nothing to look up, and beside another receiver.
//!
//! `cargo run --release --package connector-bench --bin verify` prints the median of nanoseconds a delivery for each
//! contender. `cargo xtask bench verify` runs it and prints ratios.

use std::hint::black_box;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_bench::{Contender, Race};
use connector_runtime::SecretString;
use connector_runtime::signature::{SignatureProfile, SignedPart, Signer, Verifier};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

/// The length of a usual event.
const BODY_LEN: usize = 300;
const SECRET: &str = "6f1d2c3b4a5968778695a4b3c2d1e0ff";
const ID: &str = "msg_2vN8Qw3rT5yU7iO9pA1sD4fG6hJ";
const URL: &str = "https://hooks.shop.example/in/6f1d2c3b";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let body = event();
    let single = Delivery::signed(&BC_HEX, now_ms, &body)?;
    let list = Delivery::signed(&STANDARD_WEBHOOKS, now_ms, &body)?;
    let secrets = [SecretString::from(SECRET)];
    let verifier = Verifier::new(&[&BC_HEX, &STANDARD_WEBHOOKS], &secrets)?;
    let ours = |delivery: &Delivery| {
        let verified = verifier.verify(black_box(&delivery.headers), URL, black_box(&body), now_ms);
        assert!(black_box(verified).is_ok());
    };
    let other = standardwebhooks::Webhook::from_bytes(SECRET.as_bytes().to_vec())?;
    let mut contenders = [
        Contender::new("bc-hex: by hand", || {
            single.by_hand(|text, digest| hex::decode_to_slice(text, digest).is_ok())
        }),
        Contender::new("bc-hex: ours", || ours(&single)),
        Contender::new("standard-webhooks: by hand", || {
            list.by_hand(|text, digest| STANDARD.decode_slice(text, digest).is_ok());
        }),
        Contender::new("standard-webhooks: ours", || ours(&list)),
        Contender::new("standard-webhooks: the crate standardwebhooks", || {
            assert!(other.verify(black_box(&body), black_box(&list.headers)).is_ok());
        }),
    ];
    Race { rounds: 101, repetitions: 2_000 }.print(&mut contenders, 1e-9, &mut io::stdout().lock())?;
    Ok(())
}

/// The body of an event.
fn event() -> Vec<u8> {
    let mut body =
        br#"{"scope":"store/order/created","store_id":"1025646","data":{"type":"order","id":250},"hash":""#
            .to_vec();
    body.resize(BODY_LEN - 2, b'a');
    body.extend(b"\"}");
    body
}

/// A delivery with the headers that come along in the open, and what somebody needs of it who checks it by hand.
struct Delivery {
    headers: HeaderMap,
    prepared: Hmac<Sha256>,
    content: Vec<Vec<u8>>,
    signature: String,
}

impl Delivery {
    fn signed(
        profile: &'static SignatureProfile,
        now_ms: i64,
        body: &[u8],
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "hooks.shop.example"),
            ("user-agent", "akka-http/10.2.10"),
            ("content-type", "application/json"),
            ("content-length", "300"),
            ("accept", "*/*"),
            ("accept-encoding", "gzip"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let signer = Signer::new(profile, &SecretString::from(SECRET))?;
        let id = profile.id_header.map_or("", |_| ID);
        for (name, value) in signer.sign(id, URL, now_ms, body)? {
            headers.insert(name.parse::<HeaderName>()?, value.parse()?);
        }
        let timestamp = profile.timestamp_header.and_then(|name| headers.get(name)).ok_or("a timestamp")?;
        let content = profile.signed_content.iter().map(|part| match part {
            SignedPart::Body => body,
            SignedPart::Timestamp => timestamp.as_bytes(),
            SignedPart::Id => id.as_bytes(),
            SignedPart::Url => URL.as_bytes(),
            SignedPart::Literal(text) => text.as_bytes(),
        });
        let content = content.map(<[u8]>::to_vec).collect();
        let signature = headers.get(profile.signature_header).ok_or("a signature")?.to_str()?;
        let signature = signature.rsplit(',').next().unwrap_or(signature).to_owned();
        let prepared = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
        Ok(Self { headers, prepared, content, signature })
    }

    /// Decodes the signature, computes the code with a prepared key, and compares in constant time.
    fn by_hand(&self, decode: impl Fn(&[u8], &mut [u8]) -> bool) {
        let mut digest = [0; 32];
        assert!(decode(black_box(self.signature.as_bytes()), &mut digest));
        let mut mac = black_box(&self.prepared).clone();
        for part in black_box(&self.content) {
            mac.update(part);
        }
        assert!(mac.verify_slice(black_box(&digest)).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_length_of_a_usual_one_and_is_json() {
        assert_eq!(event().len(), BODY_LEN);
        assert!(serde_json::from_slice::<serde_json::Value>(&event()).is_ok());
    }

    #[test]
    fn by_hand_the_same_delivery_is_accepted_and_another_is_not() {
        let mut delivery = Delivery::signed(&BC_HEX, 1_764_000_000_000, &event()).unwrap();
        let decode = |text: &[u8], digest: &mut [u8]| hex::decode_to_slice(text, digest).is_ok();
        delivery.by_hand(decode);
        delivery.content.push(b"more".to_vec());
        assert!(std::panic::catch_unwind(|| delivery.by_hand(decode)).is_err());
    }
}
