//! The same product as people write it by hand: structs with serde's derive.
#![expect(missing_docs, reason = "the fields are the vendor's, and told in the generated record")]

use std::collections::BTreeMap;

use connector_runtime::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The fields of a product, once; what happens to unknown fields is what the two structs differ in.
macro_rules! product {
    ($(#[$doc:meta])* $name:ident, $url:ident $(, $(#[$extra:meta])* $field:ident: $type:ty)?) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub struct $name {
            pub id: Option<i64>,
            pub name: Option<String>,
            pub r#type: Option<ProductType>,
            pub sku: Option<String>,
            pub description: Option<String>,
            pub upc: Option<String>,
            pub gtin: Option<String>,
            pub mpn: Option<String>,
            pub condition: Option<ProductCondition>,
            pub is_condition_shown: Option<bool>,
            pub weight: Option<Amount>,
            pub width: Option<Amount>,
            pub depth: Option<Amount>,
            pub height: Option<Amount>,
            pub price: Option<Amount>,
            pub cost_price: Option<Amount>,
            pub retail_price: Option<Amount>,
            pub sale_price: Option<Amount>,
            pub map_price: Option<Amount>,
            pub calculated_price: Option<Amount>,
            pub fixed_cost_shipping_price: Option<Amount>,
            pub tax_class_id: Option<i64>,
            pub product_tax_code: Option<String>,
            pub categories: Option<Vec<i64>>,
            pub brand_id: Option<i64>,
            pub related_products: Option<Vec<i64>>,
            pub inventory_level: Option<i64>,
            pub inventory_warning_level: Option<i64>,
            pub inventory_tracking: Option<InventoryTracking>,
            pub bin_picking_number: Option<String>,
            pub is_visible: Option<bool>,
            pub is_featured: Option<bool>,
            pub is_free_shipping: Option<bool>,
            pub availability: Option<ProductAvailability>,
            pub availability_description: Option<String>,
            pub order_quantity_minimum: Option<i64>,
            pub order_quantity_maximum: Option<i64>,
            pub preorder_release_date: Option<String>,
            pub preorder_message: Option<String>,
            pub is_preorder_only: Option<bool>,
            pub is_price_hidden: Option<bool>,
            pub price_hidden_label: Option<String>,
            pub gift_wrapping_options_type: Option<GiftWrappingOptionsType>,
            pub gift_wrapping_options_list: Option<Vec<i64>>,
            pub warranty: Option<String>,
            pub custom_url: Option<$url>,
            pub page_title: Option<String>,
            pub meta_keywords: Option<Vec<String>>,
            pub meta_description: Option<String>,
            pub search_keywords: Option<String>,
            pub layout_file: Option<String>,
            pub sort_order: Option<i64>,
            pub view_count: Option<i64>,
            pub open_graph_type: Option<OpenGraphType>,
            pub open_graph_title: Option<String>,
            pub open_graph_description: Option<String>,
            pub open_graph_use_meta_description: Option<bool>,
            pub open_graph_use_product_name: Option<bool>,
            pub open_graph_use_image: Option<bool>,
            pub reviews_rating_sum: Option<f64>,
            pub reviews_count: Option<i64>,
            pub total_sold: Option<i64>,
            pub date_created: Option<String>,
            pub date_modified: Option<String>,
            pub date_last_imported: Option<String>,
            pub base_variant_id: Option<i64>,
            pub option_set_id: Option<i64>,
            $($(#[$extra])* pub $field: $type,)?
        }

        #[derive(Serialize, Deserialize)]
        pub struct $url {
            pub url: Option<String>,
            pub is_customized: Option<bool>,
            pub create_redirect: Option<bool>,
            $($(#[$extra])* pub $field: $type,)?
        }
    };
}

product!(
    /// Unknown fields are kept, as our records keep them; `flatten` cannot hold raw JSON.
    Keeping,
    KeepingUrl,
    #[serde(flatten)]
    extra: BTreeMap<String, serde_json::Value>
);

product!(
    /// Unknown fields are dropped: less than our records do, for information.
    Dropping,
    DroppingUrl
);

/// An exact number, read from its digits. rust_decimal's own traits would read it through a float.
pub struct Amount(Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        let digits = json.trim_matches('"');
        Decimal::from_str_exact(digits).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[derive(Serialize, Deserialize)]
pub enum ProductType {
    #[serde(rename = "physical")]
    Physical,
    #[serde(rename = "digital")]
    Digital,
    #[serde(other)]
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub enum ProductCondition {
    #[serde(rename = "New")]
    New,
    #[serde(rename = "Used")]
    Used,
    #[serde(rename = "Refurbished")]
    Refurbished,
    #[serde(other)]
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub enum InventoryTracking {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "product")]
    Product,
    #[serde(rename = "variant")]
    Variant,
    #[serde(other)]
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub enum ProductAvailability {
    #[serde(rename = "available")]
    Available,
    #[serde(rename = "disabled")]
    Disabled,
    #[serde(rename = "preorder")]
    Preorder,
    #[serde(other)]
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub enum GiftWrappingOptionsType {
    #[serde(rename = "any")]
    Any,
    #[serde(rename = "none")]
    None,
    #[serde(rename = "list")]
    List,
    #[serde(other)]
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub enum OpenGraphType {
    #[serde(rename = "product")]
    Product,
    #[serde(rename = "album")]
    Album,
    #[serde(rename = "book")]
    Book,
    #[serde(rename = "drink")]
    Drink,
    #[serde(rename = "food")]
    Food,
    #[serde(rename = "game")]
    Game,
    #[serde(rename = "movie")]
    Movie,
    #[serde(rename = "song")]
    Song,
    #[serde(rename = "tv_show")]
    TvShow,
    #[serde(other)]
    Unlisted,
}
