//! What the catalog says of every action, beside what the files say: parameters, body fields and fields of the answer
//! at every depth, types, bounds, words, defaults, obligations, statuses.

use std::collections::{BTreeMap, BTreeSet};

use connector_runtime::{Body, Envelope, Operation, Place, Returns};
use serde_json::{Value, json};

use super::deviations::{Difference, assert_listed};
use super::judge::Judge;
use super::shape::{Facts, Shape, Side};
use super::{catalog, described};

type Places = BTreeMap<String, Facts>;

const REMEDY: &str = "mend connector.yaml or types/";

#[test]
fn every_input_is_described_as_in_the_files() {
    let Some(judge) = Judge::find() else { return };
    let (catalog, files) = (catalog(), judge.describe());
    let mut found = Vec::new();
    for operation in judge.operations() {
        let ours = our_input(operation, &catalog);
        let theirs = their_input(operation, &files[operation.id]);
        found.extend(differences(operation.id, &theirs, &ours));
        found.extend(status_difference(operation, &files[operation.id], &catalog));
    }
    assert_listed("input", found, REMEDY);
}

#[test]
fn every_answer_is_described_as_in_the_files() {
    let Some(judge) = Judge::find() else { return };
    let (catalog, files) = (catalog(), judge.describe());
    let mut found = Vec::new();
    for operation in judge.operations().filter(|operation| operation.returns != Returns::Nothing) {
        let ours = our_output(operation, &catalog);
        for (status, theirs) in their_outputs(operation, &files[operation.id]) {
            if theirs.len() == 1 {
                found.push(Difference::new(operation.id, status, "the file says nothing of this answer"));
                continue;
            }
            found.extend(differences(operation.id, &theirs, &ours));
        }
    }
    assert_listed("output", found, REMEDY);
}

fn our_input(operation: &Operation, catalog: &Value) -> Places {
    let input = &described(catalog, operation.id)["input"];
    let mut places = Places::new();
    for parameter in operation.parameters {
        let required = input["required"].as_array().unwrap().iter().any(|name| name == parameter.name);
        let shape = Shape::read(&input["properties"][parameter.name], &catalog["$defs"], Side::Input);
        // The body is the value itself, which has no name.
        let place = if parameter.place == Place::Payload { "" } else { parameter.wire };
        shape.flatten(place, required, Side::Input, &mut places);
    }
    places.remove("");
    places
}

fn their_input(operation: &Operation, file: &Value) -> Places {
    let mut places = Places::new();
    for parameter in file["parameters"].as_array().unwrap() {
        let shape = Shape::read(&parameter["schema"], &Value::Null, Side::Input);
        let required = parameter["required"] == true;
        shape.flatten(parameter["name"].as_str().unwrap(), required, Side::Input, &mut places);
    }
    let body = Shape::read(&file["body"], &Value::Null, Side::Input);
    let body = match operation.body {
        Body::ListOfOne => body.item().expect("the file wants a list"),
        _ => body,
    };
    let mut fields = Places::new();
    body.flatten("", false, Side::Input, &mut fields);
    fields.remove("");
    for (place, facts) in fields {
        let twice = places.insert(place.clone(), facts);
        assert!(twice.is_none(), "{}: {place} is a parameter and a field of the body", operation.id);
    }
    let misplaced = operation.parameters.iter().find(|parameter| {
        let declared = file["parameters"].as_array().into_iter().flatten();
        let place = declared.filter(|one| one["name"] == parameter.wire).map(|one| &one["in"]).next();
        place.is_some_and(|place| {
            *place
                != json!(match parameter.place {
                    Place::Path => "path",
                    Place::Query | Place::RepeatedQuery => "query",
                    Place::Header => "header",
                    _ => "body",
                })
        })
    });
    assert!(
        misplaced.is_none(),
        "{}: the file has another place for {}",
        operation.id,
        misplaced.map_or("", |one| one.wire)
    );
    places
}

fn our_output(operation: &Operation, catalog: &Value) -> Places {
    let shape = Shape::read(&described(catalog, operation.id)["output"], &catalog["$defs"], Side::Output);
    let shape = match operation.returns {
        Returns::List => shape.item().expect("a list"),
        _ => shape,
    };
    let mut places = Places::new();
    shape.flatten("", false, Side::Output, &mut places);
    places
}

/// What each successful answer holds, out of its envelope, by its status.
fn their_outputs<'a>(operation: &Operation, file: &'a Value) -> Vec<(&'a str, Places)> {
    let successes = file["responses"].as_array().unwrap().iter().filter(|response| is_success(response));
    let described = successes.filter(|response| response["media_type"] == "application/json");
    described
        .map(|response| {
            let mut shape = Shape::read(&response["schema"], &Value::Null, Side::Output);
            if let Envelope::Object { data, .. } = operation.api.envelope {
                shape = shape.within(data).unwrap_or_default();
            }
            if matches!(operation.returns, Returns::List | Returns::First) {
                shape = shape.item().unwrap_or_default();
            }
            let mut places = Places::new();
            shape.flatten("", false, Side::Output, &mut places);
            (response["status"].as_str().unwrap(), places)
        })
        .collect()
}

/// A 207 tells that part of a batch failed: with one resource to a call it is a failure.
fn is_success(response: &Value) -> bool {
    let status = response["status"].as_str().unwrap();
    status.starts_with('2') && status != "207"
}

fn status_difference(operation: &Operation, file: &Value, catalog: &Value) -> Option<Difference> {
    let theirs: BTreeSet<String> = file["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| response["status"].as_str().unwrap().to_owned())
        // A 207 is a failure of class `partial` here, of every action.
        .filter(|status| status.starts_with('2') && status != "207")
        .collect();
    let ours = described(catalog, operation.id)["success"].as_array().unwrap();
    let ours: BTreeSet<String> = ours.iter().map(Value::to_string).collect();
    let list = |statuses: BTreeSet<String>| statuses.into_iter().collect::<Vec<_>>().join(", ");
    let what = (theirs != ours).then(|| format!("{} → {}", list(theirs), list(ours)))?;
    Some(Difference::new(operation.id, "success", what))
}

/// Everything that the two say differently. What lies below a place that one of them lacks, or that is free JSON here,
/// is not told.
fn differences(action: &str, theirs: &Places, ours: &Places) -> Vec<Difference> {
    let lacks = |places: &Places, place: &str| !places.contains_key(place);
    let is_free = |place: &str| ours.get(place).is_some_and(|facts| facts["type"] == "anything");
    let told_above = |place: &str| {
        let parents = place.match_indices(['.', '[', '{']).map(|(end, _)| &place[..end]);
        parents
            .filter(|parent| !parent.is_empty())
            .any(|parent| lacks(theirs, parent) || lacks(ours, parent) || is_free(parent))
    };
    let places: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let places = places.into_iter().filter(|place| !told_above(place));
    places
        .flat_map(|place| {
            match (theirs.get(place), ours.get(place)) {
                (Some(_), None) => vec!["only in the file".to_owned()],
                (None, Some(_)) => vec!["not in the file".to_owned()],
                (theirs, ours) => of_one_place(theirs.unwrap(), ours.unwrap()),
            }
            .into_iter()
            .map(move |what| Difference::new(action, place, what))
        })
        .collect()
}

fn of_one_place(theirs: &Facts, ours: &Facts) -> Vec<String> {
    let none = "none".to_owned();
    let aspects: BTreeSet<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    let differing = aspects.into_iter().filter_map(|aspect| {
        let (theirs, ours) = (theirs.get(aspect).unwrap_or(&none), ours.get(aspect).unwrap_or(&none));
        let same = match aspect {
            // A decimal is written as a number, and read from a number or text.
            "type" => theirs == ours || (ours == "decimal" && theirs.contains("number")),
            _ => theirs == ours,
        };
        (!same).then(|| format!("{aspect}: {theirs} → {ours}"))
    });
    differing.collect()
}
