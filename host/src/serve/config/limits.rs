//! The limits of connections, read from the settings.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::failure::Failure;
use crate::serve::clients::{Clients, ProxyHeader};
use crate::serve::values::Values;

/// How many connections may be open beyond their places: those that were given up a moment ago.
const LEAVING: usize = 64;

/// Limits of the connections of a listener.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Connections with a request whose head is complete.
    pub(crate) connections: usize,
    /// The same beside them, for webhooks of known connections alone.
    pub(crate) webhook_connections: usize,
    /// Connections without a complete head.
    pub(crate) heads: usize,
    /// Connections of one client without a complete head, and as many with requests; `None`: no limit.
    pub(crate) per_address: Option<usize>,
    /// How clients are told apart.
    pub(crate) clients: Arc<Clients>,
    /// Headers of a request.
    pub(crate) headers: usize,
    /// Bytes of a request's head.
    pub(crate) header_bytes: usize,
    /// How long the head may take, and how long a connection may be idle.
    pub(crate) header_timeout: Duration,
    /// How long the body may take.
    pub(crate) body_timeout: Duration,
    /// How long a client may read nothing of its answer.
    pub(crate) write_timeout: Duration,
}

impl Limits {
    /// The limits that hold if nobody sets others.
    #[cfg(test)]
    pub(in crate::serve) fn of_tests() -> Self {
        let nothing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let sources = crate::credentials::Sources { variable: &|_| None, files: &nothing };
        limits(&Values::read(&crate::serve::values::Flags::default(), &sources).unwrap()).unwrap()
    }

    /// The most connections that are open at a time.
    pub(in crate::serve) fn open(&self) -> usize {
        self.connections + self.webhook_connections + self.heads + LEAVING
    }
}

/// The limits of connections.
///
/// # Errors
/// `Usage` where one of them is none.
pub(in crate::serve) fn limits(values: &Values<'_>) -> Result<Limits, Failure> {
    let per_address = values.parsed(
        "limits.connections_per_address",
        "a whole number of 1 to 1000000, or none",
        |text| match text {
            "none" => Some(None),
            _ => text.parse().ok().filter(|number| (1..=1_000_000).contains(number)).map(Some),
        },
    )?;
    Ok(Limits {
        connections: values.number("limits.connections", 1..1_000_001)?,
        webhook_connections: values.number("limits.webhook_connections", 1..1_000_001)?,
        heads: values.number("limits.heads", 2..1_000_001)?,
        per_address,
        clients: Arc::new(clients(values)?),
        headers: values.number("limits.headers", 1..10_001)?,
        header_bytes: values.number("limits.header_bytes", 8192..1_048_577)?,
        header_timeout: values.duration("limits.header_timeout")?,
        body_timeout: values.duration("limits.body_timeout")?,
        write_timeout: values.duration("limits.write_timeout")?,
    })
}

fn clients(values: &Values<'_>) -> Result<Clients, Failure> {
    let trusted: Vec<IpNet> = values.networks("trusted_proxy")?;
    let header = match values.text("trusted_proxy_header") {
        None => ProxyHeader::default(),
        Some(_) if trusted.is_empty() => {
            let what = "nothing uses this, because no proxy is trusted: set trusted_proxy";
            return Err(values.wrong("trusted_proxy_header", what));
        }
        Some(_) => {
            values.parsed("trusted_proxy_header", "x-forwarded-for or forwarded", |text| match text {
                "x-forwarded-for" => Some(ProxyHeader::XForwardedFor),
                "forwarded" => Some(ProxyHeader::Forwarded),
                _ => None,
            })?
        }
    };
    Ok(Clients { is_behind_proxy: values.yes("behind_proxy")?, trusted, header })
}
