//! Why a delivery was refused, and why a verifier or signer could not be set up. Both carry static names only.

use std::fmt;

/// Why a delivery was refused: the step that failed. Holds nothing that the sender wrote.
///
/// A delivery with headers of several profiles is refused only if every profile fails. The reason is then the failure that
/// came furthest in this order: a missing header; a header that is repeated, empty, too long, not ASCII or malformed; a bad
/// timestamp; signatures that cannot be read; a wrong signature; a time outside the tolerance. Of equal failures the reason
/// comes from the profile that [`Verifier::new`](super::Verifier::new) prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejected {
    /// The delivery has no header of any profile.
    UnknownProfile,
    /// The delivery lacks this header of a profile of which it has another header.
    MissingHeader(&'static str),
    /// This header stands there more than once.
    DuplicateHeader(&'static str),
    /// This header is longer than any honest sender makes it.
    HeaderTooLong(&'static str),
    /// This header has nothing in it.
    EmptyHeader(&'static str),
    /// This header has bytes that are not printable ASCII.
    NotAscii(&'static str),
    /// This header is not built as the profile says.
    MalformedHeader(&'static str),
    /// The timestamp is not a plain decimal number, or too great to be one.
    BadTimestamp,
    /// The signature is older than the tolerance allows.
    Stale,
    /// The signature is further ahead of our clock than the tolerance allows.
    FromTheFuture,
    /// The header holds more signatures than are looked at.
    TooManySignatures,
    /// The header holds no signature of the profile's version.
    UnsupportedVersion,
    /// No signature is written as the profile says, at its exact length.
    BadSignatureEncoding,
    /// No signature fits the content under any of the secrets.
    WrongSignature,
}

impl Rejected {
    /// A stable name in snake case, for metrics and logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownProfile => "unknown_profile",
            Self::MissingHeader(_) => "missing_header",
            Self::DuplicateHeader(_) => "duplicate_header",
            Self::HeaderTooLong(_) => "header_too_long",
            Self::EmptyHeader(_) => "empty_header",
            Self::NotAscii(_) => "not_ascii",
            Self::MalformedHeader(_) => "malformed_header",
            Self::BadTimestamp => "bad_timestamp",
            Self::Stale => "stale",
            Self::FromTheFuture => "from_the_future",
            Self::TooManySignatures => "too_many_signatures",
            Self::UnsupportedVersion => "unsupported_version",
            Self::BadSignatureEncoding => "bad_signature_encoding",
            Self::WrongSignature => "wrong_signature",
        }
    }

    /// How far the profile came that failed so; a greater number is further.
    pub(super) const fn progress(self) -> u8 {
        match self {
            Self::UnknownProfile => 0,
            Self::MissingHeader(_) => 1,
            Self::DuplicateHeader(_)
            | Self::HeaderTooLong(_)
            | Self::EmptyHeader(_)
            | Self::NotAscii(_)
            | Self::MalformedHeader(_) => 2,
            Self::BadTimestamp => 3,
            Self::TooManySignatures | Self::UnsupportedVersion | Self::BadSignatureEncoding => 4,
            Self::WrongSignature => 5,
            Self::Stale | Self::FromTheFuture => 6,
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProfile => {
                f.write_str("no signature header: this sender does not sign its deliveries")
            }
            Self::MissingHeader(name) => write!(f, "the header {name} is missing"),
            Self::DuplicateHeader(name) => write!(f, "the header {name} stands there more than once"),
            Self::HeaderTooLong(name) => write!(f, "the header {name} is too long"),
            Self::EmptyHeader(name) => write!(f, "the header {name} is empty"),
            Self::NotAscii(name) => write!(f, "the header {name} is not printable ASCII"),
            Self::MalformedHeader(name) => write!(f, "the header {name} is malformed"),
            Self::BadTimestamp => f.write_str("the timestamp is not a plain decimal number"),
            Self::Stale => f.write_str("the signature is too old: check the sender's clock and ours"),
            Self::FromTheFuture => {
                f.write_str("the signature is from the future: check the sender's clock and ours")
            }
            Self::TooManySignatures => f.write_str("too many signatures in one header"),
            Self::UnsupportedVersion => f.write_str("no signature of the version that is checked"),
            Self::BadSignatureEncoding => f.write_str("the signature is not encoded as the profile says"),
            Self::WrongSignature => f.write_str("the signature does not fit: check the secret"),
        }
    }
}

impl std::error::Error for Rejected {}

/// Why a [`Verifier`](super::Verifier) or [`Signer`](super::Signer) could not be set up. Never holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// No profile was given.
    NoProfile,
    /// No secret was given.
    NoSecret,
    /// A secret gives an empty key, under which anyone can sign.
    EmptySecret {
        /// The profile for which the key was made.
        profile: &'static str,
    },
    /// The profile wants a base64 secret and this is none.
    SecretNotBase64 {
        /// The profile for which the key was made.
        profile: &'static str,
    },
    /// A profile names a header that HTTP does not allow.
    InvalidHeaderName {
        /// The profile that names it.
        profile: &'static str,
        /// The name.
        header: &'static str,
    },
    /// Two uses claim the same header, so that a delivery's profile could not be told.
    SharedHeader {
        /// The name.
        header: &'static str,
    },
    /// The parts of a profile contradict each other.
    ContradictoryProfile {
        /// The profile.
        profile: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProfile => f.write_str("no signature profile: name at least one"),
            Self::NoSecret => f.write_str("no webhook secret: configure at least one"),
            Self::EmptySecret { profile } => write!(f, "an empty webhook secret for profile {profile}"),
            Self::SecretNotBase64 { profile } => {
                write!(f, "a webhook secret that is not standard base64, which profile {profile} wants")
            }
            Self::InvalidHeaderName { profile, header } => {
                write!(f, "profile {profile} names the header {header:?}, which HTTP does not allow")
            }
            Self::SharedHeader { header } => {
                write!(
                    f,
                    "the header {header} is claimed twice: each header belongs to one use in one profile"
                )
            }
            Self::ContradictoryProfile { profile, reason } => write!(f, "profile {profile}: {reason}"),
        }
    }
}

impl std::error::Error for SetupError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_documented_ranks_are_those_by_which_a_failure_is_chosen() {
        let all = [
            Rejected::UnknownProfile,
            Rejected::MissingHeader(""),
            Rejected::DuplicateHeader(""),
            Rejected::HeaderTooLong(""),
            Rejected::EmptyHeader(""),
            Rejected::NotAscii(""),
            Rejected::MalformedHeader(""),
            Rejected::BadTimestamp,
            Rejected::Stale,
            Rejected::FromTheFuture,
            Rejected::TooManySignatures,
            Rejected::UnsupportedVersion,
            Rejected::BadSignatureEncoding,
            Rejected::WrongSignature,
        ];
        let ours: BTreeSet<(u8, &str)> =
            all.iter().map(|refused| (refused.progress(), refused.reason())).collect();
        let page = include_str!("../../../docs/serve.md");
        let (_, table) = page.split_once("| rank | reason | when |").expect("the table of reasons");
        let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| "));
        let documented: BTreeSet<(u8, &str)> = rows
            .filter_map(|row| {
                let (rank, rest) = row.split_once(" | ")?;
                Some((rank.parse().ok()?, rest.split_once(" | ")?.0))
            })
            .flat_map(|(rank, reasons)| reasons.split(", ").map(move |word| (rank, word.trim_matches('`'))))
            .collect();
        assert_eq!(documented, ours);
    }
}
