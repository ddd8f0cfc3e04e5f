//! What a workflow gets of a call that went well: the data as the API sent them, and how to go on where there are pages.

use connector_runtime::{Reply, Request, next_page, page_position};

use crate::members::Members;
use crate::pages;

/// The answer to a request.
pub(super) fn answer(request: &Request, reply: &Reply<()>) -> Members {
    let mut answer = Members::default().with("data", &reply.json);
    if request.operation().paging.is_some() {
        answer = answer.with("paging", paging(request, reply));
    }
    if let Some(meta) = &reply.meta {
        answer = answer.with("meta", meta);
    }
    answer.with("request_id", &reply.request_id)
}

/// Whether there are more pages, and the input that leads to the next one where there is such.
fn paging(request: &Request, reply: &Reply<()>) -> Members {
    let next = next_page(request, reply);
    let position = next.as_ref().and_then(page_position).map(|(field, value)| match value.parse::<u64>() {
        Ok(number) => Members::default().with(field, number),
        Err(_) => Members::default().with(field, value),
    });
    Members::default()
        .with("has_more", next.is_some())
        .with("next", position)
        .with("total", pages::total(reply))
}
