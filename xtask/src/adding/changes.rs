//! The files that changed in the copy, and those among them that no command may change.

use anyhow::Context as _;
use xshell::{Shell, cmd};

use super::edits::Applied;

/// Files beside the crate's code that commands write.
const WRITTEN: [&str; 3] = ["connector.schema.json", "generated/catalog.json", "verified.lock"];

/// A file of the copy that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Changed {
    path: String,
    is_new: bool,
}

/// Every file that changed, was added or was removed.
///
/// # Errors
/// If git cannot list them.
pub(super) fn read(shell: &Shell) -> anyhow::Result<Vec<Changed>> {
    let status = cmd!(shell, "git status --porcelain --untracked-files=all --no-renames -z").quiet().read();
    Ok(parse(&status.context("git cannot list the changes")?))
}

/// Entries such as ` M path` and `?? path`, each with a zero byte at its end.
fn parse(status: &str) -> Vec<Changed> {
    let entry = |entry: &str| {
        let (state, path) = entry.split_at_checked(3)?;
        Some(Changed { path: path.to_owned(), is_new: state.starts_with("??") })
    };
    status.split('\0').filter_map(entry).collect()
}

/// The changes that a maintainer would make by hand, and those of actions that the edits do not touch.
pub(super) fn refused(changes: &[Changed], applied: &Applied) -> Vec<String> {
    let samples: Vec<String> = applied.ids.iter().map(|id| format!("samples/{id}.json")).collect();
    let is_allowed = |changed: &&Changed| {
        let path = &changed.path;
        let is_module = ["actions", "triggers", "types"].iter().any(|kind| {
            path.strip_prefix("generated/src/").is_some_and(|path| path.starts_with(&format!("{kind}/")))
        });
        let may_change = changed.is_new || applied.touched.contains(path);
        match () {
            () if applied.edited.contains(path) || samples.contains(path) => true,
            // The module of what existed before, and each snapshot that existed.
            () if is_module || path.ends_with(".snap") => may_change,
            () => WRITTEN.contains(&path.as_str()) || path.starts_with("generated/src/"),
        }
    };
    changes.iter().filter(|changed| !is_allowed(changed)).map(|changed| changed.path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_of(status: &str) -> Vec<String> {
        let applied = Applied {
            ids: vec!["update-brand".to_owned()],
            edited: vec!["connector.yaml".to_owned(), "types/adding.yaml".to_owned()],
            touched: vec!["generated/src/types/category.rs".to_owned()],
        };
        refused(&parse(status), &applied)
    }

    #[test]
    fn edited_manifests_samples_and_the_output_of_commands_may_change() {
        let status = " M connector.yaml\0?? types/adding.yaml\0?? samples/update-brand.json\0 M verified.lock\0 \
                      M connector.schema.json\0 \
                      M generated/catalog.json\0 M generated/src/actions.rs\0?? generated/src/actions/update_brand.rs\0";
        assert_eq!(refused_of(status), [""; 0]);
        assert_eq!(refused_of(" M generated/src/types/category.rs\0?? codegen/tests/x.snap\0"), [""; 0]);
    }

    #[test]
    fn a_file_by_hand_an_untouched_module_and_an_existing_snapshot_may_not() {
        for path in [
            "host/src/demo/story.rs",
            "README.md",
            "tests/conformance/deviations.toml",
            "samples/get-order.json",
            "generated/src/actions/get_order.rs",
            "generated/src/types/order.rs",
            "generated/Cargo.toml",
            "codegen/tests/data/ok/lists/expected.snap",
            "Cargo.lock",
        ] {
            assert_eq!(refused_of(&format!(" M {path}\0")), [path]);
        }
        assert_eq!(refused_of(" D generated/src/types/order.rs\0"), ["generated/src/types/order.rs"]);
        assert_eq!(refused_of("?? host/tests/new.rs\0"), ["host/tests/new.rs"]);
    }
}
