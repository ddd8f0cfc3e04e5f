//! What it takes to add an action: a few lines of YAML, and nothing else.

use connector_codegen::{Change, ROOT, as_written, compare, generate};
use connector_tests::project;

const ACTION: &str = "
  find-products-by-name:
    title: Find products by name
    description: Lists the products of the catalog that have this name.
    docs: https://developer.bigcommerce.com/docs/rest-catalog/products#get-all-products
    api: v3
    get: /catalog/products
    query:
      name: {type: string, min: 1, max: 250, required: true, description: Name of the products.}
      include: {list: ProductInclude, description: Sub-resources to read along.}
    returns: {list: Product}
    scope: products.read
";

#[test]
fn an_action_on_known_types_takes_at_most_fifteen_lines_of_yaml_and_no_rust() {
    assert!(ACTION.trim().lines().count() <= 15);
    let before = project::sources(".");
    let mut after = before.clone();
    let manifest = after.get_mut(ROOT).unwrap();
    // `actions` is the last key of the manifest.
    manifest.push_str(ACTION.trim_start_matches('\n'));
    let (before, after) = (generate(&before).unwrap(), generate(&after).unwrap());

    let report = compare(&as_written(&before), &after);
    let changed = report.files.iter().filter(|file| file.change != Change::Fresh);
    let changed: Vec<_> = changed.map(|file| (file.path.as_str(), file.change)).collect();
    assert_eq!(
        changed,
        [
            ("catalog.json", Change::Stale),
            ("src/actions.rs", Change::Stale),
            ("src/actions/find_products_by_name.rs", Change::Missing),
            ("src/connector.rs", Change::Stale),
            ("src/lib.rs", Change::Stale),
        ]
    );
    let module = &after["src/actions/find_products_by_name.rs"];
    assert!(module.contains("pub fn new(name: impl Into<String>) -> Self"), "{module}");
    assert!(after["catalog.json"].contains("\"find-products-by-name\""));
}
