//! Randomness that secrets hang on, from the system.

use std::io;

/// So many bytes that nobody can guess.
///
/// # Errors
/// When the system has none.
pub(crate) fn bytes<const LENGTH: usize>() -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
