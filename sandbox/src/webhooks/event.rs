//! What happened in the store, as webhooks tell it.
//! Source: `docs/integrations/webhooks/events/index.mdx` of <https://github.com/bigcommerce/docs>.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::store::Document;
use crate::store_information::STORE_ID;

/// The event that tells of deliveries that failed.
pub(crate) const DELIVERY_EXCEPTION: &str = "store/hook/deliveryException";

/// The event that tells of the end of an app.
pub(crate) const UNINSTALLED: &str = "store/app/uninstalled";

/// One event, before it is known when and to whom it is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Its name, without wildcards.
    pub(crate) scope: &'static str,
    data: Value,
}

impl Event {
    /// Something happened to the resource of this type and id.
    pub(crate) fn about(scope: &'static str, kind: &str, id: u64) -> Self {
        Self { scope, data: json!({"type": kind, "id": id}) }
    }

    /// Something happened to the store itself, which has no id.
    pub(crate) fn of_store(scope: &'static str) -> Self {
        Self { scope, data: json!({"type": "store"}) }
    }

    /// The same with one more thing to say.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.data[name] = value;
        self
    }

    /// The status of an order is no longer what it was.
    pub(crate) fn order_status(id: u64, previous: &Value, new: &Value) -> Self {
        let status = json!({"previous_status_id": previous, "new_status_id": new});
        Self::about("store/order/statusUpdated", "order", id).with("status", status)
    }

    /// The stock of a product was set to `level` by the API.
    pub(crate) fn product_stock(id: u64, level: &Value) -> Self {
        let inventory = json!({"product_id": id, "method": "absolute", "value": level});
        Self::about("store/product/inventory/updated", "product", id).with("inventory", inventory)
    }

    /// What the events of one resource have in common, so that they can be told in their order.
    pub(crate) fn resource(&self) -> String {
        format!("{}/{}", self.data["type"].as_str().unwrap_or_default(), self.data["id"])
    }

    /// 40 hexadecimal digits over what happened, the same whenever it happens again.
    ///
    /// BigCommerce's is a SHA-1 of data whose form is not published, so that nobody can compute it; this one cannot be
    /// computed by the receiver either.
    fn hash(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.scope);
        digest.update(self.data.to_string());
        let mut hash = hex::encode(digest.finalize());
        hash.truncate(40);
        hash
    }

    /// The body of a delivery.
    pub(crate) fn envelope(&self, store_hash: &str, created_at: u64) -> Value {
        json!({
            "scope": self.scope,
            "store_id": STORE_ID.to_string(),
            "data": self.data,
            "hash": self.hash(),
            "created_at": created_at,
            "producer": format!("stores/{store_hash}"),
        })
    }
}

/// Whether a webhook of the scope `asked` is told of the event `scope`: of its own, or of everything below it.
pub(crate) fn covers(asked: &str, scope: &str) -> bool {
    let below = |group: &str| scope.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'));
    asked == scope || asked.strip_suffix("/*").is_some_and(below)
}

/// What a change of a product is told as: nothing where it only touched what no webhook is told of, and its
/// stock in an event of its own.
///
/// Source: `store/product/updated` and `store/product/inventory/updated` of `reference/webhooks.v3.yml`.
pub(crate) fn product_changed(id: u64, before: &Document, after: &Document) -> Vec<Event> {
    let differs = |name: &String| before.get(name) != after.get(name);
    let mut events = Vec::new();
    if after.keys().any(|name| !UNTOLD.contains(&name.as_str()) && differs(name)) {
        events.push(Event::about("store/product/updated", "product", id));
    }
    if before.get("inventory_level") != after.get("inventory_level") {
        events.push(Event::product_stock(id, &after["inventory_level"]));
    }
    events
}

/// Fields of a product whose change is not told.
const UNTOLD: &[&str] =
    &["date_modified", "mpn", "gtin", "product_tax_code", "images", "primary_image", "videos"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_everything_below_it_and_nothing_beside_it() {
        for scope in ["store/customer/created", "store/customer/address/created"] {
            assert!(covers("store/customer/*", scope) && covers(scope, scope), "{scope}");
        }
        assert!(!covers("store/customer/*", "store/customers/created"));
        assert!(!covers("store/customer/address/*", "store/customer/created"));
        assert!(!covers("store/order/created", "store/order/createdTwice"));
    }

    #[test]
    fn a_hash_is_of_what_happened_and_not_of_when() {
        let order = |id| Event::about("store/order/created", "order", id);
        let (first, again) = (order(250).envelope("abc", 1), order(250).envelope("abc", 2));
        assert_eq!(first["hash"], again["hash"]);
        assert_ne!(first["hash"], order(251).envelope("abc", 1)["hash"]);
    }

    #[test]
    fn only_the_fields_that_webhooks_are_told_of_make_an_event() {
        let product = |value: Value| crate::store::fields(value);
        let before = product(json!({"name": "Mug", "mpn": "1", "inventory_level": 3}));
        let scopes = |after: Value| -> Vec<&str> {
            product_changed(7, &before, &product(after)).iter().map(|event| event.scope).collect()
        };
        assert!(scopes(json!({"name": "Mug", "mpn": "2", "inventory_level": 3})).is_empty());
        assert_eq!(
            scopes(json!({"name": "Cup", "mpn": "1", "inventory_level": 3})),
            ["store/product/updated"]
        );
        assert_eq!(
            scopes(json!({"name": "Mug", "mpn": "1", "inventory_level": 4})),
            ["store/product/updated", "store/product/inventory/updated"]
        );
    }
}
