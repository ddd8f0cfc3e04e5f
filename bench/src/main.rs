//! Measures how fast a page of ten products is decoded: the generated records beside structs with serde's derive.
//!
//! `cargo run --release --package connector-bench` prints one line for each contender: its name, a tab, and the median
//! of microseconds a page. `cargo xtask bench codegen` runs it too.

mod derived;
mod page;

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::Instant;

use bigcommerce_connector::types;

/// Rounds over all contenders; one slow second of the machine then hits all of them alike.
const ROUNDS: usize = 61;

/// Pages decoded in a row, long enough for the clock to be exact.
const PAGES: u32 = 40;

fn main() -> io::Result<()> {
    let json = page::json();
    let mut out = io::stdout().lock();
    for (contender, micros) in CONTENDERS.iter().zip(medians(&json)) {
        writeln!(out, "{}\t{micros:.1}", contender.name)?;
    }
    Ok(())
}

struct Contender {
    name: &'static str,
    decode: fn(&[u8]),
}

const CONTENDERS: &[Contender] = &[
    Contender { name: "generated record", decode: decode::<types::Product> },
    Contender { name: "derive, unknown fields kept", decode: decode::<derived::Keeping> },
    Contender { name: "derive, unknown fields dropped", decode: decode::<derived::Dropping> },
];

fn decode<T: for<'de> serde::Deserialize<'de>>(json: &[u8]) {
    let products: Vec<T> = serde_json::from_slice(json).expect("every contender reads the page");
    black_box(products);
}

/// Microseconds a page, in the order of [`CONTENDERS`].
fn medians(json: &[u8]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(ROUNDS); CONTENDERS.len()];
    for round in 0..ROUNDS {
        // Nobody is always first after somebody else's garbage.
        for turn in 0..CONTENDERS.len() {
            let index = (round + turn) % CONTENDERS.len();
            let started = Instant::now();
            for _ in 0..PAGES {
                (CONTENDERS[index].decode)(black_box(json));
            }
            times[index].push(started.elapsed().as_secs_f64() * 1e6 / f64::from(PAGES));
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
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

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
    }
}
