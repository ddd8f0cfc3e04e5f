//! What the command line refuses, and how it explains itself.

use std::fs;

use connector_codegen::{ROOT, SCHEMA, manifest_schema, project_schema};

use super::{Connector, run, sources_of};

#[test]
fn a_faulty_manifest_is_told_and_nothing_is_written() {
    let connector = Connector::compiled();
    let before = connector.generated();
    connector.write("types/parcels.yaml", "types:\n  Parcel:\n    description: A parcel.\n    recrod: {}\n");
    for arguments in [&[][..], &["--check"]] {
        let run = connector.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(run.err.starts_with("error[unknown-key]: a type has no key `recrod`\n"), "{}", run.err);
        assert!(run.err.contains("types/parcels.yaml:4:5"), "{}", run.err);
        assert!(run.err.ends_with("1 fault; nothing was written\n"), "{}", run.err);
        assert!(!run.err.contains('\u{1b}'), "no color where nobody looks");
    }
    assert_eq!(connector.generated(), before);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let connector = Connector::new();
    fs::remove_file(connector.path(ROOT)).unwrap();
    let run = connector.run(&[]);
    assert_eq!((run.code, run.out.as_str()), (Some(4), ""));
    assert!(run.err.starts_with("error: ") && run.err.contains(ROOT), "{}", run.err);
    assert!(!connector.path("generated").exists());
}

/// Fixtures that together have a file of each kind that people write.
const WRITTEN: [&str; 2] = ["several-files", "action-samples"];

#[test]
fn a_byte_order_mark_changes_nothing() {
    for fixture in WRITTEN {
        let connector = Connector::of(fixture);
        assert_eq!(connector.run(&[]).code, Some(0), "{fixture}");
        let before = connector.generated();
        for (name, text) in sources_of(fixture) {
            connector.write(&name, &format!("\u{feff}{text}"));
            let run = connector.run(&["--check"]);
            assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{name}: {}", run.out);
        }
        assert_eq!(connector.generated(), before);
    }
}

#[test]
fn a_text_in_another_encoding_is_refused_with_its_place() {
    let names = WRITTEN.map(|fixture| sources_of(fixture).into_keys().next_back().unwrap());
    assert!(names[0].starts_with("types/") && names[1].starts_with("samples/"), "{names:?}");
    for name in [&names[0], &names[1], ROOT] {
        let not_utf8 = "the file is not UTF-8: a byte of another encoding stands here";
        for (bytes, what, place) in [
            (&b"a: b\n\xff"[..], not_utf8, "2:1"),
            (b"\xEF\xBB\xBFa: \xff", not_utf8, "1:4"),
            (b"\xFF\xFEa\0", "the file is UTF-16", "1:1"),
            (b"\xFE\xFF\0a", "the file is UTF-16", "1:1"),
            (b"a: b\nc: \xEF\xBB\xBF", "a byte order mark stands inside the file", "2:4"),
        ] {
            let connector = Connector::new();
            connector.write(name, "");
            fs::write(connector.path(name), bytes).unwrap();
            let run = connector.run(&[]);
            assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{name}");
            assert!(run.err.starts_with(&format!("error[bad-encoding]: {what}\n")), "{name}: {}", run.err);
            assert!(run.err.contains(&format!("--> {name}:{place}\n")), "{name}: {}", run.err);
            assert!(run.err.ends_with("1 fault; nothing was written\n"), "{name}: {}", run.err);
            assert!(!connector.path("generated").exists());
        }
    }
}

#[test]
fn a_generated_file_with_a_byte_order_mark_is_stale() {
    let connector = Connector::compiled();
    for name in ["generated/catalog.json", "generated/src/lib.rs"] {
        let text = fs::read(connector.path(name)).unwrap();
        fs::write(connector.path(name), [b"\xEF\xBB\xBF", text.as_slice()].concat()).unwrap();
        let run = connector.run(&["--check"]);
        assert_eq!(run.code, Some(3), "{name}: {}", run.out);
        connector.run(&[]);
        assert_eq!(fs::read(connector.path(name)).unwrap(), text, "{name}");
    }
}

#[test]
fn files_that_cannot_be_written_are_named() {
    let connector = Connector::new();
    connector.write("generated", "a file where the crate belongs");
    let run = connector.run(&[]);
    assert_eq!(run.code, Some(4));
    assert!(run.err.starts_with("error: ") && run.err.contains("generated"), "{}", run.err);
}

#[test]
fn a_binary_file_below_src_is_foreign() {
    let connector = Connector::compiled();
    fs::write(connector.path("generated/src/logo.png"), [0x89, 0x50, 0xff]).unwrap();
    let run = connector.run(&["--check"]);
    assert_eq!(run.code, Some(3));
    assert!(run.out.contains("Foreign src/logo.png\n"), "{}", run.out);
    let remedy =
        "move or remove each Foreign file: the compiler owns `src`, and nothing else may change the build\n";
    assert!(run.out.ends_with(remedy), "{}", run.out);
    assert!(!run.out.contains("cargo codegen"), "no command mends it: {}", run.out);
}

#[test]
fn several_folders_are_compiled_in_one_run_and_the_worst_decides() {
    let (fresh, stale, faulty) = (Connector::compiled(), Connector::new(), Connector::new());
    faulty.write(ROOT, "format: 1\n");
    let folders = [&faulty, &stale, &fresh].map(|connector| connector.0.path().to_str().unwrap());
    let run = |folders: &[&str]| run(fresh.0.path(), &[&["--check"], folders].concat());
    assert_eq!(run(&folders).code, Some(1));
    assert!(run(&folders).out.contains("11 missing"), "a faulty folder does not stop the others");
    assert_eq!(run(&folders[1..]).code, Some(3));
    assert_eq!(run(&folders[2..]).code, Some(0));
}

#[test]
fn wrong_usage_is_refused_with_a_suggestion() {
    let connector = Connector::new();
    let run = connector.run(&["--chek"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("--check"), "{}", run.err);
    assert!(!connector.path("generated").exists());
}

#[test]
fn help_explains_itself_with_examples_and_exit_codes() {
    let run = Connector::new().run(&["--help"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    for part in ["cargo codegen --check", "Exit codes: 0 done, 1", "schema"] {
        assert!(run.out.contains(part), "{part} in:\n{}", run.out);
    }
}

#[test]
fn schema_prints_the_schema_or_keeps_a_file_up_to_date() {
    let connector = Connector::new();
    let run = connector.run(&["schema"]);
    assert_eq!((run.code, run.out), (Some(0), manifest_schema()));
    let run = connector.run(&["schema", "--write", "here/connector.schema.json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""));
    assert_eq!(connector.read("here/connector.schema.json"), manifest_schema());
}

#[test]
fn the_schema_beside_the_manifest_is_written_and_checked() {
    let connector = Connector::compiled();
    let schema = project_schema(&sources_of("several-files"));
    assert!(schema.contains("\"Parcel\"") && schema != manifest_schema());
    assert_eq!(connector.read(SCHEMA), schema);
    let stale = format!("  Stale ./{SCHEMA}: to write it, run: cargo codegen\n");
    connector.write(SCHEMA, &manifest_schema());
    let run = connector.run(&["--check"]);
    assert_eq!(run.code, Some(3));
    assert!(run.out.contains(&stale), "{}", run.out);
    assert_eq!(connector.read(SCHEMA), manifest_schema(), "a check writes nothing");
    fs::remove_file(connector.path(SCHEMA)).unwrap();
    let run = connector.run(&["--check"]);
    assert_eq!(run.code, Some(3));
    assert!(run.out.contains(&stale.replace("  Stale", "Missing")), "{}", run.out);
    let run = connector.run(&[]);
    assert!(run.out.starts_with(&format!("wrote   ./{SCHEMA}\n")), "{}", run.out);
    assert_eq!(connector.read(SCHEMA), schema);
    assert_eq!(connector.run(&["--check"]).code, Some(0));
}

#[test]
fn a_manifest_with_faults_gets_its_schema_on_demand() {
    let connector = Connector::new();
    let text = connector.read("types/parcels.yaml");
    connector.write("types/parcels.yaml", &text.replace("  Parcel:", "  Package:"));
    assert_eq!(connector.run(&[]).code, Some(1), "the type `Parcel` is missing now");
    assert!(!connector.path(SCHEMA).exists());
    let run = connector.run(&["schema", "--names-of", ".", "--write", SCHEMA]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
    assert!(connector.read(SCHEMA).contains("\"Package\""));
    assert!(connector.run(&["schema", "--names-of", "."]).out.contains("\"Package\""));
}
