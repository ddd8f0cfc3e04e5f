//! Mistakes in the keys of the language: misspelt, left out, of another language, at another place.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::Value;

use super::corpus::{Edit, Kind, Layer, Manifest, Mistake, typo};
use super::scan::Key;

pub(super) const KINDS: &[Kind] = &[
    (Layer::Keys, "key misspelt", misspelt),
    (Layer::Keys, "key in another case", another_case),
    (Layer::Keys, "key with another ending", another_ending),
    (Layer::Keys, "key of another language", foreign),
    (Layer::Keys, "key left out", left_out),
    (Layer::Keys, "key unknown", unknown),
    (Layer::Keys, "key a level up", up),
    (Layer::Keys, "key at the top", top),
    (Layer::Keys, "key in a neighbour", down),
];

fn language(manifest: &Manifest) -> impl Iterator<Item = (&str, &Key)> {
    manifest.keys().filter(|(_, key)| !key.is_named_by_people())
}

fn misspelt(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let known = properties();
    let mut of = |(file, key): (&str, &Key)| {
        let changed = typo(&key.name, rng);
        let is_taken = known.contains(&changed);
        (!is_taken).then(|| Mistake::at(manifest, file, key.place.clone(), &changed, &[&key.name]))
    };
    language(manifest).filter(|(_, key)| key.name.len() > 2).filter_map(&mut of).collect()
}

fn another_case(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(index, (file, key)): (usize, (&str, &Key))| {
        let first = key.name[..1].to_uppercase();
        let changed = match index % 3 {
            0 => key.name.to_uppercase(),
            1 if key.name.contains('_') => key.name.replace('_', "-"),
            2 if key.name.contains('_') => key.name.replace('_', ""),
            _ => format!("{first}{}", &key.name[1..]),
        };
        Mistake::at(manifest, file, key.place.clone(), &changed, &[&key.name])
    };
    language(manifest).enumerate().map(of).collect()
}

fn another_ending(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let known = properties();
    let of = |(file, key): (&str, &Key)| {
        let changed = key.name.strip_suffix('s').map_or_else(|| format!("{}s", key.name), str::to_owned);
        let is_taken = known.contains(&changed);
        (!is_taken).then(|| Mistake::at(manifest, file, key.place.clone(), &changed, &[&key.name]))
    };
    language(manifest).filter(|(_, key)| key.name.len() > 3).filter_map(of).collect()
}

/// Keys that other languages of this kind have, and the keys of ours that mean the same.
fn foreign(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    const OTHERS: &[(&str, &str)] = &[
        ("get", "fetch"),
        ("title", "name"),
        ("title", "label"),
        ("description", "summary"),
        ("docs", "url"),
        ("query", "params"),
        ("returns", "response"),
        ("returns", "output"),
        ("sample", "example"),
        ("scope", "permission"),
        ("paging", "pagination"),
        ("success", "statuses"),
        ("server", "host"),
        ("record", "properties"),
        ("enum", "values"),
        ("pattern", "regex"),
        ("post", "create"),
        ("delete", "remove"),
    ];
    let mut all = Vec::new();
    for (file, key) in language(manifest) {
        let others = OTHERS.iter().filter(|(ours, _)| *ours == key.name && key.parent() != "webhooks");
        all.extend(
            others.map(|(_, theirs)| Mistake::at(manifest, file, key.place.clone(), theirs, &[&key.name])),
        );
    }
    all
}

fn left_out(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let schema = schema();
    let of = |(file, key): (&str, &Key)| {
        let siblings: BTreeSet<&str> = manifest.siblings(file, key).map(|key| key.name.as_str()).collect();
        let objects = schema["$defs"].as_object().into_iter().flat_map(|defs| defs.values());
        let mut fitting =
            objects.filter(|object| siblings.iter().all(|name| object["properties"].get(*name).is_some()));
        let requires = |object: &Value| {
            object["required"]
                .as_array()
                .is_some_and(|keys| keys.iter().any(|name| name.as_str() == Some(&key.name)))
        };
        let first = fitting.next()?;
        if siblings.len() < 2 || !requires(first) || !fitting.all(requires) {
            return None;
        }
        let edits = vec![(file.to_owned(), Edit::Replace(manifest.entry(file, key), String::new()))];
        let mistake = Mistake::by(edits, &[&key.name]);
        Some(match manifest.owner(file, key) {
            Some(owner) => mistake.line(file, owner.line + 1),
            None => (1..5).fold(mistake, |mistake, line| mistake.line(file, line)),
        })
    };
    language(manifest).filter_map(of).collect()
}

fn unknown(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    const NOVEL: &[&str] = &["colour", "author", "retry_count", "x-internal", "since_version", "owner"];
    let mut of = |(file, key): (&str, &Key)| {
        let novel = rng.choice(NOVEL).expect("there are some");
        if key.flow {
            let at = key.place.start;
            return Mistake::at(manifest, file, at..at, &format!("{novel}: 7, "), &["possible", "remove"]);
        }
        let at = manifest.entry(file, key).end;
        let with = format!("{}{novel}: 7\n", " ".repeat(key.indent));
        Mistake::at(manifest, file, at..at, &with, &["possible", "remove"])
    };
    language(manifest).filter(|(_, key)| !key.path.iter().any(|name| name == "-")).map(&mut of).collect()
}

/// Lines of actions, triggers and API versions that stand at another level.
fn movable(manifest: &Manifest) -> impl Iterator<Item = (&str, &Key)> {
    let parents = ["actions", "triggers", "apis", "signatures", "scopes"];
    language(manifest).filter(move |(file, key)| {
        let is_block_of_text = manifest.value(file, key).starts_with('>');
        !key.flow
            && !is_block_of_text
            && !key.value.is_empty()
            && key.path.len() == 2
            && parents.contains(&key.path[0].as_str())
    })
}

fn moved(manifest: &Manifest, file: &str, key: &Key, to: usize, indent: usize) -> Mistake {
    let text = &manifest.texts[file];
    let entry = manifest.entry(file, key);
    let with = format!("{}{}\n", " ".repeat(indent), &text[key.place.start..key.value.end]);
    let gone = (file.to_owned(), Edit::Replace(entry.clone(), String::new()));
    let here = (file.to_owned(), Edit::Replace(to..to, with));
    let line =
        manifest.line(file, to) - usize::from(to > entry.start) * text[entry.clone()].matches('\n').count();
    let edits = if to > entry.start { vec![here, gone] } else { vec![gone, here] };
    Mistake::by(edits, &[&key.name, "indent"]).line(file, line)
}

fn up(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        let last = manifest.siblings(file, key).last()?;
        Some(moved(manifest, file, key, manifest.entry(file, last).end, key.indent - 2))
    };
    movable(manifest).filter_map(of).collect()
}

fn top(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        let first = manifest.keys().find(|(other, key)| *other == file && key.indent == 0 && !key.flow)?.1;
        Some(moved(manifest, file, key, first.place.start, 0))
    };
    movable(manifest).filter_map(of).collect()
}

fn down(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        let other = manifest.siblings(file, key).find(|other| other.value.is_empty())?;
        Some(moved(manifest, file, key, manifest.entry(file, other).end, key.indent + 2))
    };
    movable(manifest).filter_map(of).collect()
}

fn schema() -> Value {
    serde_json::from_str(&connector_codegen::manifest_schema()).expect("the schema is JSON")
}

/// Every key of the language.
fn properties() -> BTreeSet<String> {
    let schema = schema();
    let objects = schema["$defs"].as_object().into_iter().flat_map(|defs| defs.values());
    objects
        .flat_map(|object| object["properties"].as_object().into_iter().flat_map(|keys| keys.keys().cloned()))
        .collect()
}
