//! The signed tokens with which a vendor calls back during the life of an installation: JWTs (RFC 7519) under the app's
//! client secret, with HS256 alone.

use connector_runtime::{Connector, ExposeSecret as _, SecretString};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::account_form;

mod header;

/// The longest token that is looked at; they have a thousand bytes.
const LONGEST: usize = 8 * 1024;

/// How far the vendor's clock may differ from ours, in seconds.
const LEEWAY: i64 = 60;

/// What a token that was verified says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallbackToken {
    /// The account.
    pub(crate) account: String,
    /// The id of the person who acts.
    pub(crate) user: String,
    /// Its own id, by which a repeat is known.
    pub(crate) id: Option<String>,
    /// When it was made, in seconds since the epoch.
    pub(crate) issued: i64,
}

/// The step at which a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no JWT, or too long to be one.
    NoToken,
    /// Another algorithm than HS256, or a signature that no secret of the app makes.
    Signature,
    /// The header demands an extension, repeats a name, or belongs to another kind of token.
    Header,
    /// Claims are missing or of another type.
    Claims,
    /// It was made for another app.
    Audience,
    /// Somebody else made it.
    Issuer,
    /// It is over.
    Expired,
    /// It is not valid yet.
    NotYet,
    /// It names no account in the documented form.
    Subject,
}

impl Refused {
    /// A stable word for logs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Signature => "wrong_signature",
            Self::Header => "protected_header",
            Self::Claims => "claims",
            Self::Audience => "other_app",
            Self::Issuer => "other_issuer",
            Self::Expired => "expired",
            Self::NotYet => "not_yet_valid",
            Self::Subject => "no_account",
        }
    }
}

/// The claims, strictly as they are documented; others are passed over.
#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    sub: String,
    #[serde(default)]
    jti: Option<String>,
    user: Person,
}

#[derive(Deserialize)]
struct Person {
    id: i64,
}

/// Verifies a token for an app at a time.
///
/// # Errors
/// The step at which it was refused.
pub(crate) fn verify(
    connector: &'static Connector,
    client_id: &str,
    secrets: &[SecretString],
    token: &str,
    now_s: i64,
) -> Result<CallbackToken, Refused> {
    let callbacks = connector.callbacks.ok_or(Refused::NoToken)?;
    if token.len() > LONGEST || token.split('.').count() != 3 {
        return Err(Refused::NoToken);
    }
    header::check(token)?;
    let claims = secrets.iter().map(|secret| claims(secret, token)).reduce(|best, next| match best {
        // A token that one secret has signed is judged as that secret's.
        Err(Refused::Signature) => next,
        best => best,
    });
    let claims = claims.unwrap_or(Err(Refused::Signature))?;
    if claims.aud != client_id {
        return Err(Refused::Audience);
    }
    if claims.iss != callbacks.issuer {
        return Err(Refused::Issuer);
    }
    if claims.exp <= now_s.saturating_sub(LEEWAY) {
        return Err(Refused::Expired);
    }
    if claims.nbf.max(claims.iat) > now_s.saturating_add(LEEWAY) {
        return Err(Refused::NotYet);
    }
    let account = account_form::account(connector, callbacks.subject, &claims.sub).ok_or(Refused::Subject)?;
    Ok(CallbackToken { account, user: claims.user.id.to_string(), id: claims.jti, issued: claims.iat })
}

/// The claims of a token that this secret has signed.
fn claims(secret: &SecretString, token: &str) -> Result<Claims, Refused> {
    use jsonwebtoken::errors::ErrorKind;
    let mut validation = Validation::new(Algorithm::HS256);
    // The library goes by the machine's clock, and takes lists for audiences: claims are checked above.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
    match jsonwebtoken::decode::<Claims>(token, &key, &validation) {
        Ok(token) => Ok(token.claims),
        Err(error) => Err(match error.kind() {
            ErrorKind::InvalidSignature
            | ErrorKind::InvalidAlgorithm
            | ErrorKind::InvalidAlgorithmName
            | ErrorKind::MissingAlgorithm => Refused::Signature,
            ErrorKind::Json(_) | ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
                Refused::Claims
            }
            _ => Refused::NoToken,
        }),
    }
}

#[cfg(test)]
mod tests;
