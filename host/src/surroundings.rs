//! Everything a command touches outside itself, as values: variables, streams, the width and colours of the terminal.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use connector_runtime::SecretString;

use crate::outside;

/// In place of a file: standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

/// What a program was started in.
pub struct Surroundings<'a> {
    /// How the program was called, for command lines to paste.
    pub program: String,
    /// The file of this program, for processes of its own; none where the system does not tell.
    pub executable: Option<PathBuf>,
    /// Looks up an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Standard input.
    pub stdin: StandardInput<'a>,
    /// Standard output.
    pub stdout: &'a mut dyn Write,
    /// Standard error.
    pub stderr: &'a mut dyn Write,
    /// Columns of the terminal, or of the page where there is none.
    pub width: u16,
    /// Whether standard output shows colours.
    pub stdout_style: Style,
    /// Whether standard error shows colours.
    pub stderr_style: Style,
    /// Whether a person reads standard output, so that even data for programs has its control characters escaped.
    pub is_stdout_terminal: bool,
    /// Whether a person watches standard error, which is what progress is for.
    pub is_stderr_terminal: bool,
}

/// Standard input, which one option of a command line reads to its end.
pub struct StandardInput<'a>(RefCell<Option<&'a mut dyn Read>>);

impl<'a> StandardInput<'a> {
    /// The standard input of a program.
    #[must_use]
    pub fn new(stream: &'a mut dyn Read) -> Self {
        Self(RefCell::new(Some(stream)))
    }

    /// The text of a file, or of standard input if the path is `-`.
    ///
    /// # Errors
    /// If the text cannot be read or is not UTF-8, or if standard input was read before.
    pub(crate) fn text(&self, path: &Path) -> io::Result<SecretString> {
        if path != Path::new(STANDARD_INPUT) {
            return outside::file(path);
        }
        let stream = self.0.take().ok_or_else(|| {
            io::Error::other("another option has read standard input: give `-` once, and name a file instead")
        })?;
        outside::stream(stream)
    }
}

impl fmt::Debug for StandardInput<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StandardInput").finish_non_exhaustive()
    }
}

/// Whether a stream shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// Text with escape sequences for colours.
    Coloured,
}

impl Style {
    /// Colours are for terminals that can show them, unless the person wants none (<https://no-color.org>).
    #[must_use]
    pub fn choose(is_terminal: bool, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let unwanted = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let unable = variable("TERM").is_some_and(|value| value == "dumb");
        if is_terminal && !unwanted && !unable { Self::Coloured } else { Self::Plain }
    }

    /// `text` in a style of clap's, which the whole program shares.
    pub(crate) fn paint(self, style: clap::builder::styling::Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }
}

/// The columns to write in: what `COLUMNS` says, else the terminal's own, else 100.
#[must_use]
pub fn width(terminal: Option<u16>, variable: &dyn Fn(&str) -> Option<OsString>) -> u16 {
    let asked = variable("COLUMNS").and_then(|value| value.to_str()?.trim().parse().ok());
    asked.or(terminal).unwrap_or(100).max(40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> impl Fn(&str) -> Option<OsString> {
        move |asked| (asked == name).then(|| OsString::from(value))
    }

    #[test]
    fn colours_need_a_terminal_and_consent() {
        assert_eq!(Style::choose(true, &with("TERM", "xterm")), Style::Coloured);
        assert_eq!(Style::choose(false, &with("TERM", "xterm")), Style::Plain);
        assert_eq!(Style::choose(true, &with("NO_COLOR", "1")), Style::Plain);
        assert_eq!(Style::choose(true, &with("NO_COLOR", "")), Style::Coloured);
        assert_eq!(Style::choose(true, &with("TERM", "dumb")), Style::Plain);
    }

    #[test]
    fn the_asked_width_wins_and_stays_readable() {
        assert_eq!(width(Some(80), &with("COLUMNS", "132")), 132);
        assert_eq!(width(Some(80), &with("COLUMNS", "wide")), 80);
        assert_eq!(width(None, &with("A", "")), 100);
        assert_eq!(width(Some(3), &with("A", "")), 40);
    }
}
