//! Whatever the compiler writes passes rustc, clippy and rustdoc without a warning, under the same lints as the
//! connector's own crate; so do the examples in its documentation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixtures::{Fixture, entries, fixtures, repository};

#[test]
fn every_generated_crate_passes_rustc_clippy_and_rustdoc_without_a_warning() {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let fixtures = fixtures("ok");
    write_workspace(&workspace, &fixtures);
    cargo(&workspace, &["clippy", "--offline", "--workspace", "--all-targets", "--keep-going"]);
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
        wanted.push((folder.join("examples/documented.rs"), examples(fixture)));
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

/// The examples of a fixture's documentation, each in a module. Here the crate has the name of the fixture.
fn examples(fixture: &Fixture) -> String {
    let mut text =
        "//! Examples.\n#![expect(dead_code, reason = \"compiled and not run\")]\nfn main() {}\n".to_owned();
    let files = fixture.files();
    let blocks: Vec<String> = files.values().flat_map(|text| blocks(text)).collect();
    let actions = files.keys().filter(|path| path.starts_with("src/actions/")).count();
    assert!(blocks.len() > actions, "{}: each action has an example, and so has the crate", fixture.name);
    for (number, block) in blocks.iter().enumerate() {
        text.push_str(&format!("mod example_{number} {{\n{block}}}\n"));
    }
    text.replace("parcel_connector::", &format!("parcel_{}::", fixture.name.replace('-', "_")))
}

/// The blocks of code in the documentation of a file, with their hidden lines.
fn blocks(text: &str) -> Vec<String> {
    let is_doc = |line: &&str| line.starts_with("///") || line.starts_with("//!");
    let mut lines = text.lines().filter(is_doc).map(|line| line[3..].strip_prefix(' ').unwrap_or_default());
    let mut blocks = Vec::new();
    while lines.any(|line| line == "```no_run") {
        let code = lines.by_ref().take_while(|line| *line != "```");
        blocks.push(code.map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line))).collect());
    }
    blocks
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
