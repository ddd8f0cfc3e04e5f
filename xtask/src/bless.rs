//! Accepts what the code now produces: snapshots first, then the generated crate, then the list of what changed.

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::steps::{Steps, say};

/// Rewrites snapshots, regenerates, and shows which files differ from the commit.
///
/// # Errors
/// When the generator refuses the manifest, or git cannot tell what changed.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut steps = Steps::new(shell);
    let tests = steps.command(
        "snapshots",
        &[("INSTA_UPDATE", "always")],
        "cargo test --workspace --all-targets --locked --no-fail-fast",
    );
    steps.command(
        "schema of manifests",
        &[],
        "cargo codegen schema --write codegen/connector.schema.json",
    )?;
    steps.command("generated code", &[], "cargo codegen . tests/connectors/parcel")?;
    steps.command("changes", &[], "git --no-pager diff --stat")?;
    let new = cmd!(shell, "git ls-files --others --exclude-standard").quiet().read();
    for path in new.context("git cannot list new files")?.lines() {
        say(&format!(" {path} (new)"));
    }
    // The test of drift fails as long as the emitter has changed and the output has not, so this is no error yet.
    if let Err(error) = tests {
        say(&format!(
            "== some tests failed before the regeneration ({error}); `cargo xtask test` tells if they still do"
        ));
    }
    steps.finish("bless");
    Ok(())
}
