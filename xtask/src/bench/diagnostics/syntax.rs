//! Mistakes in the notation: brackets, quotes, colons, blanks, indentation, encodings.

use fastrand::Rng;

use super::corpus::{Edit, Kind, Layer, Manifest, Mistake};
use super::scan::Key;

pub(super) const KINDS: &[Kind] = &[
    (Layer::Syntax, "bracket not closed", |manifest, _| unclosed(manifest, &['}', ']'], "")),
    (Layer::Syntax, "inner bracket not closed", inner_bracket),
    (Layer::Syntax, "quote not closed", |manifest, _| unclosed(manifest, &['"'], "")),
    (Layer::Syntax, "quote not closed within braces", inner_quote),
    (Layer::Syntax, "quote not opened", |manifest, _| unopened(manifest, '"')),
    (Layer::Syntax, "bracket not opened", |manifest, _| {
        [unopened(manifest, '{'), unopened(manifest, '[')].concat()
    }),
    (Layer::Syntax, "conflict", conflict),
    (Layer::Syntax, "rest of a conflict", conflict_rest),
    (Layer::Syntax, "no blank after a colon", |manifest, _| after_colon(manifest, "")),
    (Layer::Syntax, "non-breaking space after a colon", |manifest, _| after_colon(manifest, "\u{a0}")),
    (Layer::Syntax, "non-breaking space in the indentation", |manifest, _| indentation(manifest, "\u{a0}")),
    (Layer::Syntax, "tab in the indentation", |manifest, _| indentation(manifest, "\t")),
    (Layer::Syntax, "indented further", |manifest, _| shifted(manifest, 1)),
    (Layer::Syntax, "indented a level further", |manifest, _| shifted(manifest, 2)),
    (Layer::Syntax, "indented less", |manifest, _| shifted(manifest, -1)),
    (Layer::Syntax, "indented a level less", |manifest, _| shifted(manifest, -2)),
    (Layer::Syntax, "key twice", twice),
    (Layer::Syntax, "no colon", no_colon),
    (Layer::Syntax, "colon in a text", |manifest, _| in_text(manifest, ": ", &["quote"])),
    (Layer::Syntax, "text that begins with a mark", mark),
    (Layer::Syntax, "escape that is none", escape),
    (Layer::Syntax, "comma left out", comma),
    (Layer::Syntax, "alias or tag", alias),
    (Layer::Syntax, "second document", document),
    (Layer::Syntax, "UTF-16", utf16),
    (Layer::Syntax, "not UTF-8", latin1),
    (Layer::Syntax, "byte order mark inside", order_mark),
];

fn block_keys(manifest: &Manifest) -> impl Iterator<Item = (&str, &Key)> {
    manifest.keys().filter(|(_, key)| !key.flow)
}

/// A closing mark at the end of a line is gone.
fn unclosed(manifest: &Manifest, marks: &[char], with: &str) -> Vec<Mistake> {
    let found = block_keys(manifest).filter(|(file, key)| manifest.value(file, key).ends_with(marks));
    let of = |(file, key): (&str, &Key)| {
        let value = manifest.value(file, key);
        let opens = value.starts_with(['{', '[', '"']);
        let mark = &value[value.len() - 1..];
        opens.then(|| Mistake::at(manifest, file, key.value.end - 1..key.value.end, with, &[mark]))
    };
    found.filter_map(of).collect()
}

/// A bracket within others is not closed.
fn inner_bracket(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found =
        manifest.keys().filter(|(file, key)| key.flow && manifest.value(file, key).ends_with(['}', ']']));
    let of = |(file, key): (&str, &Key)| {
        let mark = manifest.value(file, key).chars().next_back().unwrap_or_default().to_string();
        Mistake::at(manifest, file, key.value.end - 1..key.value.end, "", &[&mark])
    };
    found.map(of).collect()
}

fn inner_quote(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = manifest.keys().filter(|(file, key)| key.flow && manifest.value(file, key).starts_with('"'));
    found
        .map(|(file, key)| Mistake::at(manifest, file, key.value.end - 1..key.value.end, "", &["\""]))
        .collect()
}

fn unopened(manifest: &Manifest, mark: char) -> Vec<Mistake> {
    let found = block_keys(manifest).filter(|(file, key)| manifest.value(file, key).starts_with(mark));
    let of = |(file, key): (&str, &Key)| {
        Mistake::at(manifest, file, key.value.start..key.value.start + 1, "", &[&mark.to_string()])
    };
    found.map(of).collect()
}

/// The marks that a merge leaves around two versions of a line.
fn conflict(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        let range = manifest.entry(file, key);
        let lines = &manifest.texts[file][range.clone()];
        let with = format!("<<<<<<< HEAD\n{lines}=======\n{lines}>>>>>>> topic\n");
        let file = file.to_owned();
        let line = manifest.line(&file, range.start);
        Mistake::by(vec![(file.clone(), Edit::Replace(range, with))], &["conflict", "<<<<<<<"])
            .line(&file, line)
    };
    let mut all: Vec<Mistake> = block_keys(manifest).map(of).collect();
    for (file, text) in manifest.texts.iter().filter(|(path, _)| path.ends_with(".json")) {
        for (at, line) in lines(text).into_iter().skip(1).filter(|(_, line)| line.contains("\": ")) {
            let with = format!("<<<<<<< HEAD\n{line}=======\n{line}>>>>>>> topic\n");
            all.push(Mistake::at(manifest, file, at..at + line.len(), &with, &["conflict", "<<<<<<<"]));
        }
    }
    all
}

fn conflict_rest(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let marks = ["=======\n", ">>>>>>> topic\n", "<<<<<<< HEAD\n"];
    let at = |(index, (file, key)): (usize, (&str, &Key))| {
        let start = manifest.entry(file, key).start;
        Mistake::at(
            manifest,
            file,
            start..start,
            marks[index % 3],
            &["conflict", marks[index % 3].trim_end()],
        )
    };
    block_keys(manifest).enumerate().map(at).collect()
}

fn after_colon(manifest: &Manifest, with: &str) -> Vec<Mistake> {
    let named = if with.is_empty() { "blank" } else { "U+00A0" };
    let found = manifest.keys().filter(|(_, key)| !key.value.is_empty());
    found
        .map(|(file, key)| {
            let remedy = format!("{}: ", key.name);
            Mistake::at(manifest, file, key.place.end + 1..key.value.start, with, &[&remedy, named])
        })
        .collect()
}

fn indentation(manifest: &Manifest, with: &str) -> Vec<Mistake> {
    let remedies: &[&str] = if with == "\t" { &["tab", "spaces"] } else { &["U+00A0", "non-breaking"] };
    let found = block_keys(manifest)
        .filter(|(_, key)| key.indent > 0 && key.path.last().is_some_and(|last| last != "-"));
    found
        .map(|(file, key)| {
            let start = manifest.texts[file][..key.place.start].rfind('\n').map_or(0, |at| at + 1);
            let end = if with == "\t" { key.place.start } else { start + 1 };
            Mistake::at(manifest, file, start..end, with, remedies)
        })
        .collect()
}

/// A line with another indentation than its neighbours.
fn shifted(manifest: &Manifest, by: isize) -> Vec<Mistake> {
    let found = block_keys(manifest).filter(|(_, key)| {
        key.indent > 0 && !key.value.is_empty() && key.path.last().is_some_and(|last| last != "-")
    });
    found
        .filter(|(file, key)| manifest.siblings(file, key).count() > 1)
        .map(|(file, key)| {
            let (start, blanks) = (key.place.start, by.unsigned_abs().min(key.indent));
            let (place, with) = match by > 0 {
                true => (start..start, " ".repeat(blanks)),
                false => (start - blanks..start, String::new()),
            };
            Mistake::at(manifest, file, place, &with, &["indent"])
        })
        .collect()
}

/// An entry stands a second time at the end of its mapping.
fn twice(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        let last = manifest.siblings(file, key).last()?;
        let text = &manifest.texts[file];
        if key.flow {
            let with = format!(", {}", &text[key.place.start..key.value.end]);
            return Some(Mistake::at(manifest, file, last.value.end..last.value.end, &with, &["remove"]));
        }
        let end = manifest.entry(file, last).end;
        Some(Mistake::at(manifest, file, end..end, &text[manifest.entry(file, key)], &["remove"]))
    };
    manifest.keys().filter_map(of).collect()
}

fn no_colon(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        Mistake::at(
            manifest,
            file,
            key.place.end..key.place.end + 1,
            "",
            &["colon", &format!("{}:", key.name)],
        )
    };
    block_keys(manifest).map(of).collect()
}

/// Unquoted texts, which people write in prose.
fn prose(manifest: &Manifest) -> impl Iterator<Item = (&str, &Key)> {
    let is_prose =
        |value: &str| value.contains(' ') && value.starts_with(|first: char| first.is_ascii_alphabetic());
    block_keys(manifest)
        .filter(move |(file, key)| key.parent() != "query" && is_prose(manifest.value(file, key)))
}

fn in_text(manifest: &Manifest, with: &str, remedies: &[&str]) -> Vec<Mistake> {
    let of = |(file, key): (&str, &Key)| {
        let blank = key.value.start + manifest.value(file, key).find(' ').unwrap_or_default();
        Mistake::at(manifest, file, blank..blank + 1, with, remedies)
    };
    prose(manifest).map(of).collect()
}

fn mark(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let marks = ["@", "`", "%", "&", "*", "!", "|x", ">x"];
    let of = |(index, (file, key)): (usize, (&str, &Key))| {
        let start = key.value.start;
        Mistake::at(manifest, file, start..start, marks[index % marks.len()], &["quote", "remove"])
    };
    prose(manifest).enumerate().map(of).collect()
}

fn escape(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = manifest.keys().filter(|(file, key)| manifest.value(file, key).starts_with('"'));
    found
        .map(|(file, key)| {
            Mistake::at(manifest, file, key.value.start + 1..key.value.start + 1, "\\d", &["backslash"])
        })
        .collect()
}

fn comma(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = manifest
        .keys()
        .filter(|(file, key)| key.flow && manifest.texts[*file][key.value.end..].starts_with(", "));
    found
        .map(|(file, key)| {
            Mistake::at(manifest, file, key.value.end..key.value.end + 1, "", &["comma", "`,`", "bracket"])
        })
        .collect()
}

fn alias(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = block_keys(manifest).filter(|(_, key)| !key.value.is_empty());
    let of = |(index, (file, key)): (usize, (&str, &Key))| match index % 2 {
        0 => Mistake::at(manifest, file, key.value.clone(), "*shared", &["write the value out"]),
        _ => Mistake::at(manifest, file, key.value.start..key.value.start, "!!str ", &["remove"]),
    };
    found.enumerate().map(of).collect()
}

fn document(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found = block_keys(manifest).filter(|(_, key)| key.indent == 0 && key.line > 3);
    found
        .map(|(file, key)| {
            Mistake::at(manifest, file, key.place.start..key.place.start, "---\n", &["one document"])
        })
        .collect()
}

fn utf16(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let of = |(index, (file, text)): (usize, (&String, &String))| {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        let bytes = match index % 2 {
            0 => units.flat_map(u16::to_le_bytes).collect(),
            _ => units.flat_map(u16::to_be_bytes).collect(),
        };
        Mistake::by(vec![(file.clone(), Edit::Bytes(bytes))], &["UTF-8"]).line(file, 1)
    };
    manifest.texts.iter().enumerate().map(of).collect()
}

/// A letter of another encoding in a text.
fn latin1(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, text) in &manifest.texts {
        for (at, line) in rng.choose_multiple(lines(text), 4) {
            let middle =
                at + line.char_indices().nth(line.chars().count() / 2).map_or(0, |(middle, _)| middle);
            let mut bytes = text.clone().into_bytes();
            bytes.insert(middle, 0xE9);
            let mistake = Mistake::by(vec![(file.clone(), Edit::Bytes(bytes))], &["UTF-8"]);
            all.push(mistake.line(file, manifest.line(file, at)));
        }
    }
    all
}

fn order_mark(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (file, text) in &manifest.texts {
        for (at, _) in rng.choose_multiple(lines(text).into_iter().skip(1), 3) {
            all.push(Mistake::at(manifest, file, at..at, "\u{feff}", &["remove"]));
        }
    }
    all
}

/// Every line with its end, and the place where it begins.
pub(super) fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let of = |line: &str| {
        at += line.len();
        at - line.len()
    };
    text.split_inclusive('\n').map(of).zip(text.split_inclusive('\n')).collect()
}
