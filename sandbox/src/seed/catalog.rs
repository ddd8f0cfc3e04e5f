//! The seeded brands, categories and the one category tree.

use std::collections::BTreeMap;

use serde_json::json;

use super::assortment::{BRANDS, Brand, CATEGORIES};
use crate::catalog::category_defaults;
use crate::store::{Document, fields};

/// Below which department, which sub-department.
const BELOW: &[(u64, &str)] = &[
    (18, "Bakeware"),
    (18, "Knives and Boards"),
    (19, "Brewing"),
    (20, "Hand Tools"),
    (21, "Sleeping"),
    (22, "Knitwear"),
    (23, "Lamps"),
];

/// The id of the first sub-department.
const FIRST_BELOW: u64 = 30;

/// The seeded brands by id.
pub(super) fn brands() -> BTreeMap<u64, Document> {
    let document = |brand: &&Brand| {
        let url = format!("/brands/{}.html", brand.name.replace(' ', "-"));
        let mut document = fields(json!({
            "id": brand.id,
            "name": brand.name,
            "page_title": "",
            "meta_keywords": [brand.country.to_lowercase(), "handmade"],
            "meta_description": format!("{} makes its things in {}.", brand.name, brand.country),
            "search_keywords": "",
            "image_url": "",
            "custom_url": {"url": url, "is_customized": false},
        }));
        // Real stores were seen to leave the keywords out of some items.
        if brand.id % 4 == 3 {
            document.remove("meta_keywords");
        }
        (brand.id, document)
    };
    BRANDS.iter().map(document).collect()
}

/// The seeded categories by id: departments, and below some of them sub-departments.
pub(super) fn categories() -> BTreeMap<u64, Document> {
    let departments = CATEGORIES.iter().map(|category| (category.id, 0, category.name, category.promise));
    let below = (FIRST_BELOW..).zip(BELOW).map(|(id, (parent, name))| (id, *parent, *name, ""));
    let document = |(id, parent, name, promise): (u64, u64, &str, &str)| {
        let mut document = category_defaults(id, json!(1));
        let slug = name.to_lowercase().replace(' ', "-");
        document.extend(fields(json!({
            "parent_id": parent,
            "name": name,
            "description": if promise.is_empty() { String::new() } else { format!("<p>{promise}</p>") },
            "views": id * 31 % 400,
            "sort_order": id % 10,
            "meta_keywords": [name.to_lowercase()],
            "custom_url": {"url": format!("/{slug}/"), "is_customized": false},
        })));
        (id, document)
    };
    departments.chain(below).map(document).collect()
}

/// The one tree, of the default storefront.
pub(super) fn trees() -> BTreeMap<u64, Document> {
    BTreeMap::from([(1, fields(json!({"id": 1, "name": "Default catalog tree", "channels": [1]})))])
}
