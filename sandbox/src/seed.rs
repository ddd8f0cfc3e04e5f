//! The store as it is when a sandbox starts: invented, complete, and the same for the same seed.

use std::collections::BTreeMap;

use crate::store::{Sequence, Store, Table};
use random::Random;

mod assortment;
mod catalog;
mod customers;
mod order_parts;
mod orders;
mod people;
mod products;
pub(crate) mod random;
mod sub_resources;
mod wider_range;

/// The seeded store.
pub(crate) fn store(seed: u64, store_hash: &str) -> Store {
    let mut random = Random::new(seed);
    let products = Table::of(products::products(&mut random, store_hash));
    let customers = Table::of(customers::customers(&mut random));
    let orders = Table::of(orders::orders(&mut random, &products, &customers));
    Store {
        products,
        brands: Table::of(catalog::brands()),
        categories: Table::of(catalog::categories()),
        trees: Table::of(catalog::trees()),
        customers,
        orders,
        hooks: Table::of(BTreeMap::new()),
        hook_activity: BTreeMap::new(),
        name: None,
        events: Vec::new(),
        parts: Sequence::default(),
    }
}

/// The client secret of an app whose owner did not choose one.
pub(crate) fn client_secret(seed: u64) -> String {
    let mut random = Random::new(!seed.rotate_left(32));
    format!("sandbox-secret-{:016x}{:016x}", random.next(), random.next())
}

/// The access token of a store whose owner did not choose one.
pub(crate) fn access_token(seed: u64) -> String {
    // Apart from the numbers of the store, which start from the seed itself.
    let mut random = Random::new(!seed);
    format!("sandbox-token-{:016x}{:016x}", random.next(), random.next())
}

#[cfg(test)]
mod tests {
    use super::{access_token, store};

    #[test]
    fn the_same_seed_gives_the_same_store() {
        assert_eq!(store(7, "abc"), store(7, "abc"));
        let (one, other) = (store(7, "abc"), store(8, "abc"));
        assert!(one.products != other.products && one.orders != other.orders);
        assert_eq!(access_token(7), access_token(7));
        assert_ne!(access_token(7), access_token(8));
    }
}
