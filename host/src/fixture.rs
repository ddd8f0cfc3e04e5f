//! Connectors for unit tests: the generated action under a small catalog with the odd cases in it.

use std::time::Duration;

use bigcommerce_connector::actions::GetProduct;
use connector_runtime::{ActionEntry, Connector, RateLimit, WaitHeader, WaitUnit};

/// A connector to a store's catalogue.
pub(crate) static CONNECTOR: Connector = connector(ACTIONS, CATALOG);

/// One whose catalog leaves its action out.
pub(crate) static SILENT: Connector = connector(ACTIONS, r#"{"actions": []}"#);

/// One whose catalog describes more than it has.
pub(crate) static BOASTING: Connector = connector(&[], CATALOG);

const ACTIONS: &[ActionEntry] = &[ActionEntry::of::<GetProduct>()];

const CATALOG: &str = r##"{
  "connector": {"id": "bigcommerce", "title": "BigCommerce", "version": "0.1.0", "docs": "https://example.com"},
  "actions": [{
    "id": "get-product", "title": "Get a product", "description": "Reads one product by its id.",
    "api": "v3", "method": "GET", "path": "/catalog/products/{product_id}", "effect": "read",
    "scopes": ["store_v2_products_read_only", "store_v2_products"],
    "input": {"type": "object", "required": ["product_id"], "properties": {
      "product_id": {"type": "integer", "minimum": 1, "description": "Id of the product."},
      "include": {"type": "array", "items": {"$ref": "#/$defs/Include"}, "description": "Sub-resources to add."},
      "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 250, "description": "How many."},
      "timeout": {"type": "boolean", "description": "A field with the name of one of the command's own flags."}}},
    "output": {"$ref": "#/$defs/Product"}, "sample": {"id": 318, "name": "Enamel Camp Mug"}
  }],
  "triggers": [
    {"id": "product-updated", "title": "Product updated", "event": "store/product/updated", "scopes": ["store_v2_products"],
     "read": {"action": "get-product", "parameter": "product_id", "grace_ms": 0}},
    {"id": "product-deleted", "title": "Product deleted", "event": "store/product/deleted", "scopes": [], "read": null}],
  "$defs": {
    "Include": {"type": "string", "enum": ["images", "variants"]},
    "Product": {"type": "object", "properties": {"id": {"type": ["integer", "null"]}}}
  }
}"##;

const fn connector(actions: &'static [ActionEntry], catalog: &'static str) -> Connector {
    Connector {
        id: "bigcommerce",
        title: "BigCommerce",
        version: "0.1.0",
        docs: "https://example.com",
        fields: bigcommerce_connector::CONNECTOR.fields,
        credentials: bigcommerce_connector::CONNECTOR.credentials,
        oauth2: None,
        callbacks: None,
        test: None,
        label: None,
        rate_limit: RateLimit {
            status: 429,
            waits: &[WaitHeader { name: "X-Rate-Limit-Time-Reset-Ms", unit: WaitUnit::Milliseconds }],
            quota: None,
            also: &[],
            per: None,
            overload_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(120),
        },
        webhooks: None,
        triggers: &[],
        actions,
        catalog,
    }
}
