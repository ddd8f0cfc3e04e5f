//! Progress while paging or waiting, drawn over itself on one line of a terminal and gone at the end.

use std::io::{self, Write};

use crate::pages::Walked;
use crate::printable::printable;

/// The line. It says nothing where nobody watches.
pub(crate) struct Progress<'a> {
    out: Option<&'a mut dyn Write>,
    width: usize,
    /// Columns of what stands there now.
    drawn: usize,
}

impl<'a> Progress<'a> {
    /// A line on `out`, a terminal of `width` columns where somebody watches.
    pub(crate) fn new(is_watched: bool, width: u16, out: &'a mut dyn Write) -> Self {
        Self { out: is_watched.then_some(out), width: width.into(), drawn: 0 }
    }

    /// Draws where the walk is.
    pub(crate) fn show(&mut self, walked: Walked) {
        self.draw_within(&text(walked));
    }

    /// Draws why nothing comes, and what has come before.
    pub(crate) fn show_wait(&mut self, reason: &str, walked: Option<Walked>) {
        let items = walked.filter(|walked| walked.pages > 0).map(items);
        let text = items.map_or(reason.to_owned(), |items| format!("{reason}; {items}"));
        self.draw_within(&text);
    }

    /// Whether anybody sees it.
    pub(crate) fn is_watched(&self) -> bool {
        self.out.is_some()
    }

    /// Takes the line away, before anything else is written.
    pub(crate) fn clear(&mut self) {
        if self.drawn > 0 {
            self.draw("");
        }
    }

    fn draw_within(&mut self, text: &str) {
        // The last column stays free: some terminals go on to the next line with it.
        let text: String = printable(text).chars().take(self.width.saturating_sub(1)).collect();
        self.draw(&text);
    }

    fn draw(&mut self, text: &str) {
        let Some(out) = &mut self.out else { return };
        let length = text.chars().count();
        // Blanks instead of escape sequences: every terminal knows them.
        let rest = " ".repeat(self.drawn.saturating_sub(length));
        let back = if text.is_empty() { "\r" } else { "" };
        let drawn = write!(out, "\r{text}{rest}{back}").and_then(|()| out.flush());
        self.drawn = length;
        self.stop_after(&drawn);
    }

    /// Progress that cannot be shown is no reason to stop the work.
    fn stop_after(&mut self, drawn: &io::Result<()>) {
        if drawn.is_err() {
            self.out = None;
        }
    }
}

fn text(walked: Walked) -> String {
    let page = walked.pages.saturating_add(1);
    match walked.pages {
        0 => format!("reading page {page}"),
        _ => format!("reading page {page}; {}", items(walked)),
    }
}

fn items(walked: Walked) -> String {
    match walked.total {
        Some(total) => format!("items: {} of {total}", walked.items),
        None => format!("items: {}", walked.items),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(is_watched: bool, width: u16) -> String {
        let mut out = Vec::new();
        let mut progress = Progress::new(is_watched, width, &mut out);
        progress.clear();
        progress.show(Walked::default());
        progress.show(Walked { pages: 2, items: 500, total: Some(1_200) });
        progress.show(Walked { pages: 3, items: 750, total: None });
        progress.clear();
        progress.clear();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_state_covers_the_one_before_and_the_last_is_taken_away() {
        let pages = [
            "\rreading page 1",
            "\rreading page 3; items: 500 of 1200",
            "\rreading page 4; items: 750        ",
            "\r                          \r",
        ];
        assert_eq!(drawn(true, 100), pages.concat());
    }

    #[test]
    fn it_keeps_to_the_width_and_says_nothing_to_nobody() {
        assert!(drawn(true, 20).split('\r').all(|line| line.chars().count() < 20));
        assert_eq!(drawn(false, 100), "");
    }
}
