//! The log of a database and the index of it that processes share, as <https://sqlite.org/walformat.html> describes them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes of the log's own header, and of the header of each frame.
const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// The first bytes of a log; the last bit is the byte order of its checksums.
const MAGIC: [u8; 3] = [0x37, 0x7f, 0x06];

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFault {
    Truncated,
    Overwritten,
}

/// What the index says of the log.
struct Index {
    frames: u64,
    page_size: u64,
    salts: [u8; 8],
}

/// Whether the log still has every frame that the index counts.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn fault(index: &File, log: &File) -> io::Result<Option<LogFault>> {
    let Some(index) = read_index(index)? else { return Ok(Some(LogFault::Overwritten)) };
    if index.frames == 0 {
        return Ok(None);
    }
    if log.metadata()?.len() < HEADER + index.frames.saturating_mul(FRAME_HEADER + index.page_size) {
        return Ok(Some(LogFault::Truncated));
    }
    let mut header = [0; HEADER as usize];
    log.read_exact_at(&mut header, 0)?;
    let is_same = header.starts_with(&MAGIC) && header[16..24] == index.salts;
    Ok((!is_same).then_some(LogFault::Overwritten))
}

/// The index is in the byte order of the machine. `None` when it is no index.
fn read_index(file: &File) -> io::Result<Option<Index>> {
    let mut bytes = [0; 48];
    match file.read_exact_at(&mut bytes, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        outcome => outcome?,
    }
    let is_initialised = bytes[12] == 1;
    let word = |at: usize| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let page_size = match u16::from_ne_bytes([bytes[14], bytes[15]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let mut salts = [0; 8];
    salts.copy_from_slice(&bytes[32..40]);
    Ok(is_initialised.then_some(Index { frames: u64::from(word(16)), page_size, salts }))
}
