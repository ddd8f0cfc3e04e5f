//! `cargo codegen sample`: drafts from the types and from answers, and everything that it refuses.

use std::collections::BTreeMap;

use connector_codegen::{Sources, compile, draft_sample, render};

use super::{Connector, Run};
use crate::fixtures::{each, fixtures, repository, sources};

const MANIFEST: &str = "\
format: 1
connector: {id: parcels, title: Parcels, version: 0.1.0, docs: https://parcel.example/docs}
connection:
  fields:
    account: {title: account, description: The account., pattern: \"[a-z0-9]+\", example: abc123}
  credentials:
    token: {title: token, description: The token., header: X-Token}
apis:
  v1:
    server: https://api.parcel.example
    base: /v1
    envelope: {data: data, meta: meta}
    errors: {message: title, fields: errors}
    dates: rfc3339
rate_limit: {status: 429, waits: [{header: Retry-After, unit: seconds}], overload_wait: 1s, max_wait: 30s}
types:
  Parcel:
    description: A parcel.
    record:
      id: {type: integer, min: 100}
      code: {type: string, pattern: \"^[A-Z]{2}-[0-9]{3}$\"}
      weight: {type: decimal, max: 0.25}
      state: Size
      sent: date-time
      due: date
      tags: {list: string, min: 2}
      inner: Parcel
  Size: {description: How large., enum: [small, large]}
actions:
  get-parcel:
    title: Get
    description: Reads one.
    api: v1
    get: /parcel
    returns: {first: Parcel}
    sample: samples/get-parcel.json
  list-parcels:
    title: List
    description: Reads all.
    api: v1
    get: /parcels
    returns: {list: Parcel}
    sample: samples/list-parcels.json
  remove:
    title: Remove
    description: Removes one.
    api: v1
    delete: /parcel
    returns: nothing
";

fn connector() -> Connector {
    let connector = Connector::empty();
    connector.write("connector.yaml", MANIFEST);
    connector
}

fn assert_refused(run: &Run, parts: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
    for part in parts {
        assert!(run.err.contains(part), "{part} is missing in:\n{}", run.err);
    }
}

#[test]
fn a_draft_meets_the_constraints_of_its_types_and_makes_the_manifest_whole() {
    let connector = connector();
    assert_refused(&connector.run(&[]), &["run `cargo codegen sample get-parcel`"]);
    for id in ["get-parcel", "list-parcels"] {
        let run = connector.run(&["sample", id]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
        assert!(run.out.contains(&format!("{id}.json\n")), "{}", run.out);
    }
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("draft", connector.read("samples/get-parcel.json"));
    });
    assert!(connector.read("samples/list-parcels.json").starts_with("[\n"));
    assert_eq!(connector.run(&[]).code, Some(0));
}

#[test]
fn an_existing_sample_is_replaced_only_by_force() {
    let connector = connector();
    connector.write("samples/get-parcel.json", "{\"id\": 7}\n");
    let run = connector.run(&["sample", "get-parcel"]);
    assert_eq!((run.code, run.out.as_str()), (Some(4), ""), "{run:?}");
    assert!(run.err.contains("the file exists; to replace it, add the flag --force"), "{}", run.err);
    assert_eq!(connector.read("samples/get-parcel.json"), "{\"id\": 7}\n");
    assert_eq!(connector.run(&["sample", "get-parcel", "--force"]).code, Some(0));
    assert!(connector.read("samples/get-parcel.json").contains("\"code\""));
}

#[test]
fn an_answer_is_taken_out_of_its_envelope_with_its_order_and_digits() {
    let connector = connector();
    connector.write("answer.json", "{\"data\": [{\"weight\": 0.250, \"id\": 118}], \"meta\": {}}");
    let run = connector.run(&["sample", "get-parcel", "--from", "answer.json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(connector.read("samples/get-parcel.json"), "{\n  \"weight\": 0.250,\n  \"id\": 118\n}\n");
    connector.write("empty.json", "");
    let run = connector.run(&["sample", "list-parcels", "--from", "empty.json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(connector.read("samples/list-parcels.json"), "[]\n");
}

#[test]
fn each_value_of_an_answer_that_does_not_fit_is_reported_at_its_line() {
    let connector = connector();
    let answer = "{\n  \"data\": [\n    {\n      \"id\": \"x\",\n      \"colour\": 1,\n      \"due\": \"soon\"\n    }\n  ]\n}\n";
    connector.write("answer.json", answer);
    let run = connector.run(&["sample", "list-parcels", "--from", "answer.json"]);
    assert_refused(
        &run,
        &["answer.json:4:13", "answer.json:5:7", "answer.json:6:14", "3 faults; nothing was written"],
    );
    assert!(!connector.path("samples").exists());
}

#[test]
fn what_is_no_answer_of_the_action_is_refused_with_its_remedy() {
    for (answer, expected) in [
        ("{\"id\": 1}", "the answer has no `data`, the envelope of the API version `v1`"),
        ("{\"data\": []}", "the list is empty, and the action returns its first item"),
        ("{\"data\": {}}", "this is no list, and the action returns the first item of a list"),
        ("{\"data\": [", "answer.json:1"),
        ("", "answer.json:1"),
    ] {
        let connector = connector();
        connector.write("answer.json", answer);
        let run = connector.run(&["sample", "get-parcel", "--from", "answer.json"]);
        assert_refused(&run, &[expected, "help: "]);
        assert!(!connector.path("samples").exists(), "{answer}");
    }
}

#[test]
fn an_id_that_is_unknown_or_names_no_sample_is_refused() {
    let connector = connector();
    assert_refused(&connector.run(&["sample", "get-parcl"]), &["did you mean `get-parcel`?"]);
    let run = connector.run(&["sample", "remove"]);
    assert_refused(&run, &["the action `remove` names no sample", "`sample: samples/remove.json`"]);
    let stray = MANIFEST.replace("samples/get-parcel.json", "samples/../get-parcel.json");
    connector.write("connector.yaml", &stray);
    let run = connector.run(&["sample", "get-parcel"]);
    assert_refused(&run, &["is no path of a sample", "write `sample: samples/get-parcel.json`"]);
    connector.write("connector.yaml", &MANIFEST.replace("returns: {first: Parcel}", "returns: Parcels"));
    assert_refused(&connector.run(&["sample", "get-parcel"]), &["connector.yaml", "`Parcels`"]);
}

/// The manifest with a sample for each action and trigger.
fn with_samples(mut sources: Sources) -> (Sources, Vec<String>) {
    let mut ids = Vec::new();
    for (_, text) in sources.iter_mut().filter(|(path, _)| path.ends_with(".yaml")) {
        let mut block = "";
        let mut lines = Vec::new();
        let whole = text.clone();
        for line in whole.lines() {
            if !line.starts_with([' ', '#']) && line.contains(':') {
                block = line.split(':').next().unwrap_or_default();
            }
            let is_entry =
                line.starts_with("  ") && !line[2..].starts_with([' ', '#']) && line.ends_with(':');
            if line.trim_start().starts_with("sample: ") && ["actions", "triggers"].contains(&block) {
                continue;
            }
            lines.push(line.to_owned());
            if is_entry && ["actions", "triggers"].contains(&block) {
                let id = line.trim().trim_end_matches(':');
                ids.push(format!("{block}.{id}"));
                lines.push(format!("    sample: samples/{block}-{id}.json"));
            }
        }
        *text = lines.join("\n") + "\n";
    }
    // An entry on one line keeps its sample.
    let manifest: String =
        sources.iter().filter(|(path, _)| path.ends_with(".yaml")).map(|(_, text)| text.as_str()).collect();
    sources.retain(|path, _| !path.ends_with(".json") || manifest.contains(path.as_str()));
    (sources, ids)
}

fn assert_drafts_compile(given: Sources) -> usize {
    let (mut sources, ids) = with_samples(given);
    let drafts: BTreeMap<String, String> = ids
        .iter()
        .map(|id| match draft_sample(&sources, id, None) {
            Ok(draft) => (draft.path, draft.text),
            Err(refusal) => panic!("{id}\n{}", render(&refusal.faults, &refusal.sources, false)),
        })
        .collect();
    assert_eq!(drafts.len(), ids.len());
    sources.extend(drafts);
    let compiled = compile(&sources, &mut connector_codegen::NoCache);
    compiled.unwrap_or_else(|faults| panic!("{}", render(&faults, &sources, false)));
    ids.len()
}

#[test]
fn the_compiler_accepts_a_draft_for_each_action_and_trigger_of_the_real_manifests() {
    for folder in [repository().to_owned(), repository().join("tests/connectors/parcel")] {
        let count = assert_drafts_compile(sources(&folder));
        assert!(count >= 20, "{}: only {count} were found", folder.display());
    }
}

#[test]
fn the_compiler_accepts_a_draft_for_each_action_and_trigger_of_the_small_manifests() {
    each(&fixtures("ok"), |fixture| {
        assert_drafts_compile(fixture.sources.clone());
    });
}
