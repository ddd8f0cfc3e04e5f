//! Reads and writes digests as text, strictly and on the stack.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::profile::Encoding;

/// The length of an HMAC-SHA256.
pub(super) const DIGEST_LEN: usize = 32;
/// The bytes of one message authentication code.
pub(super) type Digest = [u8; DIGEST_LEN];

const HEX_LEN: usize = 2 * DIGEST_LEN;
/// Ten groups of four digits, and one of three with its padding.
const BASE64_LEN: usize = 44;

impl Encoding {
    /// Reads one digest of exactly 32 bytes into `digest`; false when `text` is no canonical form of one.
    pub(super) fn decode(self, text: &[u8], digest: &mut Digest) -> bool {
        match self {
            Self::LowerHex => decode_lower_hex(text, digest),
            Self::Base64 => decode_base64(text, digest),
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
/// end let the compiler take many digits at once, here and below.
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

/// The `base64` crate decodes any length, and takes as long for one digest as a third of its HMAC.
fn decode_base64(text: &[u8], digest: &mut Digest) -> bool {
    let Ok(text) = <&[u8; BASE64_LEN]>::try_from(text) else {
        return false;
    };
    // A multiple of sixteen, with a digit that stands for zero where none was sent.
    let mut sextets = [b'A'; BASE64_LEN.next_multiple_of(16)];
    sextets[..BASE64_LEN].copy_from_slice(text);
    let padding = std::mem::replace(&mut sextets[BASE64_LEN - 1], b'A');
    let mut seen = 0;
    for sextet in &mut sextets {
        *sextet = base64_value(*sextet);
        seen |= *sextet;
    }
    let mut bytes = [0; 36];
    for (bytes, sextets) in bytes.as_chunks_mut::<6>().0.iter_mut().zip(sextets.as_chunks::<8>().0) {
        let [_, _, packed @ ..] = pack(u64::from_be_bytes(*sextets)).to_be_bytes();
        *bytes = packed;
    }
    let (whole, rest) = bytes.split_at(DIGEST_LEN);
    digest.copy_from_slice(whole);
    // The bits after the last byte say nothing, so only zeros are canonical (RFC 4648, section 3.5).
    seen <= 0x3f && rest[0] == 0 && padding == b'='
}

/// Eight numbers of six bits, one in each byte, as one number of 48 bits.
fn pack(sextets: u64) -> u64 {
    let pairs = ((sextets & 0x3f00_3f00_3f00_3f00) >> 2) | (sextets & 0x003f_003f_003f_003f);
    let fours = ((pairs & 0x0fff_0000_0fff_0000) >> 4) | (pairs & 0x0000_0fff_0000_0fff);
    ((fours >> 32) << 24) | (fours & 0x00ff_ffff)
}

/// The value of one digit; above sixty-three for what is none. Masks in place of branches, for the same reason.
fn base64_value(digit: u8) -> u8 {
    let mask = |is_it: bool| u8::from(is_it).wrapping_neg();
    let (upper, lower) = (digit.wrapping_sub(b'A'), digit.wrapping_sub(b'a'));
    let decimal = digit.wrapping_sub(b'0');
    let (is_upper, is_lower, is_decimal) = (mask(upper < 26), mask(lower < 26), mask(decimal < 10));
    let (is_plus, is_slash) = (mask(digit == b'+'), mask(digit == b'/'));
    let value = (upper & is_upper)
        | (lower.wrapping_add(26) & is_lower)
        | (decimal.wrapping_add(52) & is_decimal)
        | (62 & is_plus)
        | (63 & is_slash);
    value | !(is_upper | is_lower | is_decimal | is_plus | is_slash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(encoding: Encoding, text: &[u8]) -> Option<Digest> {
        let mut digest = [0; DIGEST_LEN];
        encoding.decode(text, &mut digest).then_some(digest)
    }

    proptest! {
        #[test]
        fn reads_back_every_digest(digest: Digest) {
            for encoding in [Encoding::LowerHex, Encoding::Base64] {
                prop_assert_eq!(decoded(encoding, encoding.encode(&digest).as_bytes()), Some(digest));
            }
        }

        #[test]
        fn takes_base64_exactly_where_the_crate_does(digest: Digest, place in 0..BASE64_LEN, byte: u8) {
            let mut text = STANDARD.encode(digest).into_bytes();
            text[place] = byte;
            let expected = STANDARD.decode(&text).ok().and_then(|bytes| Digest::try_from(bytes).ok());
            prop_assert_eq!(decoded(Encoding::Base64, &text), expected);
        }
    }
}
