//! The one reader of files.

use std::fs;
use std::io;
use std::path::Path;

use crate::disk::at;

/// The bytes of a source file; the library turns them into text.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn source(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| at(path, error))
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
