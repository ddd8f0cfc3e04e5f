//! Everything a change must pass, from formatting to a clean tree; stops at the first step that fails.

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

use crate::licences;
use crate::setup::{self, Extent};
use crate::steps::{Steps, say};
use crate::test;
use crate::verified;

/// Runs all steps of the verdict on a commit.
///
/// # Errors
/// The first step that fails, with the command that shows the failure again.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    // Each run compiles once, so the cost of incremental state buys nothing; and no check may rewrite a snapshot.
    shell.set_var("CARGO_INCREMENTAL", "0");
    shell.set_var("INSTA_UPDATE", "no");
    // The setup has seen to it, so that here its tests never pass without having run.
    shell.set_var("CONNECTOR_TEST_BROWSER", "required");
    shell.set_var("CONNECTOR_TEST_EDITOR", "required");
    // It may mount, as in a container that runs as root.
    shell.set_var("CONNECTOR_TEST_DISK", "required");

    let mut steps = Steps::new(shell);
    setup::step(shell, &mut steps, Extent::All)?;
    steps.command("format", &[], "cargo fmt --all --check")?;
    steps.command("generated code", &[], "cargo codegen --check . tests/connectors/parcel")?;
    steps.command("clippy", &[], "cargo clippy --workspace --all-targets --locked -- -D warnings")?;
    licences::step(shell, &mut steps)?;
    verified::clear(shell)?;
    test::steps(shell, &mut steps)?;
    steps.run("levels of verification", verified::TESTS, || verified::check(shell))?;
    steps.command(
        "docs",
        &[("RUSTDOCFLAGS", "-Dwarnings")],
        "cargo doc --workspace --no-deps --document-private-items --locked",
    )?;
    steps.run("clean tree", "git status --porcelain", || clean_tree(shell))?;
    steps.finish("ci");
    Ok(())
}

/// A check or test that leaves files behind, or a file that nobody committed, fails here.
fn clean_tree(shell: &Shell) -> anyhow::Result<()> {
    let status =
        cmd!(shell, "git status --porcelain").quiet().read().context("git cannot tell the status")?;
    if !status.is_empty() {
        say(&status);
    }
    ensure!(
        status.is_empty(),
        "paths that differ from the commit: {}; commit them, remove them, or name them in .gitignore",
        status.lines().count()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (Shell, xshell::TempDir) {
        let shell = Shell::new().expect("a folder to work in");
        let folder = shell.create_temp_dir().expect("a temporary folder");
        shell.change_dir(folder.path());
        cmd!(shell, "git init --quiet").quiet().run().expect("git makes a repository");
        (shell, folder)
    }

    #[test]
    fn refuses_a_file_that_git_does_not_know() {
        let (shell, _folder) = repository();
        shell.write_file("left-behind.txt", "x").expect("the folder is writable");
        let error = clean_tree(&shell).expect_err("the tree has a new file");
        assert!(error.to_string().starts_with("paths that differ from the commit: 1;"), "{error}");
    }

    #[test]
    fn accepts_a_tree_without_changes() {
        let (shell, _folder) = repository();
        clean_tree(&shell).expect("nothing changed");
    }
}
