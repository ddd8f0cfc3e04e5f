//! The documents of the seeded products, with every field that a product is documented to answer with.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::assortment::{self, Choice, Item, Offer};
use super::random::Random;
use super::sub_resources::{self, Ids};
use super::wider_range;
use crate::amount::hundredths;
use crate::date::catalog_date;
use crate::store::{Document, fields};

/// The id of the first product; the others follow without a gap.
const FIRST_ID: u64 = 111;

/// When the first product was created: 2025-02-19.
const FIRST_CREATED: i64 = 1_739_964_126;

const DAY: i64 = 86_400;

/// The seeded products by id.
pub(crate) fn products(random: &mut Random, store_hash: &str) -> BTreeMap<u64, Document> {
    let mut ids = Ids::default();
    let items = assortment::ITEMS.iter().chain(wider_range::ITEMS);
    let numbered = (FIRST_ID..).zip(0_i64..).zip(items);
    let mut document = |((id, position), item)| {
        let product = SeededProduct::new(id, position, item, random);
        (id, product.document(store_hash, &mut ids))
    };
    numbered.map(&mut document).collect()
}

/// A product before it becomes a document: its item and what has happened to it since.
pub(crate) struct SeededProduct {
    pub(crate) id: u64,
    /// Its place in the assortment, from 0; features that only some products have go by it.
    pub(crate) position: i64,
    pub(crate) item: &'static Item,
    /// Created and last modified, in epoch seconds.
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// The stars of each review.
    pub(crate) ratings: Vec<u64>,
    /// The stock of each variant; empty where stock is not tracked.
    pub(crate) stock: Vec<u64>,
    sold: u64,
    views: u64,
}

impl SeededProduct {
    fn new(id: u64, position: i64, item: &'static Item, random: &mut Random) -> Self {
        let variants = match item.choice {
            Choice::Nothing => 1,
            Choice::Size(sizes) => sizes.len(),
            Choice::Colour(colours) => colours.len(),
        };
        let tracked = if item.is_digital() { 0 } else { variants };
        let created = FIRST_CREATED + position * (DAY + 4_127);
        let sold = random.below(240);
        Self {
            id,
            position,
            item,
            created,
            modified: created + i64::try_from(random.below(17_280_000)).unwrap_or(0),
            ratings: (0..random.below(4)).map(|_| 3 + random.below(3)).collect(),
            stock: (0..tracked).map(|_| random.below(60)).collect(),
            sold,
            views: sold * 7 + random.below(500),
        }
    }

    /// Whether this is one of every `period` products, beginning with the place `first`.
    pub(crate) fn is_every(&self, period: i64, first: i64) -> bool {
        self.position % period == first
    }

    fn document(&self, store_hash: &str, ids: &mut Ids) -> Document {
        let sub_resources = sub_resources::of(self, store_hash, ids);
        let base_variant_id = match self.item.choice {
            Choice::Nothing => sub_resources["variants"][0]["id"].clone(),
            Choice::Size(_) | Choice::Colour(_) => Value::Null,
        };
        let groups = [
            self.identity(),
            self.prices_and_measures(),
            self.stock_and_history(base_variant_id),
            self.page(),
            self.rules(),
            sub_resources,
        ];
        groups.into_iter().flatten().collect()
    }

    fn identity(&self) -> Document {
        let item = self.item;
        let is_digital = item.is_digital();
        let description =
            item.categories.iter().map(|category| category.promise).collect::<Vec<_>>().join(" ");
        let category_ids: Vec<u64> = item.categories.iter().map(|category| category.id).collect();
        let has_options = !matches!(item.choice, Choice::Nothing);
        fields(json!({
            "id": self.id,
            "name": item.name,
            "type": if is_digital { "digital" } else { "physical" },
            "sku": item.sku,
            "description": format!("<p>{} by {}. {description}</p>", item.name, item.brand.name),
            "categories": category_ids,
            "brand_id": item.brand.id,
            "option_set_id": has_options.then_some(self.id - FIRST_ID + 20),
            "option_set_display": "right",
            "related_products": [-1],
            "upc": if is_digital { String::new() } else { upc(self.id) },
            "mpn": item.sku.replace('-', ""),
            "gtin": "",
            "condition": "New",
            "is_condition_shown": false,
        }))
    }

    fn prices_and_measures(&self) -> Document {
        let item = self.item;
        let retail = item.sale_price().map_or(0, |_| item.price + item.price / 10);
        fields(json!({
            "price": hundredths(item.price),
            "cost_price": hundredths(item.price * 42 / 100),
            "retail_price": hundredths(retail),
            "sale_price": hundredths(item.sale_price().unwrap_or(0)),
            "map_price": hundredths(0),
            "calculated_price": hundredths(item.sale_price().unwrap_or(item.price)),
            "fixed_cost_shipping_price": hundredths(if self.is_every(9, 7) { 495 } else { 0 }),
            "is_free_shipping": item.is_digital() || item.price >= 15_000,
            "tax_class_id": 0,
            "product_tax_code": "",
            "weight": hundredths(item.weight),
            "width": hundredths(item.weight.min(60) * 25),
            "depth": hundredths(item.weight.min(40) * 20),
            "height": hundredths(item.weight.min(30) * 15),
        }))
    }

    fn stock_and_history(&self, base_variant_id: Value) -> Document {
        let tracking = match self.item.choice {
            _ if self.item.is_digital() => "none",
            Choice::Nothing => "product",
            Choice::Size(_) | Choice::Colour(_) => "variant",
        };
        let bin = if self.is_every(4, 1) { format!("A{}", self.position) } else { String::new() };
        fields(json!({
            "inventory_level": self.stock.iter().sum::<u64>(),
            "inventory_warning_level": if self.stock.is_empty() { 0 } else { 5 },
            "inventory_tracking": tracking,
            "bin_picking_number": bin,
            "base_variant_id": base_variant_id,
            "reviews_rating_sum": self.ratings.iter().sum::<u64>(),
            "reviews_count": self.ratings.len(),
            "total_sold": self.sold,
            "view_count": self.views,
            "date_created": catalog_date(self.created),
            "date_modified": catalog_date(self.modified),
            "date_last_imported": self.is_every(9, 4).then(|| catalog_date(self.created)),
        }))
    }

    fn page(&self) -> Document {
        let item = self.item;
        let keywords: Vec<&str> = item.categories.iter().map(|category| category.name).collect();
        fields(json!({
            "is_visible": item.offer != Offer::Withdrawn,
            "is_featured": self.is_every(7, 0),
            "sort_order": 0,
            "warranty": if self.is_every(5, 2) { "Two years on material and make." } else { "" },
            "layout_file": "product.html",
            "search_keywords": keywords.join(", ").to_lowercase(),
            "page_title": "",
            "meta_keywords": keywords,
            "meta_description": format!("{} by {}", item.name, item.brand.name),
            "custom_url": {"url": format!("/{}/", item.slug()), "is_customized": false},
            "open_graph_type": if item.is_digital() { "book" } else { "product" },
            "open_graph_title": "",
            "open_graph_description": "",
            "open_graph_use_meta_description": true,
            "open_graph_use_product_name": true,
            "open_graph_use_image": true,
        }))
    }

    fn rules(&self) -> Document {
        let (availability, note) = match self.item.offer {
            Offer::Regular | Offer::Sale(_) => ("available", "Usually ships in one working day"),
            Offer::Preorder => ("preorder", ""),
            Offer::Withdrawn => ("disabled", ""),
        };
        let is_preorder = self.item.offer == Offer::Preorder;
        fields(json!({
            "availability": availability,
            "availability_description": note,
            "order_quantity_minimum": 0,
            "order_quantity_maximum": if self.is_every(10, 3) { 4 } else { 0 },
            "preorder_release_date": is_preorder.then(|| catalog_date(self.modified + 90 * DAY)),
            "preorder_message": if is_preorder { "Sent out on the day it appears" } else { "" },
            "is_preorder_only": is_preorder,
            "is_price_hidden": false,
            "price_hidden_label": "",
            "gift_wrapping_options_type": if self.item.is_digital() { "none" } else { "any" },
            "gift_wrapping_options_list": [],
        }))
    }
}

/// A UPC-A code out of the range that is free for use inside a shop (number system 4), with its check digit.
/// Source: GS1 General Specifications, check digit calculation.
pub(crate) fn upc(number: u64) -> String {
    let digits = format!("400012{:05}", number % 100_000);
    let weighted = digits.bytes().enumerate().map(|(place, digit)| {
        let weight = if place % 2 == 0 { 3 } else { 1 };
        weight * u32::from(digit - b'0')
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::{Random, Value, products, upc};
    use crate::store::Document;

    fn seeded() -> Vec<Document> {
        products(&mut Random::new(1), "abc").into_values().collect()
    }

    #[test]
    fn there_are_two_hundred_from_111_on() {
        let products = products(&mut Random::new(1), "abc");
        assert_eq!(products.len(), 200);
        assert_eq!(products.keys().next(), Some(&111));
        assert!(!products.contains_key(&999_999));
        assert!(products.iter().all(|(id, document)| document["id"] == *id));
    }

    #[test]
    fn every_product_has_every_field() {
        let fields = |document: &Document| document.keys().cloned().collect::<Vec<_>>();
        let all = seeded();
        assert!(all.iter().all(|document| fields(document) == fields(&all[0])));
    }

    #[test]
    fn nulls_stand_where_real_stores_were_seen_to_answer_them() {
        let all = seeded();
        for field in [
            "base_variant_id",
            "date_last_imported",
            "option_set_id",
            "primary_image",
            "preorder_release_date",
        ] {
            let nulls = all.iter().filter(|document| document[field].is_null()).count();
            assert!(0 < nulls && nulls < all.len(), "{field} is null in {nulls} of {}", all.len());
        }
    }

    #[test]
    fn the_parts_of_a_product_agree() {
        for product in seeded() {
            let sum = |list: &str, field: &str| -> u64 {
                let items = product[list].as_array().expect("a list");
                items.iter().filter_map(|item| item[field].as_u64()).sum()
            };
            assert_eq!(product["inventory_level"], sum("variants", "inventory_level"), "{product:?}");
            assert_eq!(product["reviews_rating_sum"], sum("reviews", "rating"), "{product:?}");
            let thumbnail = product["images"].as_array().expect("a list").first();
            assert_eq!(
                product["primary_image"]["id"],
                thumbnail.map_or(Value::Null, |image| image["id"].clone())
            );
        }
    }

    #[test]
    fn product_codes_carry_a_valid_check_digit() {
        // 036000291452 is the textbook example of the calculation.
        let is_valid = |code: &str| {
            let digits = code
                .bytes()
                .enumerate()
                .map(|(place, digit)| (if place % 2 == 0 { 3 } else { 1 }) * u32::from(digit - b'0'));
            digits.sum::<u32>() % 10 == 0
        };
        assert!(is_valid("036000291452"));
        assert!((0..50).all(|number| is_valid(&upc(number))));
    }
}
