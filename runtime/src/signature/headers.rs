//! Finds the headers of profiles in a delivery: one pass over all headers, no hashing, no allocation. A delivery with headers
//! of several profiles takes one more pass for each profile.

use std::ops::RangeInclusive;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::profile::SignatureProfile;
use super::rejected::{Rejected, SetupError};

/// Longer than sixteen signatures of any common scheme.
const MAX_SIGNATURE_HEADER: usize = 4096;
const MAX_ID_HEADER: usize = 256;
const MAX_TIMESTAMP_HEADER: usize = 64;

/// What a header is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Signature,
    Timestamp,
    Id,
}

struct Watched {
    tag: u16,
    name: HeaderName,
    profile: usize,
    role: Role,
}

/// The headers of all profiles, by name.
pub(super) struct Watchlist {
    watched: Box<[Watched]>,
    /// The bits of all tags: most other headers are passed over by this alone.
    tag_bits: u64,
}

/// Which profiles the headers of a delivery belong to.
pub(super) enum Sighting<'a> {
    Nothing,
    One(Found<'a>),
    Several,
}

/// The headers of a delivery that belong to one profile.
pub(super) struct Found<'a> {
    pub(super) profile: usize,
    signature: Slot<'a>,
    timestamp: Slot<'a>,
    id: Slot<'a>,
}

#[derive(Clone, Copy)]
enum Slot<'a> {
    Missing,
    Once(&'a HeaderValue),
    Repeated,
}

impl Watchlist {
    pub(super) fn new(profiles: &[&'static SignatureProfile]) -> Result<Self, SetupError> {
        let mut watched: Vec<Watched> = Vec::new();
        for (index, profile) in profiles.iter().enumerate() {
            for (role, header) in named_headers(profile) {
                let name = HeaderName::from_bytes(header.as_bytes())
                    .map_err(|_| SetupError::InvalidHeaderName { profile: profile.name, header })?;
                if watched.iter().any(|other| other.name == name) {
                    return Err(SetupError::SharedHeader { header });
                }
                watched.push(Watched { tag: tag(name.as_str()), name, profile: index, role });
            }
        }
        let tag_bits = watched.iter().fold(0, |bits, header| bits | tag_bit(header.tag));
        Ok(Self { watched: watched.into(), tag_bits })
    }

    /// The profiles that the delivery has headers of. The order of the headers makes no difference.
    pub(super) fn find<'a>(&self, headers: &'a HeaderMap) -> Sighting<'a> {
        let mut found: Option<Found<'a>> = None;
        for (header, value) in self.watched_in(headers) {
            let found = found.get_or_insert_with(|| Found::none_of(header.profile));
            if found.profile != header.profile {
                return Sighting::Several;
            }
            found.put(header.role, value);
        }
        found.map_or(Sighting::Nothing, Sighting::One)
    }

    /// The headers of one profile, by its index; `None` if the delivery has no header of it.
    pub(super) fn find_of<'a>(&self, headers: &'a HeaderMap, profile: usize) -> Option<Found<'a>> {
        let mut found: Option<Found<'a>> = None;
        for (header, value) in self.watched_in(headers).filter(|(header, _)| header.profile == profile) {
            found.get_or_insert_with(|| Found::none_of(profile)).put(header.role, value);
        }
        found
    }

    /// The values of the headers that any profile names.
    fn watched_in<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = (&Watched, &'a HeaderValue)> {
        headers.iter().filter_map(|(name, value)| {
            let name = name.as_str();
            let tag = tag(name);
            if self.tag_bits & tag_bit(tag) == 0 {
                return None;
            }
            let is_it = |header: &&Watched| header.tag == tag && header.name.as_str() == name;
            Some((self.watched.iter().find(is_it)?, value))
        })
    }
}

impl<'a> Found<'a> {
    fn none_of(profile: usize) -> Self {
        Self { profile, signature: Slot::Missing, timestamp: Slot::Missing, id: Slot::Missing }
    }

    fn put(&mut self, role: Role, value: &'a HeaderValue) {
        let slot = match role {
            Role::Signature => &mut self.signature,
            Role::Timestamp => &mut self.timestamp,
            Role::Id => &mut self.id,
        };
        *slot = match slot {
            Slot::Missing => Slot::Once(value),
            Slot::Once(_) | Slot::Repeated => Slot::Repeated,
        };
    }

    /// The bytes of the signature header, of any kind.
    pub(super) fn signature(&self, profile: &SignatureProfile) -> Result<&'a [u8], Rejected> {
        self.signature.bytes(profile.signature_header, MAX_SIGNATURE_HEADER)
    }

    /// The bytes of the timestamp header, of any kind.
    pub(super) fn timestamp(&self, profile: &SignatureProfile) -> Result<Option<&'a [u8]>, Rejected> {
        profile.timestamp_header.map(|name| self.timestamp.bytes(name, MAX_TIMESTAMP_HEADER)).transpose()
    }

    /// The id, which does not hold `delimiter`, the text that ends it in the signed content.
    pub(super) fn id(
        &self,
        profile: &SignatureProfile,
        delimiter: &str,
    ) -> Result<Option<&'a str>, Rejected> {
        let Some(name) = profile.id_header else { return Ok(None) };
        let id = self.id.bytes(name, MAX_ID_HEADER)?;
        let Some(id) = str::from_utf8(id).ok().filter(|_| is_printable(id)) else {
            return Err(Rejected::NotAscii(name));
        };
        if holds(id, delimiter) { Err(Rejected::MalformedHeader(name)) } else { Ok(Some(id)) }
    }
}

impl<'a> Slot<'a> {
    /// The bytes of the header: some, and not too many.
    fn bytes(self, name: &'static str, max_len: usize) -> Result<&'a [u8], Rejected> {
        let text = match self {
            Slot::Missing => return Err(Rejected::MissingHeader(name)),
            Slot::Repeated => return Err(Rejected::DuplicateHeader(name)),
            Slot::Once(value) => value.as_bytes(),
        };
        if text.is_empty() {
            Err(Rejected::EmptyHeader(name))
        } else if text.len() > max_len {
            Err(Rejected::HeaderTooLong(name))
        } else {
            Ok(text)
        }
    }
}

/// Whether every receiver takes `id` as it stands: one word of printable ASCII that can be cut in one way only.
pub(super) fn is_valid_id(id: &str, profile: &SignatureProfile) -> bool {
    let fits = !id.is_empty() && id.len() <= MAX_ID_HEADER && all_in(id.as_bytes(), b'!'..=b'~');
    fits && !holds(id, profile.id_delimiter())
}

/// Whether `id` holds the text that ends it in the signed content. One signature would then fit two deliveries,
/// a warning of the [Standard Webhooks specification](https://github.com/standard-webhooks/standard-webhooks).
fn holds(id: &str, delimiter: &str) -> bool {
    match delimiter.as_bytes() {
        [] => false,
        // Quicker than a search for a text.
        [byte] => id.as_bytes().contains(byte),
        _ => id.contains(delimiter),
    }
}

/// What is wrong with a header whose `text` led to `fault`: that it is no printable ASCII, if it is none. A good text
/// is nothing else, so only a bad one is looked at twice.
pub(super) fn explain(name: &'static str, text: &[u8], fault: Rejected) -> Rejected {
    if is_printable(text) { fault } else { Rejected::NotAscii(name) }
}

fn is_printable(text: &[u8]) -> bool {
    all_in(text, b' '..=b'~')
}

/// Looks at every byte instead of stopping at the first, which lets the compiler take many at once.
fn all_in(text: &[u8], range: RangeInclusive<u8>) -> bool {
    !text.iter().fold(false, |outside, byte| outside | !range.contains(byte))
}

fn named_headers(profile: &SignatureProfile) -> impl Iterator<Item = (Role, &'static str)> {
    let signature = Some((Role::Signature, profile.signature_header));
    let timestamp = profile.timestamp_header.map(|name| (Role::Timestamp, name));
    let id = profile.id_header.map(|name| (Role::Id, name));
    [signature, timestamp, id].into_iter().flatten()
}

/// A cheap first look at a name: its length and its last byte, in which header names differ most.
fn tag(name: &str) -> u16 {
    let last = name.as_bytes().last().copied().unwrap_or_default();
    u16::from_be_bytes([name.len().min(255) as u8, last])
}

fn tag_bit(tag: u16) -> u64 {
    let [len, last] = tag.to_be_bytes();
    1 << ((len ^ last) % 64)
}
