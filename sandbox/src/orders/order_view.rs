//! What an answer shows of an order, and the fields that every order has.

use serde_json::json;

use super::consignments::consignments;
use super::links::Links;
use super::order_sums::settle;
use super::status_name;
use crate::answer::ApiError;
use crate::call::Call;
use crate::date::order_date;
use crate::store::{Document, fields};

/// What `include` calls the line items of consignments.
pub(super) const LINE_ITEMS: &str = "consignments.line_items";

const INCLUDES: [&str; 3] = ["consignments", LINE_ITEMS, "fees"];

/// The parts of an order that its answer shows as links.
const LINKED: [&str; 5] = ["products", "shipping_addresses", "coupons", "consignments", "fees"];

/// The parts of an order that its answer does not show. They have paths of their own.
const HIDDEN: [&str; 3] = ["pickups", "shipments", "messages"];

/// What the parameters of a request ask to be shown in full.
pub(super) struct View {
    links: Links,
    has_consignments: bool,
    has_line_items: bool,
    has_fees: bool,
}

impl View {
    /// Reads `include`.
    pub(super) fn read(call: &Call) -> Result<Self, ApiError> {
        let names = included(call.parameters()?, &INCLUDES)?;
        let has_line_items = names.contains(&LINE_ITEMS);
        Ok(Self {
            links: Links::of(call),
            has_consignments: has_line_items || names.contains(&"consignments"),
            has_line_items,
            has_fees: names.contains(&"fees"),
        })
    }

    /// The order as it is answered: its parts are links, but for those that were asked for.
    pub(super) fn of(&self, order: &Document) -> Document {
        let mut shown = order.clone();
        for part in HIDDEN {
            shown.remove(part);
        }
        for part in LINKED {
            shown.insert(part.to_owned(), self.links.part(order, part));
        }
        if self.has_fees {
            shown.insert("fees".to_owned(), order["fees"].clone());
        }
        if self.has_consignments {
            let consignments = consignments(&self.links, order, self.has_line_items);
            shown.insert("consignments".to_owned(), consignments);
        }
        shown
    }
}

/// The items of `include`, each of which must be in `known`.
pub(super) fn included<'a>(
    parameters: &'a [(String, String)],
    known: &[&str],
) -> Result<Vec<&'a str>, ApiError> {
    let sent = parameters.iter().filter(|(name, _)| name == "include");
    let names: Vec<&str> = sent.flat_map(|(_, value)| value.split(',')).filter(|it| !it.is_empty()).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(unknown) => {
            Err(ApiError::invalid("include", format!("{unknown} is none of: {}", known.join(", "))))
        }
        None => Ok(names),
    }
}

/// Whether the answer shows a field of this name and no request may write it.
pub(super) fn is_shown(name: &str) -> bool {
    let mut order = defaults(0, 0);
    settle(&mut order, true);
    !HIDDEN.contains(&name) && (LINKED.contains(&name) || order.contains_key(name))
}

/// An order of which nothing is known but its id.
pub(crate) fn defaults(id: u64, now: i64) -> Document {
    let mut order = fields(json!({
        "id": id,
        "customer_id": 0,
        "date_created": order_date(now),
        "date_modified": order_date(now),
        "date_shipped": "",
        "status_id": 1, "status": status_name(1), "custom_status": status_name(1),
        "payment_method": "Manual", "payment_provider_id": null, "payment_status": "",
        "credit_card_type": null,
        "cart_id": null, "staff_notes": null, "customer_message": null,
        "ip_address": "", "ip_address_v6": "", "geoip_country": "", "geoip_country_iso2": "",
    }));
    order.extend(costs());
    order.extend(origin());
    let mut billing = address_defaults();
    billing.insert("form_fields".to_owned(), json!([]));
    order.insert("billing_address".to_owned(), billing.into());
    order
}

/// An address without any words in it.
pub(crate) fn address_defaults() -> Document {
    fields(json!({
        "first_name": "", "last_name": "", "company": "", "street_1": "", "street_2": "", "city": "",
        "state": "", "zip": "", "country": "", "country_iso2": "", "phone": "", "email": "",
    }))
}

/// Currency, origin and the parts of an order that nobody has filled.
fn origin() -> Document {
    fields(json!({
        "currency_id": 1, "currency_code": "USD", "currency_exchange_rate": "1.0000000000",
        "default_currency_id": 1, "default_currency_code": "USD",
        "store_default_currency_code": "USD",
        "store_default_to_transactional_exchange_rate": "1.0000000000",
        "order_is_digital": false, "is_deleted": false, "is_email_opt_in": false,
        "is_tax_inclusive_pricing": false,
        "ebay_order_id": "0", "order_source": "external", "channel_id": 1,
        "external_source": null, "external_id": null, "external_merchant_id": null,
        "external_order_id": "",
        "tax_provider_id": "BasicTaxProvider", "customer_locale": "en",
        "products": [], "shipping_addresses": [], "fees": [], "coupons": [],
        "pickups": [], "shipments": [], "messages": [],
    }))
}

fn costs() -> Document {
    fields(json!({
        "base_shipping_cost": "0.0000", "shipping_cost_ex_tax": "0.0000", "shipping_cost_inc_tax": "0.0000",
        "shipping_cost_tax": "0.0000", "shipping_cost_tax_class_id": 2,
        "base_handling_cost": "0.0000", "handling_cost_ex_tax": "0.0000", "handling_cost_inc_tax": "0.0000",
        "handling_cost_tax": "0.0000", "handling_cost_tax_class_id": 2,
        "base_wrapping_cost": "0.0000", "wrapping_cost_ex_tax": "0.0000", "wrapping_cost_inc_tax": "0.0000",
        "wrapping_cost_tax": "0.0000", "wrapping_cost_tax_class_id": 3,
        "refunded_amount": "0.0000", "store_credit_amount": "0.0000", "gift_certificate_amount": "0.0000",
        "discount_amount": "0.0000", "coupon_discount": "0.0000",
    }))
}
