//! What somebody may have meant who named an action that there is none of.

/// How many actions are suggested at most.
const MOST: usize = 3;

/// From 0, nothing in common, to 1, the same: how alike a suggestion must be at least.
const LIKENESS: f64 = 0.5;

/// The ids that are most like `given`, best first. What stands before the last `/` is the same in all of them and would
/// make everything alike, so that it is left out.
pub(crate) fn suggestions<'a>(given: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let found = ranked(given, ids).into_iter();
    found.filter(|(likeness, _)| *likeness >= LIKENESS).take(MOST).map(|(_, id)| id).collect()
}

/// The same ids if none is like `given`: those with a word of it, else those with the most letters in common.
pub(crate) fn nearest<'a>(given: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let words: Vec<&str> = given.split(['/', '-', '_', '.']).filter(|word| word.len() > 2).collect();
    let has_word = |id: &str| words.iter().any(|word| id.contains(word.trim_end_matches('s')));
    let mut found = ranked(given, ids);
    found.sort_by_key(|(_, id)| !has_word(id));
    found.into_iter().take(MOST).map(|(_, id)| id).collect()
}

/// The ids with their likeness, the most alike first.
fn ranked<'a>(given: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<(f64, &'a str)> {
    let given = given.rsplit('/').next().unwrap_or(given);
    let likeness = |id: &str| strsim::normalized_damerau_levenshtein(given, id);
    let mut found: Vec<(f64, &str)> = ids.into_iter().map(|id| (likeness(id), id)).collect();
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found
}

#[cfg(test)]
mod tests {
    use super::{nearest, suggestions};

    const IDS: [&str; 6] =
        ["create-product", "delete-product", "get-product", "get-order", "list-products", "update-product"];

    #[test]
    fn the_nearest_comes_first_and_three_are_enough() {
        for given in ["bigcommerce/get-prodct", "bigcomerce/get-produkt", "get-prod"] {
            let found = suggestions(given, IDS);
            assert_eq!(found[0], "get-product", "{given}");
            assert!(found.len() <= 3, "{given}: {found:?}");
        }
        assert_eq!(suggestions("products", IDS)[0], "list-products");
    }

    #[test]
    fn there_is_always_something_near() {
        assert_eq!(nearest("bigcommerce/order", IDS)[0], "get-order");
        assert!(nearest("fetch-all-the-products", IDS).iter().all(|id| id.contains("product")));
        assert_eq!(nearest("xyzzy", IDS).len(), 3);
    }

    #[test]
    fn what_is_like_nothing_gets_no_suggestion() {
        assert!(suggestions("bigcommerce/xyzzy", IDS).is_empty());
        assert!(suggestions("", IDS).is_empty());
    }
}
