//! Mistakes in names and references: misspelt, without their target, renamed at one end alone.

use std::collections::BTreeSet;
use std::ops::Range;

use fastrand::Rng;

use super::corpus::{Edit, Kind, Layer, Manifest, Mistake, has_word, typo};
use super::scan::Key;

pub(super) const KINDS: &[Kind] = &[
    (Layer::Names, "type misspelt", |manifest, rng| {
        references(manifest, rng, &["type", "list", "map", "returns", "first", "body"])
    }),
    (Layer::Names, "API version misspelt", |manifest, rng| references(manifest, rng, &["api"])),
    (Layer::Names, "scope misspelt", |manifest, rng| references(manifest, rng, &["scope"])),
    (Layer::Names, "paging style misspelt", |manifest, rng| references(manifest, rng, &["paging"])),
    (Layer::Names, "sample misspelt", |manifest, rng| references(manifest, rng, &["sample"])),
    (Layer::Names, "parameter set misspelt", |manifest, rng| {
        references(manifest, rng, &["query", "headers", "body"])
    }),
    (Layer::Names, "action misspelt", |manifest, rng| {
        references(manifest, rng, &["action", "test", "create", "update", "delete"])
    }),
    (Layer::Names, "field or parameter misspelt", |manifest, rng| {
        references(
            manifest,
            rng,
            &[
                "input",
                "result",
                "since",
                "id",
                "date",
                "created",
                "field",
                "total",
                "items",
                "next",
                "event",
                "destination",
                "active",
                "per",
                "credential",
                "account",
                "name",
                "resource",
            ],
        )
    }),
    (Layer::Names, "item of a list misspelt", |manifest, rng| {
        references(manifest, rng, &["required", "never-with", "signatures"])
    }),
    (Layer::Names, "variable misspelt", variables),
    (Layer::Names, "definition deleted", deleted),
    (Layer::Names, "sample deleted", sample_deleted),
    (Layer::Names, "sample renamed", sample_renamed),
    (Layer::Names, "block deleted", block_deleted),
    (Layer::Names, "definition renamed", renamed),
    (Layer::Names, "paging parameter renamed", |manifest, rng| paging_renamed(manifest, rng, false)),
    (Layer::Names, "parameter of a set renamed", |manifest, rng| paging_renamed(manifest, rng, true)),
];

/// Blocks with definitions.
const BLOCKS: &[&str] =
    &["types", "parameters", "scopes", "apis", "paging", "signatures", "actions", "fields", "credentials"];

fn definitions(manifest: &Manifest) -> impl Iterator<Item = (&str, &Key)> {
    manifest.keys().filter(|(_, key)| {
        key.path.last().is_some_and(|last| BLOCKS.contains(&last.as_str()))
            && (key.path.len() == 1 || key.path[0] == "connection" && key.path.len() == 2)
    })
}

/// The words of a value that name something defined elsewhere.
fn words<'m>(manifest: &'m Manifest, file: &str, key: &Key) -> Vec<(Range<usize>, &'m str)> {
    let text = &manifest.texts[file];
    let mut found = Vec::new();
    let mut at = key.value.start;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    let value = &text[key.value.clone()];
    if value.starts_with('"') || value.contains(' ') && !value.starts_with('[') {
        return found;
    }
    for word in value.split(|letter| !is_part(letter)) {
        let place = at..at + word.len();
        at = place.end + 1;
        let is_key = text[place.end..].starts_with(':');
        let is_path = word.contains('/') && key.name != "sample";
        if word.len() > 1 && !is_key && !is_path {
            found.push((place, word));
        }
    }
    found
}

const SCALARS: &[&str] =
    &["string", "integer", "number", "decimal", "boolean", "date", "date-time", "json", "nothing", "none"];

/// Whether the key refers to something by name rather than containing prose or a name of the vendor.
fn refers(key: &Key) -> bool {
    let is_prose =
        matches!(
            key.parent(),
            "connector"
                | "extra"
                | "routes"
                | "external"
                | "oauth2"
                | "callbacks"
                | "errors"
                | "envelope"
                | "service"
                | "uninstalled"
                | "failing"
        ) && !matches!((key.parent(), key.name.as_str()), ("envelope", "type") | ("oauth2", "credential"));
    let is_word_of_vendor = matches!(
        (key.path.first().map(String::as_str), key.name.as_str()),
        (Some("signatures"), _) | (Some("triggers"), "event" | "resource")
    ) || key.path.len() == 1 && matches!(key.name.as_str(), "resource");
    !is_prose && !is_word_of_vendor && !key.is_named_by_people()
        || key.path.iter().any(|name| name == "record") && !key.flow
}

fn references(manifest: &Manifest, rng: &mut Rng, names: &[&str]) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, key) in manifest.keys().filter(|(_, key)| names.contains(&key.name.as_str()) && refers(key)) {
        for (place, word) in words(manifest, file, key) {
            let changed = typo(word, rng);
            if SCALARS.contains(&word) && rng.u8(..8) > 0 || is_defined(manifest, &changed) {
                continue;
            }
            all.push(Mistake::at(manifest, file, place, &changed, &[word]));
        }
    }
    all
}

fn is_defined(manifest: &Manifest, word: &str) -> bool {
    manifest.keys().any(|(_, key)| key.name == word)
}

fn variables(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, key) in manifest.keys().filter(|(_, key)| {
        !key.flow && !matches!(key.name.as_str(), "title" | "description" | "pattern" | "accept")
    }) {
        let value = manifest.value(file, key);
        let Some((before, rest)) = value.split_once('{').filter(|(before, _)| before.contains('/')) else {
            continue;
        };
        let Some((name, _)) = rest.split_once('}') else { continue };
        let start = key.value.start + before.len() + 1;
        all.push(Mistake::at(manifest, file, start..start + name.len(), &typo(name, rng), &[name]));
    }
    all
}

/// A definition is gone, and those who name it are not.
fn deleted(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, key) in definitions(manifest) {
        let edits = vec![(file.to_owned(), Edit::Replace(manifest.entry(file, key), String::new()))];
        let mut mistake = Mistake::by(edits, &[&key.name]).lines_with(manifest, &key.name);
        // Nothing may be left of the block.
        if let Some(owner) = manifest.owner(file, key).filter(|_| manifest.siblings(file, key).count() == 1) {
            mistake = mistake.line(file, owner.line + 1);
        }
        if named_elsewhere(manifest, file, key) {
            all.push(mistake);
        }
    }
    all
}

/// Whether a value outside of the definition consists of its name.
fn named_elsewhere(manifest: &Manifest, file: &str, key: &Key) -> bool {
    let own = manifest.entry(file, key);
    let keys: &[&str] = match key.path.last().map(String::as_str) {
        Some("types") => &["type", "list", "map", "returns", "first"],
        Some("parameters") => &["query", "headers", "body"],
        Some("scopes") => &["scope"],
        Some("apis") => &["api"],
        Some("paging") => &["paging"],
        Some("signatures") => &["signatures"],
        Some("actions") => &["action", "test", "create", "update", "delete"],
        Some("fields") => &["per", "base", "subject"],
        _ => &["credential"],
    };
    manifest.keys().any(|(other, user)| {
        let is_inside = other == file && own.contains(&user.place.start);
        let value = manifest.value(other, user);
        let is_named = value.split('.').next() == Some(&key.name)
            || !value.starts_with('{') && has_word(value, &key.name);
        !is_inside && keys.contains(&user.name.as_str()) && is_named
    })
}

fn sample_deleted(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let samples = manifest.texts.keys().filter(|path| path.ends_with(".json"));
    samples
        .map(|path| Mistake::by(vec![(path.clone(), Edit::Remove)], &[path]).lines_with(manifest, path))
        .collect()
}

fn sample_renamed(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let mut of = |path: &String| {
        let name = path.trim_start_matches("samples/").trim_end_matches(".json");
        let new = format!("samples/{}.json", typo(name, rng));
        let bytes = manifest.texts[path].clone().into_bytes();
        let edits = vec![(path.clone(), Edit::Remove), (new.clone(), Edit::Bytes(bytes))];
        Mistake::by(edits, &[path, &new]).lines_with(manifest, path).line(&new, 1)
    };
    manifest.texts.keys().filter(|path| path.ends_with(".json")).map(&mut of).collect()
}

fn block_deleted(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, key) in manifest.keys().filter(|(file, key)| key.path.is_empty() && *file == "connector.yaml")
    {
        let edits = vec![(file.to_owned(), Edit::Replace(manifest.entry(file, key), String::new()))];
        let mut mistake = Mistake::by(edits, &[&key.name]);
        let inner = manifest
            .keys()
            .filter(|(other, inner)| *other == file && inner.path.as_slice() == [key.name.clone()]);
        let names: BTreeSet<&str> = inner.map(|(_, inner)| inner.name.as_str()).collect();
        if !matches!(
            key.name.as_str(),
            "format" | "connector" | "connection" | "apis" | "rate_limit" | "actions"
        ) {
            mistake = names.into_iter().fold(mistake, |mistake, name| mistake.lines_with(manifest, name));
        }
        if key.name == "webhooks" {
            // Triggers need it.
            let triggers = manifest.keys().filter(|(_, inner)| inner.path.as_slice() == ["triggers"]);
            mistake =
                triggers.fold(mistake, |mistake, (_, trigger)| mistake.lines_with(manifest, &trigger.name));
        }
        let mistake = (1..5).fold(mistake, |mistake, line| mistake.line(file, line));
        // Without triggers nothing is wrong but that some are changed; types of their own file are not in a block here.
        all.push(mistake);
    }
    all.retain(|mistake| !mistake.remedies.contains(&"triggers".to_owned()));
    all
}

fn renamed(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, key) in definitions(manifest).filter(|(file, key)| named_elsewhere(manifest, file, key)) {
        let changed = typo(&key.name, rng);
        let first_stays = changed.chars().next() == key.name.chars().next();
        if first_stays && !is_defined(manifest, &changed) {
            all.push(Mistake::at(manifest, file, key.place.clone(), &changed, &[&key.name]));
        }
    }
    all
}

/// The name of a parameter that pages are asked for with changes at one end.
fn paging_renamed(manifest: &Manifest, rng: &mut Rng, in_set: bool) -> Vec<Mistake> {
    let mut all = Vec::new();
    let of_styles =
        manifest.keys().filter(|(_, key)| key.path.first().is_some_and(|first| first == "paging"));
    let parameters: Vec<(&str, &Key)> =
        of_styles.filter(|(_, key)| matches!(key.name.as_str(), "parameter" | "offset")).collect();
    if !in_set {
        for (file, key) in parameters {
            let word = manifest.value(file, key);
            for changed in [typo(word, rng), format!("{word}_no"), "nr".to_owned()] {
                all.push(Mistake::at(manifest, file, key.value.clone(), &changed, &[word]));
            }
        }
        return all;
    }
    let names: BTreeSet<&str> = parameters.iter().map(|(file, key)| manifest.value(file, key)).collect();
    let in_sets = manifest.keys().filter(|(_, key)| key.path.len() == 2 && key.path[0] == "parameters");
    for (file, key) in in_sets.filter(|(_, key)| names.contains(key.name.as_str())) {
        for changed in [typo(&key.name, rng), format!("{}_no", key.name)] {
            all.push(Mistake::at(manifest, file, key.place.clone(), &changed, &[&key.name]));
        }
    }
    all
}
