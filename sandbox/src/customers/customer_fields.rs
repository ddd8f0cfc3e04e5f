//! The fields of a customer that a request may write, and the others.

use serde_json::json;

use crate::date::customer_date;
use crate::fields::{Field, Kind, LONG, SHORT_TEXT};
use crate::store::{Document, fields};

const GROUP: Kind = Kind::Integer(0, 2_147_483_647);

/// The fields of a new customer.
pub(super) const WRITABLE: &[Field] = &[
    Field::new("email", Kind::Text(3, 250)),
    Field::new("first_name", Kind::Text(1, 100)),
    Field::new("last_name", Kind::Text(1, 100)),
    Field::new("company", SHORT_TEXT),
    Field::new("phone", Kind::Text(0, 50)),
    Field::new("notes", Kind::Text(0, LONG)),
    Field::new("tax_exempt_category", SHORT_TEXT),
    Field::new("customer_group_id", GROUP),
    Field::new("accepts_product_review_abandoned_cart_emails", Kind::Flag),
    Field::new("origin_channel_id", Kind::Integer(1, i64::MAX)),
    Field::new("channel_ids", Kind::OptionalIntegers),
    Field::new("authentication", Kind::Object(AUTHENTICATION)),
    Field::new("addresses", Kind::Objects(10, ADDRESS)),
    Field::new("attributes", Kind::Objects(10, ATTRIBUTE)),
    Field::new("form_fields", Kind::Objects(usize::MAX, FORM_FIELD)),
    Field::new("store_credit_amounts", Kind::Objects(usize::MAX, &[Field::new("amount", Kind::Amount)])),
    // An instruction to send an e-mail, which no answer shows.
    Field::new("trigger_account_created_notification", Kind::Flag),
];

/// The fields of a customer that can be changed: not its parts, and not where it came from.
pub(super) const UPDATABLE: &[Field] = &[
    Field::new("email", Kind::Text(3, 250)),
    Field::new("first_name", Kind::Text(1, 100)),
    Field::new("last_name", Kind::Text(1, 100)),
    Field::new("company", SHORT_TEXT),
    Field::new("phone", Kind::Text(0, 50)),
    Field::new("notes", Kind::Text(0, LONG)),
    Field::new("tax_exempt_category", SHORT_TEXT),
    Field::new("customer_group_id", GROUP),
    Field::new("accepts_product_review_abandoned_cart_emails", Kind::Flag),
    Field::new("channel_ids", Kind::OptionalIntegers),
    Field::new("authentication", Kind::Object(AUTHENTICATION)),
    Field::new("form_fields", Kind::Objects(usize::MAX, FORM_FIELD)),
    Field::new("store_credit_amounts", Kind::Objects(usize::MAX, &[Field::new("amount", Kind::Amount)])),
];

const AUTHENTICATION: &[Field] =
    &[Field::new("force_password_reset", Kind::Flag), Field::new("new_password", SHORT_TEXT)];

const ATTRIBUTE: &[Field] =
    &[Field::new("attribute_id", Kind::Integer(1, i64::MAX)), Field::new("attribute_value", SHORT_TEXT)];

const FORM_FIELD: &[Field] = &[Field::new("name", SHORT_TEXT), Field::new("value", Kind::FormValue)];

const ADDRESS: &[Field] = &[
    Field::new("first_name", Kind::Text(1, 255)),
    Field::new("last_name", Kind::Text(1, 255)),
    Field::new("company", SHORT_TEXT),
    Field::new("address1", SHORT_TEXT),
    Field::new("address2", SHORT_TEXT),
    Field::new("city", SHORT_TEXT),
    Field::new("state_or_province", SHORT_TEXT),
    Field::new("postal_code", Kind::Text(0, 30)),
    Field::new("country_code", Kind::Text(2, 2)),
    Field::new("phone", Kind::Text(0, 50)),
    Field::new("address_type", Kind::OneOf(&["residential", "commercial"])),
    Field::new("form_fields", Kind::Objects(usize::MAX, FORM_FIELD)),
];

/// A customer of which nothing is known but its id.
pub(super) fn defaults(id: u64, now: i64) -> Document {
    fields(json!({
        "id": id,
        "email": "", "first_name": "", "last_name": "", "company": "", "phone": "", "notes": "",
        "tax_exempt_category": "",
        "customer_group_id": 0,
        "registration_ip_address": "",
        "date_created": customer_date(now),
        "date_modified": customer_date(now),
        "authentication": {"force_password_reset": false},
        "accepts_product_review_abandoned_cart_emails": false,
        "origin_channel_id": 1,
        "channel_ids": null,
        "address_count": 0,
        "attribute_count": 0,
        "addresses": [], "attributes": [], "form_fields": [],
        "store_credit_amounts": [{"amount": 0}],
        "shopper_profile_id": null,
        "segment_ids": [],
    }))
}

/// An address of which nothing is known but its id and its customer.
pub(super) fn address_defaults(id: u64, customer: u64) -> Document {
    fields(json!({
        "id": id, "customer_id": customer,
        "first_name": "", "last_name": "", "company": "", "address1": "", "address2": "", "city": "",
        "state_or_province": "", "postal_code": "", "country": "", "country_code": "", "phone": "",
        "address_type": "residential", "form_fields": [],
    }))
}
