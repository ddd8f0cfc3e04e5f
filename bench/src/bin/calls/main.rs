//! How long a whole call takes, from the input to the data: the connector's client, its gate included, beside an HTTP client
//! and JSON by hand, for a page of ten products with 67 fields from a server on this machine.
//!
//! `cargo run --release --package connector-bench --bin calls` prints the median of microseconds a call for each contender.
//! `cargo xtask bench calls` runs it and prints ratios.

mod by_hand;
mod server;

use std::error::Error;
use std::hint::black_box;
use std::io;

use bigcommerce_connector::actions::ListProducts;
use bigcommerce_connector::connection;
use connector_bench::{Contender, Race};
use connector_runtime::{Client, HttpTransport, SecretString};
use tokio::runtime;

const STORE_HASH: &str = "bench1";
const TOKEN: &str = "6f1d2c3b4a5968778695a4b3c2d1e0ff";

/// The input of the untyped call; the typed one is [`action`].
const INPUT: &[u8] = br#"{"is_visible":true,"limit":10}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let origin = server::start()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let client = client(&origin)?;
    let by_hand = by_hand::Store::new(&origin, STORE_HASH, TOKEN)?;
    let mut contenders = [
        Contender::new("untyped: by hand", || {
            black_box(runtime.block_on(by_hand.untyped())).expect("a page");
        }),
        Contender::new("untyped: text cut out by hand", || {
            black_box(runtime.block_on(by_hand.text())).expect("a page");
        }),
        Contender::new("untyped: ours", || {
            black_box(runtime.block_on(client.call_untyped("list-products", INPUT))).expect("a page");
        }),
        Contender::new("typed: by hand", || {
            black_box(runtime.block_on(by_hand.typed())).expect("a page");
        }),
        Contender::new("typed: ours", || {
            black_box(runtime.block_on(client.call(&action()))).expect("a page");
        }),
    ];
    Race { rounds: 401, repetitions: 40 }.print(&mut contenders, 1e-6, &mut io::stdout().lock())?;
    Ok(())
}

fn client(origin: &str) -> Result<Client, Box<dyn Error>> {
    let connection = connection(STORE_HASH, SecretString::from(TOKEN))?.at_origin(origin)?;
    Ok(Client::with_transport(connection, HttpTransport::new(Client::DEFAULT_TIMEOUT)?))
}

fn action() -> ListProducts {
    let mut filters = ListProducts::default();
    filters.is_visible = Some(true);
    filters.limit = Some(10);
    filters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_contenders_ask_for_the_same_page_and_read_the_same_values() {
        let origin = server::start().unwrap();
        let client = client(&origin).unwrap();
        let by_hand = by_hand::Store::new(&origin, STORE_HASH, TOKEN).unwrap();

        let raw = by_hand.text().await.unwrap();
        let untyped = client.call_untyped("list-products", INPUT).await.unwrap();
        assert_eq!(raw.data.get(), untyped.json.as_str());
        assert_eq!(
            by_hand.untyped().await.unwrap().data,
            serde_json::from_str::<serde_json::Value>(raw.data.get()).unwrap()
        );

        let products = by_hand.typed().await.unwrap().data;
        let typed = client.call(&action()).await.unwrap();
        assert_eq!(typed.json.as_str(), untyped.json.as_str());
        assert_eq!((products.len(), typed.data.len()), (10, 10));
        let (theirs, ours) =
            (serde_json::to_value(&products).unwrap(), serde_json::to_value(&typed.data).unwrap());
        for name in ["id", "name", "sku", "price", "inventory_level", "is_visible", "brand_id"] {
            assert_eq!(theirs[3][name], ours[3][name], "{name}");
        }
        // The gate has read the headers of the quota.
        assert_eq!(client.gate().report().quota, Some(server::QUOTA));
    }
}
