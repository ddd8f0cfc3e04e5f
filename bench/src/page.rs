//! The page that is decoded: ten products with the 67 fields that an answer without sub-resources has.

use bigcommerce_connector::types::{
    CustomUrl, GiftWrappingOptionsType, InventoryTracking, OpenGraphType, Product, ProductAvailability,
    ProductCondition, ProductType,
};
use connector_runtime::{DateTime, Decimal};

/// The page as JSON, a list.
pub fn json() -> Vec<u8> {
    let products: Vec<serde_json::Value> = (0..10).map(answered).collect();
    serde_json::to_vec(&products).expect("a list of JSON values is JSON")
}

/// A product as a store answers it: a field without value is `null` there, and ours are left out.
fn answered(index: i64) -> serde_json::Value {
    let mut json = serde_json::to_value(product(index)).expect("a record without faults is JSON");
    if let Some(fields) = json.as_object_mut() {
        fields.insert("preorder_release_date".to_owned(), serde_json::Value::Null);
    }
    json
}

fn product(index: i64) -> Product {
    let mut custom_url = CustomUrl::default();
    custom_url.url = text(&format!("/enamel-stock-pot-{index}/"));
    custom_url.is_customized = Some(false);
    let mut product = Product::default();
    product.id = Some(111 + index);
    product.name = text(&format!("Enamel stock pot no. {index}"));
    product.r#type = Some(ProductType::Physical);
    product.sku = text(&format!("POT-{index:04}"));
    product.description =
        text("<p>Enamel stock pot by Hearth & Co. Heats evenly on every stove, and goes into the oven.</p>");
    product.upc = text("036000291452");
    product.gtin = text("");
    product.mpn = text("POT0001");
    product.condition = Some(ProductCondition::New);
    product.is_condition_shown = Some(false);
    product.weight = amount(85);
    product.width = amount(1_250);
    product.depth = amount(800);
    product.height = amount(450);
    product.price = amount(4_995 + 100 * index);
    product.cost_price = amount(2_098);
    product.retail_price = amount(5_500);
    product.sale_price = amount(0);
    product.map_price = amount(0);
    product.calculated_price = amount(4_495 + 100 * index);
    product.fixed_cost_shipping_price = amount(0);
    product.tax_class_id = Some(0);
    product.product_tax_code = text("");
    product.categories = Some(vec![23, 31]);
    product.brand_id = Some(30 + index % 4);
    product.related_products = Some(vec![-1]);
    product.inventory_level = Some(7 * index);
    product.inventory_warning_level = Some(0);
    product.inventory_tracking = Some(InventoryTracking::None);
    product.bin_picking_number = text("");
    product.is_visible = Some(index % 2 == 0);
    product.is_featured = Some(index % 2 == 0);
    product.is_free_shipping = Some(false);
    product.availability = Some(ProductAvailability::Available);
    product.availability_description = text("Usually ships in one working day");
    product.order_quantity_minimum = Some(0);
    product.order_quantity_maximum = Some(0);
    product.preorder_release_date = None;
    product.preorder_message = text("");
    product.is_preorder_only = Some(false);
    product.is_price_hidden = Some(false);
    product.price_hidden_label = text("");
    product.gift_wrapping_options_type = Some(GiftWrappingOptionsType::Any);
    product.gift_wrapping_options_list = Some(Vec::new());
    product.warranty = text("Two years on material and make.");
    product.custom_url = Some(custom_url);
    product.page_title = text("");
    product.meta_keywords = Some(vec!["Kitchen".to_owned(), "Enamel".to_owned()]);
    product.meta_description = text("Enamel stock pot by Hearth & Co.");
    product.search_keywords = text("kitchen, enamel, pot");
    product.layout_file = text("product.html");
    product.sort_order = Some(0);
    product.view_count = Some(912 + 31 * index);
    product.open_graph_type = Some(OpenGraphType::Product);
    product.open_graph_title = text("");
    product.open_graph_description = text("");
    product.open_graph_use_meta_description = Some(false);
    product.open_graph_use_product_name = Some(false);
    product.open_graph_use_image = Some(false);
    product.reviews_rating_sum = Some(12.5);
    product.reviews_count = Some(0);
    product.total_sold = Some(113 + index);
    product.date_created = date(index);
    product.date_modified = date(index);
    product.date_last_imported = date(index);
    product.base_variant_id = Some(384 + index);
    product.option_set_id = Some(20 + index);
    product
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn amount(hundredths: i64) -> Option<Decimal> {
    Some(Decimal::new(hundredths, 2).normalize())
}

fn date(index: i64) -> Option<DateTime> {
    Some(DateTime::from(format!("2025-02-19T11:42:{:02}+00:00", index % 60).as_str()))
}
