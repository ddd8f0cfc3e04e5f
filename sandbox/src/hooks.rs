//! Webhooks (v3): their management. What is sent to them is in `webhooks`.
//! Source: `reference/webhooks.v3.yml` and `docs/integrations/webhooks/overview.mdx` of
//! <https://github.com/bigcommerce/docs>.

use std::sync::{Arc, MutexGuard};

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use crate::answer::{ApiError, V3Error, v3_list, v3_object};
use crate::call::Call;
use crate::fields::{Field, Kind, SHORT_TEXT, require, take_own_id, writable};
use crate::filter::{Criteria, Filter, IS, Kind as FilterKind};
use crate::paging::{PAGE_PARAMETERS, Page};
use crate::server::Shared;
use crate::store::{Document, Store, fields};
use crate::webhooks::hook::is_destination;
use crate::webhooks::options::Destinations;

/// The most hooks of one API account for one scope.
const MOST_PER_SCOPE: usize = 10;

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
    let store = awake(&call);
    let own = store.hooks.iter().map(|(_, hook)| hook).filter(|hook| hook["client_id"] == *call.client_id);
    let hooks = own.filter(|hook| criteria.admit(hook));
    let hooks: Vec<Value> = hooks.cloned().map(Value::Object).collect();
    let data = page.of(&hooks).to_vec();
    let pagination = page.pagination(hooks.len(), data.len(), call.query());
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `GET /v3/hooks/{webhook_id}`
async fn read(call: Call) -> Result<Response, V3Error> {
    let store = awake(&call);
    let id = own(&call, &store).filter(|id| !call.is_hidden(store.hooks.created(*id)));
    let hook = id.and_then(|id| store.hooks.get(id)).ok_or_else(not_found)?;
    Ok(v3_object(hook.clone()))
}

/// `POST /v3/hooks`
async fn create(call: Call) -> Result<Response, V3Error> {
    let sent = call.object()?;
    require(&sent, &["scope", "destination"])?;
    let written = writable(&sent, &[WRITABLE])?;
    let mut store = awake(&call);
    let id = store.hooks.next_id();
    let mut hook = fields(json!({
        "id": id, "client_id": &*call.client_id, "store_hash": call.store_hash(), "is_active": true,
        "headers": null, "created_at": call.now(), "updated_at": call.now(),
    }));
    hook.extend(written);
    check(&store, id, &hook, call.webhooks().destinations)?;
    store.hooks.insert(hook.clone(), call.now_millis());
    begin(&mut store, id, &hook, call.now_ms());
    Ok(v3_object(hook))
}

/// `PUT /v3/hooks/{webhook_id}`: at least one field.
async fn update(call: Call) -> Result<Response, V3Error> {
    let mut sent = call.object()?;
    take_own_id(&mut sent, "id", call.id(0).ok_or_else(not_found)?)?;
    let written = writable(&sent, &[WRITABLE])?;
    if written.is_empty() {
        return Err(ApiError::invalid("body", "must have at least one field of a webhook").into());
    }
    let mut store = awake(&call);
    let id = own(&call, &store).ok_or_else(not_found)?;
    let mut hook = store.hooks.get(id).cloned().ok_or_else(not_found)?;
    hook.extend(written);
    hook.insert("updated_at".to_owned(), call.now().into());
    check(&store, id, &hook, call.webhooks().destinations)?;
    store.hooks.replace(id, hook.clone());
    begin(&mut store, id, &hook, call.now_ms());
    Ok(v3_object(hook))
}

/// `DELETE /v3/hooks/{webhook_id}`: 200 with the hook that is gone.
async fn delete(call: Call) -> Result<Response, V3Error> {
    let mut store = call.store();
    let id = own(&call, &store).ok_or_else(not_found)?;
    store.hook_activity.remove(&id);
    Ok(v3_object(store.hooks.remove(id).ok_or_else(not_found)?))
}

/// The store, after the webhooks that have been idle for too long were deactivated.
fn awake(call: &Call) -> MutexGuard<'_, Store> {
    let mut store = call.store();
    call.webhooks().retire_idle(&mut store, call.now_ms());
    store
}

/// The id in the path, where it is that of a webhook of the caller.
fn own(call: &Call, store: &Store) -> Option<u64> {
    call.id(0).filter(|id| store.hooks.get(*id).is_some_and(|hook| hook["client_id"] == *call.client_id))
}

/// Begins to count how long a webhook is idle, or stops where it is not active.
fn begin(store: &mut Store, id: u64, hook: &Document, now_ms: u64) {
    match hook["is_active"] == true {
        true => store.hook_activity.insert(id, now_ms),
        false => store.hook_activity.remove(&id),
    };
}

/// The rules for scopes and destinations.
fn check(store: &Store, id: u64, hook: &Document, allowed: Destinations) -> Result<(), ApiError> {
    let text = |name: &str| hook[name].as_str().unwrap_or_default();
    let (scope, destination) = (text("scope"), text("destination"));
    if !is_scope(scope) {
        return Err(ApiError::invalid("scope", "is not the name of an event"));
    }
    if !is_destination(destination, allowed) {
        return Err(ApiError::invalid("destination", "must be an https address on port 443"));
    }
    let is_other = |other: &(u64, &Document)| other.0 != id && other.1["client_id"] == hook["client_id"];
    let others = || store.hooks.iter().filter(is_other).map(|(_, other)| other);
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

fn not_found() -> ApiError {
    ApiError::not_found("There is no webhook with this id.")
}

#[cfg(test)]
mod tests {
    use super::is_scope;

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
}
