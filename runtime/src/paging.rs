//! The next page: pure functions from a request and its reply to the request of the page after, and to where it stands.

use serde_json::Value as Any;

use crate::answer::Reply;
use crate::json::look_up;
use crate::operation::PagingStyle;
use crate::request::Request;

/// The request for the page after this one; `None` where this one was the last. A page without items is the last
/// one whatever the answer says, and so is a page that leads back to itself: paging ends.
#[must_use]
pub fn next_page<T>(request: &Request, reply: &Reply<T>) -> Option<Request> {
    let operation = request.operation();
    let paging = operation.paging?;
    let wire = |name: &str| {
        let parameter = operation.parameters.iter().find(|parameter| parameter.name == name);
        parameter.map(|parameter| parameter.wire)
    };
    let items = reply.json.parse::<Vec<serde::de::IgnoredAny>>().ok()?.len();
    if items == 0 {
        return None;
    }
    let meta: Any = reply.meta.as_ref().and_then(|meta| meta.parse().ok()).unwrap_or_default();
    let number = |name: &str| wire(name).and_then(|wire| request.query(wire)?.parse::<u64>().ok());
    let limit = number(paging.limit).unwrap_or_else(|| u64::from(paging.default_limit));
    // An API that gives less than was asked for does so at its own greatest size.
    let limit = limit.min(u64::from(paging.max_limit));
    let is_short = (items as u64) < limit;
    let next = match paging.style {
        PagingStyle::Page { parameter, first, total } => {
            let current = number(parameter).unwrap_or_else(|| u64::from(first));
            let total = total.and_then(|path| look_up(&meta, path)?.as_u64());
            let next = current.checked_add(1)?;
            let is_last = match total {
                Some(total) => next.saturating_sub(u64::from(first)) >= total,
                None => is_short,
            };
            (!is_last).then(|| Some(request.clone().with_query(wire(parameter)?, &next.to_string())))?
        }
        PagingStyle::Offset { parameter } => {
            let next = number(parameter).unwrap_or_default().checked_add(items as u64)?;
            (!is_short).then(|| Some(request.clone().with_query(wire(parameter)?, &next.to_string())))?
        }
        PagingStyle::Cursor { parameter, next } => {
            let mark = look_up(&meta, next)?.as_str().filter(|mark| !mark.is_empty())?;
            Some(request.clone().with_query(wire(parameter)?, mark))
        }
        PagingStyle::Link { next } => {
            let link = look_up(&meta, next)?.as_str()?;
            // Only the query of a link is followed: where the API lives is the manifest's word, not an answer's.
            let (_, query) = link.split_once('?')?;
            Some(request.clone().with_encoded_query(query.split('#').next().unwrap_or_default()))
        }
    };
    next.filter(|next| next.path_and_query() != request.path_and_query())
}

/// Where a request stands among the pages: the input that leads there, by its name, and its value. `None` at the
/// beginning of a list, and in lists whose pages are reached by links alone.
#[must_use]
pub fn page_position(request: &Request) -> Option<(&'static str, String)> {
    let operation = request.operation();
    let (PagingStyle::Page { parameter, .. }
    | PagingStyle::Offset { parameter }
    | PagingStyle::Cursor { parameter, .. }) = operation.paging?.style
    else {
        return None;
    };
    let described = operation.parameters.iter().find(|known| known.name == parameter)?;
    let value = percent_encoding::percent_decode_str(request.query(described.wire)?);
    Some((described.name, value.decode_utf8_lossy().into_owned()))
}
