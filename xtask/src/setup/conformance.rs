//! The independent validator of the conformance tests: Python packages in a folder of their own below `target`, there
//! only where the vendor's files are, without which those tests are left out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use xshell::{Shell, cmd};

use super::{Install, Need, provide as provide_needs};
use crate::steps::say;

/// What the validator runs on.
const NEEDS: &[Need] = &[
    Need {
        name: "Python",
        probe: "python3 --version",
        install: Install::Debian("python3"),
        otherwise: "install Python 3 (https://www.python.org/downloads)",
    },
    Need {
        name: "Python's venv",
        probe: "python3 -c __import__('ensurepip')",
        install: Install::Debian("python3-venv"),
        otherwise: "install the part of Python 3 that makes virtual environments",
    },
];

/// The exact packages.
const REQUIREMENTS: &str = "tests/conformance/requirements.txt";

/// Where they are installed; the tests look there.
const FOLDER: &str = "target/conformance";

/// The vendor's files.
const OPENAPI: &str = "openapi";

/// Tests that run only where the material of others is present, and where it lies in the folder of it.
const MATERIAL: &[(&str, &str)] = &[
    ("connector and sandbox against the vendor's OpenAPI files", OPENAPI),
    ("samples of events", "events"),
    ("webhooks signed elsewhere", "vectors/webhook.json"),
];

/// Installs the validator unless these very packages are there already.
///
/// # Errors
/// What is missing or failed, with what to do.
pub(super) fn provide(shell: &Shell) -> anyhow::Result<()> {
    let root = shell.current_dir();
    if !shared_folder(&root, shell.var_os("CONNECTOR_SHARED")).join(OPENAPI).is_dir() {
        return Ok(());
    }
    let wanted = shell.read_file(REQUIREMENTS)?;
    // Written last, so that an installation that broke off is done again.
    let done = root.join(FOLDER).join("requirements.txt");
    if shell.read_file(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    provide_needs(shell, NEEDS)?;
    say(&format!("the validator of the conformance tests is missing: installing {REQUIREMENTS}"));
    cmd!(shell, "python3 -m venv --clear {FOLDER}").quiet().run()?;
    let pip = root.join(FOLDER).join("bin/pip");
    cmd!(shell, "{pip} install --quiet --disable-pip-version-check --requirement {REQUIREMENTS}")
        .quiet()
        .run()
        .context("the packages come from PyPI: is it reachable?")?;
    shell.write_file(done, wanted)?;
    Ok(())
}

/// What the tests leave out for want of the material of others, each with what is not there. The tests say so too, but
/// nobody sees the output of a test that passes.
pub(super) fn left_out(shell: &Shell) -> Vec<String> {
    let shared = shared_folder(&shell.current_dir(), shell.var_os("CONNECTOR_SHARED"));
    let missing = MATERIAL.iter().filter(|(_, place)| !shared.join(place).exists());
    missing.map(|(tests, place)| format!("{tests}: {} not present", shared.join(place).display())).collect()
}

/// The folder of the material: the one that the environment names, seen from the root of the project, or the one beside
/// the project.
fn shared_folder(root: &Path, named: Option<OsString>) -> PathBuf {
    root.join(named.unwrap_or_else(|| "../shared".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_installed_where_the_vendor_files_are_not() {
        let shell = Shell::new().expect("a folder to work in");
        let folder = shell.create_temp_dir().expect("a temporary folder");
        shell.change_dir(folder.path());
        shell.set_var("CONNECTOR_SHARED", folder.path());
        // There are no requirements either: it must not come to reading them.
        provide(&shell).expect("nothing to do");
        assert!(!folder.path().join(FOLDER).exists());
    }

    #[test]
    fn what_is_installed_already_is_left_alone() {
        let shell = Shell::new().expect("a folder to work in");
        let folder = shell.create_temp_dir().expect("a temporary folder");
        shell.change_dir(folder.path());
        shell.set_var("CONNECTOR_SHARED", folder.path());
        shell.create_dir("openapi").expect("a folder");
        shell.write_file(REQUIREMENTS, "some-package==1.0\n").expect("the folder is writable");
        shell.write_file(format!("{FOLDER}/requirements.txt"), "some-package==1.0\n").expect("writable");
        provide(&shell).expect("nothing to do");
        assert!(!folder.path().join(FOLDER).join("bin").exists());
    }

    #[test]
    fn the_environment_names_another_folder() {
        let root = Path::new("/project");
        assert_eq!(shared_folder(root, None), Path::new("/project/../shared"));
        assert_eq!(shared_folder(root, Some("elsewhere".into())), Path::new("/project/elsewhere"));
        assert_eq!(shared_folder(root, Some("/elsewhere".into())), Path::new("/elsewhere"));
    }

    #[test]
    fn what_is_left_out_is_told_with_the_place_that_lacks_it() {
        let shell = Shell::new().expect("a folder to work in");
        let folder = shell.create_temp_dir().expect("a temporary folder");
        shell.set_var("CONNECTOR_SHARED", folder.path());
        let told = left_out(&shell);
        assert_eq!(told.len(), MATERIAL.len());
        for ((tests, place), told) in MATERIAL.iter().zip(&told) {
            assert_eq!(*told, format!("{tests}: {} not present", folder.path().join(place).display()));
        }
        shell.create_dir(folder.path().join(OPENAPI)).expect("a folder");
        assert_eq!(left_out(&shell), told[1..], "what is there is not left out");
    }
}
