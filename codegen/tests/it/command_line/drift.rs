//! Differences that a comparison of texts does not show, files that could change the build, and the format cache.

use std::fs;
use std::path::{Path, PathBuf};

use connector_codegen::generate;

use super::{Connector, files, fixture, run};

/// A check fails with these lines in its output, and a run mends it so that the next check passes.
#[track_caller]
fn assert_mended(connector: &Connector, lines: &[&str]) {
    let fresh = generate(&fixture()).expect("the fixture has no fault");
    let check = connector.run(&["--check"]);
    assert_eq!((check.code, check.err.as_str()), (Some(3), ""), "{}", check.out);
    for line in lines {
        assert!(check.out.lines().any(|found| found.trim_start() == *line), "{line} in:\n{}", check.out);
    }
    assert!(!check.out.contains("Fresh"), "only differences are printed:\n{}", check.out);
    let mend = connector.run(&[]);
    assert_eq!(mend.code, Some(0), "{mend:?}");
    assert_eq!(connector.run(&["--check"]).code, Some(0));
    assert_eq!(connector.generated(), fresh);
}

/// A check and a run fail with this line, and neither changes the file.
#[track_caller]
fn assert_foreign(connector: &Connector, line: &str) {
    let check = connector.run(&["--check"]);
    assert_eq!(check.code, Some(3), "{check:?}");
    assert!(check.out.lines().any(|found| found.trim_start() == line), "{line} in:\n{}", check.out);
    assert!(check.out.contains("move or remove each Foreign file"), "{}", check.out);
    let mend = connector.run(&[]);
    assert_eq!(mend.code, Some(3), "{mend:?}");
    let (path, reason) =
        line.strip_prefix("Foreign ").and_then(|line| line.split_once(": ")).expect("path and reason");
    assert!(mend.out.contains(&format!("{path}: {reason}\n")), "{}", mend.out);
    assert_eq!(connector.run(&["--check"]).out, check.out, "a person must remove it");
}

#[test]
fn crlf_in_a_generated_file_is_a_difference() {
    for path in ["catalog.json", "src/lib.rs", "src/types/parcel.rs"] {
        let connector = Connector::compiled();
        let file = format!("generated/{path}");
        connector.write(&file, &connector.read(&file).replace('\n', "\r\n"));
        assert_mended(&connector, &[&format!("Stale {path}: lines end with CRLF instead of LF")]);
    }
    let connector = Connector::compiled();
    let one = connector.read("generated/src/lib.rs").replacen('\n', "\r\n", 1);
    connector.write("generated/src/lib.rs", &one);
    assert_mended(&connector, &["Stale src/lib.rs: lines end with CRLF instead of LF"]);
}

#[test]
fn a_changed_text_with_crlf_shows_the_changed_lines_alone() {
    let connector = Connector::compiled();
    let stale = connector.read("generated/src/apis.rs").replace("Version", "Edition").replace('\n', "\r\n");
    connector.write("generated/src/apis.rs", &stale);
    let check = connector.run(&["--check"]);
    let changed = check.out.lines().filter(|line| line.starts_with(['-', '+']) && !line.contains("apis.rs"));
    assert_eq!(changed.count(), 2, "{}", check.out);
    assert_mended(&connector, &["Stale src/apis.rs: lines end with CRLF instead of LF"]);
}

#[test]
fn sources_may_end_their_lines_as_on_windows() {
    let connector = Connector::compiled();
    for path in ["connector.yaml", "types/parcels.yaml"] {
        connector.write(path, &connector.read(path).replace('\n', "\r\n"));
    }
    assert_eq!(connector.run(&["--check"]).code, Some(0));
}

#[test]
fn a_file_that_an_interrupted_run_has_left_is_removed() {
    let connector = Connector::compiled();
    connector.write("generated/src/types/.codegen-a1b2c3.tmp", "half of a fi");
    connector.write("generated/.codegen-d4e5f6.tmp", "");
    let lines = ["src/types/.codegen-a1b2c3.tmp", ".codegen-d4e5f6.tmp"];
    let lines = lines.map(|path| format!("Orphan {path}: an interrupted run has left it"));
    assert_mended(&connector, &[&lines[0], &lines[1]]);
}

#[test]
fn a_file_that_could_change_the_build_is_foreign() {
    let toolchain = "rustup reads the toolchain from it";
    for (path, text, reason) in [
        ("build.rs", "fn main() {}", "cargo runs it before it builds the crate"),
        (".cargo/config.toml", "[build]\n", "cargo reads settings from it"),
        (".cargo/config", "", "cargo reads settings from it"),
        ("rust-toolchain", "nightly", toolchain),
        ("rust-toolchain.toml", "[toolchain]\n", toolchain),
        ("clippy.toml", "", "clippy reads settings from it"),
        (".clippy.toml", "", "clippy reads settings from it"),
    ] {
        let connector = Connector::compiled();
        connector.write(&format!("generated/{path}"), text);
        let shown = path.split('/').next().unwrap();
        assert_foreign(&connector, &format!("Foreign {shown}: {reason}"));
        assert_eq!(connector.read(&format!("generated/{path}")), text);
    }
    for (path, text) in [("src/main.rs", "fn main() {}"), ("src/bin/more.rs", "fn main() {}")] {
        let connector = Connector::compiled();
        connector.write(&format!("generated/{path}"), text);
        let check = connector.run(&["--check"]);
        assert_eq!(check.code, Some(3));
        assert!(check.out.contains(&format!("Foreign {path}\n")), "{}", check.out);
    }
}

#[test]
fn a_key_of_cargo_toml_that_changes_the_build_is_foreign() {
    let package = "[package]\nname = \"parcel-connector\"\n";
    for (more, key) in [
        ("build = \"make.rs\"\n", "package.build"),
        ("build = [\"make.rs\"]\n", "package.build"),
        ("links = \"z\"\n", "package.links"),
        ("[lib]\npath = \"other.rs\"\n", "lib.path"),
        ("[lib]\nproc-macro = true\n", "lib.proc-macro"),
        ("[build-dependencies]\ncc = \"1\"\n", "build-dependencies"),
        ("[target.'cfg(unix)'.build-dependencies]\ncc = \"1\"\n", "target.cfg(unix).build-dependencies"),
        ("[patch.crates-io]\nserde = { path = \"..\" }\n", "patch"),
        ("[replace]\n", "replace"),
    ] {
        let connector = Connector::compiled();
        connector.write("generated/Cargo.toml", &format!("{package}{more}"));
        let line = format!("Foreign Cargo.toml: its key `{key}` changes the build: remove the key");
        assert_foreign(&connector, &line);
    }
    for harmless in ["", "build = false\n", "[lib]\ndoctest = false\n", "[dependencies]\n", "not TOML ["] {
        let connector = Connector::compiled();
        connector.write("generated/Cargo.toml", &format!("{package}{harmless}"));
        assert_eq!(connector.run(&["--check"]).code, Some(0), "{harmless}");
    }
}

#[test]
fn another_name_of_the_crate_than_its_examples_use_is_foreign() {
    for (manifest, found) in [
        ("[package]\nname = \"boxes\"\n", "boxes"),
        ("[package]\nname = \"parcel-connector\"\n[lib]\nname = \"boxes\"\n", "boxes"),
    ] {
        let connector = Connector::compiled();
        connector.write("generated/Cargo.toml", manifest);
        let remedy = "write `parcel-connector` in `package.name`, as the examples of the crate do";
        assert_foreign(&connector, &format!("Foreign Cargo.toml: its name is `{found}`: {remedy}"));
    }
}

#[test]
fn the_cache_has_one_place_wherever_the_program_runs() {
    let connector = Connector::compiled();
    let cache = connector.cache();
    let before = fs::read_to_string(&cache).unwrap();
    assert!(before.contains("impl Action for GetParcel"), "{before}");
    fs::create_dir_all(connector.path("far/away")).unwrap();
    let folder = connector.path(".");
    let folder = folder.to_str().unwrap();
    for place in [connector.path("far/away"), connector.path("types")] {
        let run = run(&place, &[folder]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(connector.cache(), cache);
        assert!(!place.join("target").exists(), "{}", place.display());
    }
    assert_eq!(fs::read_to_string(&cache).unwrap(), before);
}

#[test]
fn the_cache_of_a_connector_in_a_workspace_is_in_the_build_folder_of_the_workspace() {
    let workspace = tempfile::TempDir::new().unwrap();
    fs::write(workspace.path().join("Cargo.lock"), "version = 4\n").unwrap();
    for (path, text) in fixture() {
        let path = workspace.path().join("parcel").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    assert_eq!(run(&workspace.path().join("parcel"), &[]).code, Some(0));
    assert_eq!(files(&workspace.path().join("target/codegen-cache")).len(), 1);
    assert!(!workspace.path().join("parcel/target").exists());
}

#[test]
fn a_removed_crate_is_written_again_from_the_cache() {
    let connector = Connector::compiled();
    fs::remove_dir_all(connector.path("generated")).unwrap();
    let run = connector.run(&[]);
    assert!(run.out.ends_with("11 written, 0 removed, 0 already fresh\n"), "{}", run.out);
    assert_eq!(connector.generated(), generate(&fixture()).unwrap());
}

#[test]
fn a_cache_that_cannot_be_read_or_written_is_no_fault() {
    let connector = Connector::compiled();
    fs::write(connector.cache(), "no JSON").unwrap();
    assert_eq!(connector.run(&[]).out, "0 written, 0 removed, 11 already fresh\n");
    fs::remove_dir_all(connector.path("target")).unwrap();
    connector.write("target", "a file where the folder belongs");
    assert_eq!(connector.run(&[]).out, "0 written, 0 removed, 11 already fresh\n");
}

#[test]
fn a_damaged_cache_changes_no_output() {
    for (what, by) in [
        ("Action for", "Poison for"),
        ("get-parcel", "got-parcel"),
        ("impl", "imql"),
        ("pub ", ""),
        ("///", "// "),
    ] {
        let connector = Connector::compiled();
        let sound = fs::read_to_string(connector.cache()).unwrap();
        let damaged = sound.replace(what, by);
        assert_ne!(damaged, sound);
        fs::write(connector.cache(), &damaged).unwrap();
        assert_eq!(connector.run(&["--check"]).code, Some(0));
        assert_eq!(fs::read_to_string(connector.cache()).unwrap(), damaged, "a check leaves the cache alone");
        fs::remove_dir_all(connector.path("generated")).unwrap();
        assert_eq!(connector.run(&[]).code, Some(0));
        assert_eq!(connector.generated(), generate(&fixture()).unwrap(), "{what}");
        assert_eq!(fs::read_to_string(connector.cache()).unwrap(), sound, "the damage is mended");
    }
}

#[test]
fn entries_of_the_cache_under_other_keys_change_no_output() {
    let connector = Connector::compiled();
    let sound: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&fs::read_to_string(connector.cache()).unwrap()).unwrap();
    let values: Vec<_> = sound.values().cloned().collect();
    let rotated = sound.keys().cloned().zip(values.into_iter().cycle().skip(1));
    let rotated: serde_json::Map<_, _> = rotated.collect();
    fs::write(connector.cache(), serde_json::to_string(&rotated).unwrap()).unwrap();
    fs::remove_dir_all(connector.path("generated")).unwrap();
    assert_eq!(connector.run(&[]).code, Some(0));
    assert_eq!(connector.generated(), generate(&fixture()).unwrap());
}

#[cfg(unix)]
mod unix {
    //! Links, permissions and special files.

    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("the file is there").permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours");
    }

    #[test]
    fn an_executable_bit_is_a_difference_and_other_permissions_stay() {
        for (bits, after) in [(0o755, 0o644), (0o641, 0o640), (0o700, 0o600)] {
            for path in ["catalog.json", "src/lib.rs", "src/types/parcel.rs"] {
                let connector = Connector::compiled();
                let file = connector.path(&format!("generated/{path}"));
                set_mode(&file, bits);
                assert_mended(&connector, &[&format!("Stale {path}: its executable bit is set")]);
                assert_eq!(mode(&file), after);
            }
        }
    }

    #[test]
    fn a_rewritten_file_keeps_its_permissions_and_a_new_file_has_those_of_any_file() {
        let connector = Connector::compiled();
        connector.write("plain", "");
        let usual = mode(&connector.path("plain"));
        assert!(files(&connector.path("generated")).iter().all(|path| mode(path) == usual));
        let file = connector.path("generated/src/apis.rs");
        connector.write("generated/src/apis.rs", "stale");
        set_mode(&file, 0o640);
        assert_eq!(connector.run(&[]).code, Some(0));
        assert_eq!(mode(&file), 0o640);
    }

    #[test]
    fn a_symbolic_link_in_place_of_a_file_is_a_difference_even_if_its_target_is_right() {
        for path in ["catalog.json", "src/lib.rs", "src/types/parcel.rs"] {
            let connector = Connector::compiled();
            let text = connector.read(&format!("generated/{path}"));
            connector.write("elsewhere", &text);
            let file = connector.path(&format!("generated/{path}"));
            fs::remove_file(&file).unwrap();
            symlink(connector.path("elsewhere"), &file).unwrap();
            connector.write("elsewhere", "the target");
            assert_mended(&connector, &[&format!("Stale {path}: a symbolic link stands in its place")]);
            assert!(fs::symlink_metadata(&file).unwrap().is_file());
            assert_eq!(connector.read("elsewhere"), "the target", "nothing is written through the link");
        }
    }

    #[test]
    fn a_symbolic_link_in_place_of_a_folder_is_a_difference() {
        for path in ["src", "src/types", "src/actions"] {
            let connector = Connector::compiled();
            let folder = connector.path(&format!("generated/{path}"));
            fs::rename(&folder, connector.path("elsewhere")).unwrap();
            symlink(connector.path("elsewhere"), &folder).unwrap();
            let before = files(&connector.path("elsewhere"));
            let link = format!("Stale {path}: a symbolic link stands in place of the folder");
            assert_mended(&connector, &[&link]);
            assert!(fs::symlink_metadata(&folder).unwrap().is_dir());
            assert_eq!(files(&connector.path("elsewhere")), before, "the target of the link stays");
        }
    }

    #[test]
    fn a_symbolic_link_in_place_of_the_crate_is_refused() {
        let connector = Connector::compiled();
        fs::rename(connector.path("generated"), connector.path("elsewhere")).unwrap();
        symlink(connector.path("elsewhere"), connector.path("generated")).unwrap();
        for arguments in [&[][..], &["--check"]] {
            let run = connector.run(arguments);
            assert_eq!((run.code, run.out.as_str()), (Some(4), ""));
            let remedy =
                "a symbolic link stands in place of the generated crate: put the folder itself there\n";
            assert!(run.err.ends_with(remedy), "{}", run.err);
        }
    }

    #[test]
    fn a_link_or_a_special_file_that_nothing_generates_is_foreign() {
        let connector = Connector::compiled();
        symlink("lib.rs", connector.path("generated/src/more.rs")).unwrap();
        assert_foreign(&connector, "Foreign src/more.rs: it is a symbolic link");
        let connector = Connector::compiled();
        let made = Command::new("mkfifo").arg(connector.path("generated/src/pipe.rs")).status().unwrap();
        assert!(made.success());
        assert_foreign(&connector, "Foreign src/pipe.rs: it is neither a file nor a folder");
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let connector = Connector::compiled();
        let file = connector.path("generated/src/apis.rs");
        connector.write("generated/src/apis.rs", "stale");
        // Who has the old file open, or linked, never sees a half of the new one.
        fs::hard_link(&file, connector.path("old")).unwrap();
        let before = fs::metadata(&file).unwrap().ino();
        assert_eq!(connector.run(&[]).code, Some(0));
        assert_ne!(fs::metadata(&file).unwrap().ino(), before);
        assert_eq!(connector.read("old"), "stale");
        let is_left = |path: &PathBuf| path.extension().is_some_and(|end| end == "tmp");
        assert!(!files(connector.0.path()).iter().any(is_left));
    }

    #[test]
    fn the_schema_and_the_cache_are_replaced_as_a_whole_too() {
        let connector = Connector::compiled();
        connector.write("schema.json", "stale");
        fs::hard_link(connector.path("schema.json"), connector.path("old-schema")).unwrap();
        fs::write(connector.cache(), "{}").unwrap();
        fs::hard_link(connector.cache(), connector.path("old-cache")).unwrap();
        assert_eq!(connector.run(&["schema", "--write", "schema.json"]).code, Some(0));
        assert_eq!(connector.run(&[]).code, Some(0));
        assert_eq!(
            (connector.read("old-schema").as_str(), connector.read("old-cache").as_str()),
            ("stale", "{}")
        );
    }

    #[test]
    fn the_schema_is_written_through_a_link() {
        let connector = Connector::compiled();
        connector.write("elsewhere.json", "stale");
        symlink("elsewhere.json", connector.path("schema.json")).unwrap();
        assert_eq!(connector.run(&["schema", "--write", "schema.json"]).code, Some(0));
        assert!(fs::symlink_metadata(connector.path("schema.json")).unwrap().is_symlink());
        assert!(connector.read("elsewhere.json").starts_with('{'));
    }
}
