//! Which addresses events may be sent to. Users name them, so an address inside a network of the operator's is refused, after
//! its name was resolved and for exactly what is then connected to, unless the operator has allowed that network.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What is no place of the public internet, of IPv4. <https://www.iana.org/assignments/iana-ipv4-special-registry>
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),       // this network, unspecified
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // carrier-grade NAT
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local, and where clouds tell secrets
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // 6to4 relays
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // benchmarking
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 4),     // multicast
    v4(240, 0, 0, 4),     // reserved, broadcast
];

/// All of IPv6 that is public; loopback, mapped IPv4, NAT64, unique-local, link-local and multicast lie outside.
const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is not public within it. <https://www.iana.org/assignments/iana-ipv6-special-registry>
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),     // protocol assignments: Teredo, benchmarking, ORCHID
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // 6to4
    v6(0x3fff, 0, 20),     // documentation
];

const fn v4(first: u8, second: u8, third: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(first, second, third, 0), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// Networks that the operator allows beside the public internet.
pub(crate) type Networks = Arc<[IpNet]>;

/// How a connection is protected, which decides where it may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// By TLS: to the public internet and to networks that are allowed.
    Tls,
    /// Not at all: to networks that are allowed alone.
    None,
}

/// Why an address is none that events may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no URL.
    NoUrl,
    /// It is neither `https` nor `http`.
    Scheme,
    /// It holds a name or password.
    UserInfo,
    /// It holds a fragment, which is never sent.
    Fragment,
    /// The port is one of other services.
    Port,
    /// It leads to a network that is not allowed.
    Network(Protection),
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoUrl => "it is no web address such as https://engine.example.com/events",
            Self::Scheme => "it is neither https nor http",
            Self::UserInfo => "it holds a user name or password, which would be logged: use the signature",
            Self::Fragment => "it holds a fragment (#…), which is never sent",
            Self::Port => "its port belongs to another service: use 443, 80, or one from 1024 on",
            Self::Network(Protection::Tls) => {
                "it leads into a network that is not public: name that in delivery.allowed_networks"
            }
            Self::Network(Protection::None) => {
                "http leads to no network named in delivery.allowed_networks: use https, or name the network"
            }
        })
    }
}

impl StdError for Refused {}

/// An address as far as it can be judged before it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The address, normalised.
    pub(crate) url: Url,
    /// How connections to it are protected.
    pub(crate) protection: Protection,
}

impl Address {
    /// Reads an address. A host in numbers is one in any spelling that an URL may have.
    ///
    /// # Errors
    /// When it is none that events could be sent to, wherever it leads.
    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        let url = Url::parse(text).map_err(|_| Refused::NoUrl)?;
        let protection = match url.scheme() {
            "https" => Protection::Tls,
            "http" => Protection::None,
            _ => return Err(Refused::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(Refused::Fragment);
        }
        match url.port_or_known_default() {
            Some(80 | 443 | 1024..) => Ok(Self { url, protection }),
            _ => Err(Refused::Port),
        }
    }

    /// Refuses a host in numbers that may not be connected to. No resolver is asked about those.
    ///
    /// # Errors
    /// When it leads into a network that is not allowed.
    pub(crate) fn vet(&self, allowed: &[IpNet]) -> Result<(), Refused> {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        match host.parse() {
            Ok(ip) if !may_connect(ip, self.protection, allowed) => Err(Refused::Network(self.protection)),
            _ => Ok(()),
        }
    }
}

/// Whether connections of this protection may lead to an address.
pub(crate) fn may_connect(ip: IpAddr, protection: Protection, allowed: &[IpNet]) -> bool {
    let is_allowed = |ip: IpAddr| allowed.iter().any(|network| network.contains(&ip));
    // Who allows 10.0.0.0/8 means it in every spelling.
    is_allowed(ip) || is_allowed(ip.to_canonical()) || (protection == Protection::Tls && is_public(ip))
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => {
            PUBLIC_V6.contains(&ip) && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&ip))
        }
    }
}

/// Resolves names for the HTTP client to what may be connected to, and to nothing else.
pub(crate) struct GuardedResolver {
    /// How the connections are protected.
    pub(crate) protection: Protection,
    /// What is allowed beside the public internet.
    pub(crate) allowed: Networks,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (protection, allowed) = (self.protection, Arc::clone(&self.allowed));
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(permitted(&found, protection, &allowed)?)
        })
    }
}

/// Those of the addresses of a name that may be connected to.
fn permitted(found: &[SocketAddr], protection: Protection, allowed: &[IpNet]) -> Result<Addrs, Refused> {
    let may = |address: &&SocketAddr| may_connect(address.ip(), protection, allowed);
    let permitted: Vec<SocketAddr> = found.iter().filter(may).copied().collect();
    match permitted.is_empty() && !found.is_empty() {
        true => Err(Refused::Network(protection)),
        false => Ok(Box::new(permitted.into_iter())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_the_public_internet_is_reached_unless_a_network_is_allowed() {
        for public in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(may_connect(public.parse().unwrap(), Protection::Tls, &[]), "{public}");
            assert!(!may_connect(public.parse().unwrap(), Protection::None, &[]), "{public} in the clear");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let ip: IpAddr = other.parse().unwrap();
            assert!(!may_connect(ip, Protection::Tls, &[]), "{other}");
            let own = [IpNet::from(ip)];
            assert!(may_connect(ip, Protection::Tls, &own), "{other} is allowed");
            assert!(may_connect(ip, Protection::None, &own), "{other} is allowed in the clear");
        }
        let private = networks(&["10.0.0.0/8"]);
        assert!(may_connect("::ffff:10.1.2.3".parse().unwrap(), Protection::Tls, &private));
        assert!(!may_connect("11.1.2.3".parse().unwrap(), Protection::None, &private));
    }

    #[test]
    fn an_address_in_numbers_is_one_in_every_spelling() {
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.0.0.0x1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[0:0:0:0:0:ffff:7f00:1]/",
            "https://127.0.0.1./",
            "https://①②⑦.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://0/",
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.vet(&[]), Err(Refused::Network(Protection::Tls)), "{text}");
        }
        let address = Address::parse("https://2130706433/").unwrap();
        assert_eq!(address.vet(&networks(&["127.0.0.0/8"])), Ok(()));
        let plain = Address::parse("http://8.8.8.8/").unwrap();
        assert_eq!(plain.vet(&[]), Err(Refused::Network(Protection::None)));
        assert_eq!(Address::parse("https://engine.example/").unwrap().vet(&[]), Ok(()));
    }

    #[test]
    fn what_is_no_address_for_events_is_refused_whatever_is_allowed() {
        for (text, why) in [
            ("engine.example", Refused::NoUrl),
            ("https://", Refused::NoUrl),
            ("https://1.2.3.4.5/", Refused::NoUrl),
            ("ftp://engine.example/", Refused::Scheme),
            ("file:///etc/passwd", Refused::Scheme),
            ("unix:/run/docker.sock", Refused::Scheme),
            ("https://user@engine.example/", Refused::UserInfo),
            ("https://:word@engine.example/", Refused::UserInfo),
            ("https://engine.example/#here", Refused::Fragment),
            ("https://engine.example:22/", Refused::Port),
            ("http://engine.example:25/", Refused::Port),
            ("https://engine.example:0/", Refused::Port),
        ] {
            assert_eq!(Address::parse(text), Err(why), "{text}");
        }
        for text in
            ["https://engine.example/a?b=c", "http://engine.example:8080", "https://engine.example:80"]
        {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn of_a_name_only_what_may_be_connected_to_is_left() {
        let found: Vec<SocketAddr> =
            ["10.0.0.1:0", "8.8.8.8:0", "[::1]:0"].iter().map(|text| text.parse().unwrap()).collect();
        let left = |protection, allowed: &[&str]| {
            let left = permitted(&found, protection, &networks(allowed));
            left.map(|found| found.map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(left(Protection::Tls, &[]).unwrap(), ["8.8.8.8"]);
        assert_eq!(left(Protection::Tls, &["::1/128"]).unwrap(), ["8.8.8.8", "::1"]);
        assert_eq!(left(Protection::None, &["10.0.0.0/8"]).unwrap(), ["10.0.0.1"]);
        assert_eq!(left(Protection::None, &[]), Err(Refused::Network(Protection::None)));
    }
}
