//! The endpoints of the sandbox that write, with the least body that each accepts.

use serde_json::{Value, json};

/// An endpoint that writes one resource.
pub(super) struct Endpoint {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) version: &'static str,
    pub(super) path: &'static str,
    /// Whether the body is a list, of which each test sends one item.
    pub(super) is_list: bool,
    /// What to read: the field of the whole, the pointer in the answer, the path.
    pub(super) reads: &'static [Read],
    /// The resource to change, 0 for a new one.
    pub(super) id: u64,
    /// A resource that was there from the start, to compare a new one with; 0 for none.
    pub(super) seeded: u64,
    /// Paths of the objects in the body.
    pub(super) objects: &'static [&'static str],
    /// Fields of the file that the sandbox refuses, each with the reason.
    pub(super) refused: &'static [(&'static str, &'static str)],
}

type Read = (&'static str, &'static str, &'static str);

const READ_ORDER: &[Read] = &[
    ("", "", "/orders/{id}?include=fees"),
    ("products", "", "/orders/{id}/products"),
    ("shipping_addresses", "", "/orders/{id}/shipping_addresses"),
    ("consignments", "", "/orders/{id}/consignments?include=consignments.line_items"),
];
const READ_PRODUCT: &[Read] = &[(
    "",
    "/data",
    "/catalog/products/{id}?include=bulk_pricing_rules,channels,custom_fields,images,modifiers,options,parent_relations,\
     primary_image,reviews,variants,videos",
)];
const READ_BRAND: &[Read] = &[("", "/data", "/catalog/brands/{id}")];
const READ_CATEGORY: &[Read] = &[("", "/data", "/catalog/categories/{id}")];
const READ_TREE_CATEGORY: &[Read] = &[("", "/data/0", "/catalog/trees/categories?category_id:in={id}")];
const READ_CUSTOMER: &[Read] = &[(
    "",
    "/data/0",
    "/customers?id:in={id}&include=addresses,storecredit,attributes,formfields,shopper_profile_id,segment_ids",
)];
const READ_HOOK: &[Read] = &[("", "/data", "/hooks/{id}")];

const ORDER_OBJECTS: &[&str] = &[
    "",
    "billing_address",
    "billing_address.form_fields[]",
    "products[]",
    "products[].product_options[]",
    "shipping_addresses[]",
    "fees[]",
    "consignments",
];
const PRODUCT_OBJECTS: &[&str] =
    &["", "custom_url", "custom_fields[]", "bulk_pricing_rules[]", "images[]", "videos[]"];
const CUSTOMER_OBJECTS: &[&str] = &["", "authentication", "form_fields[]", "store_credit_amounts[]"];

const NEW: Endpoint = Endpoint {
    name: "",
    method: "POST",
    version: "v3",
    path: "",
    is_list: false,
    reads: &[],
    id: 0,
    seeded: 0,
    objects: &[""],
    refused: &[],
};
const CHANGED: Endpoint = Endpoint { method: "PUT", ..NEW };

const COMPUTED: &str = "Read-only: the store computes it.";
const IDENTITY: &str = "Read-only: the store gives ids to new resources.";
const MARKED: &str = "Read-only by `readOnly` or by the prose of the file.";
const REMOVAL: &str = "Stands in the schema that removes a line, which writes no cost.";
const ONE_OF_ITS_KIND: &str =
    "The store has one currency, one channel and one category tree. The test sends another.";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        name: "create-order",
        version: "v2",
        path: "/orders",
        reads: READ_ORDER,
        seeded: 103,
        objects: ORDER_OBJECTS,
        refused: &[
            ("channel_id", ONE_OF_ITS_KIND),
            ("default_currency_code", ONE_OF_ITS_KIND),
            ("external_id", MARKED),
            ("tax_provider_id", MARKED),
        ],
        ..NEW
    },
    Endpoint {
        name: "update-order",
        version: "v2",
        path: "/orders/{order_id}",
        reads: READ_ORDER,
        id: 103,
        objects: ORDER_OBJECTS,
        refused: &[
            ("channel_id", ONE_OF_ITS_KIND),
            ("default_currency_code", MARKED),
            ("external_id", MARKED),
            ("external_merchant_id", "Cannot be changed after the order was made, by its prose."),
            ("products[].product_options[].cost_price_inc_tax", REMOVAL),
            ("products[].product_options[].price_ex_tax", MARKED),
            ("tax_provider_id", MARKED),
        ],
        ..CHANGED
    },
    Endpoint {
        name: "create-product",
        path: "/catalog/products",
        reads: READ_PRODUCT,
        seeded: 111,
        objects: PRODUCT_OBJECTS,
        refused: &[
            ("images[].date_modified", COMPUTED),
            ("images[].url_standard", MARKED),
            ("images[].url_thumbnail", MARKED),
            ("images[].url_tiny", MARKED),
            ("images[].url_zoom", MARKED),
            ("variants[].calculated_price", COMPUTED),
            ("variants[].calculated_weight", COMPUTED),
            ("variants[].option_values[].option_id", IDENTITY),
            ("variants[].sku_id", IDENTITY),
            ("videos[].length", COMPUTED),
        ],
        ..NEW
    },
    Endpoint {
        name: "update-product",
        path: "/catalog/products/{product_id}",
        reads: READ_PRODUCT,
        id: 113,
        objects: PRODUCT_OBJECTS,
        refused: &[
            ("images[].date_modified", COMPUTED),
            ("images[].url_standard", MARKED),
            ("images[].url_thumbnail", MARKED),
            ("images[].url_tiny", MARKED),
            ("images[].url_zoom", MARKED),
            ("videos[].length", COMPUTED),
        ],
        ..CHANGED
    },
    Endpoint {
        name: "create-brand",
        path: "/catalog/brands",
        reads: READ_BRAND,
        seeded: 36,
        objects: &["", "custom_url"],
        ..NEW
    },
    Endpoint {
        name: "update-brand",
        path: "/catalog/brands/{brand_id}",
        reads: READ_BRAND,
        id: 36,
        objects: &["", "custom_url"],
        ..CHANGED
    },
    Endpoint {
        name: "create-old-category",
        path: "/catalog/categories",
        reads: READ_CATEGORY,
        seeded: 30,
        objects: &["", "custom_url"],
        ..NEW
    },
    Endpoint {
        name: "update-old-category",
        path: "/catalog/categories/{category_id}",
        reads: READ_CATEGORY,
        id: 30,
        objects: &["", "custom_url"],
        ..CHANGED
    },
    Endpoint {
        name: "create-categories",
        path: "/catalog/trees/categories",
        is_list: true,
        reads: READ_TREE_CATEGORY,
        seeded: 31,
        objects: &["", "url"],
        refused: &[("tree_id", ONE_OF_ITS_KIND)],
        ..NEW
    },
    Endpoint {
        name: "update-categories",
        path: "/catalog/trees/categories",
        is_list: true,
        reads: READ_TREE_CATEGORY,
        id: 31,
        objects: &["", "url"],
        refused: &[("tree_id", ONE_OF_ITS_KIND)],
        ..CHANGED
    },
    Endpoint {
        name: "create-customers",
        path: "/customers",
        is_list: true,
        reads: READ_CUSTOMER,
        seeded: 10,
        objects: CUSTOMER_OBJECTS,
        ..NEW
    },
    Endpoint {
        name: "update-customers",
        path: "/customers",
        is_list: true,
        reads: READ_CUSTOMER,
        id: 10,
        objects: CUSTOMER_OBJECTS,
        refused: &[("origin_channel_id", MARKED), ("registration_ip_address", MARKED)],
        ..CHANGED
    },
    Endpoint { name: "create-webhook", path: "/hooks", reads: READ_HOOK, ..NEW },
    Endpoint { name: "update-webhook", path: "/hooks/{webhook_id}", reads: READ_HOOK, id: 1, ..CHANGED },
];

/// Instructions and secrets, which no answer shows.
const WRITE_ONLY: [&str; 3] =
    ["custom_url.create_redirect", "authentication.new_password", "trigger_account_created_notification"];

impl Endpoint {
    /// The resource that a test of this field changes, 0 for a new one.
    pub(super) fn target(&self, path: &str) -> u64 {
        // The order 115 is picked up.
        if self.id == 103 && path.starts_with("consignments") { 115 } else { self.id }
    }

    /// The item to look into in the list at `path`.
    pub(super) fn item(&self, path: &str, before: &Value) -> Value {
        let mut item = self.skeleton(path, before);
        // Ids of new parts are not known before.
        if self.method == "POST" || path.ends_with("product_options[]") {
            item = json!({});
        }
        item
    }

    /// Where an answer shows the field, and as what; `None` for a field that no answer shows.
    pub(super) fn shown<'a>(&self, path: &'a str, value: Value) -> (Option<&'a str>, Value) {
        match path {
            _ if WRITE_ONLY.contains(&path) => (None, value),
            // A new brand, which the product has from then on.
            "brand_name" => (None, value),
            _ => (Some(path), value),
        }
    }

    /// The resource in the answer to a request that made it.
    pub(super) fn resource_in<'a>(&self, answer: &'a Value) -> &'a Value {
        match (self.version, self.is_list) {
            ("v2", _) => answer,
            (_, false) => &answer["data"],
            (_, true) => &answer["data"][0],
        }
    }

    /// The id of the resource in the answer to a request that made it.
    pub(super) fn id_in(&self, answer: &Value) -> u64 {
        let made = self.resource_in(answer);
        made["id"].as_u64().or(made["category_id"].as_u64()).unwrap_or_else(|| panic!("{answer}"))
    }

    /// Whether the answer to a request that made a resource has a link in the place of this field.
    pub(super) fn is_part(&self, name: &str) -> bool {
        self.version == "v2" && READ_ORDER.iter().any(|(part, ..)| !part.is_empty() && name.starts_with(part))
    }
}
