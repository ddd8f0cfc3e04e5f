//! How fast a page of ten products is decoded: the generated records beside structs with serde's derive.
//!
//! `cargo run --release --package connector-bench --bin decoding` prints the median of microseconds a page for each
//! contender. `cargo xtask bench codegen` runs it too.

use std::hint::black_box;
use std::io;

use bigcommerce_connector::types;
use connector_bench::{Contender, Race, derived, page};

fn main() -> io::Result<()> {
    let json = page::json();
    let mut contenders = [
        Contender::new("generated record", || decode::<types::Product>(&json)),
        Contender::new("derive, unknown fields kept", || decode::<derived::Keeping>(&json)),
        Contender::new("derive, unknown fields dropped", || decode::<derived::Dropping>(&json)),
    ];
    Race { rounds: 61, repetitions: 40 }.print(&mut contenders, 1e-6, &mut io::stdout().lock())
}

fn decode<T: for<'de> serde::Deserialize<'de>>(json: &[u8]) {
    let products: Vec<T> = serde_json::from_slice(black_box(json)).expect("every contender reads the page");
    black_box(products);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What a contender made of the page, without the fields that hold nothing.
    fn understood<T: serde::Serialize + for<'de> serde::Deserialize<'de>>() -> Value {
        let products: Vec<T> = serde_json::from_slice(&page::json()).unwrap();
        without_nulls(serde_json::to_value(products).unwrap())
    }

    fn without_nulls(value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(without_nulls).collect(),
            Value::Object(fields) => {
                let held = fields.into_iter().filter(|(_, value)| !value.is_null());
                held.map(|(name, value)| (name, without_nulls(value))).collect()
            }
            other => other,
        }
    }

    #[test]
    fn all_contenders_read_the_same_values_from_the_page() {
        let ours = understood::<types::Product>();
        assert_eq!(ours, understood::<derived::Keeping>());
        assert_eq!(ours, understood::<derived::Dropping>());
    }

    #[test]
    fn no_contender_takes_a_field_of_the_page_for_an_unknown_one() {
        let keeping: Vec<derived::Keeping> = serde_json::from_slice(&page::json()).unwrap();
        assert!(keeping.iter().all(|product| product.extra.is_empty()));
        let ours: Vec<types::Product> = serde_json::from_slice(&page::json()).unwrap();
        assert!(ours.iter().all(|product| product.extra.is_empty()));
    }

    #[test]
    fn a_page_has_ten_products_of_67_fields() {
        let products: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(&page::json()).unwrap();
        assert_eq!(products.iter().map(serde_json::Map::len).collect::<Vec<_>>(), [67; 10]);
    }
}
