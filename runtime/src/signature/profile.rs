//! What a signature scheme is, as constant data: where the parts of a delivery stand and how they are signed.

use std::time::Duration;

use super::rejected::SetupError;

/// One way in which a sender signs its webhook deliveries.
///
/// Every field can be written in a `static`, so that a connector carries its schemes as data. See
/// [`Verifier`](super::Verifier) and [`Signer`](super::Signer) for what executes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureProfile {
    /// The stable name of the scheme, for logs and metrics.
    pub name: &'static str,
    /// The header with the signature or signatures; matched without regard to case.
    pub signature_header: &'static str,
    /// The header with the time of signing, if the scheme has one of its own for it.
    pub timestamp_header: Option<&'static str>,
    /// The header with the id of the delivery, if the scheme signs one.
    pub id_header: Option<&'static str>,
    /// The unit in which the time of signing is counted from the Unix epoch.
    pub timestamp_unit: TimestampUnit,
    /// The bytes under the signature, in order.
    pub signed_content: &'static [SignedPart],
    /// The message authentication code.
    pub algorithm: Algorithm,
    /// How the code is written in the signature header.
    pub encoding: Encoding,
    /// How the secret becomes the key.
    pub key_form: KeyForm,
    /// How the signature header is built.
    pub signature_form: SignatureForm,
    /// How far the time of signing may be from now, unless the verifier is told otherwise.
    pub tolerance: Tolerance,
    /// How a receiver recognises a repeated delivery.
    pub repeats: Repeats,
}

/// How a receiver recognises that a delivery repeats another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// By the signed id of the header, if the scheme has one. Otherwise by the connector's key and the signed time.
    Signed,
    /// By the id at this dotted path of the signed body. A body without it is treated as under [`Repeats::Signed`].
    BodyId(&'static str),
    /// By the bytes of the body. For a scheme that signs neither an id nor the time.
    SameBody,
    /// By the connector's key alone. For a scheme that signs neither an id nor the time.
    SameKey,
}

/// The unit of a timestamp header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampUnit {
    /// Whole seconds since the Unix epoch.
    Seconds,
    /// Whole milliseconds since the Unix epoch.
    Milliseconds,
}

/// One piece of the signed content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedPart {
    /// The raw body, before any parsing.
    Body,
    /// The timestamp exactly as it was sent.
    Timestamp,
    /// The id exactly as it was sent.
    Id,
    /// The address to which the delivery was sent, as the receiver knows it.
    Url,
    /// Fixed text, such as a full stop between two parts.
    Literal(&'static str),
}

/// The message authentication code of a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) with SHA-256: 32 bytes.
    HmacSha256,
}

/// How the bytes of the code are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Two lowercase hexadecimal digits for each byte; uppercase digits are refused.
    LowerHex,
    /// Standard base64 with padding ([RFC 4648, section 4](https://www.rfc-editor.org/rfc/rfc4648#section-4)).
    Base64,
}

/// How the shared secret becomes the key of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// The UTF-8 bytes of the secret as they stand.
    Utf8,
    /// The bytes that the secret stands for in standard base64, after `prefix` where the secret has it
    /// (`whsec_` in [Standard Webhooks](https://www.standardwebhooks.com)); empty for none.
    Base64 {
        /// Text before the base64, which a secret may also lack.
        prefix: &'static str,
    },
}

/// How the signature header is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureForm {
    /// The whole value is one signature.
    Single,
    /// Signatures separated by spaces, each with its version in front; any that fits is enough.
    List {
        /// The version that this profile checks, with its separator: `v1,`. Others are left alone.
        prefix: &'static str,
    },
    /// `key=value` parts separated by commas, the timestamp among them: `t=1767225600,v1=…`.
    KeyValue {
        /// The key of the timestamp, which must stand there once.
        timestamp_key: &'static str,
        /// The key of the signatures that this profile checks. Other keys are left alone.
        signature_key: &'static str,
    },
}

/// How far the time of signing may be from the receiver's clock. Both ends are inclusive and count in
/// milliseconds, whatever the unit of the timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// The greatest age of a signature.
    pub max_age: Duration,
    /// How far a sender's clock may be ahead.
    pub max_ahead: Duration,
}

impl SignatureProfile {
    /// Whether the scheme sends the time of signing at all.
    pub(super) const fn has_timestamp(&self) -> bool {
        self.timestamp_header.is_some() || matches!(self.signature_form, SignatureForm::KeyValue { .. })
    }

    /// The text that ends the id in the signed content, if any. An id that holds it could be cut in two ways.
    pub(super) fn id_delimiter(&self) -> &'static str {
        let after_id = self.signed_content.iter().skip_while(|part| !matches!(part, SignedPart::Id)).nth(1);
        if let Some(SignedPart::Literal(text)) = after_id { text } else { "" }
    }

    /// Refuses a profile whose check would promise more than the signature covers.
    pub(super) fn check(&self) -> Result<(), SetupError> {
        let fault = |reason| Err(SetupError::ContradictoryProfile { profile: self.name, reason });
        let signs = |part| self.signed_content.contains(&part);
        if !signs(SignedPart::Body) {
            return fault("the body is not signed");
        }
        if self.timestamp_header.is_some() && matches!(self.signature_form, SignatureForm::KeyValue { .. }) {
            return fault("the timestamp stands both in the signature header and in its own");
        }
        match (self.has_timestamp(), signs(SignedPart::Timestamp)) {
            (true, false) => return fault("the timestamp is sent but not signed"),
            (false, true) => return fault("the timestamp is signed but not sent"),
            _ => {}
        }
        match (self.id_header.is_some(), signs(SignedPart::Id)) {
            (true, false) => return fault("the id is sent but not signed"),
            (false, true) => return fault("the id is signed but not sent"),
            _ => {}
        }
        let has_mark = self.has_timestamp() || self.id_header.is_some();
        match self.repeats {
            Repeats::Signed if !has_mark => {
                fault("neither an id nor the time is signed, and no rule recognises repeats")
            }
            Repeats::SameBody | Repeats::SameKey if has_mark => {
                fault("the signed id or time recognises repeats, and another rule is given")
            }
            Repeats::BodyId(_) if self.id_header.is_some() => {
                fault("the id stands both in a header and in the body")
            }
            _ => Ok(()),
        }
    }
}
