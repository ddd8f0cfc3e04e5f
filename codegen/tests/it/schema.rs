//! The JSON Schema of manifests, as an editor applies it, agrees with the compiler.

use std::fs;

use connector_codegen::{Code, ROOT, Sources, generate, manifest_schema};
use jsonschema::Validator;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Value, json};

use crate::fixtures::{each, fixtures, package, repository, sources};

/// Fixtures whose fault no schema sees: how a number is written, a missing file, and keys that need or exclude each other
/// beyond those of which exactly one must be given.
pub(crate) const UNSEEN: [&str; 4] = [
    "wrong-type-exponent",
    "missing-key-no-root",
    "missing-key-webhooks",
    "conflicting-keys-body-and-payload",
];

#[test]
fn it_is_the_file_that_is_checked_in() {
    let checked_in = fs::read_to_string(package().join("connector.schema.json")).unwrap();
    assert!(
        checked_in.replace("\r\n", "\n") == manifest_schema(),
        "run: cargo codegen schema --write codegen/connector.schema.json"
    );
}

#[test]
fn it_is_a_schema_of_2020_12() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

#[test]
fn it_accepts_the_connectors_own_manifest() {
    assert_eq!(refused(&sources(repository())), Vec::<String>::new());
}

#[test]
fn it_accepts_whatever_the_compiler_accepts() {
    each(&fixtures("ok"), |fixture| assert_eq!(refused(&fixture.sources), Vec::<String>::new()));
}

#[test]
fn it_refuses_what_the_compiler_refuses_for_its_structure() {
    let structural = [Code::UnknownKey, Code::MissingKey, Code::ConflictingKeys, Code::WrongType];
    each(&fixtures("err"), |fixture| {
        let Err(faults) = generate(&fixture.sources) else { return };
        let fault = &faults[0];
        if structural.contains(&fault.code) && !UNSEEN.contains(&fixture.name.as_str()) {
            assert!(!refused(&fixture.sources).is_empty(), "the compiler says: {}", fault.message);
        }
    });
}

#[test]
fn it_names_the_unknown_key() {
    let text = fs::read_to_string(repository().join(ROOT)).unwrap();
    let refused = refused(&Sources::from([(ROOT.to_owned(), format!("{text}\nrate_limits: {{}}\n"))]));
    assert_eq!(refused.len(), 1);
    assert!(refused[0].contains("'rate_limits' was unexpected"), "{refused:?}");
}

/// What the schema says against a connector, over all of its files.
fn refused(sources: &Sources) -> Vec<String> {
    let resource = json!({"$ref": "#/$defs/resource-file", "$defs": schema()["$defs"]});
    let (root, resource) = (validator(&schema()), validator(&resource));
    let yaml = sources.iter().filter(|(path, _)| path.ends_with(".yaml"));
    let refused = yaml.flat_map(|(path, text)| {
        let validator = if path == ROOT { &root } else { &resource };
        let document = document(text);
        let errors = validator.iter_errors(&document);
        errors.map(|error| format!("{path}{}: {error}", error.instance_path())).collect::<Vec<_>>()
    });
    refused.collect()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("the schema is one")
}

fn schema() -> Value {
    serde_json::from_str(&manifest_schema()).expect("the schema is JSON")
}

/// A YAML document as an editor sees it, by the core schema of YAML 1.2 (section 10.3.2).
fn document(text: &str) -> Value {
    let mut parser = Parser::new_from_str(text);
    loop {
        match next(&mut parser) {
            Event::StreamStart | Event::DocumentStart(_) => {}
            event => return value(event, &mut parser),
        }
    }
}

fn value<'t>(event: Event<'t>, parser: &mut Parser<'t, StrInput<'t>>) -> Value {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, _, _) => plain(&text),
        Event::Scalar(text, ..) => Value::String(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next(parser) {
                    Event::SequenceEnd => return Value::Array(items),
                    event => items.push(value(event, parser)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Map::new();
            loop {
                match next(parser) {
                    Event::Scalar(key, ..) => {
                        let event = next(parser);
                        entries.insert(key.into_owned(), value(event, parser));
                    }
                    _ => return Value::Object(entries),
                }
            }
        }
        _ => Value::Null,
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
            let integer = text.parse::<i64>().map(Value::from);
            integer.or_else(|_| text.parse::<f64>().map(Value::from)).unwrap_or_else(|_| Value::from(text))
        }
        text => Value::from(text),
    }
}

fn next<'t>(parser: &mut Parser<'t, StrInput<'t>>) -> Event<'t> {
    parser.next_event().expect("the document goes on").expect("the document is YAML").0
}
