//! What the tests of writing send: the least body of each endpoint, and a new value for each field.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::endpoints::Endpoint;
use super::fields;

/// Values by hand, where a value of the type would be refused: the end of a field's path, and two values.
const BY_HAND: &[(&str, [&str; 2])] = &[
    ("customer_id", ["7", "8"]),
    ("status_id", ["5", "6"]),
    ("channel_id", ["2", "3"]),
    ("customer_group_id", ["1", "0"]),
    ("default_currency_code", [r#""EUR""#, r#""CAD""#]),
    ("date_created", [r#""Tue, 20 Nov 2012 00:00:00 +0000""#; 2]),
    ("customer_locale", [r#""es-419""#, r#""en-US""#]),
    ("geoip_country_iso2", [r#""CA""#, r#""MX""#]),
    ("items_total", ["7", "8"]),
    ("items_shipped", ["7", "8"]),
    ("tax_class_id", ["7", "8"]),
    ("country_iso2", [r#""CA""#, r#""MX""#]),
    ("country_alpha2", [r#""CA""#, r#""MX""#]),
    ("country_code", [r#""CA""#, r#""MX""#]),
    ("zip", [r#""98765""#, r#""12345""#]),
    ("products[].product_id", ["114", "116"]),
    ("line_items[].product_id", ["114", "116"]),
    ("images[].product_id", ["999999"; 2]),
    ("videos[].product_id", ["999999"; 2]),
    ("variants[].product_id", ["999999"; 2]),
    ("variant_id", ["365", "366"]),
    ("brand_id", ["37", "38"]),
    ("parent_id", ["19", "20"]),
    ("tree_id", ["2", "3"]),
    ("categories", ["[19]", "[20]"]),
    ("related_products", ["[111]", "[112]"]),
    ("gift_wrapping_options_list", ["[3]", "[4]"]),
    ("meta_keywords", [r#"["fine"]"#, r#"["finer"]"#]),
    ("channel_ids", ["[1]", "[1, 2]"]),
    ("headers", [r#"{"X-Example": "yes"}"#; 2]),
    ("scope", [r#""store/cart/*""#, r#""store/sku/*""#]),
    ("form_fields[].value", [r#"["red", "blue"]"#; 2]),
];

static NUMBER: AtomicU64 = AtomicU64::new(1);

impl Endpoint {
    /// The least body with `value` at `path`.
    pub(super) fn body(&self, path: &str, value: Value, before: &Value) -> Value {
        let mut body = fields::body(path, value, &|path| self.skeleton(path, before));
        if self.name == "create-order" && path.starts_with("consignments.pickups") {
            let body = body.as_object_mut().expect("an object");
            body.remove("products");
            body.remove("shipping_addresses");
        }
        if path.ends_with("variant_id") || path.ends_with("[].product_id") {
            drop_custom(&mut body);
        }
        body
    }

    /// The object at `path`, as far as the endpoint requires its fields.
    pub(super) fn skeleton(&self, path: &str, before: &Value) -> Value {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let is_new = self.method == "POST";
        let id = |pointer: &str| before.pointer(pointer).cloned().unwrap_or_default();
        let line = json!({"name": "Engraving", "quantity": 1, "price_ex_tax": 9, "price_inc_tax": 10});
        match (self.name, path) {
            ("create-order", "") => json!({
                "billing_address": {"zip": "78701"}, "products": [line], "shipping_addresses": [{"zip": "78701"}],
            }),
            ("create-order", "billing_address") => json!({"zip": "78701"}),
            ("create-order", "products[]" | "consignments.pickups[].line_items[]") => line,
            ("create-order", "consignments.pickups[]") => {
                json!({"pickup_method_id": 1, "line_items": [line]})
            }
            ("update-order", "products[]") => json!({"id": id("/products/0/id")}),
            ("update-order", "shipping_addresses[]") => json!({"id": id("/shipping_addresses/0/id")}),
            ("update-order", "consignments.pickups[]") => json!({"id": id("/consignments/pickups/0/id")}),
            ("update-order", "consignments.pickups[].line_items[]") => {
                json!({"id": id("/consignments/pickups/0/line_items/0/id")})
            }
            (_, "fees[]") => {
                let mut fee =
                    json!({"display_name_customer": "Packing", "cost_ex_tax": "1", "cost_inc_tax": "20"});
                if !is_new {
                    fee["id"] = id("/fees/0/id");
                }
                fee
            }
            (_, "products[].product_options[]" | "consignments.pickups[].line_items[].product_options[]") => {
                json!({"id": 9_000, "value": "Ada"})
            }
            ("create-product", "") => json!({
                "name": format!("Jar {number}"), "type": "physical", "weight": 1, "price": 1,
            }),
            ("create-product", "variants[]") => json!({
                "sku": format!("JAR-{number}"), "option_values": [{"option_display_name": "Size", "label": "S"}],
            }),
            ("create-product", "variants[].option_values[]") => {
                json!({"option_display_name": "Size", "label": "S"})
            }
            (_, "custom_fields[]") => json!({"name": "wood", "value": "oak"}),
            (_, "bulk_pricing_rules[]") => {
                json!({"quantity_min": 10, "quantity_max": 50, "type": "price", "amount": 1})
            }
            ("create-brand", "") => json!({"name": format!("Brand {number}")}),
            ("create-old-category", "") => json!({"name": format!("Category {number}"), "parent_id": 0}),
            ("create-categories", "") => json!({"name": format!("Category {number}"), "tree_id": 1}),
            ("update-categories", "") => json!({"category_id": self.id}),
            ("create-customers", "") => json!({
                "first_name": "Jo", "last_name": "Marsh", "email": format!("jo{number}@shop.example"),
                "addresses": [self.skeleton("addresses[]", before)],
            }),
            ("create-customers", "addresses[]") => json!({
                "first_name": "Jo", "last_name": "Marsh", "city": "Austin", "country_code": "US",
                "address1": "1 Mill Road",
            }),
            ("create-customers", "attributes[]") => json!({"attribute_id": 5, "attribute_value": "Yes"}),
            ("update-customers", "") => json!({"id": self.id}),
            ("create-webhook", "") => json!({
                "scope": "store/order/created", "destination": format!("https://hooks{number}.shop.example/in"),
            }),
            (_, path) if path.ends_with("form_fields[]") => json!({"name": "Size", "value": "Large"}),
            _ => json!({}),
        }
    }

    /// A value for the field, other than the current one.
    pub(super) fn value(&self, path: &str, schema: &Value, current: Option<&Value>) -> Value {
        let other = |values: Vec<Value>| {
            let is_other = |value: &Value| current.is_none_or(|current| !fields::is_same(current, value));
            values.iter().find(|value| is_other(value)).or(values.first()).cloned().unwrap_or_default()
        };
        let is_it = |end: &str| path == end || path.ends_with(&format!(".{end}"));
        if let Some((_, values)) = BY_HAND.iter().find(|(end, _)| is_it(end)) {
            return other(values.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect());
        }
        if let Some(words) = schema["enum"].as_array() {
            return other(words.clone());
        }
        let name = path.rsplit('.').next().unwrap_or_default();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let is_money =
            ["_tax", "_cost", "_amount"].iter().any(|end| name.ends_with(end)) && self.version == "v2";
        match schema["type"].as_str() {
            _ if name == "id" || (name == "category_id" && self.method == "PUT") => json!(999_999_999_u64),
            Some("boolean") => other(vec![json!(true), json!(false)]),
            Some("integer") => other(vec![json!(7), json!(8)]),
            Some("number") => other(vec![json!(12.5), json!(13.5)]),
            _ if is_money => other(vec![json!("12.5000"), json!("13.5000")]),
            _ if name == "amount" => other(vec![json!(12.5), json!(13.5)]),
            _ if name.contains("date") => json!(format!("2026-03-{:02}T00:00:00+00:00", 1 + number % 28)),
            _ if name == "email" => json!(format!("ada{number}@shop.example")),
            _ if name == "destination" => json!(format!("https://other{number}.shop.example/in")),
            _ if path == "custom_url.url" || path == "url.path" => json!(format!("/changed-{number}/")),
            _ => {
                let text = format!("{number} is new");
                let most = schema["maxLength"].as_u64().unwrap_or(99) as usize;
                json!(text.chars().take(most).collect::<String>())
            }
        }
    }
}

/// Removes the fields of goods outside the catalogue from lines of products.
fn drop_custom(body: &mut Value) {
    match body {
        Value::Object(object) => {
            if object.contains_key("variant_id") && !object.contains_key("product_id") {
                object.insert("product_id".to_owned(), json!(112));
            }
            if object.contains_key("product_id") {
                object.remove("name");
            }
            object.values_mut().for_each(drop_custom);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_custom),
        _ => {}
    }
}
