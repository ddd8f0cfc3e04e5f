//! Percent-encoding of path segments and query components (RFC 3986, section 2).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Names keep the colon that some APIs put into them: `:` is allowed in a query as it is.
const QUERY_NAME: &AsciiSet = &COMPONENT.remove(b':');

/// Appends `text` as one path segment or query value.
pub(crate) fn push_component(out: &mut String, text: &str) {
    out.extend(utf8_percent_encode(text, COMPONENT));
}

/// Appends `name=` to an address whose query begins at `start`, with `?` or `&` in front.
pub(crate) fn push_query_name(address: &mut String, start: usize, name: &str) {
    address.push(if address.len() == start { '?' } else { '&' });
    address.extend(utf8_percent_encode(name, QUERY_NAME));
    address.push('=');
}
