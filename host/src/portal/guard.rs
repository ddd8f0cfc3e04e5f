//! What keeps pages safe whatever they say: headers on every answer.

use axum::response::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

/// What a page may load and do: nothing but our style and our forms, in no frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Adds the headers that every answer has; what a page has set itself stays.
pub(super) async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = HeaderValue::from_static;
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, fixed(POLICY));
        headers.insert(X_FRAME_OPTIONS, fixed("DENY"));
        headers.insert(OPENER_POLICY, fixed("same-origin"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(REFERRER_POLICY, fixed("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(fixed("no-store"));
    response
}

/// The policy of a page whose form leads on to other servers: browsers hold redirects after a form against it.
pub(super) fn leading_to(origin: Option<&str>) -> String {
    let origin = origin.unwrap_or_default();
    POLICY.replace("form-action 'self'", format!("form-action 'self' https: {origin}").trim_end())
}

/// The policy of a page that the vendor shows in a frame.
pub(super) fn framed_by(frames: &[&str], origin: Option<&str>) -> String {
    let frames: Vec<&str> = frames.iter().copied().chain(origin).collect();
    match frames.is_empty() {
        true => POLICY.to_owned(),
        false => POLICY.replace("frame-ancestors 'none'", &format!("frame-ancestors {}", frames.join(" "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_differ_in_what_they_must_and_nothing_else() {
        assert!(leading_to(None).contains("form-action 'self' https:; base-uri"));
        assert!(leading_to(Some("http://127.0.0.1:1")).contains("'self' https: http://127.0.0.1:1;"));
        let framed = framed_by(&["https://*.vendor.example"], None);
        assert!(framed.ends_with("frame-ancestors https://*.vendor.example"), "{framed}");
        assert!(framed_by(&[], None).ends_with("frame-ancestors 'none'"));
        for policy in [leading_to(None), framed] {
            assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        }
    }
}
