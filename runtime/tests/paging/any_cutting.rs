//! However an honest server cuts a list into pages, and whatever weak signs it gives beside: every item comes exactly once.

use connector_runtime::Operation;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::api::*;

/// What a server says about a list, beside its items.
#[derive(Clone, Copy, Debug)]
enum Sign {
    /// The right number of pages.
    Pages,
    /// The right number of pages, as text.
    PagesAsText,
    /// The right number of pages, on pages with items alone.
    PagesWithItems,
    /// No total at all.
    Nothing,
    /// A flag.
    Flag,
    /// Marks, as numbers.
    Marks,
    /// Marks and a flag.
    MarksAndFlag,
    /// Links.
    Links,
}

const SIGNS: [Sign; 8] = [
    Sign::Pages,
    Sign::PagesAsText,
    Sign::PagesWithItems,
    Sign::Nothing,
    Sign::Flag,
    Sign::Marks,
    Sign::MarksAndFlag,
    Sign::Links,
];

impl Sign {
    fn operation(self) -> &'static Operation {
        match self {
            Self::Pages | Self::PagesAsText | Self::PagesWithItems => &BY_PAGE,
            Self::Nothing => &BY_PAGE_ALONE,
            Self::Flag => &BY_PAGE_FLAG,
            Self::Marks => &BY_CURSOR,
            Self::MarksAndFlag => &BY_CURSOR_FLAG,
            Self::Links => &BY_LINK,
        }
    }

    /// What is said on a page, from zero, of so many.
    fn meta(self, page: usize, pages: usize, is_empty: bool) -> Value {
        let is_last = page + 1 >= pages;
        let next = if is_last { Value::Null } else { json!(page + 2) };
        match self {
            Self::Pages => json!({"pages": {"total": pages}}),
            Self::PagesAsText => json!({"pages": {"total": pages.to_string()}}),
            Self::PagesWithItems if is_empty => Value::Null,
            Self::PagesWithItems => json!({"pages": {"total": pages}}),
            Self::Nothing => json!({}),
            Self::Flag => json!({"more": !is_last}),
            Self::Marks => json!({"cursor": {"next": next}}),
            Self::MarksAndFlag => json!({"cursor": {"next": next}, "more": u8::from(!is_last)}),
            Self::Links if is_last => json!({"links": {"next": ""}}),
            Self::Links => json!({"links": {"next": format!("?p={}", page + 2)}}),
        }
    }
}

/// The pages of a list whose pages have so many items each.
fn cut(sizes: &[usize]) -> Vec<Vec<u64>> {
    let mut next = 0..;
    sizes.iter().map(|size| next.by_ref().take(*size).collect()).collect()
}

fn walked(
    operation: &'static Operation,
    respond: impl Fn(&Query) -> (u16, String) + Send + Sync + 'static,
) -> Walked {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let input = ListThings { limit: Some(3), ..ListThings::default() };
    runtime.block_on(walk(operation, input, move |query, _| respond(query)))
}

proptest! {
    #[test]
    fn every_item_comes_exactly_once(
        sizes in proptest::collection::vec(0_usize..=3, 0..18),
        sign in proptest::sample::select(SIGNS.as_slice()),
        ends_with_204 in any::<bool>(),
    ) {
        let mut sizes = sizes;
        if matches!(sign, Sign::Nothing) {
            // Without any sign an empty page is the end.
            sizes.retain(|size| *size > 0);
        }
        if matches!(sign, Sign::PagesWithItems) && sizes.first() == Some(&0) {
            // Nor is there a sign when the first page says nothing.
            sizes.clear();
        }
        let pages = cut(&sizes);
        let expected: Vec<u64> = pages.concat();
        let walked = walked(sign.operation(), move |query| {
            let page = number(query, "p", 1).max(number(query, "after", 1)) - 1;
            let items = pages.get(page).cloned().unwrap_or_default();
            if page >= pages.len() && ends_with_204 {
                return (204, String::new());
            }
            let meta = sign.meta(page, pages.len(), items.is_empty());
            (200, json!({"data": items, "meta": meta}).to_string())
        });
        prop_assert!(walked.error.is_none(), "{:?}", walked.error);
        prop_assert_eq!(walked.items, expected);
    }

    #[test]
    fn offsets_reach_every_item_whatever_the_server_gives(
        sizes in proptest::collection::vec(1_usize..=3, 0..20),
        has_total in any::<bool>(),
    ) {
        let total: usize = sizes.iter().sum();
        let operation = if has_total { &BY_OFFSET_OF_ITEMS } else { &BY_OFFSET };
        let walked = walked(operation, move |query| {
            let skip = number(query, "offset", 0);
            // The server gives as many items as the list of sizes says for this place.
            let size = sizes.get(skip % sizes.len().max(1)).copied().unwrap_or_default();
            let items: Vec<usize> = (skip.min(total)..(skip + size).min(total)).collect();
            (200, json!({"data": items, "meta": {"total": total}}).to_string())
        });
        prop_assert!(walked.error.is_none(), "{:?}", walked.error);
        prop_assert_eq!(walked.items, (0..total as u64).collect::<Vec<_>>());
    }

    /// A total that lies in any way, beside the number of items: all items come, or the walk fails.
    #[test]
    fn a_wrong_total_of_pages_loses_nothing_beside_the_number_of_items(
        size in 1_usize..=3,
        count in 0_usize..20,
        lie in 0_usize..12,
    ) {
        let walked = walked(&BY_PAGE_AND_ITEMS, move |query| {
            let first = (number(query, "p", 1) - 1) * size;
            let items: Vec<usize> = (first.min(count)..(first + size).min(count)).collect();
            (200, json!({"data": items, "meta": {"pages": {"total": lie, "items": count}}}).to_string())
        });
        let expected: Vec<u64> = (0..count as u64).collect();
        prop_assert!(walked.error.is_some() || walked.items == expected, "{walked:?}");
    }
}
