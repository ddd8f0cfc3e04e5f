//! Mistakes in the samples: no JSON, fields that no type has, values of another type.

use fastrand::Rng;

use super::corpus::{Edit, Kind, Layer, Manifest, Mistake, typo};
use super::syntax::lines;

pub(super) const KINDS: &[Kind] = &[
    (Layer::Samples, "comma left out", |manifest, _| ending(manifest, ",\n", "\n", &["comma", "`,`"])),
    (Layer::Samples, "comma too many", comma_too_many),
    (Layer::Samples, "quote not closed", |manifest, _| ending(manifest, "\",\n", ",\n", &["\"", "quote"])),
    (Layer::Samples, "single quotes", |manifest, _| quoted(manifest, '\'')),
    (Layer::Samples, "key without quotes", key_without_quotes),
    (Layer::Samples, "comment", comment),
    (Layer::Samples, "bracket not closed", unclosed),
    (Layer::Samples, "no colon", |manifest, _| ending_key(manifest)),
    (Layer::Samples, "value of another type", another_type),
    (Layer::Samples, "field misspelt", misspelt),
    (Layer::Samples, "field unknown", unknown),
    (Layer::Samples, "field left out", left_out),
    (Layer::Samples, "moment that is none", moments),
    (Layer::Samples, "key twice", twice),
    (Layer::Samples, "another answer", another_answer),
];

/// A member on a line of its own: file, place of the line, the line, its key and its value.
type Member<'m> = (&'m str, usize, &'m str, &'m str, &'m str);

fn members(manifest: &Manifest) -> Vec<Member<'_>> {
    let mut all = Vec::new();
    for (file, text) in manifest.texts.iter().filter(|(path, _)| path.ends_with(".json")) {
        for (at, line) in lines(text) {
            let Some((key, value)) = line.trim().split_once("\": ") else { continue };
            let value = value.trim_end_matches(',');
            if key.starts_with('"') && !value.ends_with(['{', '[', '}', ']']) {
                all.push((file.as_str(), at, line, &key[1..], value));
            }
        }
    }
    all
}

fn ending(manifest: &Manifest, end: &str, with: &str, remedies: &[&str]) -> Vec<Mistake> {
    let found = members(manifest).into_iter().filter(|(_, _, line, ..)| line.ends_with(end));
    let of = |(file, at, line, ..): Member<'_>| {
        let place = at + line.len() - end.len()..at + line.len();
        Mistake::at(manifest, file, place, with, remedies)
    };
    found.map(of).collect()
}

fn comma_too_many(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = members(manifest).into_iter().filter(|(_, _, line, ..)| !line.trim_end().ends_with(','));
    let of = |(file, at, line, ..): Member<'_>| {
        let end = at + line.trim_end().len();
        Mistake::at(manifest, file, end..end, ",", &["comma", "`,`"])
    };
    found.map(of).collect()
}

fn quoted(manifest: &Manifest, quote: char) -> Vec<Mistake> {
    let found =
        members(manifest).into_iter().filter(|(.., value)| value.starts_with('"') && !value.contains('\''));
    let of = |(file, at, line, _, value): Member<'_>| {
        let start = at + line.rfind(value).unwrap_or_default();
        let with = format!("{quote}{}{quote}", value.trim_matches('"'));
        Mistake::at(manifest, file, start..start + value.len(), &with, &["\"", "quote"])
    };
    found.map(of).collect()
}

fn place_of_key(line: &str, at: usize, key: &str) -> std::ops::Range<usize> {
    let start = at + line.find('"').unwrap_or_default();
    start..start + key.len() + 2
}

fn key_without_quotes(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, at, line, key, _): Member<'_>| {
        Mistake::at(manifest, file, place_of_key(line, at, key), key, &["\"", "quote"])
    };
    members(manifest).into_iter().map(of).collect()
}

fn ending_key(manifest: &Manifest) -> Vec<Mistake> {
    let of = |(file, at, line, key, _): Member<'_>| {
        let end = place_of_key(line, at, key).end;
        Mistake::at(manifest, file, end..end + 1, "", &["colon", "`:`"])
    };
    members(manifest).into_iter().map(of).collect()
}

fn comment(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(index, (file, at, line, ..)): (usize, Member<'_>)| {
        let end = at + line.trim_end().len();
        let with = [" // seen in March", " # seen in March", " /* seen */"][index % 3];
        Mistake::at(manifest, file, end..end, with, &["comment"])
    };
    members(manifest).into_iter().enumerate().map(of).collect()
}

/// A line that closes an object or list is gone; the bracket that it closed stands somewhere above.
fn unclosed(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, text) in manifest.texts.iter().filter(|(path, _)| path.ends_with(".json")) {
        let lines = lines(text);
        for (index, (at, line)) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if !matches!(line.trim(), "}" | "]" | "}," | "],") {
                continue;
            }
            let opens = |(_, other): &&(usize, &str)| {
                other.len() - other.trim_start().len() == indent && other.trim_end().ends_with(['{', '['])
            };
            let Some((open, _)) = lines[..index].iter().rfind(opens) else { continue };
            let mark = &line.trim()[..1];
            let edits = vec![(file.clone(), Edit::Replace(*at..at + line.len(), String::new()))];
            all.push(Mistake::by(edits, &[mark]).line(file, manifest.line(file, *open)));
        }
    }
    all
}

/// Samples of answers, whose types are declared.
fn typed(manifest: &Manifest) -> Vec<Member<'_>> {
    let is_free = |key: &str| key == "payment_provider_id" || key == "credit_card_type" || key == "value";
    members(manifest).into_iter().filter(|(file, _, _, key, _)| !is_event(file) && !is_free(key)).collect()
}

fn is_event(file: &str) -> bool {
    file.ends_with("ed.json")
}

fn another_type(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, at, line, key, value): Member<'_>| {
        let (with, noun) = match value.chars().next()? {
            '"' if value.trim_matches('"').parse::<f64>().is_ok() => return None,
            '"' => ("[7]", "a text"),
            't' | 'f' => ("\"perhaps\"", "true or false"),
            '0'..='9' | '-' => ("\"many\"", "number"),
            _ => return None,
        };
        let start = at + line.rfind(value)?;
        Some(Mistake::at(manifest, file, start..start + value.len(), with, &[noun, key]))
    };
    typed(manifest).into_iter().filter_map(of).collect()
}

fn misspelt(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let names: Vec<&str> = members(manifest).iter().map(|(_, _, _, key, _)| *key).collect();
    let mut of = |(file, at, line, key, _): Member<'_>| {
        let changed = typo(key, rng);
        let place = place_of_key(line, at, key);
        (!names.contains(&changed.as_str()))
            .then(|| Mistake::at(manifest, file, place.start + 1..place.end - 1, &changed, &[key]))
    };
    typed(manifest).into_iter().filter_map(&mut of).collect()
}

fn unknown(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, at, line, ..): Member<'_>| {
        let indent = &line[..line.len() - line.trim_start().len()];
        let with = format!("{indent}\"colour_of_box\": 7,\n");
        Mistake::at(manifest, file, at..at, &with, &["remove", "possible", "add"])
    };
    typed(manifest).into_iter().filter(|(_, _, line, ..)| line.starts_with("  \"")).map(of).collect()
}

/// The samples of events lack a part that `webhooks` names; the object that should contain it begins above.
fn left_out(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, at, line, key, _) in members(manifest) {
        let (file, key) = (file.to_owned(), key.to_owned());
        let is_needed = matches!(key.as_str(), "scope" | "producer" | "id");
        if !is_event(&file) || !is_needed || !line.trim_end().ends_with(',') {
            continue;
        }
        let edits = vec![(file.clone(), Edit::Replace(at..at + line.len(), String::new()))];
        let removed = manifest.line(&file, at);
        all.push(Mistake::by(edits, &[&key]).line(&file, 1).line(&file, removed - 1).line(&file, removed));
    }
    all
}

fn moments(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, at, line, key, value) in typed(manifest) {
        let is_moment = key.starts_with("date_") || key == "created_at" && value.starts_with('"');
        if !is_moment || value.len() < 12 {
            continue;
        }
        let start = at + line.rfind(value).unwrap_or_default();
        for with in ["\"yesterday\"", "\"2026-13-40T00:00:00Z\"", "\"2026-03-17 16:20\"", "\"17.03.2026\""] {
            all.push(Mistake::at(manifest, file, start..start + value.len(), with, &["RFC", "date-time"]));
        }
    }
    all
}

fn twice(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = members(manifest).into_iter().filter(|(_, _, line, ..)| line.trim_end().ends_with(','));
    let of = |(file, at, line, ..): Member<'_>| {
        Mistake::at(manifest, file, at + line.len()..at + line.len(), line, &["remove"])
    };
    found.map(of).collect()
}

/// The whole sample is of another kind than the answer.
fn another_answer(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, text) in manifest.texts.iter().filter(|(path, _)| path.ends_with(".json") && !is_event(path)) {
        let (with, noun) = if text.starts_with('[') { ("{}\n", "a list") } else { ("[]\n", "object") };
        let is_nothing = text.trim() == "null";
        let noun = if is_nothing { "null" } else { noun };
        all.push(Mistake::at(manifest, file, 0..text.len(), with, &[noun]));
    }
    all
}
