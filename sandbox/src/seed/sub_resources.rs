//! The parts of a seeded product that an answer shows on demand: variants, options, images and the others.
//! Source: the `catalog` files under `reference/` of <https://github.com/bigcommerce/docs>.

use serde_json::{Value, json};

use super::assortment::Choice;
use super::products::{SeededProduct, upc};
use crate::amount::hundredths;
use crate::date::catalog_date;
use crate::store::Document;

/// The host of pictures: a name that is reserved for examples and leads nowhere.
const PICTURES: &str = "https://cdn.sandbox.example";

/// What a product costs more in every size after the second, in cents.
const LARGE_SIZE_SURCHARGE: i64 = 300;

/// The next id of each kind of part; ids are unique in the store.
#[derive(Debug)]
pub(crate) struct Ids {
    variant: u64,
    sku: u64,
    option: u64,
    option_value: u64,
    image: u64,
    review: u64,
    custom_field: u64,
    bulk_pricing_rule: u64,
    video: u64,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            variant: 364,
            sku: 210,
            option: 120,
            option_value: 140,
            image: 310,
            review: 12,
            custom_field: 41,
            bulk_pricing_rule: 6,
            video: 3,
        }
    }
}

/// All sub-resources of `product`.
pub(crate) fn of(product: &SeededProduct, store_hash: &str, ids: &mut Ids) -> Document {
    let option = option(product, ids);
    let images = images(product, store_hash, ids);
    let parts = [
        ("variants", variants(product, option.as_ref(), ids)),
        ("options", option.into_iter().collect()),
        ("modifiers", modifiers(product, ids)),
        ("primary_image", images.first().cloned().unwrap_or_default()),
        ("images", Value::Array(images)),
        ("videos", videos(product, ids)),
        ("reviews", reviews(product, ids)),
        ("custom_fields", custom_fields(product, ids)),
        ("bulk_pricing_rules", bulk_pricing_rules(product, ids)),
        ("parent_relations", json!([])),
        ("channels", json!([1])),
    ];
    parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
}

fn take(next: &mut u64) -> u64 {
    let id = *next;
    *next += 1;
    id
}

/// The option that a shopper chooses by, where there is a choice.
fn option(product: &SeededProduct, ids: &mut Ids) -> Option<Value> {
    let (display_name, kind, labels): (_, _, Vec<(&str, Value)>) = match product.item.choice {
        Choice::Nothing => return None,
        Choice::Size(sizes) => {
            ("Size", "rectangles", sizes.iter().map(|size| (*size, Value::Null)).collect())
        }
        Choice::Colour(colours) => {
            let swatches = colours.iter().map(|(label, colour)| (*label, json!({"colors": [colour]})));
            ("Colour", "swatch", swatches.collect())
        }
    };
    let value = |(place, (label, value_data)): (usize, (&str, Value))| {
        json!({
            "id": take(&mut ids.option_value),
            "label": label,
            "sort_order": place,
            "value_data": value_data,
            "is_default": false,
        })
    };
    let option_values: Vec<Value> = labels.into_iter().enumerate().map(value).collect();
    let id = take(&mut ids.option);
    Some(json!({
        "id": id,
        "product_id": product.id,
        "name": format!("{display_name}{}-{id}", product.created),
        "display_name": display_name,
        "type": kind,
        "config": {},
        "sort_order": 0,
        "option_values": option_values,
    }))
}

/// One variant for each value of the option, or the base variant alone.
fn variants(product: &SeededProduct, option: Option<&Value>, ids: &mut Ids) -> Value {
    let Some(option) = option else {
        return json!([variant(product, take(&mut ids.variant), 0, None)]);
    };
    let values = option["option_values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let chosen = |(place, value): (usize, &Value)| {
        let choice = json!({
            "id": value["id"],
            "label": value["label"],
            "option_id": option["id"],
            "option_display_name": option["display_name"],
        });
        variant(product, take(&mut ids.variant), place, Some((take(&mut ids.sku), choice)))
    };
    values.iter().enumerate().map(chosen).collect()
}

/// A variant; without a SKU id and a choice, the base variant.
fn variant(product: &SeededProduct, id: u64, place: usize, choice: Option<(u64, Value)>) -> Value {
    let item = product.item;
    let is_large = matches!(item.choice, Choice::Size(_)) && place > 1;
    let surcharge = if is_large { LARGE_SIZE_SURCHARGE } else { 0 };
    let (sku, code) = match &choice {
        None => (item.sku.to_owned(), upc(product.id)),
        Some(_) => (format!("{}-{}", item.sku, place + 1), upc(id)),
    };
    json!({
        "id": id,
        "product_id": product.id,
        "sku": sku,
        "sku_id": choice.as_ref().map(|(sku_id, _)| sku_id),
        // Null where the variant costs and weighs what the product does.
        "price": is_large.then(|| hundredths(item.price + surcharge)),
        "calculated_price": hundredths(item.sale_price().unwrap_or(item.price) + surcharge),
        "sale_price": null,
        "retail_price": null,
        "map_price": null,
        "cost_price": hundredths(item.price * 42 / 100),
        "weight": null,
        "calculated_weight": hundredths(item.weight),
        "width": null,
        "depth": null,
        "height": null,
        "is_free_shipping": false,
        "fixed_cost_shipping_price": null,
        "purchasing_disabled": false,
        "purchasing_disabled_message": "",
        "image_url": "",
        "upc": if item.is_digital() { String::new() } else { code },
        "mpn": "",
        "gtin": "",
        "inventory_level": product.stock.get(place).copied().unwrap_or(0),
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": choice.map(|(_, choice)| choice).into_iter().collect::<Vec<_>>(),
    })
}

/// None to three pictures, the first of which is the thumbnail.
fn images(product: &SeededProduct, store_hash: &str, ids: &mut Ids) -> Vec<Value> {
    let slug = product.item.slug();
    let picture = |place: i64| {
        let id = take(&mut ids.image);
        let file = format!("{slug}-{}__{id:05}", place + 1);
        let folder = format!("{PICTURES}/s-{store_hash}/products/{}/images/{id}/{file}", product.id);
        let url = |size: &str| format!("{folder}.{}.{size}.jpg?c=1", product.created);
        json!({
            "id": id,
            "product_id": product.id,
            "is_thumbnail": place == 0,
            "sort_order": place,
            "description": if place == 0 { product.item.name } else { "" },
            "image_file": format!("{}/{:03}/{file}.jpg", &slug[..1], id),
            "url_zoom": url("1280.1280"),
            "url_standard": url("560.850"),
            "url_thumbnail": url("330.500"),
            "url_tiny": url("66.100"),
            "date_modified": catalog_date(product.created + 60 * (place + 1)),
        })
    };
    (0..(product.position + 2) % 4).map(picture).collect()
}

/// An engraving on some products, a paid extra on others.
fn modifiers(product: &SeededProduct, ids: &mut Ids) -> Value {
    if product.item.is_digital() {
        json!([])
    } else if product.is_every(6, 2) {
        json!([modifier(product, take(&mut ids.option), "Engraving", "text", engraving(), vec![])])
    } else if product.is_every(6, 5) {
        let id = take(&mut ids.option);
        let values = vec![gift_box(id, true, ids), gift_box(id, false, ids)];
        let config = json!({"checkbox_label": "Pack it in a gift box", "checked_by_default": false});
        json!([modifier(product, id, "Gift box", "checkbox", config, values)])
    } else {
        json!([])
    }
}

fn modifier(
    product: &SeededProduct,
    id: u64,
    display_name: &str,
    kind: &str,
    config: Value,
    option_values: Vec<Value>,
) -> Value {
    json!({
        "id": id,
        "product_id": product.id,
        "name": format!("{display_name}{}-{id}", product.created),
        "display_name": display_name,
        "type": kind,
        "required": false,
        "sort_order": 1,
        "config": config,
        "option_values": option_values,
    })
}

fn engraving() -> Value {
    json!({
        "default_value": "",
        "text_characters_limited": true,
        "text_min_length": 0,
        "text_max_length": 24,
    })
}

/// A value of the gift box's tick: ticked costs 3.50 more.
fn gift_box(option_id: u64, ticked: bool, ids: &mut Ids) -> Value {
    let price =
        if ticked { json!({"adjuster": "relative", "adjuster_value": hundredths(350)}) } else { Value::Null };
    json!({
        "id": take(&mut ids.option_value),
        "option_id": option_id,
        "label": if ticked { "Yes" } else { "No" },
        "sort_order": u8::from(!ticked),
        "value_data": {"checked_value": ticked},
        "is_default": !ticked,
        "adjusters": {
            "price": price,
            "weight": null,
            "image_url": "",
            "purchasing_disabled": {"status": false, "message": ""},
        },
    })
}

fn videos(product: &SeededProduct, ids: &mut Ids) -> Value {
    if !product.is_every(8, 3) {
        return json!([]);
    }
    let id = take(&mut ids.video);
    json!([{
        "id": id,
        "product_id": product.id,
        "title": format!("{} in two minutes", product.item.name),
        "description": "How it is used and cared for.",
        "sort_order": 0,
        "type": "youtube",
        "video_id": format!("sandbox{id:04}"),
        "length": "02:04",
    }])
}

fn reviews(product: &SeededProduct, ids: &mut Ids) -> Value {
    let review = |(days, rating): (i64, &u64)| {
        let date = catalog_date(product.created + days * 86_400);
        let (title, text) = match rating {
            5 => ("Could not be better", "Everything as described, and it came fast."),
            4 => ("Very good", "I would buy it again."),
            _ => ("Decent", "Does what it should."),
        };
        json!({
            "id": take(&mut ids.review),
            "title": title,
            "text": text,
            "status": "approved",
            "rating": rating,
            "name": "A customer",
            "email": "customer@example.com",
            "date_reviewed": date,
            "date_created": date,
            "date_modified": date,
        })
    };
    (9_i64..).step_by(11).zip(&product.ratings).map(review).collect()
}

fn custom_fields(product: &SeededProduct, ids: &mut Ids) -> Value {
    if product.item.is_digital() {
        return json!([]);
    }
    let care = product.item.categories.first().map_or("", |category| category.care);
    let field = |(name, value): (&str, &str)| json!({"id": take(&mut ids.custom_field), "name": name, "value": value});
    [("Made in", product.item.brand.country), ("Care", care)].into_iter().map(field).collect()
}

/// Two steps of a discount per piece on some products.
fn bulk_pricing_rules(product: &SeededProduct, ids: &mut Ids) -> Value {
    if !product.is_every(5, 1) {
        return json!([]);
    }
    let rule = |(quantity_min, quantity_max, off): (u64, u64, i64)| {
        json!({
            "id": take(&mut ids.bulk_pricing_rule),
            "quantity_min": quantity_min,
            "quantity_max": quantity_max,
            "type": "price",
            "amount": hundredths(off),
        })
    };
    let price = product.item.price;
    // A highest quantity of 0 has no upper bound.
    [(6, 11, price / 20), (12, 0, price / 10)].into_iter().map(rule).collect()
}
