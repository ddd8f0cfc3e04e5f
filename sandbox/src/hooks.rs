//! Webhooks (v3): their management. This store sends no events.
//! Source: `reference/webhooks.v3.yml` and `docs/integrations/webhooks/overview.mdx` of
//! <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::Uri;
use serde_json::{Value, json};

use crate::answer::{ApiError, V3Error, v3_list, v3_object};
use crate::call::Call;
use crate::fields::{Field, Kind, SHORT_TEXT, require, writable};
use crate::filter::{Criteria, Filter, IS, Kind as FilterKind};
use crate::paging::{PAGE_PARAMETERS, Page};
use crate::server::Shared;
use crate::store::{Document, Store, fields};

/// The most hooks of one API account for one scope.
const MOST_PER_SCOPE: usize = 10;

/// The API account whose token opens this store.
const CLIENT_ID: &str = "sandboxclientid0000000000000000";

/// What stands between `store/` and the event: the kinds of resources that have events.
const GROUPS: &[&str] = &[
    "app",
    "cart",
    "category",
    "channel",
    "customer",
    "hook",
    "information",
    "inventory",
    "metafield",
    "modifier",
    "option",
    "order",
    "priceList",
    "product",
    "shipment",
    "sku",
    "subscriber",
    "brand",
];

const WRITABLE: &[Field] = &[
    Field::new("scope", SHORT_TEXT),
    Field::new("destination", Kind::Text(0, 2_048)),
    Field::new("is_active", Kind::Flag),
    Field::new("headers", Kind::OptionalTextMap),
];

const FILTERS: &[Filter] = &[
    Filter::new("is_active", FilterKind::Flag, IS),
    Filter::new("scope", FilterKind::Text, IS),
    Filter::new("destination", FilterKind::Text, IS),
];

/// The paths of webhooks.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/stores/{store_hash}/v3/hooks", get(list).post(create))
        .route("/stores/{store_hash}/v3/hooks/{webhook_id}", get(read).put(update).delete(delete))
}

/// `GET /v3/hooks`
async fn list(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let criteria = Criteria::read(FILTERS, &PAGE_PARAMETERS, parameters, call.now())?;
    let store = call.store();
    let hooks = store.hooks.iter().map(|(_, hook)| hook).filter(|hook| criteria.admit(hook));
    let hooks: Vec<Value> = hooks.cloned().map(Value::Object).collect();
    let data = page.of(&hooks).to_vec();
    let pagination = page.pagination(hooks.len(), data.len(), call.query());
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `GET /v3/hooks/{webhook_id}`
async fn read(call: Call) -> Result<Response, V3Error> {
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.hooks.created(*id)));
    let hook = id.and_then(|id| store.hooks.get(id)).ok_or_else(not_found)?;
    Ok(v3_object(hook.clone()))
}

/// `POST /v3/hooks`
async fn create(call: Call) -> Result<Response, V3Error> {
    let sent = call.object()?;
    require(&sent, &["scope", "destination"])?;
    let written = writable(&sent, WRITABLE)?;
    let mut store = call.store();
    let id = store.hooks.next_id();
    let mut hook = fields(json!({
        "id": id, "client_id": CLIENT_ID, "store_hash": call.store_hash(), "is_active": true,
        "headers": null, "created_at": call.now(), "updated_at": call.now(),
    }));
    hook.extend(written);
    check(&store, id, &hook)?;
    store.hooks.insert(hook.clone(), call.now_millis());
    Ok(v3_object(hook))
}

/// `PUT /v3/hooks/{webhook_id}`: at least one field.
async fn update(call: Call) -> Result<Response, V3Error> {
    let written = writable(&call.object()?, WRITABLE)?;
    if written.is_empty() {
        return Err(ApiError::invalid("body", "must have at least one field of a webhook").into());
    }
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.hooks.contains(*id)).ok_or_else(not_found)?;
    let mut hook = store.hooks.get(id).cloned().ok_or_else(not_found)?;
    hook.extend(written);
    hook.insert("updated_at".to_owned(), call.now().into());
    check(&store, id, &hook)?;
    store.hooks.replace(id, hook.clone());
    Ok(v3_object(hook))
}

/// `DELETE /v3/hooks/{webhook_id}`: 200 with the hook that is gone.
async fn delete(call: Call) -> Result<Response, V3Error> {
    let removed = call.id(0).and_then(|id| call.store().hooks.remove(id));
    Ok(v3_object(removed.ok_or_else(not_found)?))
}

/// The rules for scopes and destinations.
fn check(store: &Store, id: u64, hook: &Document) -> Result<(), ApiError> {
    let text = |name: &str| hook[name].as_str().unwrap_or_default();
    let (scope, destination) = (text("scope"), text("destination"));
    if !is_scope(scope) {
        return Err(ApiError::invalid("scope", "is not the name of an event"));
    }
    if !is_destination(destination) {
        return Err(ApiError::invalid("destination", "must be an https address on port 443"));
    }
    let others = || store.hooks.iter().filter(|(other, _)| *other != id).map(|(_, other)| other);
    let same_scope = || others().filter(|other| other["scope"] == scope);
    if same_scope().any(|other| other["destination"] == destination) {
        return Err(ApiError::invalid("destination", "there is a webhook for this scope and destination"));
    }
    if same_scope().count() >= MOST_PER_SCOPE {
        return Err(ApiError::invalid(
            "scope",
            format!("there are {MOST_PER_SCOPE} webhooks for this scope"),
        ));
    }
    let is_exception = scope == "store/hook/deliveryException";
    if is_exception && (same_scope().count() > 0 || others().any(|it| it["destination"] == destination)) {
        return Err(ApiError::invalid("destination", "must be the one webhook for delivery exceptions"));
    }
    Ok(())
}

/// Whether this can be the name of an event: `store/`, a kind of resource, and what happens to it.
fn is_scope(scope: &str) -> bool {
    let mut parts = scope.split('/');
    let begins = parts.next() == Some("store") && parts.next().is_some_and(|group| GROUPS.contains(&group));
    let mut rest = parts.peekable();
    let is_word = |part: &str| {
        part == "*"
            || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
    };
    begins && rest.peek().is_some() && rest.all(is_word)
}

fn is_destination(text: &str) -> bool {
    let Ok(address) = text.parse::<Uri>() else {
        return false;
    };
    let is_on_443 = address.port_u16().is_none_or(|port| port == 443);
    address.scheme_str() == Some("https") && address.host().is_some_and(|host| !host.is_empty()) && is_on_443
}

fn not_found() -> ApiError {
    ApiError::not_found("There is no webhook with this id.")
}

#[cfg(test)]
mod tests {
    use super::{is_destination, is_scope};

    #[test]
    fn knows_names_of_events() {
        for scope in ["store/order/created", "store/product/*", "store/cart/lineItem/created"] {
            assert!(is_scope(scope), "{scope}");
        }
        for other in
            ["", "store", "store/order", "store/order/", "shop/order/created", "store/nothing/created"]
        {
            assert!(!is_scope(other), "{other}");
        }
    }

    #[test]
    fn a_destination_is_https_on_its_own_port() {
        assert!(is_destination("https://hooks.example.com/in") && is_destination("https://a.example:443/"));
        for other in ["http://a.example/", "https://a.example:8443/", "a.example", "", "https://"] {
            assert!(!is_destination(other), "{other}");
        }
    }
}
