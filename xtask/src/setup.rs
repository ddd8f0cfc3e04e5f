//! Checks that the tools which checks and tests need are there, and installs those it can.
//!
//! A further need is one more entry of [`NEEDS`].

mod browser;
mod conformance;
mod editor;

use anyhow::bail;
use xshell::{Shell, cmd};

use crate::steps::{Steps, say};

/// Everything beyond the Rust compiler that checks and tests call.
const NEEDS: &[Need] = &[
    Need {
        name: "git",
        probe: "git --version",
        install: Install::Debian("git"),
        otherwise: "install git (https://git-scm.com/downloads)",
    },
    Need {
        name: "C compiler",
        probe: "cc --version",
        install: Install::Debian("gcc"),
        otherwise: "install a C compiler that answers to `cc`, such as GCC or Clang",
    },
    Need {
        name: "rustfmt",
        probe: "cargo fmt --version",
        install: Install::Component("rustfmt"),
        otherwise: "add the rustfmt component of the toolchain that rust-toolchain.toml names",
    },
    Need {
        name: "clippy",
        probe: "cargo clippy --version",
        install: Install::Component("clippy"),
        otherwise: "add the clippy component of the toolchain that rust-toolchain.toml names",
    },
];

/// Checks the machine, as a chore of its own.
///
/// # Errors
/// What is still missing, with what to do about each.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut steps = Steps::new(shell);
    step(shell, &mut steps, Extent::All)?;
    steps.finish("setup");
    Ok(())
}

/// Whether a chore goes on without a browser and npm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extent {
    /// Both are installed if they are missing, and a machine that cannot have them fails.
    All,
    /// Neither is installed: without them their tests are left out, and the chore prints so.
    Least,
}

/// Checks the machine, as the first step of another chore.
///
/// # Errors
/// What is still missing, with what to do about each.
pub(crate) fn step(shell: &Shell, steps: &mut Steps<'_>, extent: Extent) -> anyhow::Result<()> {
    steps.run("setup", "cargo xtask setup", || {
        provide(shell, NEEDS)?;
        if extent == Extent::All {
            provide(shell, browser::NEEDS)?;
            provide(shell, editor::NEEDS)?;
        }
        match (editor::provide(shell), extent) {
            (Err(error), Extent::Least) => say(&format!("manifests in an editor: {error:#}")),
            (provided, _) => provided?,
        }
        conformance::provide(shell)
    })
}

/// What the tests leave out on this machine, each with the reason.
pub(crate) fn left_out(shell: &Shell) -> Vec<String> {
    let left_out = [browser::left_out(shell), editor::left_out(shell), conformance::left_out(shell)];
    left_out.into_iter().flatten().collect()
}

/// One tool: how to see that it is there, how to get it, what to tell a person when that cannot be done for them.
struct Need {
    name: &'static str,
    /// A command that exits with 0 exactly when the tool can be used.
    probe: &'static str,
    install: Install,
    otherwise: &'static str,
}

/// Where a tool comes from.
enum Install {
    /// A component of the pinned toolchain, through rustup.
    Component(&'static str),
    /// A Debian package, through apt-get.
    Debian(&'static str),
}

/// What this machine lets us do.
struct Machine {
    rights: Rights,
    apt_get: bool,
    rustup: bool,
}

/// Whether packages of the system can be installed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rights {
    Root,
    Sudo,
    None,
}

/// What to do about a missing tool.
#[derive(Debug, PartialEq)]
enum Plan {
    /// Run `command`, where it fails once more after `refresh`, then probe again.
    Run { command: String, refresh: Option<String> },
    /// Only a person can do it: this is what to tell them.
    Tell(String),
}

fn provide(shell: &Shell, needs: &[Need]) -> anyhow::Result<()> {
    let is_root = cmd!(shell, "id -u").quiet().ignore_stderr().read().is_ok_and(|id| id == "0");
    let machine = Machine {
        rights: match is_root {
            true => Rights::Root,
            false if succeeds(shell, "sudo --version") => Rights::Sudo,
            false => Rights::None,
        },
        apt_get: succeeds(shell, "apt-get --version"),
        rustup: succeeds(shell, "rustup --version"),
    };
    let missing: Vec<String> = needs.iter().filter_map(|need| provide_one(shell, need, &machine)).collect();
    if !missing.is_empty() {
        bail!("this machine lacks tools:\n  {}", missing.join("\n  "));
    }
    Ok(())
}

/// What a person still has to do about `need`, if anything.
fn provide_one(shell: &Shell, need: &Need, machine: &Machine) -> Option<String> {
    if succeeds(shell, need.probe) {
        return None;
    }
    let (command, refresh) = match plan(need, machine) {
        Plan::Run { command, refresh } => (command, refresh),
        Plan::Tell(advice) => return Some(advice),
    };
    say(&format!("{} is missing: {command}", need.name));
    let mut is_done = run_words(shell, &command);
    if let Some(refresh) = refresh.filter(|_| !is_done) {
        say(&format!("perhaps the lists of packages are missing or old: {refresh}"));
        is_done = run_words(shell, &refresh) && run_words(shell, &command);
    }
    if !is_done {
        return Some(format!("{}: `{command}` failed; {}", need.name, need.otherwise));
    }
    let answers = succeeds(shell, need.probe);
    (!answers).then(|| format!("{}: installed, yet `{}` fails; {}", need.name, need.probe, need.otherwise))
}

fn plan(need: &Need, machine: &Machine) -> Plan {
    let sudo = match machine.rights {
        Rights::Root => "",
        Rights::Sudo | Rights::None => "sudo ",
    };
    match need.install {
        Install::Component(component) if machine.rustup => {
            Plan::Run { command: format!("rustup component add {component}"), refresh: None }
        }
        Install::Debian(package) if machine.apt_get && machine.rights != Rights::None => Plan::Run {
            command: format!("{sudo}apt-get install --yes --no-install-recommends {package}"),
            refresh: Some(format!("{sudo}apt-get update")),
        },
        Install::Debian(package) if machine.apt_get => {
            Plan::Tell(format!("{}: as root, run `apt-get install {package}`", need.name))
        }
        Install::Component(_) | Install::Debian(_) => {
            Plan::Tell(format!("{}: {}", need.name, need.otherwise))
        }
    }
}

fn succeeds(shell: &Shell, command: &str) -> bool {
    let words = command.split_whitespace();
    let Some((program, arguments)) = split_program(words) else { return false };
    cmd!(shell, "{program} {arguments...}").quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

fn run_words(shell: &Shell, command: &str) -> bool {
    let Some((program, arguments)) = split_program(command.split_whitespace()) else { return false };
    cmd!(shell, "{program} {arguments...}").env("DEBIAN_FRONTEND", "noninteractive").quiet().run().is_ok()
}

fn split_program<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<(&'a str, Vec<&'a str>)> {
    let program = words.next()?;
    Some((program, words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: Need = Need {
        name: "browser",
        probe: "no-such-browser-anywhere --version",
        install: Install::Debian("chromium"),
        otherwise: "install Chromium",
    };
    const COMPONENT: Need = Need {
        name: "rustfmt",
        probe: "cargo fmt --version",
        install: Install::Component("rustfmt"),
        otherwise: "add rustfmt",
    };

    #[test]
    fn packages_are_installed_by_root_or_with_sudo() {
        for (rights, sudo) in [(Rights::Root, ""), (Rights::Sudo, "sudo ")] {
            let machine = Machine { rights, apt_get: true, rustup: false };
            let plan = plan(&DEBIAN, &machine);
            let command = format!("{sudo}apt-get install --yes --no-install-recommends chromium");
            assert_eq!(plan, Plan::Run { command, refresh: Some(format!("{sudo}apt-get update")) });
        }
    }

    #[test]
    fn others_on_debian_are_told_the_command() {
        let machine = Machine { rights: Rights::None, apt_get: true, rustup: true };
        let told = "browser: as root, run `apt-get install chromium`";
        assert_eq!(plan(&DEBIAN, &machine), Plan::Tell(told.into()));
    }

    #[test]
    fn elsewhere_the_entry_says_what_to_do() {
        let machine = Machine { rights: Rights::Root, apt_get: false, rustup: false };
        assert_eq!(plan(&DEBIAN, &machine), Plan::Tell("browser: install Chromium".into()));
        assert_eq!(plan(&COMPONENT, &machine), Plan::Tell("rustfmt: add rustfmt".into()));
    }

    #[test]
    fn rustup_adds_components() {
        let machine = Machine { rights: Rights::None, apt_get: false, rustup: true };
        let command = "rustup component add rustfmt".to_owned();
        assert_eq!(plan(&COMPONENT, &machine), Plan::Run { command, refresh: None });
    }

    #[test]
    fn a_tool_that_answers_needs_nothing() {
        let present = Need { probe: "cargo --version", ..DEBIAN };
        let machine = Machine { rights: Rights::None, apt_get: false, rustup: false };
        assert_eq!(provide_one(&Shell::new().expect("a folder to work in"), &present, &machine), None);
    }

    #[test]
    fn a_missing_tool_is_reported_with_the_remedy() {
        let machine = Machine { rights: Rights::None, apt_get: false, rustup: false };
        let advice = provide_one(&Shell::new().expect("a folder to work in"), &DEBIAN, &machine);
        assert_eq!(advice.as_deref(), Some("browser: install Chromium"));
    }
}
