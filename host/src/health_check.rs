//! `connector health`: asks the service that runs on this machine whether it is ready, as containers do again and again.

use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::credentials::Sources;
use crate::failure::Failure;
use crate::outside;
use crate::printable::print;
use crate::serve::broken;
use crate::serve::values::{self, Flags, Values};
use crate::surroundings::Surroundings;

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// An answer is short; more than this is none of ours.
const LONGEST: u64 = 4096;

/// The flags of the command.
pub(crate) fn flags() -> Vec<clap::Arg> {
    values::flags(|setting| ["config", "admin.listen"].contains(&setting.key))
}

/// Says what the service says.
///
/// # Errors
/// `Usage` where the settings are wrong or name no address to ask; `Broken` where the service is not ready.
pub(crate) fn run(flags: &Flags, surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let values = Values::read(flags, &sources)?;
    let address = reachable(values.address("admin.listen")?);
    let answer = ask(address).map_err(|error| broken(&format!("nobody answers at {address}"), &error))?;
    let (head, said) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(print(surroundings.stdout, said.trim())?),
        _ => Err(Failure::Broken(format!("the service at {address} is not ready: {}", said.trim()))),
    }
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    outside::shown_of(stream, LONGEST)
}

/// Where a service that listens everywhere is reached on this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
