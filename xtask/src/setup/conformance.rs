//! The independent validator of the conformance tests: Python packages in a folder of their own below `target`, there
//! only where the vendor's files are, without which those tests are left out.

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

/// Installs the validator unless these very packages are there already.
///
/// # Errors
/// What is missing or failed, with what to do.
pub(super) fn provide(shell: &Shell) -> anyhow::Result<()> {
    let (root, shared) = (shell.current_dir(), shell.var_os("CONNECTOR_SHARED"));
    if !vendor_files(&root, shared.map(PathBuf::from)).is_dir() {
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

/// The folder of the vendor's files: below the one that the environment names, or below the one beside the project.
fn vendor_files(root: &Path, shared: Option<PathBuf>) -> PathBuf {
    shared.unwrap_or_else(|| root.join("../shared")).join("openapi")
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
        let root = Path::new("project");
        assert_eq!(vendor_files(root, None), Path::new("project/../shared/openapi"));
        assert_eq!(vendor_files(root, Some("elsewhere".into())), Path::new("elsewhere/openapi"));
    }
}
