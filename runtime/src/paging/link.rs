//! From the address of a next page, as an answer contains it, to its query.

use reqwest::Url;

use crate::connection::Connection;
use crate::request::Request;

/// The request for the page at `link`, an absolute or relative reference (RFC 3986, section 5). Only its query counts;
/// scheme, host, port and path must be the request's own.
///
/// # Errors
/// The reason why nothing may be sent there. The link itself is left out: it can contain a secret.
pub(super) fn follow(connection: &Connection, request: &Request, link: &str) -> Result<Request, String> {
    let api = request.operation().api;
    let path = request.path_and_query();
    let here = |server: &str| Url::parse(&connection.address(server, api, &path)).ok();
    let unreadable = || "the link to the next page is no address".to_owned();
    let own = here(connection.server(api)).ok_or_else(unreadable)?;
    let target = own.join(link.trim()).map_err(|_| unreadable())?;
    // Behind a proxy or sandbox a link can lead to the vendor's own server as well.
    let vendor = here(api.server);
    let is_own = |known: &Url| known.origin() == target.origin();
    if !is_own(&own) && !vendor.as_ref().is_some_and(is_own) {
        return Err("the link to the next page leads to another server; nothing was sent there".to_owned());
    }
    let decoded = |url: &Url| {
        let path = percent_encoding::percent_decode_str(url.path()).collect::<Vec<u8>>();
        path.strip_suffix(b"/").map(<[u8]>::to_vec).unwrap_or(path)
    };
    if decoded(&target) != decoded(&own) {
        return Err("the link to the next page leads to another path; nothing was sent there".to_owned());
    }
    let query = target.query().unwrap_or_default();
    let own = query.split('&').filter(|pair| !connection.is_credential(pair));
    Ok(request.clone().with_encoded_query(&own.collect::<Vec<_>>().join("&")))
}
