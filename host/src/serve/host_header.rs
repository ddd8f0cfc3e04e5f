//! Refuses requests whose host is missing, doubled or malformed: RFC 9112, section 3.2, and RFC 9113, section 8.3.1.

use std::net::Ipv6Addr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, HOST};
use http::uri::Scheme;
use http::{HeaderMap, StatusCode, Uri, Version};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// HTTP/1.1 without a `Host` header, or a later version without `:authority`.
    Missing,
    /// More than one `Host` header.
    Several,
    /// The `Host` header is no host with an optional port.
    Malformed,
    /// The target of the request names no web server.
    Target,
    /// `Host` and `:authority` name two servers.
    Differs,
}

impl Refused {
    /// A stable word for logs.
    fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Several => "several",
            Self::Malformed => "malformed",
            Self::Target => "target",
            Self::Differs => "differs",
        }
    }
}

/// Puts the check before every route of `router`, and before the answer to paths without a route.
pub(super) fn checked(router: Router) -> Router {
    router.layer(from_fn(|request: Request, next: Next| async move {
        let version = request.version();
        match judge(version, request.uri(), request.headers()) {
            Ok(()) => next.run(request).await,
            Err(refused) => {
                tracing::debug!(host = refused.word(), "a request was refused");
                refusal(version)
            }
        }
    }))
}

/// The answer to a refused request. It ends an HTTP/1 connection: a sender that is unclear about the host may be unclear
/// about the end of the request as well.
fn refusal(version: Version) -> Response {
    match version {
        Version::HTTP_09 | Version::HTTP_10 | Version::HTTP_11 => {
            (StatusCode::BAD_REQUEST, [(CONNECTION, "close")]).into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn judge(version: Version, target: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Refused::Several);
    }
    let host = host.map(|value| value.to_str().ok().filter(|text| is_host(text)).ok_or(Refused::Malformed));
    let host = host.transpose()?;
    let scheme = target.scheme();
    if scheme.is_some_and(|scheme| ![Scheme::HTTP, Scheme::HTTPS].contains(scheme)) {
        return Err(Refused::Target);
    }
    let authority = target.authority().map(|authority| authority.as_str());
    if authority.is_some_and(|authority| !is_host(authority)) {
        return Err(Refused::Target);
    }
    match version {
        Version::HTTP_09 | Version::HTTP_10 => Ok(()),
        // RFC 9112, section 3.2.2: the host of the target counts, and a server ignores another host in the header.
        Version::HTTP_11 => host.map(|_| ()).ok_or(Refused::Missing),
        _ => {
            let authority = authority.ok_or(Refused::Missing)?;
            let is_other = host.is_some_and(|host| !is_same(host, authority, scheme));
            if is_other { Err(Refused::Differs) } else { Ok(()) }
        }
    }
}

/// Whether a text is `uri-host [ ":" port ]` of RFC 9110, section 7.2, with a host that is not empty. A comma is refused,
/// although RFC 3986 admits it in a name: a proxy may have joined two headers by it.
fn is_host(text: &str) -> bool {
    let (is_sound, rest) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
        None => {
            let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            (is_name(name), rest)
        }
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
    };
    is_sound && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

/// Whether a text is a `reg-name` of RFC 3986, section 3.2.2, which admits IPv4 addresses as well.
fn is_name(text: &str) -> bool {
    let mut parts = text.split('%');
    let is_plain = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(&byte))
    };
    let is_escaped = |part: &str| {
        part.get(..2).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            && part.get(2..).is_some_and(is_plain)
    };
    !text.is_empty() && parts.next().is_some_and(is_plain) && parts.all(is_escaped)
}

/// Whether two hosts are one for a scheme, with the scheme's own port or without a port.
fn is_same(one: &str, other: &str, scheme: Option<&Scheme>) -> bool {
    let port = if scheme == Some(&Scheme::HTTPS) { ":443" } else { ":80" };
    let bare = |text: &str| {
        let text = text.strip_suffix(port).or_else(|| text.strip_suffix(':')).unwrap_or(text);
        text.to_ascii_lowercase()
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests;
