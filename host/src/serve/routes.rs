//! Where routes stand below the path of the public address.

use std::sync::Arc;

use axum::Router;

use super::exchange::IsWebhook;
use crate::connections::Directory;
use crate::receive;

/// The routes below the path of the public address.
pub(super) fn below(public_url: &str, router: Router) -> Router {
    match path(public_url) {
        path if path.is_empty() => router,
        path => Router::new().nest(&path, router),
    }
}

/// Which requests go to webhook addresses of known connections.
pub(super) fn of_known(public_url: &str, directory: Arc<Directory>) -> IsWebhook {
    let base = path(public_url);
    Arc::new(move |method, target| receive::is_of_known(&directory, &base, method, target.path()))
}

/// The path of an address, without a slash at its end.
fn path(url: &str) -> String {
    let path = url.parse::<http::Uri>().map(|url| url.path().trim_end_matches('/').to_owned());
    path.unwrap_or_default()
}
