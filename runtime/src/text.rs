//! The one reader of text from outside: it drops a byte order mark and refuses every encoding but UTF-8.

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

/// The byte order mark of UTF-8. Editors write it in front of a text; it is no part of the text.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes that are no UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotText {
    /// The bytes begin with a byte order mark of UTF-16.
    Utf16,
    /// The bytes are not UTF-8.
    Invalid {
        /// Position of the first byte that is not UTF-8, counted from 0.
        at: usize,
    },
}

impl fmt::Display for NotText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16 => out.write_str("the text is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`"),
            Self::Invalid { at } => {
                write!(out, "the text is not UTF-8 at byte {at}: convert it to UTF-8")
            }
        }
    }
}

impl std::error::Error for NotText {}

/// The same bytes without a byte order mark of UTF-8 at the beginning.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// The text without a byte order mark.
///
/// # Errors
/// If the bytes are no UTF-8.
pub fn read(bytes: &[u8]) -> Result<&str, NotText> {
    check(bytes)?;
    let text = without_mark(bytes);
    // The position counts the mark as well: it is a position in what was given.
    let marked = bytes.len() - text.len();
    str::from_utf8(text).map_err(|fault| NotText::Invalid { at: marked + fault.valid_up_to() })
}

/// The text of a body without a byte order mark; the bytes are shared and not copied.
pub(crate) fn body(mut bytes: Bytes) -> Result<ByteString, NotText> {
    check(&bytes)?;
    let marked = bytes.len() - without_mark(&bytes).len();
    let text = ByteString::try_from(bytes.split_off(marked));
    text.map_err(|fault| NotText::Invalid { at: marked + fault.valid_up_to() })
}

fn check(bytes: &[u8]) -> Result<(), NotText> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        Err(NotText::Utf16)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_the_mark_at_the_beginning_alone() {
        for (bytes, text) in [
            (&b"\xEF\xBB\xBFab"[..], "ab"),
            (b"ab", "ab"),
            (b"", ""),
            (b"\xEF\xBB\xBF", ""),
            (b"a\xEF\xBB\xBFb", "a\u{feff}b"),
            (b"\xEF\xBB\xBF\xEF\xBB\xBFb", "\u{feff}b"),
        ] {
            assert_eq!(read(bytes), Ok(text));
            assert_eq!(body(Bytes::copy_from_slice(bytes)).as_deref(), Ok(text));
        }
    }

    #[test]
    fn refuses_other_encodings_with_the_position() {
        for (bytes, fault) in [
            (&b"\xFF\xFEa\0"[..], NotText::Utf16),
            (b"\xFE\xFF\0a", NotText::Utf16),
            (b"ab\xFFc", NotText::Invalid { at: 2 }),
            (b"\xEF\xBB\xBFab\xFFc", NotText::Invalid { at: 5 }),
            (b"\xEF\xBB", NotText::Invalid { at: 0 }),
        ] {
            assert_eq!(read(bytes), Err(fault));
            assert_eq!(body(Bytes::copy_from_slice(bytes)).map(|_| ()), Err(fault));
        }
    }
}
