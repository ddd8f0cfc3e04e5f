//! Who may call: the API accounts of the store, and the check of the `X-Auth-Token` header.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::HeaderMap;

use crate::app::installation::Installation;
use crate::webhooks::options::StoreAccount;

/// The header that carries the access token.
/// Source: `docs/start/authentication/index.mdx` of <https://github.com/bigcommerce/docs>.
const X_AUTH_TOKEN: &str = "x-auth-token";

/// The client id of the account that was made for this store alone.
const OF_STORE: &str = "sandboxstoreaccount000000000000";

/// The store's API accounts: that of the app, whose token comes and goes, and there may be one more.
pub(crate) struct Accounts {
    /// The app: whose webhooks its token sees.
    pub(crate) client_id: Arc<str>,
    /// The key of the app's signatures.
    pub(crate) client_secret: String,
    /// The app's token where the store has it from the start.
    pub(crate) first_token: String,
    /// The account that was made for this store alone.
    pub(crate) of_store: Option<StoreAccount>,
}

impl Accounts {
    /// The client id of the account whose token the request carries, and what that may do where it may not do
    /// everything.
    pub(crate) fn caller<'a>(
        &self,
        headers: &HeaderMap,
        installation: Option<&'a Installation>,
    ) -> Option<(Arc<str>, Option<&'a BTreeSet<String>>)> {
        let of_store = self.of_store.as_ref().filter(|it| is_authenticated(headers, &it.access_token));
        if of_store.is_some() {
            return Some((OF_STORE.into(), None));
        }
        let installation = installation.filter(|it| is_authenticated(headers, &it.access_token))?;
        Some((Arc::clone(&self.client_id), Some(&installation.granted)))
    }

    /// The client secret of the account with this id, or the app's.
    pub(crate) fn secret_of(&self, client_id: &str) -> &str {
        let of_store = self.of_store.as_ref().filter(|_| client_id == OF_STORE);
        of_store.map_or(&self.client_secret, |account| &account.client_secret)
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
