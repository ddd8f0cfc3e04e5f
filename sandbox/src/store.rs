//! The state of the store: its resources as JSON documents, the way BigCommerce shows them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One resource with all its fields, sub-resources included; what an answer shows of it is selected.
pub(crate) type Document = Map<String, Value>;

/// Everything a merchant would see in the store.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Products by id.
    pub(crate) products: BTreeMap<u64, Document>,
}
