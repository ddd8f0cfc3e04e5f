//! The fields that a product has when a request does not name them, and the parts that it gets.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use serde_json::{Value, json};

use crate::amount::Amount;
use crate::answer::ApiError;
use crate::date::catalog_date;
use crate::store::{Document, Sequence, fields};

/// A product of which nothing is known but its id.
pub(super) fn defaults(id: u64, now: i64) -> Document {
    let mut document = fields(json!({
        "id": id,
        "name": "",
        "type": "physical",
        "sku": "",
        "description": "",
        "weight": 0, "width": 0, "depth": 0, "height": 0,
        "price": 0, "cost_price": 0, "retail_price": 0, "sale_price": 0, "map_price": 0,
        "calculated_price": 0,
        "fixed_cost_shipping_price": 0,
        "tax_class_id": 0,
        "product_tax_code": "",
        "categories": [],
        "brand_id": 0,
        "option_set_id": null,
        "option_set_display": "right",
        "related_products": [-1],
        "inventory_level": 0,
        "inventory_warning_level": 0,
        "inventory_tracking": "none",
        "bin_picking_number": "",
        "base_variant_id": null,
        "reviews_rating_sum": 0,
        "reviews_count": 0,
        "total_sold": 0,
        "view_count": 0,
        "date_created": catalog_date(now),
        "date_modified": catalog_date(now),
        "date_last_imported": null,
    }));
    document.extend(page_defaults());
    document.extend(part_defaults());
    document
}

fn page_defaults() -> Document {
    fields(json!({
        "is_free_shipping": false,
        "is_visible": true,
        "is_featured": false,
        "is_condition_shown": false,
        "is_preorder_only": false,
        "is_price_hidden": false,
        "warranty": "",
        "layout_file": "product.html",
        "upc": "", "mpn": "", "gtin": "",
        "search_keywords": "",
        "availability": "available",
        "availability_description": "",
        "gift_wrapping_options_type": "any",
        "gift_wrapping_options_list": [],
        "sort_order": 0,
        "condition": "New",
        "order_quantity_minimum": 0,
        "order_quantity_maximum": 0,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "preorder_release_date": null,
        "preorder_message": "",
        "price_hidden_label": "",
        "custom_url": {"url": "", "is_customized": false},
        "open_graph_type": "product",
        "open_graph_title": "",
        "open_graph_description": "",
        "open_graph_use_meta_description": true,
        "open_graph_use_product_name": true,
        "open_graph_use_image": true,
    }))
}

fn part_defaults() -> Document {
    fields(json!({
        "variants": [], "options": [], "modifiers": [], "images": [], "videos": [], "reviews": [],
        "custom_fields": [], "bulk_pricing_rules": [], "parent_relations": [], "primary_image": null,
        "channels": [1],
    }))
}

/// A variant with what the request says of it in `sent`; the base variant where that is nothing.
pub(super) fn variant(product: &Document, sent: &Document, parts: &mut Sequence) -> Document {
    let is_base = sent.is_empty();
    let mut variant = fields(json!({
        "id": parts.take(),
        "product_id": product["id"],
        "sku": if is_base { product["sku"].clone() } else { json!("") },
        "sku_id": if is_base { Value::Null } else { json!(parts.take()) },
        "price": null, "sale_price": null, "retail_price": null, "map_price": null,
        "cost_price": product["cost_price"],
        "weight": null, "width": null, "depth": null, "height": null,
        "is_free_shipping": false,
        "fixed_cost_shipping_price": null,
        "purchasing_disabled": false,
        "purchasing_disabled_message": "",
        "image_url": "",
        "upc": if is_base { product["upc"].clone() } else { json!("") },
        "mpn": "", "gtin": "",
        "inventory_level": if is_base { product["inventory_level"].clone() } else { json!(0) },
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": [],
    }));
    variant.extend(sent.clone());
    variant
}

/// The options that the values of the variants name, in the order of their first mention.
pub(super) fn options(product: &Document, variants: &mut [Document], parts: &mut Sequence) -> Vec<Value> {
    let mut options: Vec<Document> = Vec::new();
    let values = variants.iter_mut().filter_map(|variant| variant.get_mut("option_values")?.as_array_mut());
    for value in values.flatten().filter_map(Value::as_object_mut) {
        let name = value.get("option_display_name").cloned().unwrap_or_default();
        let known = options.iter().position(|option| option["display_name"] == name);
        let place = known.unwrap_or_else(|| {
            options.push(option(product, &name, parts.take()));
            options.len() - 1
        });
        let label = value.get("label").cloned().unwrap_or_default();
        value.insert("option_id".to_owned(), options[place]["id"].clone());
        value.insert("id".to_owned(), value_id(&mut options[place], &label, parts));
    }
    options.into_iter().map(Value::Object).collect()
}

fn option(product: &Document, display_name: &Value, id: u64) -> Document {
    fields(json!({
        "id": id,
        "product_id": product["id"],
        "name": format!("{}{id}", display_name.as_str().unwrap_or_default()),
        "display_name": display_name,
        "type": "dropdown",
        "config": {},
        "sort_order": 0,
        "option_values": [],
    }))
}

/// The id of the option's value with this label, which is added where it is new.
fn value_id(option: &mut Document, label: &Value, parts: &mut Sequence) -> Value {
    let Some(values) = option.get_mut("option_values").and_then(Value::as_array_mut) else {
        return Value::Null;
    };
    if let Some(known) = values.iter().find(|value| value["label"] == *label) {
        return known["id"].clone();
    }
    let id = Value::from(parts.take());
    let place = values.len();
    values.push(json!({
        "id": id, "label": label, "sort_order": place, "value_data": null, "is_default": false,
    }));
    id
}

/// Puts an id on each item of the list `name`, and the product's on pictures and videos. An item that was sent with an
/// id must be an item of the list `before` and keeps what the request does not name.
pub(super) fn number_parts(
    product: &mut Document,
    before: &Value,
    name: &str,
    now: i64,
    parts: &mut Sequence,
) -> Result<(), ApiError> {
    let product_id = product["id"].clone();
    let Some(items) = product.get_mut(name).and_then(Value::as_array_mut) else {
        return Ok(());
    };
    let known = before.as_array().map(Vec::as_slice).unwrap_or_default();
    for (place, item) in items.iter_mut().enumerate() {
        if item.get("product_id").is_some_and(|sent| *sent != product_id) {
            return Err(ApiError::invalid(&format!("{name}.{place}.product_id"), "cannot be changed"));
        }
        if let Some(id) = item.get("id") {
            let kept = known.iter().find(|known| known["id"] == *id);
            let unknown = || ApiError::invalid(&format!("{name}.{place}.id"), "the product has no such part");
            let mut kept = kept.and_then(Value::as_object).cloned().ok_or_else(unknown)?;
            kept.extend(item.as_object().cloned().unwrap_or_default());
            *item = Value::Object(kept);
        } else {
            item["id"] = Value::from(parts.take());
        }
        if name == "images" || name == "videos" {
            item["product_id"] = product_id.clone();
        }
        if name == "images" {
            complete_image(item, place, now);
        }
        if name == "videos" {
            complete(item, [("title", json!("")), ("description", json!("")), ("sort_order", json!(place))]);
            complete(item, [("type", json!("youtube")), ("video_id", json!("")), ("length", json!(""))]);
        }
        if name == "bulk_pricing_rules" {
            item["amount"] = Amount::of(&item["amount"]).unwrap_or_default().number();
        }
    }
    Ok(())
}

/// Writes the fields that `item` does not have.
fn complete<const COUNT: usize>(item: &mut Value, fields: [(&str, Value); COUNT]) {
    for (name, default) in fields {
        if item[name].is_null() {
            item[name] = default;
        }
    }
}

/// The addresses of a picture: all sizes lead to the one that was sent.
fn complete_image(image: &mut Value, place: usize, now: i64) {
    if let Some(url) = image["image_url"].as_str().map(str::to_owned) {
        for size in ["url_zoom", "url_standard", "url_thumbnail", "url_tiny"] {
            image[size] = Value::from(url.as_str());
        }
    }
    let sizes = ["url_zoom", "url_standard", "url_thumbnail", "url_tiny"].map(|size| (size, json!("")));
    complete(image, sizes);
    complete(image, [("image_file", json!("")), ("description", json!(""))]);
    complete(image, [("sort_order", json!(place)), ("is_thumbnail", json!(place == 0))]);
    image["date_modified"] = Value::from(catalog_date(now));
}
