//! The scopes of BigCommerce, by their ids, and which of them a request needs.
//! Source: `docs/start/authentication/api-accounts.mdx` of <https://github.com/bigcommerce/docs>.

use std::collections::BTreeSet;

use http::Method;

use crate::api_path::ApiVersion;

/// What every token may do, and what answers of the token endpoint were seen to add to the scopes asked for.
pub(crate) const EXTRAS: [&str; 2] = ["store_v2_default", "users_basic_information"];

/// One row of the scopes in the control panel: its name, the id that allows everything, the id that allows reading.
struct Scope(&'static str, &'static str, Option<&'static str>);

const PRODUCTS: Scope = Scope("Products", "store_v2_products", Some("store_v2_products_read_only"));
const ORDERS: Scope = Scope("Orders", "store_v2_orders", Some("store_v2_orders_read_only"));
const CUSTOMERS: Scope = Scope("Customers", "store_v2_customers", Some("store_v2_customers_read_only"));
const INFORMATION: Scope =
    Scope("Information & Settings", "store_v2_information", Some("store_v2_information_read_only"));

/// Every scope that an app can ask for. The ids follow no rule.
const SCOPES: &[Scope] = &[
    PRODUCTS,
    ORDERS,
    CUSTOMERS,
    INFORMATION,
    Scope("Order Transactions", "store_v2_transactions", Some("store_v2_transactions_read_only")),
    Scope("Order Fulfillment", "store_order_fulfillment_manage", Some("store_order_fulfillment_read_only")),
    Scope("Customers Login", "store_v2_customers_login", None),
    Scope("Content", "store_v2_content", Some("store_v2_content_read_only")),
    Scope("Checkout Content", "store_content_checkout", Some("store_content_checkout_read_only")),
    Scope("Marketing", "store_v2_marketing", Some("store_v2_marketing_read_only")),
    Scope("Carts", "store_cart", Some("store_cart_read_only")),
    Scope("Checkouts", "store_checkout", Some("store_checkout_read_only")),
    Scope("Channel Settings", "store_channel_settings", Some("store_channel_settings_read_only")),
    Scope("Channel Listings", "store_channel_listings", Some("store_channel_listings_read_only")),
    Scope("Sites & Routes", "store_sites", Some("store_sites_read_only")),
    Scope("Store Inventory", "store_inventory", Some("store_inventory_read_only")),
    Scope("Store Locations", "store_locations", Some("store_locations_read_only")),
    Scope(
        "Fulfillment Methods",
        "store_fulfillment_methods_manage",
        Some("store_fulfillment_methods_read_only"),
    ),
    Scope("Themes", "store_themes_manage", Some("store_themes_read_only")),
    Scope("Store Translations", "store_translations", Some("store_translations_read_only")),
    Scope(
        "Stored Payment Instruments",
        "store_stored_payment_instruments",
        Some("store_stored_payment_instruments_read_only"),
    ),
    Scope("Create Payments", "store_payments_access_token_create", None),
    Scope("Get Payment Methods", "store_payments_methods_read", None),
    Scope("Storefront API Tokens", "store_storefront_api", None),
    Scope(
        "Storefront API Customer Impersonation Tokens",
        "store_storefront_api_customer_impersonation",
        None,
    ),
    Scope("App Extensions", "store_app_extensions_manage", None),
];

/// The id of each scope that allows everything within it.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    SCOPES.iter().map(|Scope(_, modify, _)| *modify)
}

/// The name of the scope with this id as the consent screen shows it, and whether it only allows reading.
pub(crate) fn described(id: &str) -> Option<(&'static str, bool)> {
    let known = SCOPES.iter().find(|Scope(_, modify, read)| *modify == id || *read == Some(id));
    known.map(|Scope(name, modify, _)| (*name, *modify != id))
}

/// Whether a token with these scopes may send this request of the management API.
pub(crate) fn allows(
    granted: &BTreeSet<String>,
    version: ApiVersion,
    method: &Method,
    resource: &str,
) -> bool {
    let Some(&Scope(_, modify, read)) = needed(version, resource) else {
        return true;
    };
    let is_reading = method == Method::GET || method == Method::HEAD;
    granted.contains(modify) || (is_reading && read.is_some_and(|read| granted.contains(read)))
}

/// The scope of a path of this store, by its first part after the version. Webhooks need none, and what is not there
/// is not found whatever the token.
fn needed(version: ApiVersion, resource: &str) -> Option<&'static Scope> {
    match (version, resource) {
        (ApiVersion::V3, "catalog") => Some(&PRODUCTS),
        (ApiVersion::V3, "customers") => Some(&CUSTOMERS),
        (ApiVersion::V2, "orders" | "order_statuses") => Some(&ORDERS),
        (ApiVersion::V2, "store" | "time") => Some(&INFORMATION),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn modify_implies_read_and_read_only_allows_get_and_head() {
        let (all, read) = (granted(&["store_v2_orders"]), granted(&["store_v2_orders_read_only"]));
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
            assert!(allows(&all, ApiVersion::V2, &method, "orders"), "{method}");
            let is_reading = method == Method::GET || method == Method::HEAD;
            assert_eq!(allows(&read, ApiVersion::V2, &method, "orders"), is_reading, "{method}");
            assert!(!allows(&all, ApiVersion::V3, &method, "catalog"), "{method}");
            assert!(allows(&granted(&[]), ApiVersion::V3, &method, "hooks"), "{method}");
        }
    }

    #[test]
    fn every_id_is_there_once_and_named() {
        let ids: Vec<&str> =
            SCOPES.iter().flat_map(|Scope(_, modify, read)| [Some(*modify), *read]).flatten().collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert_eq!(described("store_themes_read_only"), Some(("Themes", true)));
        assert_eq!(described("store_v2_products"), Some(("Products", false)));
        assert_eq!(described("store_v2_everything"), None);
    }
}
