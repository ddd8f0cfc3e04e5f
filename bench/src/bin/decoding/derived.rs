//! The same product as people write it by hand: structs with serde's derive.

use std::collections::BTreeMap;

use connector_runtime::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The fields of a product, once; what happens to unknown fields is what the two structs differ in.
macro_rules! product {
    ($(#[$doc:meta])* $name:ident, $url:ident $(, $(#[$extra:meta])* $field:ident: $type:ty)?) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $name {
            pub(crate) id: Option<i64>,
            pub(crate) name: Option<String>,
            pub(crate) r#type: Option<ProductType>,
            pub(crate) sku: Option<String>,
            pub(crate) description: Option<String>,
            pub(crate) upc: Option<String>,
            pub(crate) gtin: Option<String>,
            pub(crate) mpn: Option<String>,
            pub(crate) condition: Option<ProductCondition>,
            pub(crate) is_condition_shown: Option<bool>,
            pub(crate) weight: Option<Amount>,
            pub(crate) width: Option<Amount>,
            pub(crate) depth: Option<Amount>,
            pub(crate) height: Option<Amount>,
            pub(crate) price: Option<Amount>,
            pub(crate) cost_price: Option<Amount>,
            pub(crate) retail_price: Option<Amount>,
            pub(crate) sale_price: Option<Amount>,
            pub(crate) map_price: Option<Amount>,
            pub(crate) calculated_price: Option<Amount>,
            pub(crate) fixed_cost_shipping_price: Option<Amount>,
            pub(crate) tax_class_id: Option<i64>,
            pub(crate) product_tax_code: Option<String>,
            pub(crate) categories: Option<Vec<i64>>,
            pub(crate) brand_id: Option<i64>,
            pub(crate) related_products: Option<Vec<i64>>,
            pub(crate) inventory_level: Option<i64>,
            pub(crate) inventory_warning_level: Option<i64>,
            pub(crate) inventory_tracking: Option<InventoryTracking>,
            pub(crate) bin_picking_number: Option<String>,
            pub(crate) is_visible: Option<bool>,
            pub(crate) is_featured: Option<bool>,
            pub(crate) is_free_shipping: Option<bool>,
            pub(crate) availability: Option<ProductAvailability>,
            pub(crate) availability_description: Option<String>,
            pub(crate) order_quantity_minimum: Option<i64>,
            pub(crate) order_quantity_maximum: Option<i64>,
            pub(crate) preorder_release_date: Option<String>,
            pub(crate) preorder_message: Option<String>,
            pub(crate) is_preorder_only: Option<bool>,
            pub(crate) is_price_hidden: Option<bool>,
            pub(crate) price_hidden_label: Option<String>,
            pub(crate) gift_wrapping_options_type: Option<GiftWrappingOptionsType>,
            pub(crate) gift_wrapping_options_list: Option<Vec<i64>>,
            pub(crate) warranty: Option<String>,
            pub(crate) custom_url: Option<$url>,
            pub(crate) page_title: Option<String>,
            pub(crate) meta_keywords: Option<Vec<String>>,
            pub(crate) meta_description: Option<String>,
            pub(crate) search_keywords: Option<String>,
            pub(crate) layout_file: Option<String>,
            pub(crate) sort_order: Option<i64>,
            pub(crate) view_count: Option<i64>,
            pub(crate) open_graph_type: Option<OpenGraphType>,
            pub(crate) open_graph_title: Option<String>,
            pub(crate) open_graph_description: Option<String>,
            pub(crate) open_graph_use_meta_description: Option<bool>,
            pub(crate) open_graph_use_product_name: Option<bool>,
            pub(crate) open_graph_use_image: Option<bool>,
            pub(crate) reviews_rating_sum: Option<f64>,
            pub(crate) reviews_count: Option<i64>,
            pub(crate) total_sold: Option<i64>,
            pub(crate) date_created: Option<String>,
            pub(crate) date_modified: Option<String>,
            pub(crate) date_last_imported: Option<String>,
            pub(crate) base_variant_id: Option<i64>,
            pub(crate) option_set_id: Option<i64>,
            $($(#[$extra])* pub(crate) $field: $type,)?
        }

        #[derive(Serialize, Deserialize)]
        pub(crate) struct $url {
            pub(crate) url: Option<String>,
            pub(crate) is_customized: Option<bool>,
            pub(crate) create_redirect: Option<bool>,
            $($(#[$extra])* pub(crate) $field: $type,)?
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
pub(crate) struct Amount(Decimal);

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
pub(crate) enum ProductType {
    #[serde(rename = "physical")]
    Physical,
    #[serde(rename = "digital")]
    Digital,
    #[serde(other)]
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum ProductCondition {
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
pub(crate) enum InventoryTracking {
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
pub(crate) enum ProductAvailability {
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
pub(crate) enum GiftWrappingOptionsType {
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
pub(crate) enum OpenGraphType {
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
