//! The one reader of text from outside: files, standard input, variables, flags, forms, and the output of other programs.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use connector_runtime::{SecretString, text};

/// The text of a file without a byte order mark.
///
/// # Errors
/// If the file cannot be read or is not UTF-8.
pub(crate) fn file(path: &Path) -> io::Result<SecretString> {
    stream(&mut File::open(path)?)
}

/// The text of a stream to its end, without a byte order mark.
///
/// # Errors
/// If the stream cannot be read or is not UTF-8.
pub(crate) fn stream(from: &mut dyn Read) -> io::Result<SecretString> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let invalid = |fault| io::Error::new(io::ErrorKind::InvalidData, fault);
    text::read(&bytes).map_err(invalid)?;
    // In place, so that no second copy of a secret comes about.
    let marked = bytes.len() - text::without_mark(&bytes).len();
    bytes.drain(..marked);
    let text = String::from_utf8(bytes);
    text.map(SecretString::from)
        .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault.utf8_error()))
}

/// A text that came as text, such as a variable or a field of a form, without a byte order mark.
pub(crate) fn unmarked(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// What another program wrote, for people; bytes that are no text are replaced.
pub(crate) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(text::without_mark(bytes)).into_owned()
}

/// The same of a stream, up to `most` bytes.
///
/// # Errors
/// If the stream cannot be read.
pub(crate) fn shown_of(from: impl Read, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes)?;
    Ok(shown(&bytes))
}

const MARK: char = '\u{feff}';

/// Why a text is no secret. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSecret {
    /// Nothing is there.
    Empty,
    /// A character that no secret has, and its position in bytes, counted from 0.
    Character(&'static str, usize),
}

impl fmt::Display for NoSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("it is empty: ")?,
            Self::Character(name, at) => write!(out, "it has {name} at byte {at}: ")?,
        }
        out.write_str("give the secret alone, on one line, without control characters")
    }
}

/// A secret in a text that holds nothing else. A byte order mark, one line break at the end and spaces around the secret
/// are no part of it.
///
/// # Errors
/// If nothing is left, or a line break, a NUL or another control character is.
pub(crate) fn secret(given: &str) -> Result<&str, NoSecret> {
    let text = unmarked(given);
    let start = given.len() - text.len();
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    let fault = text.char_indices().find_map(|(at, c)| {
        let name = match c {
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "a line break",
            '\0' => "a NUL",
            MARK => "a byte order mark",
            c if c.is_control() => "a control character",
            _ => return None,
        };
        Some(NoSecret::Character(name, start + at))
    });
    match (fault, text.trim_matches(' ')) {
        (Some(fault), _) => Err(fault),
        (None, "") => Err(NoSecret::Empty),
        (None, secret) => Ok(secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_runtime::ExposeSecret as _;

    #[test]
    fn a_secret_is_one_line_of_visible_characters() {
        for given in ["hush", "hush\n", "hush\r\n", "\u{feff}hush\n", " hush ", "\u{feff} hush \r\n"] {
            assert_eq!(secret(given), Ok("hush"), "{given:?}");
        }
        assert_eq!(secret("a b"), Ok("a b"));
        for given in ["", "\n", "\r\n", "\u{feff}", "\u{feff}\n", "  \n"] {
            assert_eq!(secret(given), Err(NoSecret::Empty), "{given:?}");
        }
        for (given, name, at) in [
            ("hu\nsh", "a line break", 2),
            ("hush\n\n", "a line break", 4),
            ("\nhush", "a line break", 0),
            ("hush\r", "a line break", 4),
            ("hu\u{2028}sh", "a line break", 2),
            ("\u{feff}hu\0sh", "a NUL", 5),
            ("hush\t", "a control character", 4),
            ("hu\u{1b}sh", "a control character", 2),
            ("hu\u{feff}sh", "a byte order mark", 2),
            ("\u{feff}\u{feff}hush", "a byte order mark", 3),
        ] {
            assert_eq!(secret(given), Err(NoSecret::Character(name, at)), "{given:?}");
            assert!(!NoSecret::Character(name, at).to_string().contains("hush"));
        }
    }

    #[test]
    fn a_stream_is_utf8_text_without_its_mark() {
        let text = |mut bytes: &[u8]| stream(&mut bytes).map(|text| text.expose_secret().to_owned());
        assert_eq!(text(b"\xEF\xBB\xBFab\n").unwrap(), "ab\n");
        assert_eq!(text(b"").unwrap(), "");
        let fault = |bytes: &[u8]| text(bytes).unwrap_err().to_string();
        assert_eq!(fault(b"\xEF\xBB\xBFa\xFF"), "the text is not UTF-8 at byte 4: convert it to UTF-8");
        assert!(fault(b"\xFF\xFEa\0").contains("UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`"));
    }
}
