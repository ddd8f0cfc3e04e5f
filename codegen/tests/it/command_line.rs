//! The command line as people and CI use it: the real program on real files.

mod drift;
mod refusals;
mod samples;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use connector_codegen::{Files, MARKER, ROOT, generate};
use tempfile::TempDir;

use crate::fixtures::{entries, fixtures, sources};

/// A connector in a temporary folder.
struct Connector(TempDir);

/// What a run of the program said, and how it ended.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Connector {
    /// Copies a manifest without fault.
    fn new() -> Self {
        Self::of("several-files")
    }

    /// A folder without files.
    fn empty() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    /// Copies the manifest of a fixture.
    fn of(name: &str) -> Self {
        let connector = Self::empty();
        for (path, text) in sources_of(name) {
            connector.write(&path, &text);
        }
        connector
    }

    /// The same, compiled.
    fn compiled() -> Self {
        let connector = Self::new();
        let run = connector.run(&[]);
        assert_eq!(run.code, Some(0), "{run:?}");
        connector
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("the folder is writable");
        fs::write(path, text).expect("the folder is writable");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs the program in the folder.
    fn run(&self, arguments: &[&str]) -> Run {
        run(self.0.path(), arguments)
    }

    /// The file of the format cache.
    fn cache(&self) -> PathBuf {
        let [path] = entries(&self.path("target/codegen-cache")).try_into().expect("there is one file");
        path
    }

    /// Every file of the generated crate, with its path below it.
    fn generated(&self) -> Files {
        let top = self.path("generated");
        let below = |path: &PathBuf| {
            let parts = path.strip_prefix(&top).expect("it lies below").components();
            parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        };
        files(&top).iter().map(|path| (below(path), fs::read_to_string(path).expect("it is text"))).collect()
    }
}

#[test]
fn writes_the_crate_and_says_what_it_wrote() {
    let connector = Connector::new();
    let run = connector.run(&[]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(connector.generated(), generate(&fixture()).unwrap());
    for path in connector.generated().keys() {
        let parts: PathBuf = path.split('/').collect();
        assert!(
            run.out.contains(&format!("wrote   {}", Path::new(".").join("generated").join(parts).display())),
            "{}",
            run.out
        );
    }
    assert!(run.out.ends_with("11 written, 0 removed, 0 already fresh\n"), "{}", run.out);
}

#[test]
fn a_second_run_touches_no_file() {
    let connector = Connector::compiled();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in files(&connector.path("generated")) {
        fs::File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }
    let run = connector.run(&[]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "0 written, 0 removed, 11 already fresh\n"));
    for path in files(&connector.path("generated")) {
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago, "{}", path.display());
    }
}

#[test]
fn a_changed_manifest_rewrites_what_depends_on_it_and_nothing_else() {
    let connector = Connector::compiled();
    let text = connector.read("types/parcels.yaml");
    connector.write("types/parcels.yaml", &text.replace("A parcel.", "A bag."));
    let run = connector.run(&[]);
    assert_eq!(run.code, Some(0));
    assert!(run.out.ends_with("2 written, 0 removed, 9 already fresh\n"), "{}", run.out);
    assert!(connector.read("generated/src/types/parcel.rs").contains("/// A bag."));
    assert!(connector.read("generated/catalog.json").contains("A bag."));
}

#[test]
fn check_prints_nothing_if_everything_is_fresh() {
    let connector = Connector::compiled();
    let run = connector.run(&["--check"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
}

#[test]
fn check_reports_each_file_that_is_not_as_it_should_be_and_changes_none() {
    let connector = Connector::compiled();
    disturb(&connector);
    let before = connector.generated();
    let run = connector.run(&["--check"]);
    assert_eq!((run.code, run.err.as_str()), (Some(3), ""));
    assert_eq!(connector.generated(), before);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("check", run.out));
}

#[test]
fn check_names_the_folder_in_the_command_that_mends_it() {
    let connector = Connector::new();
    let folder = connector.0.path().to_str().unwrap();
    let run = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["--check", folder]);
    assert_eq!(run.code, Some(3));
    assert!(run.out.ends_with(&format!("to mend it, run: cargo codegen {folder}\n")), "{}", run.out);
    assert!(!connector.path("generated").exists(), "a check writes nothing");
}

#[test]
fn writing_mends_everything_but_foreign_files() {
    let connector = Connector::compiled();
    let mut fresh = connector.generated();
    disturb(&connector);
    let run = connector.run(&[]);
    assert_eq!(run.code, Some(3), "a foreign file is left: {run:?}");
    assert!(run.out.contains("notes.rs: nothing generates it\n"), "{}", run.out);
    assert!(run.out.ends_with("2 written, 1 removed, 9 already fresh\n"), "{}", run.out);
    fresh.insert("src/notes.rs".to_owned(), "// By hand.\n".to_owned());
    assert_eq!(connector.generated(), fresh);
    assert!(!connector.path("generated/src/old").exists(), "the folder of the orphan is empty and must go");
}

#[test]
fn a_folder_that_still_holds_a_foreign_file_stays() {
    let connector = Connector::compiled();
    connector.write("generated/src/old/deep/gone.rs", MARKER);
    connector.write("generated/src/old/kept.bin", "by hand");
    let run = connector.run(&[]);
    assert_eq!(run.code, Some(3));
    assert!(!connector.path("generated/src/old/deep").exists());
    assert_eq!(connector.read("generated/src/old/kept.bin"), "by hand");
}

#[test]
fn a_type_that_goes_takes_its_module_along() {
    let connector = Connector::compiled();
    let text = connector.read("types/parcels.yaml");
    connector.write("types/parcels.yaml", &text.replace("carton: Carton", "carton: json"));
    let boxes = "types/boxes-of-all-kinds.yaml";
    fs::remove_file(connector.path(boxes)).unwrap();
    let run = connector.run(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(connector.generated(), generate(&sources(connector.0.path())).unwrap());
}

#[test]
fn files_beside_src_and_the_catalog_are_none_of_its_business() {
    let connector = Connector::compiled();
    connector.write("generated/Cargo.toml", "[package]\n");
    connector.write("generated/tests/it.rs", MARKER);
    connector.write("notes.txt", "not YAML: [");
    assert_eq!(connector.run(&["--check"]).code, Some(0));
    connector.run(&[]);
    assert_eq!(connector.read("generated/tests/it.rs"), MARKER);
}

#[test]
fn a_file_that_would_be_left_out_in_silence_is_refused() {
    for (path, ending) in [
        ("types/notes.txt", "yaml"),
        ("types/parcels.json", "yaml"),
        ("types/deeper/parcels.yaml", "yaml"),
        ("samples/parcel.yaml", "json"),
        ("samples/parcel", "json"),
    ] {
        let connector = Connector::compiled();
        let before = connector.generated();
        connector.write(path, "{}");
        for arguments in [&[][..], &["--check"]] {
            let run = connector.run(arguments);
            assert_eq!((run.code, run.out.as_str()), (Some(4), ""), "{path}: {run:?}");
            let stray = path.split('/').take(2).collect::<PathBuf>();
            assert!(run.err.contains(&stray.display().to_string()), "{}", run.err);
            let remedy = format!("only files that end in .{ending} are read here: move or remove it\n");
            assert!(run.err.ends_with(&remedy), "{}", run.err);
        }
        assert_eq!(connector.generated(), before);
    }
}

#[test]
fn samples_are_read_and_go_into_the_catalog() {
    let connector = Connector::new();
    let manifest =
        connector.read(ROOT).replace("get: /parcel\n", "get: /parcel\n    sample: samples/p.json\n");
    connector.write(ROOT, &manifest);
    connector.write("samples/p.json", "{\"carton\": null}\n");
    let run = connector.run(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(connector.read("generated/catalog.json").contains("\"sample\": {\n        \"carton\": null\n"));
}

#[test]
fn advice_is_told_and_the_crate_is_written_all_the_same() {
    let connector = Connector::new();
    let manifest = connector.read(ROOT).replace("    description: Reads one parcel.\n", "");
    connector.write(ROOT, &manifest);
    for arguments in [&[][..], &["--check"]] {
        let run = connector.run(arguments);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.err.starts_with("warning[missing-description]: the action `get-parcel`"), "{}", run.err);
        assert!(!run.err.contains("nothing was written"), "{}", run.err);
    }
    assert_eq!(connector.generated(), generate(&sources(connector.0.path())).unwrap());
}

/// One file of each kind that is not as it should be: stale, missing, orphan and foreign.
fn disturb(connector: &Connector) {
    let types = connector.read("generated/src/types/parcel.rs");
    connector.write("generated/src/types/parcel.rs", &types.replace("/// A parcel.", "/// A bag."));
    fs::remove_file(connector.path("generated/src/apis.rs")).expect("it was generated");
    connector.write("generated/src/old/gone.rs", &format!("{MARKER}\n"));
    connector.write("generated/src/notes.rs", "// By hand.\n");
}

fn fixture() -> connector_codegen::Sources {
    sources_of("several-files")
}

fn sources_of(name: &str) -> connector_codegen::Sources {
    let fixture = fixtures("ok").into_iter().find(|fixture| fixture.name == name);
    fixture.expect("the fixture is there").sources
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let program = Command::new(env!("CARGO_BIN_EXE_connector-codegen"))
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", "target")
        .output();
    let output = program.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries(folder).into_iter().flat_map(below).collect()
}
