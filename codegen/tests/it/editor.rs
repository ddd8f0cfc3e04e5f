//! Manifests in an editor: the real yaml-language-server with the schemas that lie in this repository.

mod server;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use connector_codegen::{Code, ROOT, SCHEMA, Sources, generate, locate, manifest_schema};
use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures::{fixtures, repository, sources};
use server::{Mistake, Server};

/// The first line of a resource file.
const RESOURCE: &str = "# yaml-language-server: $schema=../connector.schema.json#/$defs/resource-file\n";

/// The first line of a manifest.
const MANIFEST: &str = "# yaml-language-server: $schema=connector.schema.json\n";

/// The fixture of a merge key (`<<`), which an editor resolves and the compiler refuses.
const MERGED: &str = "unknown-key-merge-key";

/// An action without its method, result and parameters.
const ACTION: &str = "actions:\n  get-crate:\n    title: Get a crate\n    api: v3\n";

#[test]
fn manifests_without_fault_have_no_mistake() {
    for connector in [repository().to_owned(), parcel()] {
        let Some(mut server) = Server::start(&connector) else { return };
        for (path, text) in sources(&connector).iter().filter(|(path, _)| path.ends_with(".yaml")) {
            assert!(text.contains("# yaml-language-server: $schema="), "{path} names its schema");
            let mistakes = server.mistakes(path, text);
            assert!(mistakes.is_empty(), "{path}: {mistakes:?}");
        }
    }
}

#[test]
fn a_typo_is_reported_at_its_key_and_by_its_name() {
    let Some(mut server) = Server::start(repository()) else { return };
    let field =
        |text: &str| format!("types:\n  Crate:\n    description: A crate.\n    record:\n      id:{text}\n");
    let action = |text: &str| format!("{ACTION}    returns: Brand\n    get: /crates\n{text}\n");
    for (text, key) in [
        (field(" {type: integer, nulable: true}"), "nulable"),
        (field("\n        type: integer\n        nulable: true"), "nulable"),
        (field("\n        tpye: integer"), "tpye"),
        (field(" {tpye: integer}"), "tpye"),
        (field("\n        list:\n          type: integer\n          patern: a"), "patern"),
        (field("\n        map: {lsit: integer}"), "lsit"),
        (action("    bdy: {name: string}"), "bdy"),
        (action("    query:\n      name: {type: string, requierd: true}"), "requierd"),
        (action("    query:\n      - Page\n      - name: {type: string, requierd: true}"), "requierd"),
        (action("    payload:\n      crates:\n        list: {tpye: Brand}"), "tpye"),
        (action("    repeat:\n      never_with: [name]"), "never_with"),
        (action("    changes: {resource: crate, inptu: name}"), "inptu"),
        (format!("{ACTION}    get: /crates\n    returns: {{lst: Brand}}\n"), "lst"),
        (format!("{ACTION}    get: /crates\n    retruns: Brand\n"), "retruns"),
    ] {
        let text = format!("{RESOURCE}{text}");
        assert_named(&server.mistakes("types/crates.yaml", &text), &text, key);
    }
}

#[test]
fn each_unknown_key_of_the_compiler_is_a_mistake_at_the_same_line() {
    let Some(mut server) = Server::start(&parcel()) else { return };
    let sources = sources(&parcel());
    let known = keys_of_the_language();
    let mut found = BTreeSet::new();
    for (path, text) in sources.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        let indents: BTreeSet<usize> = text.lines().map(indent).collect();
        // Nothing below an unknown key is checked, so the keys of one depth are misspelt together.
        for depth in indents {
            let misspell =
                |line: &str| match key(line).filter(|key| indent(line) == depth && known.contains(*key)) {
                    Some(key) => line.replacen(key, &format!("{key}-x"), 1),
                    None => line.to_owned(),
                };
            let lines: Vec<String> = text.lines().map(misspell).collect();
            let mutated = lines.join("\n");
            let refused = refused_lines(&sources, path, &mutated);
            if refused.is_empty() {
                continue;
            }
            let mistakes = server.mistakes(path, &mutated);
            for line in refused {
                let key = key(&lines[line - 1]).expect("the compiler refused a key");
                let message = format!("Property {key} is not allowed.");
                let is_it = |found: &Mistake| found.line == line as u64 && found.message == message;
                assert!(mistakes.iter().any(is_it), "{path}:{line}: {key}");
                found.insert(key.to_owned());
            }
        }
    }
    assert!(found.len() > 50, "the manifest has keys of all kinds: {found:?}");
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn key(line: &str) -> Option<&str> {
    line.trim().split_once(':').map(|(key, _)| key)
}

/// The lines of this text in which the compiler refuses a key.
fn refused_lines(sources: &Sources, path: &str, text: &str) -> BTreeSet<usize> {
    let mut sources = sources.clone();
    sources.insert(path.to_owned(), text.to_owned());
    let faults = generate(&sources).err().unwrap_or_default();
    let unknown = faults.iter().filter(|fault| fault.code == Code::UnknownKey);
    let line = |place: String| {
        let (line, _) = place.strip_prefix(path)?.strip_prefix(':')?.split_once(':')?;
        line.parse().ok()
    };
    unknown.filter_map(|fault| line(locate(fault.span, &sources))).collect()
}

fn keys_of_the_language() -> BTreeSet<String> {
    let schema: Value = serde_json::from_str(&manifest_schema()).expect("the schema is JSON");
    let definitions = schema["$defs"].as_object().expect("it has definitions").values();
    let properties = definitions.filter_map(|definition| definition["properties"].as_object());
    properties.flat_map(|keys| keys.keys().cloned()).collect()
}

#[test]
fn an_action_has_exactly_one_method() {
    let Some(mut server) = Server::start(repository()) else { return };
    let keys = "`get`, `post`, `put`, `patch`, `delete`";
    for (methods, line, message) in [
        ("", 3, format!("The action needs one of the keys {keys}.")),
        ("    get: /a\n    post: /a\n", 8, format!("Only one of the keys {keys} may be given: keep one.")),
        ("    delete: /a\n    put: /a\n", 7, format!("Only one of the keys {keys} may be given: keep one.")),
    ] {
        let text = format!("{RESOURCE}{ACTION}    returns: Brand\n{methods}");
        let mistakes = server.mistakes("types/crates.yaml", &text);
        let [mistake] = mistakes.as_slice() else { panic!("{methods}: {mistakes:?}") };
        assert_eq!((mistake.line, mistake.message.as_str()), (line, message.as_str()), "{text}");
    }
    let text = format!("{RESOURCE}{ACTION}    returns: Brand\n    patch: /a\n");
    assert_eq!(server.mistakes("types/crates.yaml", &text).len(), 0);
}

#[test]
fn faults_of_the_structure_are_mistakes_in_the_editor() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join(SCHEMA), manifest_schema()).expect("the folder is writable");
    let Some(mut server) = Server::start(folder.path()) else { return };
    let structural = [Code::UnknownKey, Code::MissingKey, Code::ConflictingKeys];
    let mut compared = 0;
    for fixture in fixtures("err") {
        let Err(faults) = generate(&fixture.sources) else { continue };
        let Some(text) = fixture.sources.get(ROOT).filter(|_| structural.contains(&faults[0].code)) else {
            continue;
        };
        // What the schema cannot see, the test of the schema lists.
        let is_unseen = super::schema::UNSEEN.contains(&fixture.name.as_str()) || fixture.name == MERGED;
        if is_unseen || fixture.sources.len() > 1 {
            continue;
        }
        let mistakes = server.mistakes(ROOT, &format!("{MANIFEST}{text}"));
        assert!(!mistakes.is_empty(), "{}: {}", fixture.name, faults[0].message);
        compared += 1;
    }
    assert!(compared > 3, "there are fixtures of the structure: {compared}");
}

#[test]
fn names_of_the_manifest_complete() {
    let Some(mut server) = Server::start(repository()) else { return };
    let action = |text: &str| format!("{RESOURCE}{ACTION}    get: /crates\n    returns: Brand\n    {text}\n");
    let record = |text: &str| format!("{RESOURCE}types:\n  Crate:\n    record:\n      id: {text}\n");
    let api = ACTION.replace("api: v3", "api: |");
    for (text, offered) in [
        (record("{type: |}"), ["string", "date-time", "Product"].as_slice()),
        (record("|"), &["decimal", "Order"]),
        (record("{list: |}"), &["integer", "Order"]),
        (action("query: {name: {type: |}}"), &["boolean", "ProductSort"]),
        (format!("{RESOURCE}{api}"), &["v2", "v3"]),
        (action("scope: |"), &["products.read", "orders.modify"]),
        (action("paging: |"), &["v2-pages", "v3-pages"]),
        (action("query: |"), &["Page", "ProductFilters"]),
        (format!("{RESOURCE}{ACTION}    get: /crates\n    returns: |\n"), &["nothing", "Product"]),
        (format!("{RESOURCE}{ACTION}    get: /crates\n    returns: {{list: |}}\n"), &["Product"]),
    ] {
        assert_offered(&server.completions("types/crates.yaml", &text), offered, &text);
    }
    for (text, offered) in [
        ("webhooks:\n  list: |\n", ["list-webhooks"].as_slice()),
        ("webhooks:\n  signatures: [|]\n", &["standard-webhooks"]),
        ("triggers:\n  crate-made:\n    read:\n      action: |\n", &["get-product"]),
        ("connection:\n  oauth2:\n    credential: |\n", &["access_token"]),
        ("rate_limit:\n  per: |\n", &["store_hash"]),
    ] {
        let text = format!("{MANIFEST}{text}");
        assert_offered(&server.completions(ROOT, &text), offered, &text);
    }
}

#[test]
fn keys_and_choices_complete_in_each_form() {
    let Some(mut server) = Server::start(repository()) else { return };
    for (text, offered) in [
        (
            "types:\n  Crate:\n    record:\n      id:\n        |\n".to_owned(),
            ["type", "list", "pattern"].as_slice(),
        ),
        (format!("{ACTION}    |\n"), &["get", "scope", "paging"]),
        (format!("{ACTION}    repeat: |\n"), &["safe", "never"]),
        (format!("{ACTION}    effect: |\n"), &["read", "update"]),
    ] {
        let text = format!("{RESOURCE}{text}");
        assert_offered(&server.completions("types/crates.yaml", &text), offered, &text);
    }
}

#[track_caller]
fn assert_named(mistakes: &[Mistake], text: &str, key: &str) {
    let line = text.lines().position(|line| line.contains(key)).expect("the key stands in the text") + 1;
    let message = format!("Property {key} is not allowed.");
    let is_it = |found: &Mistake| found.line == line as u64 && found.message == message;
    assert!(mistakes.iter().any(is_it), "line {line}: {message}\nfound {mistakes:?} in\n{text}");
}

#[track_caller]
fn assert_offered(found: &[String], offered: &[&str], text: &str) {
    for name in offered {
        assert!(found.iter().any(|label| label == name), "{name} is not among {found:?} in\n{text}");
    }
}

fn parcel() -> PathBuf {
    Path::new(repository()).join("tests/connectors/parcel")
}
