//! The one reader of files: it drops a byte order mark at the beginning and refuses every encoding but UTF-8.

use std::fs;
use std::io;
use std::path::Path;

use crate::disk::at;

const MARK: char = '\u{feff}';

/// The text of a source file without a byte order mark.
///
/// # Errors
/// If the file cannot be read, is not UTF-8, or has a byte order mark inside.
pub(crate) fn source(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path).map_err(|error| at(path, error))?;
    let invalid = |what: String| at(path, io::Error::new(io::ErrorKind::InvalidData, what));
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(invalid("the file is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|fault| {
        let at = fault.utf8_error().valid_up_to();
        invalid(format!("the file is not UTF-8 at byte {at}: convert it to UTF-8"))
    })?;
    let text = match text.strip_prefix(MARK) {
        Some(text) => text.to_owned(),
        None => text,
    };
    match text.find(MARK) {
        None => Ok(text),
        Some(start) => {
            let before = &text[..start];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            let what =
                format!("a byte order mark stands inside the file at line {line} column {column}: remove it");
            Err(invalid(what))
        }
    }
}

/// What stands in a generated file, to be compared byte for byte: a byte order mark is a difference. A file that is no
/// text is certainly not ours, whatever stands in place of its bytes.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn generated(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path).map_err(|error| at(path, error))?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|fault| String::from_utf8_lossy(fault.as_bytes()).into_owned()))
}
