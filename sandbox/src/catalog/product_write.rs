//! Products: create and update.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::product_defaults::{defaults, number_parts, options, variant};
use super::product_fields::{VARIANTS, WRITABLE};
use super::products::{PRODUCT, not_found};
use super::web_address::{custom_url, free_path};
use super::{brands, is_same_text};
use crate::amount::Amount;
use crate::answer::{self, ApiError, V3Error, v3_list, v3_object};
use crate::call::Call;
use crate::date::catalog_date;
use crate::fields::{require, take_own_id, writable};
use crate::selection::Selection;
use crate::store::{Document, Store};
use crate::webhooks::event::{Event, product_changed};

/// The most products of one batch.
const MOST_IN_BATCH: usize = 10;

/// The lists whose items get ids.
const NUMBERED: [&str; 4] = ["custom_fields", "bulk_pricing_rules", "images", "videos"];

/// `POST /v3/catalog/products`: one product, variants inline. The answer shows every sub-resource.
pub(super) async fn create(call: Call) -> Result<Response, V3Error> {
    let sent = call.object()?;
    require(&sent, &["name", "type", "weight", "price"])?;
    let mut written = writable(&sent, &[WRITABLE, VARIANTS])?;
    let variants = written.remove("variants").into_iter().map(|variants| ("variants".to_owned(), variants));
    let variants: Document = variants.collect();
    let mut store = call.store();
    let product = new_product(&call, &mut store, written, &variants)?;
    let id = store.products.insert(product.clone(), call.now_millis());
    store.events.push(Event::about("store/product/created", "product", id));
    Ok(saved(&call, product))
}

/// `PUT /v3/catalog/products/{product_id}`: the fields that are sent; a list replaces the whole list.
pub(crate) async fn update(call: Call) -> Result<Response, V3Error> {
    let selection = Selection::read(&PRODUCT, call.parameters()?)?;
    let sent = call.object()?;
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.products.contains(*id)).ok_or_else(not_found)?;
    let product = changed(&call, &mut store, id, &sent)?;
    let shown = selection.of(&product);
    replace(&mut store, id, product);
    Ok(saved(&call, shown))
}

/// `PUT /v3/catalog/products`: up to ten products, all of them or none.
pub(super) async fn update_batch(call: Call) -> Result<Response, V3Error> {
    let selection = Selection::read(&PRODUCT, call.parameters()?)?;
    let items = call.objects(MOST_IN_BATCH)?;
    let mut store = call.store();
    let mut draft = store.clone();
    let mut data = Vec::new();
    for item in items {
        require(&item, &["id"])?;
        let id = item["id"].as_u64().filter(|id| draft.products.contains(*id)).ok_or_else(not_found)?;
        let product = changed(&call, &mut draft, id, &item)?;
        data.push(selection.of(&product).into());
        replace(&mut draft, id, product);
    }
    *store = draft;
    Ok(v3_list(data, json!({})))
}

fn replace(store: &mut Store, id: u64, product: Document) {
    if let Some(before) = store.products.get(id) {
        let events = product_changed(id, before, &product);
        store.events.extend(events);
    }
    store.products.replace(id, product);
}

/// 200 with the product, or 207 where its URL was not saved.
fn saved(call: &Call, product: Document) -> Response {
    if call.url_fails {
        let errors = json!({"custom_url": "The product was saved, its URL was not."});
        let body = json!({"data": product, "errors": errors, "meta": {}});
        return answer::json(StatusCode::MULTI_STATUS, &body);
    }
    v3_object(product)
}

fn new_product(
    call: &Call,
    store: &mut Store,
    mut written: Document,
    variants: &Document,
) -> Result<Document, ApiError> {
    let id = store.products.next_id();
    check_conflicts(store, id, &written, variants)?;
    take_url(call, store, id, &mut written);
    take_brand(call, store, &mut written);
    let mut product = defaults(id, call.now());
    product.extend(written);
    for name in NUMBERED {
        number_parts(&mut product, &Value::Null, name, call.now(), &mut store.parts)?;
    }
    add_variants(&mut product, variants, store);
    settle(&mut product);
    Ok(product)
}

/// The product with this id after the fields in `sent` were written to it; the store keeps the old one.
fn changed(call: &Call, store: &mut Store, id: u64, sent: &Document) -> Result<Document, ApiError> {
    let mut sent = sent.clone();
    take_own_id(&mut sent, "id", id)?;
    let mut written = writable(&sent, &[WRITABLE])?;
    check_conflicts(store, id, &written, &Document::new())?;
    take_url(call, store, id, &mut written);
    take_brand(call, store, &mut written);
    let mut product = store.products.get(id).cloned().ok_or_else(not_found)?;
    let replaced: Vec<&str> = NUMBERED.into_iter().filter(|name| written.contains_key(*name)).collect();
    let before = product.clone();
    product.extend(written);
    for name in replaced {
        number_parts(&mut product, &before[name], name, call.now(), &mut store.parts)?;
    }
    product.insert("date_modified".to_owned(), catalog_date(call.now()).into());
    settle(&mut product);
    Ok(product)
}

/// 409 for a name, SKU or URL that another product has, and for a category or brand that does not exist.
fn check_conflicts(store: &Store, id: u64, written: &Document, variants: &Document) -> Result<(), ApiError> {
    let others = || store.products.iter().filter(|(other, _)| *other != id).map(|(_, product)| product);
    let text = |name: &str| written.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("name").is_some_and(|name| others().any(|other| is_same_text(other.get("name"), name))) {
        return Err(ApiError::conflict("name", "The product name is a duplicate"));
    }
    let new_variants = variants.get("variants").and_then(Value::as_array).into_iter().flatten();
    let skus: Vec<&str> =
        new_variants.filter_map(|variant| variant["sku"].as_str()).chain(text("sku")).collect();
    let is_taken = |sku: &&str| !sku.is_empty() && others().any(|other| has_sku(other, sku));
    if skus.iter().any(is_taken) {
        return Err(ApiError::conflict("sku", "The product sku is a duplicate"));
    }
    let url = written.get("custom_url").and_then(|url| url["url"].as_str());
    if url.is_some_and(|url| others().any(|other| is_same_text(other["custom_url"].get("url"), url))) {
        return Err(ApiError::conflict("custom_url", "The product custom URL is a duplicate"));
    }
    let categories = written.get("categories").and_then(Value::as_array).into_iter().flatten();
    if let Some(missing) = categories.filter_map(Value::as_i64).find(|id| !is_known(&store.categories, *id)) {
        return Err(ApiError::conflict("categories", format!("There is no category with the id {missing}.")));
    }
    let brand = written.get("brand_id").and_then(Value::as_i64).filter(|id| *id != 0);
    if let Some(missing) = brand.filter(|id| !is_known(&store.brands, *id)) {
        return Err(ApiError::conflict("brand_id", format!("There is no brand with the id {missing}.")));
    }
    Ok(())
}

fn is_known(table: &crate::store::Table, id: i64) -> bool {
    u64::try_from(id).is_ok_and(|id| table.contains(id))
}

/// Whether the product, or one of its variants, has this SKU.
fn has_sku(product: &Document, sku: &str) -> bool {
    let variants = product.get("variants").and_then(Value::as_array).into_iter().flatten();
    let skus = variants.map(|variant| variant.get("sku")).chain([product.get("sku")]);
    skus.into_iter().any(|other| is_same_text(other, sku))
}

/// Completes the URL that was sent, or makes one from the name of a new product.
fn take_url(call: &Call, store: &Store, id: u64, written: &mut Document) {
    if call.url_fails {
        written.remove("custom_url");
        return;
    }
    let sent = written.remove("custom_url");
    let is_taken = |path: &str| {
        store.products.iter().any(|(other, product)| other != id && product["custom_url"]["url"] == path)
    };
    let current = store.products.get(id).map(|product| &product["custom_url"]);
    let name = written.get("name").and_then(Value::as_str).unwrap_or_default();
    if let Some(url) = custom_url(sent.as_ref(), current, || free_path(name, is_taken)) {
        written.insert("custom_url".to_owned(), url);
    }
}

/// Puts the id of the brand that `brand_name` names in its place; a brand of that name is made if need be.
fn take_brand(call: &Call, store: &mut Store, written: &mut Document) {
    let Some(name) = written.remove("brand_name").and_then(|name| name.as_str().map(str::to_owned)) else {
        return;
    };
    if name.is_empty() {
        return;
    }
    let known = store.brands.iter().find(|(_, brand)| is_same_text(brand.get("name"), &name));
    let id = match known.map(|(id, _)| id) {
        Some(id) => id,
        None => brands::add(store, &name, call.now_millis()),
    };
    written.insert("brand_id".to_owned(), id.into());
}

fn add_variants(product: &mut Document, variants: &Document, store: &mut Store) {
    let sent = variants.get("variants").and_then(Value::as_array).into_iter().flatten();
    let sent: Vec<&Document> = sent.filter_map(Value::as_object).collect();
    let has_options = !sent.is_empty();
    let none = Document::new();
    let sent = if has_options { sent } else { vec![&none] };
    let mut made: Vec<Document> = sent.iter().map(|sent| variant(product, sent, &mut store.parts)).collect();
    let options = options(product, &mut made, &mut store.parts);
    if has_options {
        product.insert("option_set_id".to_owned(), store.parts.take().into());
    } else {
        product.insert("base_variant_id".to_owned(), made[0]["id"].clone());
    }
    product.insert("options".to_owned(), options.into());
    product.insert("variants".to_owned(), made.into_iter().map(Value::Object).collect());
}

/// Brings what follows from other fields up to date: prices as a shopper sees them, the base variant, the
/// stock that variants are tracked by, the thumbnail.
fn settle(product: &mut Document) {
    let amount = |name: &str| product.get(name).and_then(Amount::of).unwrap_or_default();
    let price = Some(amount("sale_price")).filter(|sale| *sale > Amount::ZERO).unwrap_or(amount("price"));
    let (weight, base) = (amount("weight"), product["base_variant_id"].clone());
    let (sku, stock) = (product["sku"].clone(), product["inventory_level"].clone());
    let by_variant = product["inventory_tracking"] == "variant" && base.is_null();
    let mut sum: u64 = 0;
    for variant in product.get_mut("variants").and_then(Value::as_array_mut).into_iter().flatten() {
        let own = ["sale_price", "price"].iter().find_map(|name| Amount::of(&variant[*name]));
        variant["calculated_price"] = own.unwrap_or(price).number();
        variant["calculated_weight"] = Amount::of(&variant["weight"]).unwrap_or(weight).number();
        if variant["id"] == base {
            variant["sku"] = sku.clone();
            variant["inventory_level"] = stock.clone();
        }
        sum = sum.saturating_add(variant["inventory_level"].as_u64().unwrap_or(0));
    }
    if by_variant {
        product.insert("inventory_level".to_owned(), sum.into());
    }
    product.insert("calculated_price".to_owned(), price.number());
    let images = product["images"].as_array().map(Vec::as_slice).unwrap_or_default();
    let thumbnail = images.iter().find(|image| image["is_thumbnail"] == true).or(images.first());
    product.insert("primary_image".to_owned(), thumbnail.cloned().unwrap_or_default());
}
