//! `connector call --all`: every page of a list, each written as it comes.

use std::borrow::Cow;
use std::io::{self, Write};

use connector_runtime::{Client, Error, Outlook, Reply, Request, page_position, total_items};
use serde_json::value::RawValue;

use crate::arguments::Call;
use crate::columns::Column;
use crate::failure::{Failure, Stopped};
use crate::members::Members;
use crate::printable::{print, printable_lines};
use crate::progress::Progress;
use crate::shell::quoted;
use crate::surroundings::Surroundings;
use crate::table;
use crate::waiting;

/// What has been read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Pages.
    pub(crate) pages: u64,
    /// Items that were taken from them.
    pub(crate) items: u64,
    /// Items on all pages together, where the API tells.
    pub(crate) total: Option<u64>,
}

/// Reads `first` and every page after it, and writes the items: a line of JSON each, page by page, or one table.
/// `page_size` is the one that [`with_large_pages`] has chosen.
///
/// # Errors
/// With the first page that fails, after what came before it has been written.
pub(crate) async fn run(
    client: &Client,
    first: Request,
    call: &Call,
    page_size: Option<u64>,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let is_watched = surroundings.is_stderr_terminal && !call.options.quiet;
    let mut walk = Walk {
        call,
        page_size,
        walked: Walked::default(),
        sink: Sink {
            json: call.options.json,
            is_terminal: surroundings.is_stdout_terminal,
            width: surroundings.width,
            out: surroundings.stdout,
            columns: &call.columns,
            rows: String::new(),
        },
        progress: Progress::new(is_watched, surroundings.width, surroundings.stderr),
    };
    let outcome = walk.run(client, first).await;
    walk.progress.clear();
    walk.sink.finish(walk.walked, outcome.as_ref().ok().copied())?;
    outcome.map(drop)
}

/// Why a walk is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The list has no more.
    Reached,
    /// The list has more than was asked for.
    CutOff,
    /// The list may have more than was asked for: only another answer would decide.
    PerhapsCutOff,
}

/// A walk through the pages of a list.
struct Walk<'a> {
    call: &'a Call,
    page_size: Option<u64>,
    walked: Walked,
    sink: Sink<'a>,
    progress: Progress<'a>,
}

impl Walk<'_> {
    async fn run(&mut self, client: &Client, first: Request) -> Result<End, Failure> {
        let operation = self.call.operation;
        let mut pages = client.pages_from(first).at_most(u32::MAX);
        while let Some(request) = pages.position().cloned() {
            let is_beyond = self.walked.pages >= self.call.options.max_pages;
            // A full last page is followed by a request that only confirms the end: it is no page too many.
            if is_beyond && pages.outlook() != Some(Outlook::Possible) {
                return Err(self.too_long(&request));
            }
            self.progress.show(self.walked);
            let page = waiting::watch(client, pages.next(), &mut self.progress, Some(self.walked)).await;
            let Some(answered) = page else { break };
            let reply = answered.map_err(|error: Error| {
                Failure::call(error, Some(operation)).stopped(self.stopped(&request))
            })?;
            let items = items(&reply)
                .ok_or_else(|| Failure::Broken(format!("{}: the answer holds no list", operation.id)))?;
            if is_beyond {
                if pages.position().is_none() && items.is_empty() {
                    break;
                }
                return Err(self.too_long(&request));
            }
            let room = self.room().and_then(|room| usize::try_from(room).ok()).unwrap_or(usize::MAX);
            let taken = &items[..items.len().min(room)];
            self.progress.clear();
            self.sink.take(taken)?;
            self.walked.pages += 1;
            self.walked.items += taken.len() as u64;
            self.walked.total = total_items(&request, &reply).or(self.walked.total);
            if self.room() == Some(0) {
                return Ok(self.end(items.len() - taken.len(), pages.outlook()));
            }
        }
        Ok(End::Reached)
    }

    /// How the list stands when no more items may be taken and `left` items of the last page were not.
    fn end(&self, left: usize, outlook: Option<Outlook>) -> End {
        match outlook {
            _ if left > 0 => End::CutOff,
            None => End::Reached,
            Some(Outlook::Announced | Outlook::Likely) => End::CutOff,
            Some(Outlook::Possible) if self.walked.total.is_some_and(|total| self.walked.items >= total) => {
                End::Reached
            }
            Some(Outlook::Possible) => End::PerhapsCutOff,
        }
    }

    /// How many items may still be taken, where there is a limit.
    fn room(&self) -> Option<u64> {
        self.call.options.max_items.map(|most| most.saturating_sub(self.walked.items))
    }

    /// How far the walk has come when it cannot go on at `request`; nothing where it has not begun.
    fn stopped(&self, request: &Request) -> Option<Stopped> {
        let resume = || resume(self.call, request, self.page_size, self.room());
        (self.walked.pages > 0).then(|| Stopped { items: self.walked.items, resume: resume() })
    }

    fn too_long(&self, request: &Request) -> Failure {
        let (action, most) = (self.call.operation.id, self.call.options.max_pages);
        let message = format!("{action}: the list has more pages than the {most} that --max-pages allows");
        Failure::TooLong { message, stopped: self.stopped(request) }
    }
}

/// The items of a page, each as the API sent it.
pub(crate) fn items(reply: &Reply<()>) -> Option<Vec<&RawValue>> {
    serde_json::from_str(reply.json.as_str()).ok()
}

/// The flag and value that lead to the page of `request`.
pub(crate) fn flag(call: &Call, request: &Request) -> Option<String> {
    page_position(request).map(|(field, value)| format!("{} {}", call.flag(field), quoted(&value)))
}

/// The flags with which the same command goes on at `request`, if there is a way into the middle of the list. The
/// number of a page depends on the size of pages, so that one which was chosen here is told.
fn resume(call: &Call, request: &Request, page_size: Option<u64>, room: Option<u64>) -> Option<String> {
    let limit = request.operation().paging.map(|paging| call.flag(paging.limit));
    let size = limit.zip(page_size).map(|(limit, size)| format!("{limit} {size}"));
    let room = room.map(|room| format!("--max-items {room}"));
    let flags = [size, Some(flag(call, request)?), room];
    Some(flags.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// `input` with pages of the greatest size, where it does not say how large they are; and that size.
///
/// Fewer pages cost less of the account's quota. A place in the list keeps the size that the action has by itself: page
/// 2 of large pages is not the page 2 that was seen, and what lies between would be lost.
pub(crate) fn with_large_pages(input: String, call: &Call) -> (String, Option<u64>) {
    let Some(paging) = call.operation.paging.filter(|_| call.options.all) else { return (input, None) };
    let Ok(members) = serde_json::from_str::<Members>(&input) else { return (input, None) };
    let is_given = |name: &str| members.text(name).is_some_and(|text| text.trim() != "null");
    if is_given(paging.limit) || paging.place().is_some_and(is_given) {
        return (input, None);
    }
    let size = u64::from(paging.max_limit).min(call.options.max_items.unwrap_or(u64::MAX));
    (members.with(paging.limit, size).to_json(), Some(size))
}

/// Where items go.
struct Sink<'a> {
    json: bool,
    /// Whether a person reads the lines of JSON.
    is_terminal: bool,
    width: u16,
    out: &'a mut dyn Write,
    /// The fields that the catalog describes.
    columns: &'a [Column],
    /// For the table: the items so far, separated by commas.
    rows: String,
}

impl Sink<'_> {
    fn take(&mut self, items: &[&RawValue]) -> io::Result<()> {
        if self.json {
            let lines: String =
                items.iter().flat_map(|item| [line(item.get()), Cow::Borrowed("\n")]).collect();
            // A program gets the bytes of the API, a terminal gets no control character among them.
            let lines = if self.is_terminal { printable_lines(&lines) } else { lines };
            self.out.write_all(lines.as_bytes())?;
            return self.out.flush();
        }
        for item in items {
            if !self.rows.is_empty() {
                self.rows.push(',');
            }
            self.rows.push_str(item.get());
        }
        Ok(())
    }

    /// Writes the table, also of a walk that broke off, unless nothing came at all.
    fn finish(&mut self, walked: Walked, end: Option<End>) -> io::Result<()> {
        if self.json || walked.pages == 0 {
            return Ok(());
        }
        print(self.out, &table::render(&format!("[{}]", self.rows), self.columns, self.width))?;
        let note = match end {
            Some(End::CutOff) => "; there are more: --max-items stopped here",
            Some(End::PerhapsCutOff) => "; there may be more: --max-items stopped here",
            _ => "",
        };
        print(self.out, &format!("items: {}, pages: {}{note}", walked.items, walked.pages))
    }
}

/// An item on one line: as it came, or without the whitespace between tokens that would break the line.
fn line(json: &str) -> Cow<'_, str> {
    if !json.contains(['\n', '\r']) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    let (mut in_string, mut is_escaped, mut blank) = (false, false, String::new());
    for c in json.chars() {
        if !in_string && matches!(c, ' ' | '\t' | '\n' | '\r') {
            blank.push(c);
            continue;
        }
        if !blank.contains(['\n', '\r']) {
            text.push_str(&blank);
        }
        blank.clear();
        text.push(c);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn an_item_on_one_line_stays_as_it_is() {
        for json in [r#"{"a" : 1.10,  "b":"c  d"}"#, "1.0E+2", r#""\n \" ""#] {
            assert!(matches!(line(json), std::borrow::Cow::Borrowed(text) if text == json));
        }
    }

    #[test]
    fn only_whitespace_that_breaks_the_line_is_taken_out() {
        let json = "{\n  \"a\" : 1.10,\r\n\t\"b\": \"c  \\\"\\\\ d\",\n \"z\": [ 1, 2 ]\n}";
        assert_eq!(line(json), r#"{"a" : 1.10,"b": "c  \"\\ d","z": [ 1, 2 ]}"#);
    }
}
