//! The fields of an order that a request may write.
//! Source: `order_Post` and `order_Put` in `reference/orders.v2.oas2.yml` of <https://github.com/bigcommerce/docs>.

use crate::fields::{Field, Kind, LONG, SHORT_TEXT};

const ID: Kind = Kind::Integer(0, i64::MAX);
const COUNT: Kind = Kind::Integer(0, 2_147_483_647);

/// The fields of the order itself that create and update have in common.
pub(super) const WRITABLE: &[Field] = &[
    Field::new("customer_id", ID),
    Field::new("status_id", Kind::Integer(0, 14)),
    Field::new("channel_id", ID),
    Field::new("payment_method", SHORT_TEXT),
    Field::new("payment_provider_id", Kind::TextOrNumber),
    Field::new("staff_notes", Kind::Text(0, LONG)),
    Field::new("customer_message", Kind::Text(0, LONG)),
    Field::new("ip_address", Kind::Text(0, 30)),
    Field::new("ip_address_v6", Kind::Text(0, 39)),
    Field::new("geoip_country", SHORT_TEXT),
    Field::new("geoip_country_iso2", Kind::Text(0, 2)),
    Field::new("order_source", SHORT_TEXT),
    Field::new("ebay_order_id", SHORT_TEXT),
    Field::new("external_source", Kind::OptionalText),
    Field::new("external_order_id", Kind::OptionalText),
    Field::new("customer_locale", Kind::Like(is_locale, "a locale such as en, asa, en-US or es-419")),
    Field::new("date_created", Kind::Date),
    Field::new("order_is_digital", Kind::Flag),
    Field::new("items_total", COUNT),
    Field::new("items_shipped", COUNT),
    Field::new("subtotal_ex_tax", Kind::Money),
    Field::new("subtotal_inc_tax", Kind::Money),
    Field::new("total_ex_tax", Kind::Money),
    Field::new("total_inc_tax", Kind::Money),
    Field::new("discount_amount", Kind::Money),
    Field::new("base_shipping_cost", Kind::Money),
    Field::new("shipping_cost_ex_tax", Kind::Money),
    Field::new("shipping_cost_inc_tax", Kind::Money),
    Field::new("base_handling_cost", Kind::Money),
    Field::new("handling_cost_ex_tax", Kind::Money),
    Field::new("handling_cost_inc_tax", Kind::Money),
    Field::new("base_wrapping_cost", Kind::Money),
    Field::new("wrapping_cost_ex_tax", Kind::Money),
    Field::new("wrapping_cost_inc_tax", Kind::Money),
    Field::new("refunded_amount", Kind::Money),
    Field::new("billing_address", Kind::Object(BILLING_ADDRESS)),
];

/// The fields of the order itself that only a new order may have.
pub(super) const WRITABLE_ONCE: &[Field] = &[
    Field::new("external_merchant_id", Kind::OptionalText),
    // The store has one currency. `place` refuses others.
    Field::new("default_currency_code", Kind::Text(3, 3)),
];

/// The parts of a new order.
pub(super) const NEW_PARTS: &[Field] = &[
    Field::new("products", Kind::Objects(usize::MAX, LINE)),
    Field::new("shipping_addresses", Kind::Objects(usize::MAX, NEW_SHIPPING_ADDRESS)),
    Field::new("consignments", Kind::Object(&[Field::new("pickups", Kind::Objects(1, NEW_PICKUP))])),
    Field::new("fees", Kind::Objects(usize::MAX, FEE)),
];

/// The parts of an order that is there, which are found by their ids.
pub(super) const PARTS: &[Field] = &[
    Field::new("products", Kind::Objects(usize::MAX, LINE)),
    Field::new("shipping_addresses", Kind::Objects(usize::MAX, SHIPPING_ADDRESS)),
    Field::new("consignments", Kind::Object(&[Field::new("pickups", Kind::Objects(usize::MAX, PICKUP))])),
    Field::new("fees", Kind::Objects(usize::MAX, FEE)),
];

const LINE: &[Field] = &[
    Field::new("id", ID),
    Field::new("product_id", ID),
    Field::new("variant_id", ID),
    Field::new("name", Kind::Text(1, 250)),
    Field::new("name_customer", Kind::Text(1, 250)),
    Field::new("name_merchant", SHORT_TEXT),
    Field::new("sku", SHORT_TEXT),
    Field::new("upc", SHORT_TEXT),
    Field::new("quantity", Kind::Integer(0, 1_000_000)),
    Field::new("price_ex_tax", Kind::Money),
    Field::new("price_inc_tax", Kind::Money),
    Field::new("product_options", Kind::Objects(usize::MAX, OPTION)),
    Field::new("wrapping_id", ID),
    Field::new("wrapping_name", SHORT_TEXT),
    Field::new("wrapping_message", Kind::Text(0, LONG)),
    Field::new("wrapping_cost_ex_tax", Kind::Money),
    Field::new("wrapping_cost_inc_tax", Kind::Money),
];

/// The choice of a shopper: the id of the option, the text or the id of the value, and their names.
const OPTION: &[Field] = &[
    Field::new("id", ID),
    Field::new("value", Kind::TextOrNumber),
    Field::new("display_name", SHORT_TEXT),
    Field::new("display_name_customer", SHORT_TEXT),
    Field::new("display_name_merchant", SHORT_TEXT),
    Field::new("display_value", SHORT_TEXT),
    Field::new("display_value_customer", SHORT_TEXT),
    Field::new("display_value_merchant", SHORT_TEXT),
];

/// Writes a table of an address's fields with some more.
macro_rules! address {
    ($($more:expr),*) => {
        &[
            Field::new("first_name", SHORT_TEXT),
            Field::new("last_name", SHORT_TEXT),
            Field::new("company", SHORT_TEXT),
            Field::new("street_1", SHORT_TEXT),
            Field::new("street_2", SHORT_TEXT),
            Field::new("city", SHORT_TEXT),
            Field::new("state", SHORT_TEXT),
            Field::new("country", SHORT_TEXT),
            Field::new("country_iso2", Kind::Text(0, 2)),
            Field::new("phone", SHORT_TEXT),
            Field::new("email", SHORT_TEXT),
            Field::new("form_fields", Kind::Objects(usize::MAX, FORM_FIELD)),
            $($more),*
        ]
    };
}

const BILLING_ADDRESS: &[Field] = address!(Field::new("zip", Kind::Text(2, 30)));

const NEW_SHIPPING_ADDRESS: &[Field] =
    address!(Field::new("zip", Kind::Text(0, 30)), Field::new("shipping_method", SHORT_TEXT));

const SHIPPING_ADDRESS: &[Field] = address!(
    Field::new("id", ID),
    Field::new("zip", Kind::Text(0, 30)),
    Field::new("shipping_method", SHORT_TEXT)
);

const FORM_FIELD: &[Field] = &[Field::new("name", SHORT_TEXT), Field::new("value", Kind::FormValue)];

const NEW_PICKUP: &[Field] = &[
    Field::new("pickup_method_id", ID),
    Field::new("pickup_method_display_name", Kind::Text(0, 250)),
    Field::new("collection_instructions", Kind::Text(0, LONG)),
    Field::new("collection_time_description", Kind::Text(0, 250)),
    Field::new("location", Kind::Object(LOCATION)),
    Field::new("line_items", Kind::Objects(usize::MAX, LINE)),
];

const PICKUP: &[Field] = &[
    Field::new("id", ID),
    Field::new("pickup_method_id", ID),
    Field::new("pickup_method_display_name", Kind::Text(0, 250)),
    Field::new("collection_instructions", Kind::Text(0, LONG)),
    Field::new("collection_time_description", Kind::Text(0, 250)),
    Field::new("location", Kind::Object(LOCATION)),
    Field::new("line_items", Kind::Objects(usize::MAX, LINE)),
];

const LOCATION: &[Field] = &[
    Field::new("name", SHORT_TEXT),
    Field::new("code", Kind::Text(0, 50)),
    Field::new("address_line_1", SHORT_TEXT),
    Field::new("address_line_2", SHORT_TEXT),
    Field::new("city", SHORT_TEXT),
    Field::new("state", SHORT_TEXT),
    Field::new("postal_code", Kind::Text(0, 50)),
    Field::new("country_alpha2", Kind::Text(2, 2)),
    Field::new("email", SHORT_TEXT),
    Field::new("phone", Kind::Text(0, 125)),
];

const FEE: &[Field] = &[
    Field::new("id", ID),
    Field::new("type", Kind::OneOf(&["custom_fee"])),
    Field::new("display_name_customer", SHORT_TEXT),
    Field::new("display_name_merchant", SHORT_TEXT),
    Field::new("source", SHORT_TEXT),
    Field::new("cost_ex_tax", Kind::Money),
    Field::new("cost_inc_tax", Kind::Money),
    Field::new("cost_tax", Kind::Money),
    Field::new("tax_class_id", Kind::OptionalInteger),
];

/// Whether `text` has one of the four documented forms of a locale.
fn is_locale(text: &str) -> bool {
    let is = |text: &str, lengths: &[usize], fits: fn(&u8) -> bool| {
        lengths.contains(&text.len()) && text.as_bytes().iter().all(fits)
    };
    match text.split_once('-') {
        None => is(text, &[2, 3], u8::is_ascii_lowercase),
        Some((language, region)) => {
            let is_region = is(region, &[2], u8::is_ascii_uppercase) || is(region, &[3], u8::is_ascii_digit);
            is(language, &[2], u8::is_ascii_lowercase) && is_region
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_locale;

    #[test]
    fn knows_the_four_forms_of_a_locale() {
        assert!(["en", "asa", "en-US", "es-419"].iter().all(|text| is_locale(text)));
        assert!(
            !["", "e", "EN", "en-us", "en_US", "asa-US", "es-41", "en-US-x"].iter().any(|it| is_locale(it))
        );
    }
}
