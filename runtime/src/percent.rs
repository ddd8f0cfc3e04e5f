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

/// Appends `name=`, with `?` or `&` in front as needed.
pub(crate) fn push_query_name(query: &mut String, name: &str) {
    query.push(if query.is_empty() { '?' } else { '&' });
    query.extend(utf8_percent_encode(name, QUERY_NAME));
    query.push('=');
}
