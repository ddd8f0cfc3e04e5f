//! All tests of the workspace: unit, integration and documentation examples.

use xshell::Shell;

use crate::setup::{self, Extent};
use crate::steps::Steps;

/// Checks the machine, then runs all tests.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut steps = Steps::new(shell);
    setup::step(shell, &mut steps, Extent::Least)?;
    self::steps(shell, &mut steps)?;
    steps.finish("test");
    Ok(())
}

/// The test steps themselves, the same for `test` and `ci`.
///
/// # Errors
/// The first step that fails.
pub(crate) fn steps(shell: &Shell, steps: &mut Steps<'_>) -> anyhow::Result<()> {
    // Without it a failed snapshot would leave its new text behind.
    steps.command("tests", &[("INSTA_UPDATE", "no")], "cargo test --workspace --all-targets --locked")?;
    // Loom's locks work in its models alone, so that nothing else may run with them.
    steps.command(
        "interleavings",
        &[],
        "cargo test --workspace --features connector-runtime/loom --test gate_loom --locked",
    )?;
    steps.leave_out(setup::left_out(shell));
    // `--all-targets` leaves documentation examples out.
    steps.command("examples in the docs", &[], "cargo test --workspace --doc --locked")
}
