//! How the demo speaks: lines under numbered headings for people, one JSON object per step for programs.

use std::io::{self, Write};
use std::time::Duration;

use clap::builder::styling::Style as Painting;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::clock::Clock;
use crate::failure::{Failure, Report, seconds};
use crate::members::Members;
use crate::printable::{print, printable, printable_lines};
use crate::surroundings::Style;

/// How many steps the story has.
const STEPS: u8 = 13;

/// How far the lines of a step are indented.
const INDENT: usize = 4;

/// The column of an action's name, of which `get-store-information` is the longest.
const ACTION: usize = 22;

/// How often a wait shows that it goes on.
const TICK: Duration = Duration::from_millis(200);

/// How long an effect may take before it is told that it is waited for.
const QUIET: Duration = Duration::from_secs(1);

/// So often it is told that an effect is waited for, and then no more. Counted, since a machine may sleep meanwhile.
const PATIENCE: u32 = 120;

/// What stands in place of a status where an activation arrived.
const ARROW: &str = "->";

/// The demo's voice. What is said is for people, what is a fact is for programs.
pub(super) struct Voice<'a> {
    out: &'a mut dyn Write,
    json: bool,
    width: usize,
    style: Style,
    step: u8,
    members: Members,
    /// Whether the last line goes on.
    is_open: bool,
}

impl<'a> Voice<'a> {
    pub(super) fn new(json: bool, width: u16, style: Style, out: &'a mut dyn Write) -> Self {
        Self { out, json, width: width.into(), style, step: 0, members: Members::default(), is_open: false }
    }

    /// The columns that a table may take.
    pub(super) fn table_width(&self) -> u16 {
        u16::try_from(self.width.saturating_sub(INDENT)).unwrap_or(u16::MAX)
    }

    /// Says what it is all about, before the first step.
    pub(super) fn preface(&mut self, text: &str) -> io::Result<()> {
        self.lines(wrapped(text, 0, self.width))
    }

    /// Begins the next step.
    pub(super) fn begin(&mut self, title: &str) -> io::Result<()> {
        self.step += 1;
        self.members = Members::default().with("step", self.step).with("title", title);
        let heading = wrapped(&format!("[{}/{STEPS}] {title}", self.step), 0, self.width);
        let bold = heading.iter().map(|line| self.style.paint(Painting::new().bold(), line));
        let lines: Vec<String> = std::iter::once(String::new()).chain(bold).collect();
        self.lines(lines)
    }

    /// Says something to people, in lines that fit.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        self.lines(wrapped(&printable(text), INDENT, self.width))
    }

    /// Shows a report in lines that fit, but for those with a command to paste.
    pub(super) fn report(&mut self, text: &str) -> io::Result<()> {
        for line in printable_lines(text).lines() {
            let indent = INDENT + line.len() - line.trim_start().len();
            let is_whole = line.contains('`');
            self.lines(wrapped(line, indent, if is_whole { usize::MAX } else { self.width }))?;
        }
        Ok(())
    }

    /// Shows a command to paste, and what it does.
    pub(super) fn command(&mut self, command: &str, what: &str) -> io::Result<()> {
        let command = printable(command);
        let line = format!("  {command}  # {what}");
        match INDENT + line.chars().count() <= self.width {
            true => self.show(&line),
            false => {
                self.show(&format!("  {command}"))?;
                self.lines(wrapped(&format!("# {what}"), INDENT + 4, self.width))
            }
        }
    }

    /// Shows lines as they are, such as a table.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        self.lines(printable_lines(text).lines().map(|line| format!("{:INDENT$}{line}", "")))
    }

    /// Tells of one call or page: what was asked, status, and what it means.
    pub(super) fn call(&mut self, action: &str, status: Option<u16>, text: &str) -> io::Result<()> {
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        self.columns(action, &status, text)
    }

    /// Tells of an activation that arrived.
    pub(super) fn arrival(&mut self, trigger: &str, text: &str) -> io::Result<()> {
        self.columns(trigger, ARROW, text)
    }

    fn columns(&mut self, what: &str, mark: &str, text: &str) -> io::Result<()> {
        let head = format!("{:INDENT$}{:<ACTION$} {mark:<3}  ", "", printable(what));
        let text = printable(text);
        if self.width < 2 * head.len() {
            self.lines([head])?;
            return self.lines(wrapped(&text, INDENT + 2, self.width));
        }
        let mut lines = wrapped(&text, head.len(), self.width);
        if let Some(first) = lines.first_mut() {
            *first = format!("{head}{}", first.trim_start());
        }
        self.lines(lines)
    }

    /// Adds a member to the step's JSON.
    pub(super) fn fact(&mut self, name: &str, value: impl Serialize) {
        self.members = std::mem::take(&mut self.members).with(name, value);
    }

    /// Ends a step that went as told.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.fact("outcome", "ok");
        self.flush_members()
    }

    /// Ends a step that did not.
    pub(super) fn fail(&mut self, report: &Report) -> io::Result<()> {
        if self.step > 0 {
            self.say(&format!("step {} of {STEPS} did not go as told; see the error", self.step))?;
        }
        self.fact("outcome", "failed");
        self.fact("reason", &report.message);
        self.flush_members()
    }

    /// Waits, and shows it.
    pub(super) async fn wait(&mut self, wait: Duration) -> io::Result<()> {
        self.part(&format!("{:INDENT$}waiting {} ", "", seconds(wait)))?;
        let mut left = wait;
        while !left.is_zero() {
            self.part(".")?;
            let tick = left.min(TICK);
            tokio::time::sleep(tick).await;
            left -= tick;
        }
        self.part("\n")
    }

    /// Waits for an effect, and shows that it does where it takes a while.
    ///
    /// # Errors
    /// Where it never comes.
    pub(super) async fn watch<T>(
        &mut self,
        what: &str,
        effect: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let mut effect = std::pin::pin!(effect);
        let mut ticks = interval_at(Clock::system().instant() + QUIET, QUIET);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_told = false;
        for _ in 0..PATIENCE {
            tokio::select! {
                done = &mut effect => {
                    self.part(if is_told { "\n" } else { "" })?;
                    return Ok(done);
                }
                _ = ticks.tick() => {
                    let head = format!("{:INDENT$}waiting: {what} ", "");
                    self.part(if is_told { "." } else { &head })?;
                    is_told = true;
                }
            }
        }
        Err(Failure::Broken(format!("waited too long: {what}")))
    }

    fn part(&mut self, text: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        self.is_open = if text.is_empty() { self.is_open } else { !text.ends_with('\n') };
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn lines(&mut self, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
        if self.is_open {
            self.part("\n")?;
        }
        for line in lines {
            self.part(&format!("{}\n", line.trim_end()))?;
        }
        Ok(())
    }

    fn flush_members(&mut self) -> io::Result<()> {
        if self.json {
            print(self.out, &self.members.to_json())?;
        }
        self.out.flush()
    }
}

/// Words in lines of at most `width` columns behind `indent` blanks. A longer word has a line of its own.
fn wrapped(text: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines = vec![" ".repeat(indent)];
    let mut used = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > indent && used + 1 + length > width {
            lines.push(" ".repeat(indent));
            used = indent;
        }
        let line = lines.last_mut().expect("there is one from the start on");
        if used > indent {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(json: bool, width: u16, speak: impl FnOnce(&mut Voice<'_>)) -> String {
        let mut out = Vec::new();
        speak(&mut Voice::new(json, width, Style::Plain, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_get_lines_and_programs_get_one_object_per_step() {
        let speak = |voice: &mut Voice<'_>| {
            voice.begin("first").unwrap();
            voice.say("some words").unwrap();
            voice.show("two\n  lines").unwrap();
            voice.call("get-time", Some(200), "well").unwrap();
            voice.fact("count", 2);
            voice.end().unwrap();
        };
        assert_eq!(
            spoken(false, 100, speak),
            "\n[1/13] first\n    some words\n    two\n      lines\n    get-time               200  well\n"
        );
        assert_eq!(
            spoken(true, 100, speak),
            "{\"step\":1,\"title\":\"first\",\"count\":2,\"outcome\":\"ok\"}\n"
        );
    }

    #[test]
    fn lines_fit_the_terminal_at_every_width() {
        let words = "one call of the connector and what the store has answered to it, in words ".repeat(3);
        for width in [40, 60, 80, 132] {
            let text = spoken(false, width, |voice| {
                voice.preface(&words).unwrap();
                voice.say(&words).unwrap();
                voice.call("get-store-information", None, &words).unwrap();
            });
            assert!(text.lines().all(|line| line.len() <= width.into()), "{width}:\n{text}");
            assert_eq!(text.matches("connector").count(), 9, "{width}:\n{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_effect_that_takes_long_is_said_to_be_waited_for() {
        let mut out = Vec::new();
        let mut voice = Voice::new(false, 100, Style::Plain, &mut out);
        assert_eq!(voice.watch("quick", async { 1 }).await.unwrap(), 1);
        let slow = tokio::time::timeout(Duration::from_millis(3_500), std::future::pending::<()>());
        assert!(voice.watch("slow", slow).await.unwrap().is_err());
        let never = voice.watch("never", std::future::pending::<()>()).await.unwrap_err();
        assert!(matches!(never, Failure::Broken(text) if text == "waited too long: never"));
        let expected = format!("    waiting: slow ..\n    waiting: never {}", ".".repeat(119));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_is_said_during_a_wait_has_a_line_of_its_own() {
        let text = spoken(false, 100, |voice| {
            voice.part("waiting ..").unwrap();
            voice.say("over").unwrap();
        });
        assert_eq!(text, "waiting ..\n    over\n");
    }

    #[test]
    fn a_report_is_broken_where_it_can_be_and_a_command_stays_whole() {
        let text = spoken(false, 40, |voice| {
            voice.report("error[failed]: a few more words than fit\n  next: `connector call --help` lists them all").unwrap();
            voice.command("connector sandbox --port 8080", "serves a store").unwrap();
        });
        let expected = "    error[failed]: a few more words than\n    fit\n      next: `connector call --help` lists them all\n      \
            connector sandbox --port 8080\n        # serves a store\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn words_of_the_store_cannot_steer_the_terminal() {
        let text = spoken(false, 100, |voice| voice.call("get-order", Some(200), "a\u{1b}[2Jb").unwrap());
        assert!(text.ends_with("200  a\\u001b[2Jb\n"), "{text}");
    }
}
