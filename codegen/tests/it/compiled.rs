//! Whatever the compiler writes passes rustc, clippy and rustdoc without a warning, under the same lints as the
//! connector's own crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixtures::{Fixture, entries, fixtures, repository};

#[test]
fn every_generated_crate_passes_rustc_clippy_and_rustdoc_without_a_warning() {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let fixtures = fixtures("ok");
    write_workspace(&workspace, &fixtures);
    cargo(&workspace, &["clippy", "--offline", "--workspace", "--keep-going"]);
    cargo(&workspace, &["doc", "--offline", "--workspace", "--keep-going", "--no-deps"]);
}

/// One package for each fixture. Files that say the right thing stay as they are, so that cargo need not build them
/// again.
fn write_workspace(workspace: &Path, fixtures: &[Fixture]) {
    let members: Vec<String> =
        fixtures.iter().map(|fixture| format!("    \"{}\",\n", fixture.name)).collect();
    let mut wanted = vec![
        ("Cargo.toml".into(), format!("[workspace]\nresolver = \"3\"\nmembers = [\n{}]\n", members.concat())),
        ("Cargo.lock".into(), read("Cargo.lock")),
    ];
    for fixture in fixtures {
        let folder = PathBuf::from(&fixture.name);
        wanted.push((folder.join("Cargo.toml"), package_toml(&fixture.name)));
        wanted.extend(fixture.files().into_iter().map(|(path, text)| (folder.join(path), text)));
        remove_others(workspace, &workspace.join(&folder).join("src"), &wanted);
    }
    for (path, text) in wanted {
        let path = workspace.join(path);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap_or(workspace)).expect("the target folder is writable");
        fs::write(path, text).expect("the target folder is writable");
    }
}

/// The manifest of a generated crate: the lints are those that the connector's own crate has.
fn package_toml(name: &str) -> String {
    let model = read("generated/Cargo.toml");
    let lints = model.find("[lints.").expect("the generated crate has lints of its own");
    let runtime = repository().join("runtime");
    format!(
        "[package]\nname = \"parcel-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nconnector-runtime = {{ path = {runtime:?} }}\n\n{}",
        &model[lints..]
    )
}

/// Removes what an earlier run wrote and this one does not want.
fn remove_others(workspace: &Path, folder: &Path, wanted: &[(PathBuf, String)]) {
    for path in entries(folder) {
        if path.is_dir() {
            remove_others(workspace, &path, wanted);
        } else if !wanted.iter().any(|(wanted, _)| workspace.join(wanted) == path) {
            fs::remove_file(path).expect("the target folder is writable");
        }
    }
}

#[track_caller]
fn cargo(workspace: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {} in {}\n{told}", arguments.join(" "), workspace.display());
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).expect("the repository is whole")
}
