//! Whatever stands in a manifest, the compiler answers with files or faults, never with a panic: real manifests are
//! damaged at random. `PROPTEST_CASES` says how many.

use connector_codegen::{Sources, generate, locate, render};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseResult;

use crate::fixtures::{fixtures, repository, sources};

/// What YAML, Rust, Markdown or the compiler itself give a meaning to.
const LOADED: &[&str] = &[
    "",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "📦",
    "ä\u{308}",
    "&a",
    "*a",
    "!!int",
    "!",
    "? ",
    "- ",
    "-",
    ": ",
    ":",
    "---\n",
    "...\n",
    "%YAML 9\n",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "\"\\x07\"",
    "\"\\u202E\"",
    "\"a\\nb\"",
    "#",
    "# ",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "{{",
    "}}",
    ",",
    "`",
    "```",
    "*/",
    "//",
    "null",
    "~",
    "true",
    "yes",
    "0",
    "-1",
    "1e9",
    "99999999999999999999",
    "1h",
    "r#",
    "self",
    "Self",
    "crate",
    "type",
    "Box",
    "extra",
    "Unlisted",
    "json",
    "string",
    "list",
    "map",
    "record",
    "enum",
    "wire",
    "required",
    "nullable",
    "repeated",
    "default",
    "first",
    "none",
    "nothing",
    "never-with",
    "samples/parcel.json",
    "{body}",
    "{client_id}",
    "<b>",
    "https://",
    "https://a.example/{b}",
    "(",
    "(?",
    "a{9999}",
    "a-b",
    "a_b",
    "AB",
    "a.b",
];

/// One way to damage a text. Places are shares of its length.
#[derive(Clone, Debug)]
enum Damage {
    Delete(Index),
    Duplicate(Index),
    Swap(Index, Index),
    Indent(Index, usize),
    Dedent(Index, usize),
    /// Replaces what follows the first colon or dash of a line.
    Replace(Index, String),
    Insert(Index, String),
    Truncate(Index),
    /// Nests the value of a line deeper than any manifest is.
    Nest(Index, usize),
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_manifest_is_compiled_or_refused_at_places_that_can_be_shown(
        sources in select(manifests()),
        file in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..5),
    ) {
        let mut sources = sources;
        let path = file.get(&sources.keys().cloned().collect::<Vec<_>>()).clone();
        if let Some(text) = sources.get_mut(&path) {
            for damage in &damages {
                *text = apply(text, damage);
            }
        }
        check(&sources)?;
    }
}

fn check(sources: &Sources) -> TestCaseResult {
    match generate(sources) {
        Ok(files) => {
            let catalog = serde_json::from_str::<serde::de::IgnoredAny>(&files["catalog.json"]);
            prop_assert!(catalog.is_ok(), "the catalog is no JSON: {:?}", catalog.err());
            for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
                let parsed = syn::parse_file(text);
                prop_assert!(parsed.is_ok(), "{path} is no Rust: {:?}\n{text}", parsed.err());
            }
        }
        Err(faults) => {
            prop_assert!(!faults.is_empty());
            let all = render(&faults, sources, false);
            for fault in &faults {
                let alone = render(std::slice::from_ref(fault), sources, false);
                let place = locate(fault.span, sources);
                prop_assert!(place.is_empty() || alone.contains(&place), "{place} is not shown in:\n{alone}");
                prop_assert!(all.contains(fault.code.as_str()));
            }
            prop_assert!(render(&faults, sources, true).len() > all.len());
        }
    }
    Ok(())
}

/// Fixtures with so much in them that damage is likely to hit something that matters.
const RICH: &[&str] = &[
    "action-samples",
    "constraints-and-defaults",
    "oauth2",
    "paging",
    "parameter-sets",
    "recursive-records",
    "repeating",
    "signatures",
    "trigger-samples",
    "webhooks-and-triggers",
];

/// The connector's own manifest and the rich fixtures, each several times, and every other fixture once.
fn manifests() -> Vec<Sources> {
    let small: Vec<_> = ["ok", "err"].into_iter().flat_map(fixtures).collect();
    let rich: Vec<Sources> = small
        .iter()
        .filter(|fixture| RICH.contains(&fixture.name.as_str()))
        .map(|fixture| fixture.sources.clone())
        .collect();
    assert_eq!(rich.len(), RICH.len(), "a rich fixture is gone");
    let own = std::iter::repeat_n(sources(repository()), small.len() / 8);
    let rich = std::iter::repeat_n(rich, 10).flatten();
    let small = small.into_iter().map(|fixture| fixture.sources).filter(|sources| !sources.is_empty());
    own.chain(rich).chain(small).collect()
}

fn damage() -> impl Strategy<Value = Damage> {
    let text = || {
        prop_oneof![
            4 => select(LOADED).prop_map(str::to_owned),
            2 => any::<String>(),
            1 => "[ -~]{0,12}",
            1 => (select(LOADED), 1..200_usize).prop_map(|(text, count)| text.repeat(count)),
        ]
    };
    let line = any::<Index>;
    prop_oneof![
        line().prop_map(Damage::Delete),
        line().prop_map(Damage::Duplicate),
        (line(), line()).prop_map(|(one, other)| Damage::Swap(one, other)),
        (line(), 1..5_usize).prop_map(|(at, blanks)| Damage::Indent(at, blanks)),
        (line(), 1..5_usize).prop_map(|(at, blanks)| Damage::Dedent(at, blanks)),
        (line(), text()).prop_map(|(at, text)| Damage::Replace(at, text)),
        (line(), text()).prop_map(|(at, text)| Damage::Replace(at, text)),
        (line(), text()).prop_map(|(at, text)| Damage::Insert(at, text)),
        line().prop_map(Damage::Truncate),
        (line(), 1..3000_usize).prop_map(|(at, depth)| Damage::Nest(at, depth)),
    ]
}

fn apply(text: &str, damage: &Damage) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    let count = lines.len();
    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    match damage {
        Damage::Delete(at) => drop(lines.remove(at.index(count))),
        Damage::Duplicate(at) => lines.insert(at.index(count), lines[at.index(count)].clone()),
        Damage::Swap(one, other) => lines.swap(one.index(count), other.index(count)),
        Damage::Indent(at, blanks) => lines[at.index(count)].insert_str(0, &" ".repeat(*blanks)),
        Damage::Dedent(at, blanks) => {
            let line = &mut lines[at.index(count)];
            let blanks = line.chars().take(*blanks).take_while(|letter| *letter == ' ').count();
            line.drain(..blanks);
        }
        Damage::Replace(at, text) => {
            let line = &mut lines[at.index(count)];
            let value = line.find([':', '-']).map_or(0, |mark| mark + 1);
            *line = format!("{} {text}\n", &line[..value]);
        }
        Damage::Insert(at, inserted) => {
            let (before, after) = text.split_at(*at.get(&boundaries));
            return format!("{before}{inserted}{after}");
        }
        Damage::Truncate(at) => return text[..*at.get(&boundaries)].to_owned(),
        Damage::Nest(at, depth) => {
            let line = &mut lines[at.index(count)];
            let value = line.find(':').map_or(0, |mark| mark + 1);
            *line = format!("{} {}x{}\n", &line[..value], "[".repeat(*depth), "]".repeat(*depth));
        }
    }
    lines.concat()
}
