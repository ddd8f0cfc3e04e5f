//! The JWT with which BigCommerce proves that a callback comes from it.
//! Source: `docs/integrations/apps/guide/callbacks.mdx` of <https://github.com/bigcommerce/docs>.

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::people::{OWNER, User};

/// How long before it is made a payload is valid from, in seconds, as in the documentation's sample.
const EARLIER: u64 = 5;

/// How long it is valid, in seconds: about a day.
const LIFE: u64 = 86_400;

/// What a payload says.
pub(crate) struct Payload<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) store_hash: &'a str,
    pub(crate) user: &'static User,
    /// A UUID that no other payload has.
    pub(crate) id: &'a str,
    /// When it is made, in seconds since 1970.
    pub(crate) now: u64,
}

impl Payload<'_> {
    /// The payload, signed with the app's client secret.
    pub(crate) fn signed(&self, client_secret: &str) -> Result<String, Error> {
        let key = EncodingKey::from_secret(client_secret.as_bytes());
        encode(&Header::new(Algorithm::HS256), &self.claims(), &key)
    }

    fn claims(&self) -> Value {
        let Self { client_id, store_hash, user, id, now } = self;
        json!({
            "aud": client_id,
            "iss": "bc",
            "iat": now,
            "nbf": now.saturating_sub(EARLIER),
            "exp": now.saturating_add(LIFE),
            "jti": id,
            "sub": format!("stores/{store_hash}"),
            "user": {"id": user.id, "email": user.email, "locale": user.locale},
            "owner": {"id": OWNER.id, "email": OWNER.email},
            "url": "/",
            "channel_id": null,
        })
    }
}
