//! Takes a signature header apart by the form its profile names, and looks for one digest in it.

use super::encoding::{DIGEST_LEN, Digest};
use super::profile::{Encoding, SignatureForm};
use super::rejected::Rejected;

/// How many entries of a signature header are looked at. Senders that rotate their secret send two.
pub const MAX_SIGNATURES: usize = 16;

/// Whether any signature in `header` is the one that `fits`.
///
/// Signatures of other versions count but are not read, and one that is not well formed may stand beside a good
/// one. The whole header is read whatever is found, so that the order of its entries makes no difference.
pub(super) fn any_fits<'a>(
    header: &'a [u8],
    form: SignatureForm,
    encoding: Encoding,
    fits: impl Fn(&Digest) -> bool,
) -> Result<bool, Rejected> {
    match form {
        SignatureForm::Single => any_entry_fits([Some(header)].into_iter(), encoding, fits),
        SignatureForm::List { prefix } => {
            let own = |entry: &'a [u8]| entry.strip_prefix(prefix.as_bytes());
            // Most lists have one entry, which is seen quicker than it is split off.
            match header.contains(&b' ') {
                false => any_entry_fits([own(header)].into_iter(), encoding, fits),
                true => any_entry_fits(header.split(|byte| *byte == b' ').map(own), encoding, fits),
            }
        }
        SignatureForm::KeyValue { timestamp_key, signature_key } => {
            let signatures = parts(header).filter(|part| value_of(part, timestamp_key).is_none());
            any_entry_fits(signatures.map(|part| value_of(part, signature_key)), encoding, fits)
        }
    }
}

/// The one value of `key` in a header of `key=value` parts; none when it is missing or repeated.
pub(super) fn only_value<'a>(header: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let mut values = parts(header).filter_map(|part| value_of(part, key));
    let only = values.next()?;
    values.next().is_none().then_some(only)
}

/// `entries` are the texts of the profile's own version, and `None` for those of others.
fn any_entry_fits<'a>(
    entries: impl Iterator<Item = Option<&'a [u8]>>,
    encoding: Encoding,
    fits: impl Fn(&Digest) -> bool,
) -> Result<bool, Rejected> {
    let (mut own, mut well_formed, mut good) = (false, false, false);
    let mut digest = [0; DIGEST_LEN];
    for (index, entry) in entries.enumerate() {
        if index == MAX_SIGNATURES {
            return Err(Rejected::TooManySignatures);
        }
        let Some(text) = entry else { continue };
        own = true;
        if encoding.decode(text, &mut digest) {
            well_formed = true;
            good |= fits(&digest);
        }
    }
    match (own, well_formed) {
        (false, _) => Err(Rejected::UnsupportedVersion),
        (true, false) => Err(Rejected::BadSignatureEncoding),
        (true, true) => Ok(good),
    }
}

fn parts(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|byte| *byte == b',')
}

fn value_of<'a>(part: &'a [u8], key: &str) -> Option<&'a [u8]> {
    part.strip_prefix(key.as_bytes())?.strip_prefix(b"=")
}
