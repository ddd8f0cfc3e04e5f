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
    Product {
        id: Some(111 + index),
        name: text(&format!("Enamel stock pot no. {index}")),
        r#type: Some(ProductType::Physical),
        sku: text(&format!("POT-{index:04}")),
        description: text(
            "<p>Enamel stock pot by Hearth & Co. Heats evenly on every stove, and goes into the oven.</p>",
        ),
        upc: text("036000291452"),
        gtin: text(""),
        mpn: text("POT0001"),
        condition: Some(ProductCondition::New),
        is_condition_shown: Some(false),
        weight: amount(85),
        width: amount(1_250),
        depth: amount(800),
        height: amount(450),
        price: amount(4_995 + 100 * index),
        cost_price: amount(2_098),
        retail_price: amount(5_500),
        sale_price: amount(0),
        map_price: amount(0),
        calculated_price: amount(4_495 + 100 * index),
        fixed_cost_shipping_price: amount(0),
        tax_class_id: Some(0),
        product_tax_code: text(""),
        categories: Some(vec![23, 31]),
        brand_id: Some(30 + index % 4),
        related_products: Some(vec![-1]),
        inventory_level: Some(7 * index),
        inventory_warning_level: Some(0),
        inventory_tracking: Some(InventoryTracking::None),
        bin_picking_number: text(""),
        is_visible: Some(index % 2 == 0),
        is_featured: Some(index % 2 == 0),
        is_free_shipping: Some(false),
        availability: Some(ProductAvailability::Available),
        availability_description: text("Usually ships in one working day"),
        order_quantity_minimum: Some(0),
        order_quantity_maximum: Some(0),
        preorder_release_date: None,
        preorder_message: text(""),
        is_preorder_only: Some(false),
        is_price_hidden: Some(false),
        price_hidden_label: text(""),
        gift_wrapping_options_type: Some(GiftWrappingOptionsType::Any),
        gift_wrapping_options_list: Some(Vec::new()),
        warranty: text("Two years on material and make."),
        custom_url: Some(CustomUrl {
            url: text(&format!("/enamel-stock-pot-{index}/")),
            is_customized: Some(false),
            create_redirect: None,
            ..CustomUrl::default()
        }),
        page_title: text(""),
        meta_keywords: Some(vec!["Kitchen".to_owned(), "Enamel".to_owned()]),
        meta_description: text("Enamel stock pot by Hearth & Co."),
        search_keywords: text("kitchen, enamel, pot"),
        layout_file: text("product.html"),
        sort_order: Some(0),
        view_count: Some(912 + 31 * index),
        open_graph_type: Some(OpenGraphType::Product),
        open_graph_title: text(""),
        open_graph_description: text(""),
        open_graph_use_meta_description: Some(false),
        open_graph_use_product_name: Some(false),
        open_graph_use_image: Some(false),
        reviews_rating_sum: Some(12.5),
        reviews_count: Some(0),
        total_sold: Some(113 + index),
        date_created: date(index),
        date_modified: date(index),
        date_last_imported: date(index),
        base_variant_id: Some(384 + index),
        option_set_id: Some(20 + index),
        ..Product::default()
    }
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
