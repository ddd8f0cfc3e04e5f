//! What keeps pages safe whatever they say: headers on every answer, and limits to how often something may be tried.

use std::sync::{Mutex, PoisonError};

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

/// How often something may happen: so many at once, and so many more each second.
pub(super) struct Bucket {
    burst: f64,
    per_second: f64,
    /// What is left, and when that was so.
    state: Mutex<(f64, i64)>,
}

impl Bucket {
    pub(super) fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second, state: Mutex::new((burst, i64::MIN)) }
    }

    /// Takes one; false where there is none.
    pub(super) fn take(&self, now_ms: i64) -> bool {
        self.with(now_ms, |left| {
            let has_one = *left >= 1.0;
            *left -= if has_one { 1.0 } else { 0.0 };
            has_one
        })
    }

    /// Whether there is one.
    pub(super) fn has_one(&self, now_ms: i64) -> bool {
        self.with(now_ms, |left| *left >= 1.0)
    }

    fn with<T>(&self, now_ms: i64, act: impl FnOnce(&mut f64) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, then) = *state;
        let since = now_ms.saturating_sub(then).max(0) as f64 / 1000.0;
        let mut left = (left + since * self.per_second).min(self.burst);
        let outcome = act(&mut left);
        *state = (left, now_ms.max(then));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_empty_after_its_burst_and_fills_with_time() {
        let bucket = Bucket::new(2.0, 0.5);
        assert_eq!([0, 0, 0].map(|now| bucket.take(now)), [true, true, false]);
        assert_eq!([1_999, 2_000, 2_001].map(|now| bucket.take(now)), [false, true, false]);
        assert_eq!([1_000_000; 3].map(|now| bucket.take(now)), [true, true, false], "no more than the burst");
        assert!(!bucket.has_one(0), "a clock that goes back gives nothing");
    }

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
