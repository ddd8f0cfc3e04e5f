//! Every constraint of every input, at every depth, violated one at a time and all at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::schema_walk::{Bad, Place, listed, places};
use super::{Dry, INPUTS};

/// Asserts that each bad value alone is refused for the one place that it stands in.
fn refuses_each(bad_values: impl Fn(&Place<'_>) -> Vec<Bad>) -> BTreeMap<&'static str, usize> {
    let dry = Dry::new();
    let (mut faults, mut counts) = (Vec::new(), BTreeMap::new());
    for (id, schema) in INPUTS.iter() {
        for place in places(schema) {
            for bad in bad_values(&place) {
                let input = place.input_with(bad.value);
                // What is no object at all has no field to blame.
                let expected = if input.is_object() { bad.blamed.to_string() } else { String::new() };
                let is_text_of_number = place.schema["type"].is_array() && bad.keyword.ends_with("imum");
                assert!(is_text_of_number || !INPUTS.accept(id, &input), "the schema accepts {id} {input}");
                let blamed = dry.blamed(id, &input.to_string());
                if blamed != [expected.as_str()] {
                    faults.push(format!("{id} {}: {input} blames {blamed:?}, not {expected}", bad.keyword));
                }
                *counts.entry(bad.keyword).or_default() += 1;
            }
        }
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), listed(&faults));
    counts
}

#[test]
fn every_place_of_every_input_can_be_filled_rightly() {
    let dry = Dry::new();
    let mut deepest = 0;
    for (id, schema) in INPUTS.iter() {
        for place in places(schema) {
            let input = place.input();
            assert!(INPUTS.accept(id, &input), "the schema refuses {id} {input}");
            dry.request(id, &input.to_string());
            deepest = deepest.max(place.way.len());
        }
    }
    assert!(deepest >= 4, "records within lists within records are reached: {deepest}");
}

/// The keywords of a schema that refuse something, of its own type alone.
fn constraints(schema: &Value) -> Vec<&str> {
    let keywords = schema.as_object().into_iter().flatten();
    let refuses = |(keyword, value): &(&String, &Value)| match keyword.as_str() {
        "additionalProperties" => **value == false,
        "minItems" | "minLength" => value.as_u64() > Some(0),
        "required" => value.as_array().is_some_and(|names| !names.is_empty()),
        "allOf" | "enum" | "format" | "maxItems" | "maxLength" | "maximum" | "minimum" | "not"
        | "pattern" => true,
        _ => false,
    };
    keywords.filter(refuses).map(|(keyword, _)| keyword.as_str()).collect()
}

#[test]
fn a_violated_constraint_is_told_by_its_place_and_nothing_is_sent() {
    let counts = refuses_each(|place| place.violations());
    let keywords: BTreeSet<&str> = counts.keys().copied().collect();
    let all = INPUTS.iter().flat_map(|(_, schema)| places(schema));
    let expected: BTreeSet<&str> = all.flat_map(|place| constraints(place.schema)).collect();
    assert_eq!(keywords, expected, "every keyword of the catalog is violated somewhere");
    assert!(counts.values().sum::<usize>() > 1000, "{counts:?}");
}

#[test]
fn a_value_of_another_type_is_told_by_its_place_and_nothing_is_sent() {
    let counts = refuses_each(|place| place.wrong_types());
    assert!(counts["type"] > 3000, "{counts:?}");
}

#[test]
fn everything_that_is_wrong_at_the_top_is_told_in_one_error() {
    let dry = Dry::new();
    for (id, schema) in INPUTS.iter() {
        let top: Vec<_> = places(schema).into_iter().filter(|place| place.way.len() == 1).collect();
        for is_missing_what_is_required in [false, true] {
            for pick in [Place::wrong_types, Place::violations] {
                let mut input = Map::from_iter([("unheard_of".to_owned(), json!(1))]);
                let mut expected = BTreeSet::from(["unheard_of".to_owned()]);
                for place in &top {
                    let name = place.way.to_string();
                    let is_required = schema["required"].as_array().unwrap().contains(&json!(name));
                    if is_required && is_missing_what_is_required {
                        expected.insert(name);
                        continue;
                    }
                    // Where nothing but the type can be wrong, the type is.
                    let bad = pick(place).pop().or_else(|| place.wrong_types().pop()).unwrap();
                    input.insert(name, bad.value);
                    expected.insert(bad.blamed.to_string());
                }
                let input = Value::Object(input);
                let blamed: BTreeSet<String> = dry.blamed(id, &input.to_string()).into_iter().collect();
                assert_eq!(blamed, expected, "{id} {input}");
            }
        }
    }
}

/// An input in which everything is wrong, at every depth: a name that nobody knows in each record, and a bad value in
/// each place that holds no other, or, where `is_missing_what_is_required`, no value where one must be.
fn wrong_throughout<'s>(
    schema: &'s Value,
    pick: fn(&Place<'s>) -> Vec<Bad>,
    is_missing_what_is_required: bool,
) -> (Value, BTreeSet<String>) {
    let places = places(schema);
    let (mut input, mut expected) = (json!({}), BTreeSet::new());
    let is_leaf = |place: &&Place<'_>| {
        place.way.len() > 0 && !places.iter().any(|other| other.way.goes_beyond(&place.way))
    };
    let records = places.iter().filter(|place| place.schema["additionalProperties"] == false);
    let required: BTreeSet<String> = records
        .clone()
        .flat_map(|record| {
            let names = record.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            names.map(|name| record.way.field(name).to_string())
        })
        .collect();
    for place in places.iter().filter(is_leaf) {
        // Where nothing but the type can be wrong, the type is; free JSON can only be missing.
        let bad = pick(place).pop().or_else(|| place.wrong_types().pop());
        let is_required = required.contains(&place.way.to_string());
        let Some(bad) = bad.filter(|_| !(is_required && is_missing_what_is_required)) else {
            expected.extend(is_required.then(|| place.way.to_string()));
            continue;
        };
        place.way.put_into(&mut input, bad.value);
        expected.insert(bad.blamed.to_string());
    }
    for record in records {
        let unknown = record.way.field("unheard_of");
        unknown.put_into(&mut input, json!(1));
        expected.insert(unknown.to_string());
    }
    (input, expected)
}

#[test]
fn everything_that_is_wrong_at_every_depth_is_told_in_one_error() {
    let dry = Dry::new();
    let mut most = 0;
    for (id, schema) in INPUTS.iter() {
        for is_missing_what_is_required in [false, true] {
            for pick in [Place::wrong_types, Place::violations] {
                let (input, expected) = wrong_throughout(schema, pick, is_missing_what_is_required);
                let blamed: BTreeSet<String> = dry.blamed(id, &input.to_string()).into_iter().collect();
                let untold: Vec<_> = expected.difference(&blamed).collect();
                let invented: Vec<_> = blamed.difference(&expected).collect();
                assert!(untold.is_empty() && invented.is_empty(), "{id}: {untold:?} {invented:?} {input}");
                most = most.max(expected.iter().filter(|field| field.contains(['.', '['])).count());
            }
        }
    }
    assert!(most > 100, "one error tells of many places within others: {most}");
}
