//! The fields of a product that a request may write.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use crate::fields::{Field, Kind, LONG, SHORT_TEXT};

/// The most categories of a product.
const MOST_CATEGORIES: usize = 1_000;

/// The most pictures of a product.
const MOST_IMAGES: usize = 1_000;

const LEVEL: Kind = Kind::Integer(0, 2_147_483_647);
const COUNT: Kind = Kind::Integer(0, i64::MAX);

const OPEN_GRAPH_TYPES: &[&str] =
    &["product", "album", "book", "drink", "food", "game", "movie", "song", "tv_show"];

/// The fields that create and update have in common.
pub(super) const WRITABLE: &[Field] = &[
    Field::new("name", Kind::Text(1, 250)),
    Field::new("type", Kind::OneOf(&["physical", "digital"])),
    Field::new("sku", SHORT_TEXT),
    Field::new("description", Kind::Text(0, usize::MAX)),
    Field::new("weight", Kind::Amount),
    Field::new("width", Kind::Amount),
    Field::new("depth", Kind::Amount),
    Field::new("height", Kind::Amount),
    Field::new("price", Kind::Amount),
    Field::new("cost_price", Kind::Amount),
    Field::new("retail_price", Kind::Amount),
    Field::new("sale_price", Kind::Amount),
    Field::new("map_price", Kind::Amount),
    Field::new("fixed_cost_shipping_price", Kind::Amount),
    Field::new("tax_class_id", Kind::Integer(0, 255)),
    Field::new("product_tax_code", SHORT_TEXT),
    Field::new("categories", Kind::Integers(MOST_CATEGORIES)),
    Field::new("brand_id", COUNT),
    Field::new("brand_name", SHORT_TEXT),
    Field::new("related_products", Kind::Integers(usize::MAX)),
    Field::new("inventory_level", LEVEL),
    Field::new("inventory_warning_level", LEVEL),
    Field::new("inventory_tracking", Kind::OneOf(&["none", "product", "variant"])),
    Field::new("bin_picking_number", SHORT_TEXT),
    Field::new("is_free_shipping", Kind::Flag),
    Field::new("is_visible", Kind::Flag),
    Field::new("is_featured", Kind::Flag),
    Field::new("is_condition_shown", Kind::Flag),
    Field::new("is_preorder_only", Kind::Flag),
    Field::new("is_price_hidden", Kind::Flag),
    Field::new("warranty", Kind::Text(0, LONG)),
    Field::new("layout_file", Kind::Text(0, 500)),
    Field::new("upc", Kind::Text(0, 14)),
    Field::new("gtin", Kind::Text(0, 14)),
    Field::new("mpn", SHORT_TEXT),
    Field::new("search_keywords", Kind::Text(0, LONG)),
    Field::new("availability", Kind::OneOf(&["available", "disabled", "preorder"])),
    Field::new("availability_description", SHORT_TEXT),
    Field::new("gift_wrapping_options_type", Kind::OneOf(&["any", "none", "list"])),
    Field::new("gift_wrapping_options_list", Kind::Integers(usize::MAX)),
    Field::new("sort_order", Kind::Integer(-2_147_483_648, 2_147_483_647)),
    Field::new("condition", Kind::OneOf(&["New", "Used", "Refurbished"])),
    Field::new("order_quantity_minimum", COUNT),
    Field::new("order_quantity_maximum", COUNT),
    Field::new("page_title", SHORT_TEXT),
    Field::new("meta_keywords", Kind::Texts),
    Field::new("meta_description", Kind::Text(0, LONG)),
    Field::new("view_count", COUNT),
    Field::new("preorder_release_date", Kind::OptionalDate),
    Field::new("preorder_message", SHORT_TEXT),
    Field::new("price_hidden_label", Kind::Text(0, 200)),
    Field::new("custom_url", Kind::Object(URL)),
    Field::new("open_graph_type", Kind::OneOf(OPEN_GRAPH_TYPES)),
    Field::new("open_graph_title", SHORT_TEXT),
    Field::new("open_graph_description", Kind::Text(0, LONG)),
    Field::new("open_graph_use_meta_description", Kind::Flag),
    Field::new("open_graph_use_product_name", Kind::Flag),
    Field::new("open_graph_use_image", Kind::Flag),
    Field::new("date_last_imported", Kind::OptionalDate),
    Field::new("reviews_rating_sum", COUNT),
    Field::new("reviews_count", COUNT),
    Field::new("total_sold", COUNT),
    Field::new("custom_fields", Kind::Objects(255, CUSTOM_FIELD)),
    Field::new("bulk_pricing_rules", Kind::Objects(usize::MAX, BULK_PRICING_RULE)),
    Field::new("images", Kind::Objects(MOST_IMAGES, IMAGE)),
    Field::new("videos", Kind::Objects(usize::MAX, VIDEO)),
];

/// The variants of a new product.
pub(super) const VARIANTS: &[Field] = &[Field::new("variants", Kind::Objects(600, VARIANT))];

const URL: &[Field] = &[
    Field::new("url", Kind::Text(1, 255)),
    Field::new("is_customized", Kind::Flag),
    Field::new("create_redirect", Kind::Flag),
];

/// The ids of a part, which must be those of a part that the product has.
const PART_ID: Field = Field::new("id", COUNT);
const PRODUCT_ID: Field = Field::new("product_id", COUNT);

const CUSTOM_FIELD: &[Field] =
    &[PART_ID, Field::new("name", Kind::Text(1, 250)), Field::new("value", Kind::Text(1, 250))];

const BULK_PRICING_RULE: &[Field] = &[
    PART_ID,
    Field::new("quantity_min", COUNT),
    Field::new("quantity_max", COUNT),
    Field::new("type", Kind::OneOf(&["price", "percent", "fixed"])),
    Field::new("amount", Kind::LooseAmount),
];

const IMAGE: &[Field] = &[
    PART_ID,
    PRODUCT_ID,
    Field::new("image_url", Kind::Text(0, 2_048)),
    Field::new("image_file", SHORT_TEXT),
    Field::new("is_thumbnail", Kind::Flag),
    Field::new("sort_order", Kind::Integer(-2_147_483_648, 2_147_483_647)),
    Field::new("description", Kind::Text(0, LONG)),
];

const VIDEO: &[Field] = &[
    PART_ID,
    PRODUCT_ID,
    Field::new("title", SHORT_TEXT),
    Field::new("description", Kind::Text(0, LONG)),
    Field::new("sort_order", Kind::Integer(-2_147_483_648, 2_147_483_647)),
    Field::new("type", Kind::OneOf(&["youtube"])),
    Field::new("video_id", SHORT_TEXT),
];

const VARIANT: &[Field] = &[
    Field::new("sku", SHORT_TEXT),
    Field::new("price", Kind::OptionalAmount),
    Field::new("sale_price", Kind::OptionalAmount),
    Field::new("retail_price", Kind::OptionalAmount),
    Field::new("map_price", Kind::OptionalAmount),
    Field::new("cost_price", Kind::OptionalAmount),
    Field::new("weight", Kind::OptionalAmount),
    Field::new("width", Kind::OptionalAmount),
    Field::new("depth", Kind::OptionalAmount),
    Field::new("height", Kind::OptionalAmount),
    Field::new("is_free_shipping", Kind::Flag),
    Field::new("fixed_cost_shipping_price", Kind::OptionalAmount),
    Field::new("purchasing_disabled", Kind::Flag),
    Field::new("purchasing_disabled_message", SHORT_TEXT),
    Field::new("image_url", Kind::Text(0, 2_048)),
    Field::new("upc", Kind::Text(0, 14)),
    Field::new("gtin", Kind::Text(0, 14)),
    Field::new("mpn", SHORT_TEXT),
    Field::new("inventory_level", Kind::OptionalInteger),
    Field::new("inventory_warning_level", Kind::OptionalInteger),
    Field::new("bin_picking_number", Kind::OptionalText),
    Field::new("option_values", Kind::Objects(600, OPTION_VALUE)),
];

const OPTION_VALUE: &[Field] =
    &[Field::new("option_display_name", SHORT_TEXT), Field::new("label", SHORT_TEXT)];
