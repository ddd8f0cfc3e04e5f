//! The store as it is when a sandbox starts: invented, complete, and the same for the same seed.

use crate::store::Store;
use random::Random;

mod assortment;
mod products;
pub(crate) mod random;
mod sub_resources;

/// The seeded store.
pub(crate) fn store(seed: u64, store_hash: &str) -> Store {
    Store { products: products::products(&mut Random::new(seed), store_hash) }
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
        assert_eq!(store(7, "abc").products, store(7, "abc").products);
        assert_ne!(store(7, "abc").products, store(8, "abc").products);
        assert_eq!(access_token(7), access_token(7));
        assert_ne!(access_token(7), access_token(8));
    }
}
