//! Verification of signed webhooks: schemes are constant data, this module executes them.
//!
//! A delivery is checked over its raw bytes, before anything parses it, and must satisfy one profile whole. Headers of other
//! profiles beside it, which vendors send while they change their scheme, have no effect.
//! Text from the network is bounded and read strictly; a verification allocates nothing.

use std::fmt;

use http::HeaderMap;
use secrecy::SecretString;

mod encoding;
mod entries;
mod headers;
mod key;
mod profile;
mod rejected;
mod sign;
mod timestamp;

use headers::{Found, Sighting, Watchlist};
use key::{Content, Key};

pub use entries::MAX_SIGNATURES;
pub use profile::{
    Algorithm, Encoding, KeyForm, Repeats, SignatureForm, SignatureProfile, SignedPart, TimestampUnit,
    Tolerance,
};
pub use rejected::{Rejected, SetupError};
pub use sign::{SignError, Signer};

/// Checks deliveries against a set of profiles and secrets.
///
/// Keys are prepared once. Cheap to share behind an `Arc`, and safe to use from many threads.
pub struct Verifier {
    watchlist: Watchlist,
    /// In the order in which they are tried: the indices of the watchlist.
    profiles: Box<[Prepared]>,
    tolerance: Option<Tolerance>,
}

struct Prepared {
    profile: &'static SignatureProfile,
    id_delimiter: &'static str,
    keys: Box<[Key]>,
}

/// What is verified of a delivery, and when.
#[derive(Clone, Copy)]
struct Subject<'u, 'a> {
    url: &'u str,
    body: &'a [u8],
    now_ms: i64,
}

/// A delivery whose signature was found good. Only a [`Verifier`] makes one. It holds only what the profile has signed that
/// verified: no header of another profile, and no unsigned header.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    profile: &'static SignatureProfile,
    timestamp: Option<&'a str>,
    timestamp_ms: Option<i64>,
    id: Option<&'a str>,
    body: &'a [u8],
}

impl Verifier {
    /// Prepares the keys of every profile with every secret. Several secrets serve rotation: a signature
    /// under any of them is good.
    ///
    /// If a delivery satisfies several profiles, a profile with a signed id is preferred, then the earlier profile.
    ///
    /// # Errors
    ///
    /// When there is no profile or no secret, when a secret gives no key under a profile, when a profile
    /// contradicts itself, or when two profiles claim the same header.
    pub fn new(profiles: &[&'static SignatureProfile], secrets: &[SecretString]) -> Result<Self, SetupError> {
        if profiles.is_empty() {
            return Err(SetupError::NoProfile);
        }
        if secrets.is_empty() {
            return Err(SetupError::NoSecret);
        }
        let mut profiles = profiles.to_vec();
        profiles.sort_by_key(|profile| profile.id_header.is_none());
        let prepare = |profile: &&'static SignatureProfile| {
            profile.check()?;
            let keys = secrets.iter().map(|secret| Key::new(profile, secret)).collect::<Result<_, _>>()?;
            Ok(Prepared { profile, id_delimiter: profile.id_delimiter(), keys })
        };
        Ok(Self {
            watchlist: Watchlist::new(&profiles)?,
            profiles: profiles.iter().map(prepare).collect::<Result<_, _>>()?,
            tolerance: None,
        })
    }

    /// Replaces the tolerance of all profiles, as an operator's setting does.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Checks one delivery: its `headers`, the `url` to which it was sent as the receiver knows it, the raw
    /// `body`, and the receiver's clock in milliseconds since the Unix epoch.
    ///
    /// The delivery is good if at least one profile verifies completely, with exactly one value for each of its headers. The
    /// order of the headers makes no difference.
    ///
    /// # Errors
    ///
    /// The first step that failed. The time is checked before the signature, because it costs less. [`Rejected`] documents
    /// which failure is returned if headers of several profiles are there and all fail.
    pub fn verify<'a>(
        &self,
        headers: &'a HeaderMap,
        url: &str,
        body: &'a [u8],
        now_ms: i64,
    ) -> Result<Verified<'a>, Rejected> {
        let subject = Subject { url, body, now_ms };
        match self.watchlist.find(headers) {
            Sighting::Nothing => Err(Rejected::UnknownProfile),
            Sighting::One(found) => self.check(&found, subject),
            Sighting::Several => self.check_each(headers, subject),
        }
    }

    /// The first profile that verifies, else the failure that came furthest.
    fn check_each<'a>(
        &self,
        headers: &'a HeaderMap,
        subject: Subject<'_, 'a>,
    ) -> Result<Verified<'a>, Rejected> {
        let mut furthest = Rejected::UnknownProfile;
        for profile in 0..self.profiles.len() {
            let Some(found) = self.watchlist.find_of(headers, profile) else { continue };
            match self.check(&found, subject) {
                Ok(verified) => return Ok(verified),
                Err(refused) if refused.progress() > furthest.progress() => furthest = refused,
                Err(_) => {}
            }
        }
        Err(furthest)
    }

    /// Checks the headers of one profile.
    fn check<'a>(&self, found: &Found<'a>, subject: Subject<'_, 'a>) -> Result<Verified<'a>, Rejected> {
        let Subject { url, body, now_ms } = subject;
        let Prepared { profile, id_delimiter, keys } = &self.profiles[found.profile];
        let signature = found.signature(profile)?;
        let id = found.id(profile, id_delimiter)?;
        let timestamp = timestamp_text(found, profile, signature)?;
        let timestamp_header = profile.timestamp_header.unwrap_or(profile.signature_header);
        let read = |text| {
            let parsed = timestamp::parse(text, profile.timestamp_unit);
            parsed.map_err(|fault| headers::explain(timestamp_header, text, fault))
        };
        let timestamp_ms = timestamp.map(read).transpose()?;
        if let Some(signed_ms) = timestamp_ms {
            let tolerance = self.tolerance.as_ref().unwrap_or(&profile.tolerance);
            timestamp::check(signed_ms, now_ms, tolerance)?;
        }
        let content = Content { timestamp, id, url, body };
        let refuse = |fault| headers::explain(profile.signature_header, signature, fault);
        for key in keys {
            let code = key.code(profile.signed_content, &content);
            let fits = |digest: &_| code.matches(digest);
            if entries::any_fits(signature, profile.signature_form, profile.encoding, fits).map_err(refuse)? {
                // It consists of digits, or it would not have been read.
                let timestamp = timestamp.and_then(|text| str::from_utf8(text).ok());
                return Ok(Verified { profile, timestamp, timestamp_ms, id, body });
            }
        }
        Err(refuse(Rejected::WrongSignature))
    }
}

impl<'a> Verified<'a> {
    /// The name of the profile that the delivery satisfied.
    pub fn profile(&self) -> &'static str {
        self.profile.name
    }

    /// The signed time in milliseconds since the Unix epoch, as exact as it was sent; `None` if the profile has no timestamp.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.timestamp_ms
    }

    /// The signed id of the delivery; `None` if the profile signs no id in a header.
    pub fn id(&self) -> Option<&'a str> {
        self.id
    }

    /// The value of a header that the profile has signed: its id or its time of signing, as it was sent. `None` for every
    /// other header, whatever the delivery says in it. The case of `name` makes no difference.
    pub fn signed_header(&self, name: &str) -> Option<&'a str> {
        let is = |header: Option<&str>| header.is_some_and(|header| header.eq_ignore_ascii_case(name));
        if is(self.profile.id_header) {
            self.id
        } else if is(self.profile.timestamp_header) {
            self.timestamp
        } else {
            None
        }
    }

    /// How a repeated delivery is recognised.
    pub fn repeats(&self) -> Repeats {
        self.profile.repeats
    }

    /// The signed body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body is customers' data: its length is enough for a log.
        f.debug_struct("Verified")
            .field("profile", &self.profile.name)
            .field("timestamp_ms", &self.timestamp_ms)
            .field("id", &self.id)
            .field("body_len", &self.body.len())
            .finish()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profiles = self.profiles.iter().map(|prepared| (prepared.profile.name, prepared.keys.len()));
        f.debug_struct("Verifier")
            .field("keys", &profiles.collect::<Vec<_>>())
            .field("tolerance", &self.tolerance)
            .finish()
    }
}

/// The timestamp as it was sent: in its own header, or once among the parts of the signature header.
fn timestamp_text<'a>(
    found: &Found<'a>,
    profile: &SignatureProfile,
    signature: &'a [u8],
) -> Result<Option<&'a [u8]>, Rejected> {
    let SignatureForm::KeyValue { timestamp_key, .. } = profile.signature_form else {
        return found.timestamp(profile);
    };
    let text = entries::only_value(signature, timestamp_key);
    text.map(Some).ok_or(Rejected::MalformedHeader(profile.signature_header))
}
