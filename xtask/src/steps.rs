//! Runs the steps of a chore one after another: says each one's name and time, and how to see a failure again.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use xshell::{Shell, cmd};

/// The steps of one chore, and the time they took so far.
pub(crate) struct Steps<'a> {
    shell: &'a Shell,
    done: usize,
    took: Duration,
    left_out: Vec<String>,
}

impl<'a> Steps<'a> {
    /// Steps that run in the folder and environment of `shell`.
    pub(crate) fn new(shell: &'a Shell) -> Self {
        Self { shell, done: 0, took: Duration::ZERO, left_out: Vec::new() }
    }

    /// Runs a program as a step; `command` is its words separated by blanks, `env` is set for it alone.
    ///
    /// # Errors
    /// When the program cannot be started or exits with another code than 0; the message repeats the command.
    pub(crate) fn command(&mut self, name: &str, env: &[(&str, &str)], command: &str) -> anyhow::Result<()> {
        let shell = self.shell;
        self.run(name, &spelled(env, command), || {
            let mut words = command.split_whitespace();
            let program = words.next().context("the step has no command")?;
            cmd!(shell, "{program} {words...}").envs(env.iter().copied()).quiet().run()?;
            Ok(())
        })
    }

    /// Runs `work` as a step; `again` is the command that shows its failure again.
    ///
    /// # Errors
    /// When `work` fails; the message names the step, its time and `again`.
    pub(crate) fn run(
        &mut self,
        name: &str,
        again: &str,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        say(&format!("== {name}: {again}"));
        let started = Instant::now();
        let outcome = work();
        let took = started.elapsed();
        outcome
            .with_context(|| format!("{name} failed after {}; to see it again: {again}", seconds(took)))?;
        say(&format!("== {name} … {}", seconds(took)));
        self.done += 1;
        self.took += took;
        Ok(())
    }

    /// Keeps in mind what was left out and why, for the end.
    pub(crate) fn leave_out(&mut self, what: Vec<String>) {
        self.left_out.extend(what);
    }

    /// Says that all steps of `chore` passed, the time they took together, and last what was left out.
    pub(crate) fn finish(self, chore: &str) {
        self.closing_lines(chore).iter().for_each(|line| say(line));
    }

    fn closing_lines(&self, chore: &str) -> Vec<String> {
        let passed = format!("== {chore}: passed (steps: {}) in {}", self.done, seconds(self.took));
        let left_out = self.left_out.iter().map(|what| format!("== {chore}: left out: {what}"));
        std::iter::once(passed).chain(left_out).collect()
    }
}

/// Prints one line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "a chore reports to the terminal")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// The command as a person would type it in a shell, environment first.
fn spelled(env: &[(&str, &str)], command: &str) -> String {
    let mut words: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    words.push(command.to_owned());
    words.join(" ")
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_says_how_to_see_it_again() {
        let shell = Shell::new().expect("a folder to work in");
        let mut steps = Steps::new(&shell);
        let error = steps
            .command("refusal", &[("NO_COLOR", "1")], "cargo no-such-subcommand")
            .expect_err("cargo knows no such command");
        let message = error.to_string();
        assert!(message.starts_with("refusal failed after "), "{message}");
        assert!(message.ends_with("to see it again: NO_COLOR=1 cargo no-such-subcommand"), "{message}");
    }

    #[test]
    fn only_steps_that_passed_are_counted() {
        let shell = Shell::new().expect("a folder to work in");
        let mut steps = Steps::new(&shell);
        steps.run("one", "one", || Ok(())).expect("the work succeeds");
        steps.run("two", "two", || anyhow::bail!("no")).expect_err("the work fails");
        assert_eq!(steps.done, 1);
    }

    #[test]
    fn what_was_left_out_is_said_last_and_nothing_where_nothing_was() {
        let shell = Shell::new().expect("a folder to work in");
        let mut steps = Steps::new(&shell);
        assert_eq!(steps.closing_lines("test"), ["== test: passed (steps: 0) in 0.0 s"]);
        steps.leave_out(vec!["these: /nowhere not present".to_owned()]);
        let said = steps.closing_lines("test");
        assert_eq!(said[1..], ["== test: left out: these: /nowhere not present"]);
    }

    #[test]
    fn times_are_said_in_seconds_with_one_digit() {
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3 s");
    }
}
