//! The end of a list: a pure decision from a request, its page and the pages before it to the request for the next page.
//!
//! Order of trust: the vendor's mark or flag, then the total, then an empty page. Without mark, flag and total only an
//! empty page ends a list, unless the manifest declares that a short page does.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::answer::Reply;
use crate::client::Client;
use crate::connection::Connection;
use crate::error::Error;
use crate::request::Request;
use facts::Facts;

mod facts;
mod link;
mod style;

pub use style::{Paging, PagingStyle, PastEnd};

/// How many pages without items may follow one another before a list counts as endless.
pub const MOST_EMPTY_PAGES: u32 = 20;

/// Another page of a list.
#[derive(Clone, Debug)]
pub struct NextPage {
    /// The request for it.
    pub request: Request,
    /// How sure it is that the page has items.
    pub outlook: Outlook,
}

/// How sure it is that a next page has items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// The vendor's mark, flag or total announces it.
    Announced,
    /// The page before is full, and no total contradicts.
    Likely,
    /// The page before is short, or full and the last page by the total: only the next answer decides.
    Possible,
}

impl Connection {
    /// The next page of a list, decided from one page alone; `None` when the list is over or has no pages. The same
    /// decision as that of [`Pages`](crate::Pages), which also compares a page with all pages before it.
    ///
    /// # Errors
    /// Class `decode` when the answer holds no list, or says something unreadable or contradictory about the next page.
    pub fn next_page<T>(&self, request: &Request, reply: &Reply<T>) -> Result<Option<NextPage>, Error> {
        let step = Walk::beginning_at(request).next(self, request, reply);
        step.map(|step| step.next).map_err(|detail| Error::paging(request.operation(), detail))
    }
}

impl Client {
    /// The next page of a list; see [`Connection::next_page`].
    ///
    /// # Errors
    /// Those of [`Connection::next_page`].
    pub fn next_page<T>(&self, request: &Request, reply: &Reply<T>) -> Result<Option<NextPage>, Error> {
        self.connection().next_page(request, reply)
    }
}

/// The position of a request among the pages: the input that leads there, by its name, and its value. `None` at the
/// beginning of a list, and in lists whose pages only links lead to.
#[must_use]
pub fn page_position(request: &Request) -> Option<(&'static str, String)> {
    input(request, request.operation().paging?.place()?)
}

/// The number of items on all pages, where the manifest declares it and the answer contains it.
#[must_use]
pub fn total_items<T>(request: &Request, reply: &Reply<T>) -> Option<u64> {
    facts::total_items(request.operation().paging?, reply)
}

/// The value that a request has for an input in its query.
pub(crate) fn input(request: &Request, name: &str) -> Option<(&'static str, String)> {
    let described = request.operation().parameters.iter().find(|known| known.name == name)?;
    let value = percent_encoding::percent_decode_str(request.query(described.wire)?);
    Some((described.name, value.decode_utf8_lossy().into_owned()))
}

/// What is known of the pages that were read. It grows by 16 bytes for each page.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Digests of the addresses that were asked for.
    addresses: HashSet<u64>,
    /// Digests of the items of every page that had some.
    pages: HashSet<u64>,
    /// Whether the first page that was read is the first page of the list.
    from_start: bool,
    /// Items that were read.
    items: u64,
    /// Items on the largest page.
    largest: u64,
    /// Pages without items since the last page with items.
    empty: u32,
    /// The last number of pages that an answer contained.
    total_pages: Option<u64>,
    /// The last number of items on all pages that an answer contained.
    total_items: Option<u64>,
}

/// The decision about a page, and what a walk must remember of the page.
pub(crate) struct Step {
    pub(crate) next: Option<NextPage>,
    facts: Facts,
    address: u64,
    digest: Option<u64>,
}

/// What a list says about what comes after a page.
enum Verdict {
    End,
    Mark(String),
    Count(Outlook),
}

impl Walk {
    /// A walk that begins with this request.
    pub(crate) fn beginning_at(request: &Request) -> Self {
        let from_start = request.operation().paging.is_none_or(|paging| index(paging, request) == 0);
        Self { from_start, ..Self::default() }
    }

    /// Whether an error that declares itself to be past the end may end the list at this request: never on the first page.
    pub(crate) fn may_be_past_end(&self, request: &Request) -> bool {
        !self.addresses.is_empty() || page_position(request).is_some() && !self.from_start
    }

    /// Decides about a page. The walk stays as it is until [`Walk::note`].
    ///
    /// # Errors
    /// The reason why neither an end nor a next page follows from the answer.
    pub(crate) fn next<T>(
        &self,
        connection: &Connection,
        request: &Request,
        reply: &Reply<T>,
    ) -> Result<Step, String> {
        let address = digest(&request.path_and_query());
        let Some(paging) = request.operation().paging else {
            return Ok(Step { next: None, facts: Facts::default(), address, digest: None });
        };
        let facts = Facts::read(paging, reply)?;
        let digest = (facts.items > 0).then(|| digest(reply.json.as_str()));
        if digest.is_some_and(|digest| self.pages.contains(&digest)) {
            return Err("a page repeats the items of an earlier page: the API does not go on".to_owned());
        }
        let verdict = self.verdict(paging, request, &facts)?;
        let next = self.request(connection, paging, request, &facts, verdict)?;
        if let Some(next) = &next {
            self.check(address, &facts, &next.request)?;
        }
        Ok(Step { next, facts, address, digest })
    }

    /// Remembers a page that was taken.
    pub(crate) fn note(&mut self, step: &Step) {
        let Facts { items, pages, total, .. } = step.facts;
        self.addresses.insert(step.address);
        self.pages.extend(step.digest);
        self.items = self.items.saturating_add(items);
        self.largest = self.largest.max(items);
        self.empty = if items == 0 { self.empty + 1 } else { 0 };
        self.total_pages = pages.or(self.total_pages);
        self.total_items = total.or(self.total_items);
    }

    fn verdict(&self, paging: &Paging, request: &Request, facts: &Facts) -> Result<Verdict, String> {
        if facts.more == Some(false) {
            return Ok(Verdict::End);
        }
        if matches!(paging.style, PagingStyle::Cursor { .. } | PagingStyle::Link { .. }) {
            return match (&facts.mark, facts.more) {
                (Some(mark), _) => Ok(Verdict::Mark(mark.clone())),
                (None, Some(true)) => {
                    Err("the answer announces another page, but does not contain its mark".to_owned())
                }
                (None, _) => Ok(Verdict::End),
            };
        }
        if facts.more == Some(true) {
            return Ok(Verdict::Count(Outlook::Announced));
        }
        let is_full = facts.items >= size(paging, request)
            || !self.addresses.is_empty() && facts.items >= self.largest.max(1);
        let outlook = match (facts.items, self.is_reached(paging, request, facts)) {
            (_, Some(false)) => Some(Outlook::Announced),
            (0, _) => None,
            (_, Some(true)) => is_full.then_some(Outlook::Possible),
            (_, None) if is_full => Some(Outlook::Likely),
            (_, None) => (!paging.ends_short).then_some(Outlook::Possible),
        };
        Ok(outlook.map_or(Verdict::End, Verdict::Count))
    }

    /// Whether the list is over by its totals; `None` without a total.
    ///
    /// A page with items behind the end by a total shows that the total is wrong, so the total does not count there. A page
    /// without items can lack the totals of the pages before it.
    fn is_reached(&self, paging: &Paging, request: &Request, facts: &Facts) -> Option<bool> {
        let index = index(paging, request);
        let is_empty = facts.items == 0;
        let (by_place, is_page) = match paging.style {
            PagingStyle::Page { .. } => (index.saturating_mul(size(paging, request)), true),
            _ => (index, false),
        };
        // Pages can have fewer items than requested, so that what was read is the better number.
        let read = if self.from_start && is_page { self.items } else { by_place };
        let (pages, total) = if is_empty {
            let pages = facts.pages.or(self.total_pages).map(|pages| index.saturating_add(1) >= pages);
            let total = facts.total.or(self.total_items).map(|total| by_place.max(read) >= total);
            // A server that filters after it counts has fewer items than it says: pages decide.
            (pages, if pages.is_some() { None } else { total })
        } else {
            let pages =
                facts.pages.filter(|pages| *pages > index).map(|pages| index.saturating_add(1) >= pages);
            let behind = read.saturating_add(facts.items);
            (pages, facts.total.filter(|total| *total >= behind).map(|total| behind >= total))
        };
        match (pages, total) {
            (None, None) => None,
            (pages, total) => Some(pages.unwrap_or(true) && total.unwrap_or(true)),
        }
    }

    fn request(
        &self,
        connection: &Connection,
        paging: &Paging,
        request: &Request,
        facts: &Facts,
        verdict: Verdict,
    ) -> Result<Option<NextPage>, String> {
        let place = |name: &str, value: &str| {
            let parameter = request.operation().parameters.iter().find(|parameter| parameter.name == name);
            parameter.map(|parameter| request.clone().with_query(parameter.wire, value))
        };
        let no_place = || "the connector lacks the parameter that leads to the next page".to_owned();
        let past_numbers = || "the number of the next page is too large".to_owned();
        let index = index(paging, request);
        let (request, outlook) = match (verdict, paging.style) {
            (Verdict::End, _) => return Ok(None),
            (Verdict::Mark(mark), PagingStyle::Cursor { parameter, .. }) => {
                (place(parameter, &mark).ok_or_else(no_place)?, Outlook::Announced)
            }
            (Verdict::Mark(link), _) => (link::follow(connection, request, &link)?, Outlook::Announced),
            (Verdict::Count(outlook), PagingStyle::Page { parameter, first, .. }) => {
                let next = index.checked_add(u64::from(first)).and_then(|page| page.checked_add(1));
                let next = next.ok_or_else(past_numbers)?;
                (place(parameter, &next.to_string()).ok_or_else(no_place)?, outlook)
            }
            (Verdict::Count(outlook), PagingStyle::Offset { parameter }) => {
                // A server can give fewer items than requested: what came is skipped, and of an empty page its size.
                let step = if facts.items == 0 { size(paging, request) } else { facts.items };
                let next = index.checked_add(step).ok_or_else(past_numbers)?;
                (place(parameter, &next.to_string()).ok_or_else(no_place)?, outlook)
            }
            (Verdict::Count(_), _) => return Ok(None),
        };
        Ok(Some(NextPage { request, outlook }))
    }

    /// Guards against a list that never ends.
    fn check(&self, address: u64, facts: &Facts, next: &Request) -> Result<(), String> {
        let to = digest(&next.path_and_query());
        if to == address || self.addresses.contains(&to) {
            return Err("the answer leads to a page that was already read: the list has a loop".to_owned());
        }
        if facts.items == 0 && self.empty.saturating_add(1) >= MOST_EMPTY_PAGES {
            return Err(format!("{MOST_EMPTY_PAGES} pages in a row have no items, and the list goes on"));
        }
        Ok(())
    }
}

/// How many pages or items stand before a request: its page number from zero, or its offset.
fn index(paging: &Paging, request: &Request) -> u64 {
    let number = |name| input(request, name).and_then(|(_, value)| value.parse::<u64>().ok());
    match paging.style {
        PagingStyle::Page { parameter, first, .. } => {
            number(parameter).map_or(0, |page| page.saturating_sub(u64::from(first)))
        }
        PagingStyle::Offset { parameter } => number(parameter).unwrap_or_default(),
        PagingStyle::Cursor { parameter, .. } => u64::from(input(request, parameter).is_some()),
        PagingStyle::Link { .. } => 0,
    }
}

/// The items that a request asks for. An API that gives less than that does so at its own greatest size.
fn size(paging: &Paging, request: &Request) -> u64 {
    let given = input(request, paging.limit).and_then(|(_, value)| value.parse::<u64>().ok());
    given.unwrap_or_else(|| u64::from(paging.default_limit)).min(u64::from(paging.max_limit)).max(1)
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
