//! The answer to a workflow whose call went well: the data as the API sent them, and how to go on when there are pages.

use connector_runtime::{ActionEntry, NextPage, Reply, Request, page_position, total_items};

use crate::members::Members;

/// The answer to a request. `next` is the page after this one.
pub(super) fn answer(
    action: &ActionEntry,
    request: &Request,
    reply: &Reply<()>,
    next: Option<&NextPage>,
) -> Members {
    let mut answer = Members::default().with("data", &reply.json);
    if request.operation().paging.is_some() {
        let position = next.and_then(|next| page_position(&next.request)).map(|(field, value)| {
            match value.parse::<u64>().ok().filter(|_| !takes_text(action, field, &value)) {
                Some(number) => Members::default().with(field, number),
                None => Members::default().with(field, value),
            }
        });
        let paging = Members::default()
            .with("has_more", next.is_some())
            .with("next", position)
            .with("total", total_items(request, reply));
        answer = answer.with("paging", paging);
    }
    if let Some(meta) = &reply.meta {
        answer = answer.with("meta", meta);
    }
    answer.with("request_id", &reply.request_id)
}

/// Whether an input is a text: a mark that consists of digits must stay one.
fn takes_text(action: &ActionEntry, field: &str, value: &str) -> bool {
    let input = Members::default().with(field, value).to_json();
    let found = action.prepare(input.as_bytes());
    found.err().is_none_or(|error| error.violations().iter().all(|violation| violation.field() != field))
}

#[cfg(test)]
mod tests {
    use bigcommerce_connector::CONNECTOR;

    use super::takes_text;

    #[test]
    fn digits_are_a_number_only_for_an_input_that_takes_no_text() {
        let action = CONNECTOR.action("list-products").unwrap();
        assert!(takes_text(action, "keyword", "2"));
        assert!(!takes_text(action, "page", "2"));
    }
}
