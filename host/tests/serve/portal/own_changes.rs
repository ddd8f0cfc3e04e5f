//! The box beside a trigger that leaves out events about own changes.

use super::*;

/// The box of a trigger on a page: its whole tag.
#[track_caller]
fn box_of<'p>(page: &'p str, trigger: &str) -> &'p str {
    let begin = format!(r#"<input type="checkbox" name="suppress_own" value="{trigger}""#);
    let at = page.find(&begin).unwrap_or_else(|| panic!("{page}"));
    page[at..].split_once('>').expect("its end").0
}

#[test]
fn own_changes_are_left_out_by_a_labelled_box_beside_the_trigger() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let page = format!("/connections/{id}");
    let before = browser.get(&page).body;
    assert!(!box_of(&before, "product-updated").contains("checked"));
    let label = "Product updated: leave out changes that were made through this service";
    assert!(before.contains(label), "{before}");

    let chosen = [("trigger", "product-updated"), ("suppress_own", "product-updated")];
    let more = [("suppress_own", "no-such-trigger")];
    browser.submit(&page, &format!("{page}/triggers"), &[&chosen[..], &more].concat());
    assert_eq!(stage.connections()[0]["suppress_own"], serde_json::json!(["product-updated"]));
    let after = browser.get(&page).body;
    assert!(box_of(&after, "product-updated").contains("checked"));
    assert!(!box_of(&after, "order-created").contains("checked"));
    assert!(stage.audit().contains(&"triggers_changed".to_owned()));

    browser.submit(&page, &format!("{page}/triggers"), &[("trigger", "product-updated")]);
    assert_eq!(stage.connections()[0]["suppress_own"], serde_json::Value::Null);
}
