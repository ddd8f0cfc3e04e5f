//! Where processes that use one account keep what they know of its quota together.

use std::error::Error as StdError;
use std::fmt;

use super::window::Window;

/// Keeps windows for several processes.
///
/// Moments in a window count from the Unix epoch, so the processes need clocks that agree to some milliseconds: one
/// machine's, or synchronised ones. Requests of a process that dies count as under way until their leases end.
pub trait WindowStore: Send + Sync {
    /// Changes the window of the account `key` in one transaction, starting from the default where none is kept. It
    /// is called on the caller's task and must be quick: some hundred microseconds.
    ///
    /// # Errors
    /// When nothing was changed. The caller then goes by what its own process knows.
    fn update(&self, key: &str, change: &mut dyn FnMut(&mut Window)) -> Result<(), WindowStoreError>;
}

/// Why a shared window could not be changed.
#[derive(Debug)]
pub struct WindowStoreError(pub Box<dyn StdError + Send + Sync>);

impl fmt::Display for WindowStoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the shared window could not be changed")
    }
}

impl StdError for WindowStoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.0.as_ref())
    }
}
