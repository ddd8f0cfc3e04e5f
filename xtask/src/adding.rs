//! Proves that an edit of the manifest is the whole change: applies prepared edits to a copy of the tree, and refuses a
//! change of a file that a maintainer edits by hand.

mod changes;
mod copy;
mod edits;

use std::time::Instant;

use anyhow::{Context as _, ensure};
use cargo_metadata::{Metadata, MetadataCommand, TargetKind};
use xshell::Shell;

use crate::bless;
use crate::steps::{Steps, say};

use edits::Edits;

/// The folder of the copy and of what is built in it.
const FOLDER: &str = "target/adding";

/// The test targets and names of tests that do not depend on the manifest and take long.
const LEFT_OUT_TARGETS: [&str; 1] = ["browser"];
const LEFT_OUT_NAMES: [&str; 2] = ["kill", "soak"];

/// Applies the edits of `tests/adding` to a copy of the tree, and runs generation, bless, the demo and the tests there.
///
/// # Errors
/// A step that fails in the copy, or each file that changed and that no command may change.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut steps = Steps::new(shell);
    prove(shell, &mut steps)?;
    steps.finish("adding");
    Ok(())
}

fn prove(shell: &Shell, steps: &mut Steps<'_>) -> anyhow::Result<()> {
    steps.run("adding", "cargo xtask adding", || {
        let started = Instant::now();
        let folder = prepare(shell)?;
        let inner = inner_shell(shell)?;
        let edits = Edits::read(shell)?;
        let applied = edits.apply(&inner)?;
        say(&format!("== adding: {} in {}", applied.ids.join(", "), folder.display()));
        in_copy(&inner, &applied.ids)?;
        let changes = changes::read(&inner)?;
        let refused = changes::refused(&changes, &applied);
        ensure!(
            refused.is_empty(),
            "an edit of the manifest must not need these changes; derive the contents of these files from the catalog:\n  {}",
            refused.join("\n  ")
        );
        say(&format!(
            "== adding: files that changed: {}, none of them by hand, in {} s",
            changes.len(),
            started.elapsed().as_secs()
        ));
        Ok(())
    })
}

/// Copies the tree, with the dependencies that are built already.
fn prepare(shell: &Shell) -> anyhow::Result<std::path::PathBuf> {
    let root = shell.current_dir();
    let folder = root.join(FOLDER);
    let tree = folder.join("tree");
    copy::tree(shell, &tree)?;
    let names = ours(&metadata(shell)?);
    copy::dependencies(&target(shell), &folder.join("target"), &names)?;
    copy::validator(&root, &tree)?;
    Ok(tree)
}

/// A shell in the copy. Its target folder is its own: cargo tells crates of two trees apart by their names alone, so a
/// shared folder would mix the two.
fn inner_shell(shell: &Shell) -> anyhow::Result<Shell> {
    let root = shell.current_dir();
    let inner = Shell::new().context("cannot open a shell")?;
    inner.change_dir(root.join(FOLDER).join("tree"));
    inner.set_var("CARGO_TARGET_DIR", root.join(FOLDER).join("target"));
    let shared = shell.var_os("CONNECTOR_SHARED").unwrap_or_else(|| "../shared".into());
    inner.set_var("CONNECTOR_SHARED", root.join(shared));
    Ok(inner)
}

/// Generation, bless, the demo and the tests, in the copy.
fn in_copy(inner: &Shell, ids: &[String]) -> anyhow::Result<()> {
    let mut steps = Steps::new(inner);
    for id in ids {
        let answer = format!("tests/adding/answers/{id}.json");
        let from = if inner.path_exists(&answer) { format!(" --from {answer}") } else { String::new() };
        steps.command("draft", &[], &format!("cargo codegen sample {id}{from}"))?;
    }
    // The whole workspace has one set of features; a part of it would build the dependencies anew.
    let levels = "cargo test --workspace --test it --locked --no-fail-fast -- conformance";
    if let Some(error) = bless::levels(inner, &mut steps, levels)? {
        return Err(error);
    }
    steps.command("demo", &[], "cargo demo")?;
    let targets = targets(&metadata(inner)?);
    let targets: Vec<String> = targets.iter().map(|name| format!("--test {name}")).collect();
    let skipped = LEFT_OUT_NAMES.map(|name| format!("--skip {name}")).join(" ");
    let targets = targets.join(" ");
    // This run is the second half of bless as well: a snapshot that it rewrites is one of the changes.
    steps.command(
        "tests",
        &[("INSTA_UPDATE", "always")],
        &format!("cargo test --workspace --lib --bins {targets} --locked --no-fail-fast -- {skipped}"),
    )?;
    steps.command(
        "examples in the docs",
        &[],
        "cargo test --manifest-path generated/Cargo.toml --doc --locked",
    )
}

/// The test targets of the workspace, but those that are left out.
fn targets(metadata: &Metadata) -> Vec<String> {
    let targets = metadata.packages.iter().flat_map(|package| &package.targets);
    let tests = targets.filter(|target| target.kind.contains(&TargetKind::Test));
    let mut names: Vec<String> = tests.map(|target| target.name.clone()).collect();
    names.retain(|name| !LEFT_OUT_TARGETS.contains(&name.as_str()) && name != "gate_loom");
    names.sort();
    names.dedup();
    names
}

/// The names by which cargo names the files of our crates.
fn ours(metadata: &Metadata) -> Vec<String> {
    let names = metadata.packages.iter().flat_map(|package| {
        let targets = package.targets.iter().map(|target| target.name.clone());
        targets.chain([package.name.to_string()])
    });
    let mut names: Vec<String> = names.flat_map(|name| [name.replace('-', "_"), name]).collect();
    names.sort();
    names.dedup();
    names
}

fn metadata(shell: &Shell) -> anyhow::Result<Metadata> {
    let command = MetadataCommand::new().current_dir(shell.current_dir()).no_deps().exec();
    command.context("cargo cannot describe the workspace")
}

/// The target folder of the tree itself.
fn target(shell: &Shell) -> std::path::PathBuf {
    let named = shell.var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    shell.current_dir().join(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Metadata {
        let shell = Shell::new().expect("a folder to work in");
        shell.change_dir(env!("CARGO_MANIFEST_DIR"));
        metadata(&shell).expect("the workspace is described")
    }

    #[test]
    fn the_tests_of_the_browser_are_left_out_and_the_others_are_not() {
        let targets = targets(&workspace());
        assert!(targets.iter().any(|name| name == "serve") && targets.iter().any(|name| name == "it"));
        assert!(!targets.iter().any(|name| name == "browser" || name == "gate_loom"), "{targets:?}");
    }

    #[test]
    fn files_of_our_crates_are_known_by_both_spellings_of_their_names() {
        let names = ours(&workspace());
        for name in ["connector-runtime", "connector_runtime", "xtask", "it"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }
}
