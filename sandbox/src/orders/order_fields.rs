//! The fields of an order that a request may write.

use crate::fields::{Field, Kind, LONG, SHORT_TEXT};

const ID: Kind = Kind::Integer(0, i64::MAX);

/// The fields of the order itself. Lines, addresses and fees are read apart.
pub(super) const WRITABLE: &[Field] = &[
    Field::new("customer_id", ID),
    Field::new("status_id", Kind::Integer(0, 14)),
    Field::new("channel_id", ID),
    Field::new("payment_method", SHORT_TEXT),
    Field::new("payment_provider_id", Kind::OptionalText),
    Field::new("staff_notes", Kind::Text(0, LONG)),
    Field::new("customer_message", Kind::Text(0, LONG)),
    Field::new("ip_address", Kind::Text(0, 30)),
    Field::new("ip_address_v6", Kind::Text(0, 39)),
    Field::new("external_source", Kind::OptionalText),
    Field::new("external_id", Kind::OptionalText),
    Field::new("external_order_id", SHORT_TEXT),
    Field::new("customer_locale", SHORT_TEXT),
    Field::new("tax_provider_id", SHORT_TEXT),
    Field::new("date_created", Kind::Date),
    Field::new("is_email_opt_in", Kind::Flag),
    Field::new("order_is_digital", Kind::Flag),
    Field::new("discount_amount", Kind::LooseAmount),
    Field::new("shipping_cost_ex_tax", Kind::LooseAmount),
    Field::new("shipping_cost_inc_tax", Kind::LooseAmount),
    Field::new("handling_cost_ex_tax", Kind::LooseAmount),
    Field::new("handling_cost_inc_tax", Kind::LooseAmount),
    Field::new("wrapping_cost_ex_tax", Kind::LooseAmount),
    Field::new("wrapping_cost_inc_tax", Kind::LooseAmount),
    Field::new("refunded_amount", Kind::LooseAmount),
    Field::new("billing_address", Kind::Object(ADDRESS)),
];

/// The money among them, which v2 answers as strings.
pub(super) const MONEY: &[&str] = &[
    "discount_amount",
    "shipping_cost_ex_tax",
    "shipping_cost_inc_tax",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "wrapping_cost_ex_tax",
    "wrapping_cost_inc_tax",
    "refunded_amount",
];

/// Fields of an order that no request may write; one that does is a 400.
pub(super) const READ_ONLY: &[&str] = &[
    "id",
    "date_modified",
    "date_shipped",
    "status",
    "subtotal_ex_tax",
    "subtotal_inc_tax",
    "subtotal_tax",
    "total_tax",
    "items_total",
    "items_shipped",
    "currency_id",
    "shipping_address_count",
    "coupon_discount",
    "is_deleted",
    "cart_id",
];

/// What an order can be made of besides its own fields.
pub(super) const PARTS: &[Field] = &[
    Field::new("products", Kind::Objects(usize::MAX, LINE)),
    Field::new("shipping_addresses", Kind::Objects(usize::MAX, ADDRESS)),
    Field::new("fees", Kind::Objects(usize::MAX, FEE)),
];

const LINE: &[Field] = &[
    Field::new("id", ID),
    Field::new("product_id", ID),
    Field::new("variant_id", ID),
    Field::new("name", SHORT_TEXT),
    Field::new("name_customer", SHORT_TEXT),
    Field::new("name_merchant", SHORT_TEXT),
    Field::new("sku", SHORT_TEXT),
    Field::new("upc", SHORT_TEXT),
    Field::new("quantity", Kind::Integer(0, 1_000_000)),
    Field::new("price_ex_tax", Kind::LooseAmount),
    Field::new("price_inc_tax", Kind::LooseAmount),
    Field::new("external_id", Kind::OptionalText),
    Field::new("product_options", Kind::Objects(usize::MAX, OPTION)),
];

/// The choice of a shopper: the id of the option, and the text or the id of the value.
const OPTION: &[Field] = &[Field::new("id", ID), Field::new("value", Kind::TextOrNumber)];

const ADDRESS: &[Field] = &[
    Field::new("first_name", SHORT_TEXT),
    Field::new("last_name", SHORT_TEXT),
    Field::new("company", SHORT_TEXT),
    Field::new("street_1", SHORT_TEXT),
    Field::new("street_2", SHORT_TEXT),
    Field::new("city", SHORT_TEXT),
    Field::new("state", SHORT_TEXT),
    Field::new("zip", Kind::Text(0, 30)),
    Field::new("country", SHORT_TEXT),
    Field::new("country_iso2", Kind::Text(0, 2)),
    Field::new("phone", SHORT_TEXT),
    Field::new("email", SHORT_TEXT),
    Field::new("shipping_method", SHORT_TEXT),
];

const FEE: &[Field] = &[
    Field::new("id", ID),
    Field::new("type", SHORT_TEXT),
    Field::new("display_name_customer", SHORT_TEXT),
    Field::new("display_name_merchant", SHORT_TEXT),
    Field::new("source", SHORT_TEXT),
    Field::new("cost_ex_tax", Kind::LooseAmount),
    Field::new("cost_inc_tax", Kind::LooseAmount),
    Field::new("cost_tax", Kind::LooseAmount),
    Field::new("tax_class_id", Kind::OptionalInteger),
];
