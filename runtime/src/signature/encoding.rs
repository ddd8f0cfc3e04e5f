//! Reads and writes digests as text, strictly and on the stack.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::profile::Encoding;

/// The length of an HMAC-SHA256.
pub(super) const DIGEST_LEN: usize = 32;
/// The bytes of one message authentication code.
pub(super) type Digest = [u8; DIGEST_LEN];

const HEX_LEN: usize = 2 * DIGEST_LEN;

impl Encoding {
    /// Reads one digest of exactly 32 bytes into `digest`; false when `text` is no canonical form of one.
    pub(super) fn decode(self, text: &[u8], digest: &mut Digest) -> bool {
        match self {
            Self::LowerHex => decode_lower_hex(text, digest),
            Self::Base64 => STANDARD.decode_slice(text, digest) == Ok(DIGEST_LEN),
        }
    }

    /// Writes a digest.
    pub(super) fn encode(self, digest: &Digest) -> String {
        match self {
            Self::LowerHex => hex::encode(digest),
            Self::Base64 => STANDARD.encode(digest),
        }
    }
}

/// The `hex` crate takes uppercase digits as well, hence a decoder of our own. Two plain loops without an early
/// end let the compiler take many digits at once.
fn decode_lower_hex(text: &[u8], digest: &mut Digest) -> bool {
    let Ok(text) = <&[u8; HEX_LEN]>::try_from(text) else {
        return false;
    };
    let mut nibbles = [0; HEX_LEN];
    let mut seen = 0;
    for (nibble, digit) in nibbles.iter_mut().zip(text) {
        *nibble = lower_hex_value(*digit);
        seen |= *nibble;
    }
    for (byte, [high, low]) in digest.iter_mut().zip(nibbles.as_chunks().0) {
        *byte = (high << 4) | (low & 0x0f);
    }
    seen <= 0x0f
}

/// The value of one digit; above fifteen for what is none.
fn lower_hex_value(digit: u8) -> u8 {
    let (decimal, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    if decimal < 10 {
        decimal
    } else if letter < 6 {
        letter + 10
    } else {
        0xff
    }
}
