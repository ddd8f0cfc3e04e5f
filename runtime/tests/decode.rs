//! Decoding and encoding of records at their public border, with records as a generator would write them.

#[path = "decode/documents.rs"]
mod documents;
#[path = "decode/inputs.rs"]
mod inputs;
#[path = "decode/numbers.rs"]
mod numbers;
#[path = "decode/records.rs"]
mod records;

use records::Item;

/// The item that this JSON is.
#[track_caller]
fn item(json: &str) -> Item {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Why this JSON is no item.
#[track_caller]
fn fault(json: &str) -> String {
    serde_json::from_str::<Item>(json).expect_err(json).to_string()
}

fn written(item: &Item) -> String {
    serde_json::to_string(item).expect("an item is JSON")
}
