//! Whose connection or request something is: the address of the socket, or the address that a trusted proxy has noted.

use std::net::{IpAddr, Ipv6Addr};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

/// The header in which proxies note addresses if nothing else is configured.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The most addresses of a header that are read, from its end.
const MOST: usize = 32;

/// A client as shares count it: an IPv4 address, or the first 64 bits of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client(IpAddr);

impl Client {
    /// The client with an address. An IPv4 address that is written as an IPv6 address is an IPv4 address.
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        })
    }
}

/// The header in which the trusted proxies note the address of their client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239.
    Forwarded,
}

/// How clients are told apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    /// Whether a proxy hides the addresses of clients.
    pub(crate) is_behind_proxy: bool,
    /// The proxies whose header is believed.
    pub(crate) trusted: Vec<IpNet>,
    /// Where they note addresses.
    pub(crate) header: ProxyHeader,
}

impl Clients {
    /// Whether addresses tell clients apart.
    pub(super) fn has_shares(&self) -> bool {
        !self.is_behind_proxy || !self.trusted.is_empty()
    }

    /// The client of a connection whose head is incomplete; `None` for a trusted proxy, which stands for many.
    pub(super) fn of_peer(&self, peer: IpAddr) -> Option<Client> {
        (!self.is_trusted(peer)).then(|| Client::of(peer))
    }

    /// The client of a request: behind trusted proxies the right-most address that is not theirs. Text that is no address
    /// counts for the proxy that passed it on.
    pub(super) fn of_request(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        if !self.is_trusted(peer) {
            return Client::of(peer);
        }
        let mut client = peer;
        for noted in self.noted(headers) {
            match noted {
                Some(address) => client = address,
                None => break,
            }
            if !self.is_trusted(client) {
                break;
            }
        }
        Client::of(client)
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The addresses of the header, the last first; `None` for text that is no address.
    fn noted<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + use<'a> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, address),
            ProxyHeader::Forwarded => (FORWARDED, forwarded),
        };
        let lines: Vec<&[u8]> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        let entries = lines.into_iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        entries.take(MOST).map(move |entry| read(std::str::from_utf8(entry).ok()?))
    }
}

/// The address of an element of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut named = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let node = node.trim();
    address(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
}

/// An address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let is_port =
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return address.parse::<Ipv6Addr>().ok().filter(|_| is_port).map(IpAddr::V6);
    }
    let socket = || text.parse::<std::net::SocketAddrV4>().ok().map(|socket| IpAddr::V4(*socket.ip()));
    text.parse().ok().or_else(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client(clients: &Clients, peer: &str, headers: &[(HeaderName, &str)]) -> Client {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        clients.of_request(ip(peer), &headers.collect())
    }

    #[test]
    fn an_ipv6_client_has_64_bits_and_a_mapped_address_is_ipv4() {
        assert_eq!(Client::of(ip("2001:db8:1:2::9")), Client::of(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(Client::of(ip("2001:db8:1:2::9")), Client::of(ip("2001:db8:1:3::9")));
        assert_eq!(Client::of(ip("::ffff:192.0.2.7")), Client::of(ip("192.0.2.7")));
        assert_ne!(Client::of(ip("::ffff:192.0.2.7")), Client::of(ip("::ffff:192.0.2.8")));
        assert_ne!(Client::of(ip("192.0.2.7")), Client::of(ip("192.0.2.8")));
    }

    #[test]
    fn shares_count_unless_a_proxy_hides_the_addresses() {
        let is_on = |is_behind_proxy, trusted: &[&str]| {
            let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
            Clients { is_behind_proxy, trusted, ..Clients::default() }.has_shares()
        };
        assert!(is_on(false, &[]) && is_on(false, &["10.0.0.0/8"]) && is_on(true, &["10.0.0.0/8"]));
        assert!(!is_on(true, &[]));
    }

    #[test]
    fn the_right_most_address_that_is_no_trusted_proxy_is_the_client() {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
        let clients = Clients { is_behind_proxy: true, trusted, header: ProxyHeader::XForwardedFor };
        let xff = X_FORWARDED_FOR;
        for (what, peer, headers, wanted) in [
            ("one address", "10.0.0.1", vec![(xff.clone(), "192.0.2.7")], "192.0.2.7"),
            ("what the client made up", "10.0.0.1", vec![(xff.clone(), "8.8.8.8, 192.0.2.7")], "192.0.2.7"),
            ("two proxies", "10.0.0.1", vec![(xff.clone(), "8.8.8.8, 192.0.2.7, 10.0.0.2")], "192.0.2.7"),
            (
                "two lines",
                "10.0.0.1",
                vec![(xff.clone(), "8.8.8.8"), (xff.clone(), "192.0.2.7")],
                "192.0.2.7",
            ),
            ("proxies alone", "10.0.0.1", vec![(xff.clone(), "10.0.0.3,10.0.0.2")], "10.0.0.3"),
            ("a port", "10.0.0.1", vec![(xff.clone(), "192.0.2.7:4711")], "192.0.2.7"),
            ("brackets", "10.0.0.1", vec![(xff.clone(), "[2001:db8::1]:4711")], "2001:db8::1"),
            ("no address", "10.0.0.1", vec![(xff.clone(), "192.0.2.7, unknown")], "10.0.0.1"),
            ("no header", "10.0.0.1", vec![], "10.0.0.1"),
            ("the other header", "10.0.0.1", vec![(FORWARDED, "for=192.0.2.7")], "10.0.0.1"),
            ("a stranger's header", "192.0.2.9", vec![(xff.clone(), "192.0.2.7")], "192.0.2.9"),
            ("a mapped proxy", "::ffff:10.0.0.1", vec![(xff.clone(), "192.0.2.7")], "192.0.2.7"),
            ("an IPv6 proxy", "fd00::1", vec![(xff, "192.0.2.7")], "192.0.2.7"),
        ] {
            assert_eq!(client(&clients, peer, &headers), Client::of(ip(wanted)), "{what}");
        }
        assert_eq!(clients.of_peer(ip("10.0.0.1")), None);
        assert_eq!(clients.of_peer(ip("192.0.2.7")), Some(Client::of(ip("192.0.2.7"))));
    }

    #[test]
    fn the_header_of_rfc_7239_is_read_if_it_is_configured() {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        let clients = Clients { is_behind_proxy: true, trusted, header: ProxyHeader::Forwarded };
        for (value, wanted) in [
            ("for=192.0.2.7", "192.0.2.7"),
            ("for=8.8.8.8, proto=https; For=\"192.0.2.7:4711\";by=10.0.0.1", "192.0.2.7"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.7, for=\"10.0.0.9\"", "192.0.2.7"),
            ("for=192.0.2.7, for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            let headers = [(X_FORWARDED_FOR, "8.8.4.4"), (FORWARDED, value)];
            assert_eq!(client(&clients, "10.0.0.1", &headers), Client::of(ip(wanted)), "{value}");
        }
    }

    #[test]
    fn no_more_than_a_few_addresses_of_a_header_are_read() {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        let clients = Clients { is_behind_proxy: true, trusted, header: ProxyHeader::XForwardedFor };
        let long = format!("192.0.2.7{}", ", 10.0.0.2".repeat(MOST));
        assert_eq!(client(&clients, "10.0.0.1", &[(X_FORWARDED_FOR, &long)]), Client::of(ip("10.0.0.2")));
    }
}
