//! The links of an order to its parts.

use serde_json::{Value, json};

use crate::call::Call;
use crate::store::Document;

/// Writes links for the client of one request.
pub(super) struct Links {
    /// Address of the v2 API.
    base: String,
}

impl Links {
    /// The links in the answer to `call`.
    pub(super) fn of(call: &Call) -> Self {
        Self { base: call.v2_address() }
    }

    /// The link to a part of `order`, such as `products` or `products/61`.
    pub(super) fn part(&self, order: &Document, part: &str) -> Value {
        let resource = format!("/orders/{}/{part}", order["id"]);
        json!({"url": format!("{}{resource}", self.base), "resource": resource})
    }
}
