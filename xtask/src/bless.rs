//! Accepts what the code now produces: generated crates, levels of verification, snapshots, then the list of changes.

use std::collections::BTreeSet;

use anyhow::Context as _;
use cargo_metadata::MetadataCommand;
use xshell::{Shell, cmd};

use crate::steps::{Steps, say};
use crate::verified;

/// Regenerates, rewrites snapshots and `verified.lock`, and shows which files differ from the commit.
///
/// # Errors
/// If the compiler refuses the manifest, the tests write no levels, or git cannot list the changes.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut steps = Steps::new(shell);
    let levels = levels(shell, &mut steps, verified::TESTS)?;
    // Only these packages have snapshots.
    let packages = packages_with_snapshots(shell)?;
    let packages: Vec<String> = packages.iter().map(|name| format!("--package {name}")).collect();
    let snapshots = steps.command(
        "snapshots",
        &[("INSTA_UPDATE", "always")],
        &format!("cargo test {} --all-targets --locked --no-fail-fast", packages.join(" ")),
    );
    steps.command("changes", &[], "git --no-pager diff --stat")?;
    let new = cmd!(shell, "git ls-files --others --exclude-standard").quiet().read();
    for path in new.context("git cannot list new files")?.lines() {
        say(&format!(" {path} (new)"));
    }
    // A test may fail for a reason that nobody can accept; the next run of all tests shows it.
    for error in [levels, snapshots.err()].into_iter().flatten() {
        say(&format!("== some tests failed ({error}); `cargo xtask test` shows whether they still do"));
    }
    steps.finish("bless");
    Ok(())
}

/// Regenerates and writes `verified.lock`; `tests` is the command whose tests write the results. Returns its error if some
/// of them failed.
///
/// # Errors
/// If the compiler refuses the manifest, or the tests write no results.
pub(crate) fn levels(
    shell: &Shell,
    steps: &mut Steps<'_>,
    tests: &str,
) -> anyhow::Result<Option<anyhow::Error>> {
    verified::prune(shell)?;
    generate(steps)?;
    verified::clear(shell)?;
    let failed = steps.command("levels of verification", &[], tests).err();
    if verified::write(shell)? {
        // The level of an action is part of the catalog.
        generate(steps)?;
    }
    Ok(failed)
}

fn generate(steps: &mut Steps<'_>) -> anyhow::Result<()> {
    steps.command("generated code", &[], "cargo codegen . tests/connectors/parcel")
}

/// The packages of the workspace whose tests use insta.
fn packages_with_snapshots(shell: &Shell) -> anyhow::Result<BTreeSet<String>> {
    let metadata = MetadataCommand::new().current_dir(shell.current_dir()).no_deps().exec();
    let metadata = metadata.context("cargo cannot describe the workspace")?;
    let has_snapshots =
        |package: &&cargo_metadata::Package| package.dependencies.iter().any(|other| other.name == "insta");
    let packages = metadata.packages.iter().filter(has_snapshots);
    Ok(packages.map(|package| package.name.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_has_snapshots() {
        let shell = Shell::new().expect("a folder to work in");
        shell.change_dir(env!("CARGO_MANIFEST_DIR"));
        let packages = packages_with_snapshots(&shell).expect("the workspace is described");
        assert!(packages.contains("connector-codegen") && !packages.contains("xtask"), "{packages:?}");
    }
}
