//! The language server of the editor tests: npm packages in a folder of their own below `target`. Without npm those tests
//! are left out.

use std::path::Path;

use anyhow::Context as _;
use xshell::{Shell, cmd};

use super::{Install, Need, succeeds};
use crate::steps::say;

/// What the server runs on and is installed with.
pub(super) const NEEDS: &[Need] = &[
    Need {
        name: "Node.js",
        probe: "node --version",
        install: Install::Debian("nodejs"),
        otherwise: "install Node.js 20 or later (https://nodejs.org/)",
    },
    Need {
        name: "npm",
        probe: "npm --version",
        install: Install::Debian("npm"),
        otherwise: "install npm, which comes with Node.js (https://nodejs.org/)",
    },
];

/// The exact packages, with their checksums.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// The folder of the lists.
const WANTED: &str = "tests/editor";

/// Where the packages are installed; the tests look there.
const FOLDER: &str = "target/editor";

/// Holds the lock that was installed. It is written last, so that an interrupted installation is repeated.
const DONE: &str = "installed-lock.json";

/// Installs the packages unless they are there or npm is missing.
///
/// # Errors
/// If npm fails.
pub(super) fn provide(shell: &Shell) -> anyhow::Result<()> {
    if is_installed(shell) || NEEDS.iter().any(|need| !succeeds(shell, need.probe)) {
        return Ok(());
    }
    say(&format!(
        "the language server of the editor tests is missing: installing {WANTED}/package-lock.json"
    ));
    let folder = Path::new(FOLDER);
    shell.create_dir(folder)?;
    for list in LISTS {
        shell.copy_file(Path::new(WANTED).join(list), folder)?;
    }
    cmd!(shell, "npm ci --prefix {FOLDER} --ignore-scripts --no-audit --no-fund --silent")
        .quiet()
        .run()
        .context("the packages come from the npm registry: is it reachable?")?;
    shell.copy_file(Path::new(WANTED).join(LISTS[1]), folder.join(DONE))?;
    Ok(())
}

/// The tests that are left out without the server.
pub(super) fn left_out(shell: &Shell) -> Vec<String> {
    let missing = NEEDS.iter().find(|need| !succeeds(shell, need.probe)).map(|need| need.name);
    let what = missing.or_else(|| (!is_installed(shell)).then_some("the language server"));
    what.map(told).into_iter().collect()
}

fn told(missing: &str) -> String {
    format!("manifests in an editor: {missing} not present; `cargo xtask setup` installs it")
}

fn is_installed(shell: &Shell) -> bool {
    let wanted = shell.read_file(Path::new(WANTED).join(LISTS[1]));
    let done = shell.read_file(Path::new(FOLDER).join(DONE));
    matches!((wanted, done), (Ok(wanted), Ok(done)) if wanted == done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(lock: &str, done: &str) -> (Shell, xshell::TempDir) {
        let shell = Shell::new().expect("a folder to work in");
        let folder = shell.create_temp_dir().expect("a temporary folder");
        shell.change_dir(folder.path());
        shell.write_file(format!("{WANTED}/package-lock.json"), lock).expect("the folder is writable");
        shell.write_file(format!("{FOLDER}/{DONE}"), done).expect("the folder is writable");
        (shell, folder)
    }

    #[test]
    fn only_the_same_packages_are_installed_already() {
        let (shell, _folder) = installed("{}\n", "{}\n");
        assert!(is_installed(&shell));
        provide(&shell).expect("nothing to do");
        let (shell, _folder) = installed("{\"new\": 1}\n", "{}\n");
        assert!(!is_installed(&shell));
    }

    #[test]
    fn what_is_left_out_is_told_with_what_is_missing_and_how_to_get_it() {
        assert_eq!(
            told(NEEDS[1].name),
            "manifests in an editor: npm not present; `cargo xtask setup` installs it"
        );
    }
}
