//! Who may call: the check of the `X-Auth-Token` header.

use http::HeaderMap;

/// The header that carries the access token.
/// Source: `docs/start/authentication/index.mdx` of <https://github.com/bigcommerce/docs>.
const X_AUTH_TOKEN: &str = "x-auth-token";

/// Whether the request carries `access_token`, once and whole.
pub(crate) fn is_authenticated(headers: &HeaderMap, access_token: &str) -> bool {
    let mut sent = headers.get_all(X_AUTH_TOKEN).iter();
    sent.next().is_some_and(|token| token == access_token) && sent.next().is_none()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{HeaderMap, X_AUTH_TOKEN, is_authenticated};

    fn carrying(tokens: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for token in tokens {
            headers.append(X_AUTH_TOKEN, HeaderValue::from_static(token));
        }
        headers
    }

    #[test]
    fn accepts_the_token_and_nothing_else() {
        assert!(is_authenticated(&carrying(&["right"]), "right"));
        for other in [&[][..], &["wrong"], &["righ"], &["RIGHT"], &["right", "right"], &["wrong", "right"]] {
            assert!(!is_authenticated(&carrying(other), "right"), "{other:?}");
        }
    }
}
