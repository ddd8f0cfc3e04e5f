//! Which actions the sandbox has an endpoint for, by its own answers: it was written without the manifest.

use bigcommerce_sandbox::SandboxOptions;
use connector_runtime::Operation;
use http::Method;

use crate::{ACCESS_TOKEN, Store};

/// What the sandbox answers at a path that it has no endpoint for.
const NOT_SERVED: &str = "The sandbox does not serve this path.";

/// A store whose quota no test uses up.
pub async fn roomy_store() -> Store {
    Store::with(SandboxOptions { quota: u32::MAX, ..SandboxOptions::default() }).await
}

/// Whether the sandbox has an endpoint for an action. The store is asked with a method that no endpoint has, so
/// nothing is changed: its answer lists the methods of the path, or says that there is no such path.
///
/// # Panics
/// When the sandbox answers in another way.
pub async fn sandbox_serves(store: &Store, action: &Operation) -> bool {
    let base = action.api.base.replace("{store_hash}", store.sandbox.store_hash());
    let url = format!("{}{base}{}", store.sandbox.origin(), filled(action.path));
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let request = http.request(Method::TRACE, url).header("X-Auth-Token", ACCESS_TOKEN);
    let answer = request.send().await.expect("an answer");
    let (status, allowed) = (answer.status().as_u16(), answer.headers().get("allow").cloned());
    let text = answer.text().await.expect("a body");
    let allowed = allowed.as_ref().and_then(|allowed| allowed.to_str().ok()).unwrap_or_default();
    match status {
        404 if text.contains(NOT_SERVED) => false,
        405 => allowed.split(',').any(|method| method.trim() == Method::from(action.method).as_str()),
        _ => {
            panic!("{}: the sandbox does not list the methods of {}: {status} {text}", action.id, action.path)
        }
    }
}

/// The path with a number in each of its places.
fn filled(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "1" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::{roomy_store, sandbox_serves};
    use bigcommerce_connector::actions::{DeleteProduct, GetTime};
    use connector_runtime::{Action, Operation};

    #[tokio::test]
    async fn the_sandbox_itself_says_which_endpoints_it_has() {
        let store = roomy_store().await;
        let (v2, v3) = (GetTime::OPERATION.api, DeleteProduct::OPERATION.api);
        for operation in [GetTime::OPERATION, DeleteProduct::OPERATION] {
            assert!(sandbox_serves(&store, operation).await, "{}", operation.path);
        }
        for operation in [
            Operation::get("list-wishes", v3, "/wishlists/{id}/items"),
            Operation::get("list-wishes", v2, "/wishlists"),
            Operation::delete("delete-time", v2, "/time"),
        ] {
            assert!(!sandbox_serves(&store, &operation).await, "{}", operation.path);
        }
        assert!(store.sandbox.requests().iter().all(|request| request.method == "TRACE"));
    }
}
