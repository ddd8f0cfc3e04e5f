//! How the demo speaks: lines under numbered headings for people, one JSON object per step for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::failure::{Report, seconds};
use crate::members::Members;

/// How far the lines of a step are indented.
pub(super) const INDENT: u16 = 6;

const STEPS: u8 = 5;

/// How often a wait shows that it goes on.
const TICK: Duration = Duration::from_millis(200);

/// The demo's voice. What is said is for people, what is a fact is for programs.
pub(super) struct Voice<'a> {
    out: &'a mut dyn Write,
    json: bool,
    step: u8,
    members: Members,
}

impl<'a> Voice<'a> {
    pub(super) fn new(json: bool, out: &'a mut dyn Write) -> Self {
        Self { out, json, step: 0, members: Members::default() }
    }

    /// Begins the next step.
    pub(super) fn begin(&mut self, title: &str) -> io::Result<()> {
        self.step += 1;
        self.members = Members::default().with("step", self.step).with("title", title);
        if self.json {
            return Ok(());
        }
        let space = if self.step > 1 { "\n" } else { "" };
        writeln!(self.out, "{space}[{}/{STEPS}] {title}", self.step)?;
        self.out.flush()
    }

    /// Says something to people.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        for line in text.lines() {
            writeln!(self.out, "{}{line}", " ".repeat(INDENT.into()))?;
        }
        if text.is_empty() {
            writeln!(self.out)?;
        }
        self.out.flush()
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
        self.say(&format!("step {} of {STEPS} did not go as told; see the error", self.step))?;
        self.fact("outcome", "failed");
        self.fact("reason", &report.message);
        self.flush_members()
    }

    /// Waits, and shows it.
    pub(super) async fn wait(&mut self, wait: Duration) -> io::Result<()> {
        if !self.json {
            write!(self.out, "{}waiting {} ", " ".repeat(INDENT.into()), seconds(wait))?;
        }
        let mut left = wait;
        while !left.is_zero() {
            if !self.json {
                write!(self.out, ".")?;
                self.out.flush()?;
            }
            let part = left.min(TICK);
            tokio::time::sleep(part).await;
            left -= part;
        }
        if !self.json {
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn flush_members(&mut self) -> io::Result<()> {
        if self.json {
            writeln!(self.out, "{}", self.members.to_json())?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_get_lines_and_programs_get_one_object_per_step() {
        let mut text = Vec::new();
        let mut json = Vec::new();
        for (json, out) in [(false, &mut text), (true, &mut json)] {
            let mut voice = Voice::new(json, out);
            voice.begin("first").unwrap();
            voice.say("two\nlines").unwrap();
            voice.fact("count", 2);
            voice.end().unwrap();
        }
        assert_eq!(String::from_utf8(text).unwrap(), "[1/5] first\n      two\n      lines\n");
        assert_eq!(
            String::from_utf8(json).unwrap(),
            "{\"step\":1,\"title\":\"first\",\"count\":2,\"outcome\":\"ok\"}\n"
        );
    }
}
