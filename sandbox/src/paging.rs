//! Pages and order of a list.

use std::cmp::Ordering;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::amount::Amount;
use crate::answer::ApiError;
use crate::date::read_date;
use crate::store::Document;

/// Items on a page where the request names no limit.
const DEFAULT_LIMIT: u64 = 50;

/// The most items on a page.
const HIGHEST_LIMIT: u64 = 250;

/// The parameters that [`Page::read`] reads.
pub(crate) const PAGE_PARAMETERS: [&str; 2] = ["page", "limit"];

/// The parameters of lists that have cursors beside pages.
pub(crate) const CURSOR_PARAMETERS: [&str; 2] = ["after", "before"];

/// One page of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    number: u64,
    limit: u64,
}

impl Page {
    /// Reads `page` (from 1) and `limit` (1 to 250, 50 where it is missing).
    ///
    /// # Errors
    ///
    /// 413 for a limit that is too high, 422 for what is no positive whole number.
    /// Source: `docs/start/about/status-codes.mdx` of <https://github.com/bigcommerce/docs>.
    pub(crate) fn read(parameters: &[(String, String)]) -> Result<Self, ApiError> {
        let number = positive(parameters, "page")?.unwrap_or(1);
        let limit = positive(parameters, "limit")?.unwrap_or(DEFAULT_LIMIT);
        if limit > HIGHEST_LIMIT {
            let title = format!("The limit is {limit}, {HIGHEST_LIMIT} is the highest.");
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, title));
        }
        Ok(Self { number, limit })
    }

    /// The same page with at most so many items.
    pub(crate) fn at_most(self, limit: u64) -> Self {
        Self { limit: self.limit.min(limit), ..self }
    }

    /// How many items fit.
    pub(crate) fn limit(self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// The number of the page, from 1.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// The part of `all` that is on this page.
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        let first = (self.number - 1).saturating_mul(self.limit);
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(all.len());
        &all[first..all.len().min(first + self.limit())]
    }

    /// `meta.pagination` of this page out of `total` items, of which `count` are on it. Links are query
    /// strings made from `query`, the one that was sent.
    pub(crate) fn pagination(self, total: usize, count: usize, query: &str) -> Map<String, Value> {
        let total_pages = (total as u64).div_ceil(self.limit);
        let mut links = Map::new();
        if self.number > 1 {
            links.insert("previous".to_owned(), self.link(self.number - 1, query));
        }
        links.insert("current".to_owned(), self.link(self.number, query));
        if self.number < total_pages {
            links.insert("next".to_owned(), self.link(self.number + 1, query));
        }
        crate::store::fields(json!({
            "total": total,
            "count": count,
            "per_page": self.limit,
            "current_page": self.number,
            "total_pages": total_pages,
            "links": links,
        }))
    }

    fn link(self, number: u64, query: &str) -> Value {
        self.linked(query, format!("page={number}"))
    }

    /// The link to the page in front of a cursor (`before`) or behind it (`after`).
    pub(crate) fn cursor_link(self, name: &str, cursor: &str, query: &str) -> Value {
        self.linked(query, format!("{name}={cursor}"))
    }

    /// The query with another place in the list. It keeps all parameters but those of the place.
    fn linked(self, query: &str, place: String) -> Value {
        let others = query.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && !PAGE_PARAMETERS.contains(&name) && !CURSOR_PARAMETERS.contains(&name)
        });
        let own = [format!("limit={}", self.limit), place];
        let pairs: Vec<String> = others.map(str::to_owned).chain(own).collect();
        Value::String(format!("?{}", pairs.join("&")))
    }
}

/// Puts documents in the order of `field`, which must not depend on how they came in: by id beforehand.
pub(crate) fn sort(documents: &mut [Document], field: &str, descending: bool) {
    documents.sort_by(|one, other| {
        let order = compare(one.get(field), other.get(field));
        if descending { order.reverse() } else { order }
    });
}

/// The value of a parameter, the last one where it was sent more than once.
pub(crate) fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().rev().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str())
}

fn positive(parameters: &[(String, String)], name: &str) -> Result<Option<u64>, ApiError> {
    let Some(text) = parameter(parameters, name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| ApiError::invalid(name, "must be a whole number from 1 on"))
}

/// Missing before numbers before dates before texts; texts without regard to case.
fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    key(one).cmp(&key(other))
}

fn key(value: Option<&Value>) -> (u8, Amount, i64, String) {
    match value {
        Some(Value::Bool(flag)) => (1, Amount::hundredths(i64::from(*flag)), 0, String::new()),
        Some(number @ Value::Number(_)) => (1, Amount::of(number).unwrap_or_default(), 0, String::new()),
        Some(Value::String(text)) => match read_date(text, 0) {
            Some(moment) if text.len() > 18 => (2, Amount::ZERO, moment, String::new()),
            _ => (3, Amount::ZERO, 0, text.to_lowercase()),
        },
        _ => (0, Amount::ZERO, 0, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Page, sort};
    use crate::store::fields;

    fn page(number: &str, limit: &str) -> Option<Page> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Page::read(&[pair("page", number), pair("limit", limit)]).ok()
    }

    #[test]
    fn cuts_a_list_into_pages() {
        let all: Vec<u32> = (0..5).collect();
        assert_eq!(page("1", "2").expect("a page").of(&all), [0, 1]);
        assert_eq!(page("3", "2").expect("a page").of(&all), [4]);
        assert!(page("4", "2").expect("a page").of(&all).is_empty());
        assert!(page("18446744073709551615", "250").expect("a page").of(&all).is_empty());
        for (number, limit) in [("0", "2"), ("-1", "2"), ("x", "2"), ("1", "0"), ("1", "251")] {
            assert!(page(number, limit).is_none(), "page={number}&limit={limit}");
        }
    }

    #[test]
    fn links_carry_the_other_parameters_as_they_were_sent() {
        let meta = page("2", "2").expect("a page").pagination(5, 2, "id%3Ain=1,2&page=2&limit=2");
        assert_eq!(meta["total_pages"], 3);
        assert_eq!(
            meta["links"],
            json!({"previous": "?id%3Ain=1,2&limit=2&page=1", "current": "?id%3Ain=1,2&limit=2&page=2",
                   "next": "?id%3Ain=1,2&limit=2&page=3"})
        );
        let only = page("1", "5").expect("a page").pagination(5, 5, "");
        assert_eq!(only["links"], json!({"current": "?limit=5&page=1"}));
    }

    #[test]
    fn sorts_numbers_texts_and_dates_by_what_they_mean() {
        let sorted = |values: serde_json::Value, descending| {
            let items = values.as_array().expect("a list").iter();
            let mut documents: Vec<_> = items.map(|value| fields(json!({"of": value}))).collect();
            sort(&mut documents, "of", descending);
            documents.into_iter().map(|mut document| document.remove("of")).collect::<Option<Vec<_>>>()
        };
        assert_eq!(sorted(json!([10, 9.5, null]), false), Some(vec![json!(null), json!(9.5), json!(10)]));
        assert_eq!(sorted(json!(["b", "A", "C"]), true), Some(vec![json!("C"), json!("b"), json!("A")]));
        let (monday, tuesday) = ("Mon, 06 Aug 2018 14:48:46 +0000", "Tue, 07 Aug 2018 14:48:46 +0000");
        assert_eq!(sorted(json!([tuesday, monday]), false), Some(vec![json!(monday), json!(tuesday)]));
    }
}
