//! The limits of connections, read from the settings.

use std::time::Duration;

use crate::failure::Failure;
use crate::serve::values::Values;

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// At a time.
    pub(crate) connections: usize,
    /// Headers of a request.
    pub(crate) headers: usize,
    /// Bytes of a request's head.
    pub(crate) header_bytes: usize,
    /// How long the head may take, and how long a connection may be idle.
    pub(crate) header_timeout: Duration,
    /// How long the body may take.
    pub(crate) body_timeout: Duration,
}

/// The limits of connections.
///
/// # Errors
/// `Usage` where one of them is none.
pub(in crate::serve) fn limits(values: &Values<'_>) -> Result<Limits, Failure> {
    Ok(Limits {
        connections: values.number("limits.connections", 1..1_000_001)?,
        headers: values.number("limits.headers", 1..10_001)?,
        header_bytes: values.number("limits.header_bytes", 8192..1_048_577)?,
        header_timeout: values.duration("limits.header_timeout")?,
        body_timeout: values.duration("limits.body_timeout")?,
    })
}
