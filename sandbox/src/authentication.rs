//! Who may call: the API accounts of the store, and the check of the `X-Auth-Token` header.

use http::HeaderMap;

/// The header that carries the access token.
/// Source: `docs/start/authentication/index.mdx` of <https://github.com/bigcommerce/docs>.
const X_AUTH_TOKEN: &str = "x-auth-token";

/// One of the store's API accounts.
pub(crate) struct Account {
    /// Whose webhooks its token sees.
    pub(crate) client_id: &'static str,
    /// The token of its requests.
    pub(crate) access_token: String,
    /// The key of its webhooks' signatures.
    pub(crate) client_secret: String,
}

/// The client id of the app.
pub(crate) const APP: &str = "sandboxclientid0000000000000000";

/// The client id of the account that was made for this store alone.
pub(crate) const OF_STORE: &str = "sandboxstoreaccount000000000000";

/// The store's API accounts: that of the app, and there may be one more.
pub(crate) struct Accounts {
    pub(crate) app: Account,
    pub(crate) of_store: Option<Account>,
}

impl Accounts {
    /// The client id of the account whose token the request carries.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Option<&'static str> {
        let mut accounts = self.of_store.iter().chain([&self.app]);
        accounts.find(|account| is_authenticated(headers, &account.access_token)).map(|it| it.client_id)
    }

    /// The client secret of the account with this id, or the app's.
    pub(crate) fn secret_of(&self, client_id: &str) -> &str {
        let of_store = self.of_store.as_ref().filter(|account| account.client_id == client_id);
        &of_store.unwrap_or(&self.app).client_secret
    }
}

/// Whether the request carries `access_token`, once and whole.
fn is_authenticated(headers: &HeaderMap, access_token: &str) -> bool {
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
