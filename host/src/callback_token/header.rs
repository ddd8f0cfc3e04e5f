//! The protected header of a token (RFC 7515, section 4): checked before any key is used, without any extension.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Refused;

/// The media type of a token. RFC 7515, section 4.1.9, compares it without regard to case.
const TYPE: &str = "JWT";

/// Checks the header of a token. Parameters that are not checked here are ignored, as RFC 7515 requires: no key and no
/// address is taken from a header.
///
/// # Errors
/// `NoToken` if the header is no JSON object in base64, `Signature` for another algorithm than HS256, and `Header` for
/// everything else.
pub(super) fn check(token: &str) -> Result<(), Refused> {
    let encoded = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refused::NoToken)?;
    let Protected { members, is_unique } = serde_json::from_slice(&bytes).map_err(|_| Refused::NoToken)?;
    if !is_unique {
        return Err(Refused::Header);
    }
    if members.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(Refused::Signature);
    }
    // RFC 7515, section 4.1.11: each name in the list is an extension that the receiver must understand. An empty list, a
    // list of known names and another type than a list are invalid there.
    if members.contains_key("crit") {
        return Err(Refused::Header);
    }
    // RFC 7797, section 7: the payload of a JWT is always encoded.
    if members.get("b64").is_some_and(|value| *value != Value::Bool(true)) {
        return Err(Refused::Header);
    }
    let is_jwt = |value: &Value| {
        let text = value.as_str().map(str::to_ascii_uppercase).unwrap_or_default();
        text.strip_prefix("APPLICATION/").unwrap_or(&text) == TYPE
    };
    match members.get("typ") {
        Some(value) if !is_jwt(value) => Err(Refused::Header),
        _ => Ok(()),
    }
}

/// The members of a header.
struct Protected {
    members: BTreeMap<String, Value>,
    /// Whether each name stands once, which RFC 7515, section 4, requires. Two readers could take two different values.
    is_unique: bool,
}

impl<'de> Deserialize<'de> for Protected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Protected;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Protected, A::Error> {
                let (mut members, mut is_unique) = (BTreeMap::new(), true);
                while let Some((name, value)) = map.next_entry()? {
                    is_unique &= members.insert(name, value).is_none();
                }
                Ok(Protected { members, is_unique })
            }
        }

        deserializer.deserialize_map(Members)
    }
}
