//! Whether the files of a running storage are still those that it opened: nothing may be acknowledged that went into a file
//! which somebody has replaced, removed or truncated.

#[cfg(unix)]
mod held;
#[cfg(unix)]
mod log;
#[cfg(unix)]
mod mismatch;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub(super) use unix::Files;

/// Other systems lock open files against this.
#[cfg(not(unix))]
pub(super) struct Files;

#[cfg(not(unix))]
impl Files {
    pub(super) fn hold(_: &std::path::Path) -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn check(&mut self) -> Result<(), std::convert::Infallible> {
        Ok(())
    }
}
