//! From the bytes of files to their texts: drops a byte order mark at the beginning and reports every encoding but UTF-8.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span};

const MARK: char = '\u{feff}';

/// The texts of the files by their paths, without byte order marks at the beginning, and a fault for each file that is not
/// UTF-8. The text of such a file shows the place of the fault and is not to be compiled.
#[must_use]
pub fn decode(files: &BTreeMap<String, Vec<u8>>) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let mut faults = Vec::new();
    for (file, (path, bytes)) in (0_u16..).zip(files) {
        let (text, problem) = text(bytes);
        if let Some((start, message, help)) = problem {
            let start = u32::try_from(start).unwrap_or(u32::MAX);
            let span = Span { file, start, end: start.saturating_add(1) };
            faults.push(Diagnostic::new(Code::BadEncoding, span, message).help(help));
        }
        sources.insert(path.clone(), text);
    }
    (sources, faults)
}

/// The byte of a text where its encoding is wrong, the message and the remedy.
type Problem = (usize, &'static str, &'static str);

fn text(bytes: &[u8]) -> (String, Option<Problem>) {
    if let Some(text) = utf16(bytes) {
        let problem = (0, "the file is UTF-16", "convert it to UTF-8: `iconv -f UTF-16 -t UTF-8`");
        return (text, Some(problem));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut text = String::new();
    let mut problem = None;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            let what = "the file is not UTF-8: a byte of another encoding stands here";
            let help = "convert the file to UTF-8, such as with `iconv -f ISO-8859-1 -t UTF-8`";
            problem.get_or_insert((text.len(), what, help));
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    let mark = text.find(MARK).map(|at| (at, "a byte order mark stands inside the file", "remove it"));
    (text, problem.or(mark))
}

/// The text of UTF-16, with or without a byte order mark; `None` of another encoding.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (little, rest) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (true, rest),
        [0xFE, 0xFF, rest @ ..] => (false, rest),
        // Manifests and samples begin with a character of ASCII.
        [first, 0, ..] if *first != 0 => (true, bytes),
        [0, second, ..] if *second != 0 => (false, bytes),
        _ => return None,
    };
    let unit = |pair: &[u8]| match pair {
        [first, second] if little => u16::from_le_bytes([*first, *second]),
        [first, second] => u16::from_be_bytes([*first, *second]),
        _ => 0xFFFD,
    };
    let units = rest.chunks(2).map(unit);
    Some(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::locate;

    fn told(bytes: &[u8]) -> (String, Option<String>) {
        let (sources, faults) = decode(&BTreeMap::from([("a.yaml".to_owned(), bytes.to_vec())]));
        let told = faults.first().map(|fault| format!("{} {}", locate(fault.span, &sources), fault.message));
        (sources["a.yaml"].clone(), told)
    }

    #[test]
    fn utf8_with_or_without_a_byte_order_mark_is_read() {
        assert_eq!(told("a: ü\n".as_bytes()), ("a: ü\n".to_owned(), None));
        assert_eq!(told(b"\xEF\xBB\xBFa: b\n"), ("a: b\n".to_owned(), None));
        assert_eq!(told(b""), (String::new(), None));
    }

    #[test]
    fn another_encoding_is_reported_at_its_line_beside_a_text_that_can_be_shown() {
        let utf16 = Some("a.yaml:1:1 the file is UTF-16".to_owned());
        for bytes in [&b"\xFF\xFEa\0:\0"[..], b"\xFE\xFF\0a\0:", b"a\0:\0", b"\0a\0:"] {
            assert_eq!(told(bytes), ("a:".to_owned(), utf16.clone()), "{bytes:?}");
        }
        let (text, fault) = told(b"a: b\nc: \xE9t\xE9\n");
        assert_eq!(text, "a: b\nc: \u{fffd}t\u{fffd}\n");
        assert!(fault.is_some_and(|fault| fault.starts_with("a.yaml:2:4 the file is not UTF-8")));
        let (_, fault) = told("a: b\nc: \u{feff}\n".as_bytes());
        assert_eq!(fault.as_deref(), Some("a.yaml:2:4 a byte order mark stands inside the file"));
    }

    #[test]
    fn half_a_unit_and_half_a_pair_are_shown_as_replacements() {
        assert_eq!(told(b"\xFF\xFEa\0b").0, "a\u{fffd}");
        assert_eq!(told(b"\xFF\xFE\x00\xD8a\0").0, "\u{fffd}a");
    }
}
