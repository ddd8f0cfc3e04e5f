//! Mistakes in values: of another type, out of range, or none of the words that are possible.

use fastrand::Rng;

use super::corpus::{Kind, Layer, Manifest, Mistake, typo};
use super::scan::Key;

pub(super) const KINDS: &[Kind] = &[
    (Layer::Values, "number in place of a text", |manifest, _| by_rules(manifest, NUMBERS)),
    (Layer::Values, "text in place of a number", |manifest, _| by_rules(manifest, TEXTS)),
    (Layer::Values, "value of another shape", |manifest, _| by_rules(manifest, SHAPES)),
    (Layer::Values, "value out of range", |manifest, _| by_rules(manifest, RANGES)),
    (Layer::Values, "word that is not possible", |manifest, _| by_rules(manifest, WORDS)),
    (Layer::Values, "word misspelt", misspelt),
    (Layer::Values, "value of another form", |manifest, _| by_rules(manifest, FORMS)),
    (Layer::Values, "nothing", nothing),
];

/// The key, another value, and words of the remedy.
type Rule = (&'static str, &'static str, &'static [&'static str]);

const NUMBERS: &[Rule] = &[
    ("version", "0.1", &["0.1.0", "quote"]),
    ("version", "1", &["1.0.0", "quote"]),
    ("title", "12", &["quote", "\"12\""]),
    ("title", "true", &["quote", "\"true\""]),
    ("description", "3.5", &["quote", "\"3.5\""]),
    ("resource", "7", &["quote", "\"7\""]),
    ("issuer", "false", &["quote", "\"false\""]),
    ("check_first", "404", &["quote", "\"404\""]),
    ("id", "42", &["quote", "\"42\""]),
];

const TEXTS: &[Rule] = &[
    ("status", "many", &["whole number"]),
    ("status", "\"429\"", &["quotes"]),
    ("max", "lots", &["digits", "number"]),
    ("min", "\"1\"", &["quotes"]),
    ("max", "1e3", &["digits"]),
    ("per_event", "ten", &["whole number"]),
    ("port", "https", &["whole number"]),
    ("format", "one", &["1", "whole number"]),
    ("required", "yes", &["true"]),
    ("required", "\"true\"", &["quotes"]),
    ("nullable", "on", &["true"]),
    ("once", "once", &["true"]),
    ("overload_wait", "1", &["ms, s, m or h"]),
    ("max_wait", "2 minutes", &["ms, s, m or h"]),
    ("grace", "30 s", &["ms, s, m or h"]),
    ("retries", "2d", &["ms, s, m or h"]),
    ("past", "soon", &["ms, s, m or h"]),
];

const SHAPES: &[Rule] = &[
    ("success", "200", &["["]),
    ("required", "name", &["["]),
    ("api", "[v3]", &["a text"]),
    ("scope", "{products: read}", &["a text"]),
    ("errors", "message", &["keys"]),
    ("tolerance", "49h", &["keys", "past"]),
    ("limit", "limit", &["keys", "parameter"]),
    ("event", "[scope]", &["keys", "text"]),
    ("waits", "Retry-After", &["["]),
    ("also", "500", &["["]),
    ("dedupe", "hash", &["["]),
    ("enum", "one", &["["]),
    ("path", "[]x", &["bracket", "quote", "["]),
    ("signature", "X-Signature", &["keys", "header"]),
];

const RANGES: &[Rule] = &[
    ("status", "999", &["400"]),
    ("status", "200", &["400"]),
    ("success", "[404]", &["success"]),
    ("also", "[42]", &["400", "429"]),
    ("default", "0", &["1", "bounds"]),
    ("per_event", "0", &["number"]),
    ("port", "70000", &["number"]),
    ("concurrency", "0", &["1"]),
    ("max", "-1", &["max", "1", "whole number"]),
    ("format", "2", &["1"]),
];

const WORDS: &[Rule] = &[
    ("algorithm", "hmac-sha1", &["hmac-sha256"]),
    ("algorithm", "RS256", &["HS256"]),
    ("dates", "iso8601", &["rfc3339"]),
    ("encoding", "base32", &["base64"]),
    ("unit", "minutes", &["seconds"]),
    ("effect", "destroy", &["delete"]),
    ("expires", "1h", &["never"]),
    ("ends", "last", &["empty"]),
    ("form", "array", &["list"]),
    ("decimals", "string", &["text"]),
    ("wrap", "array", &["list"]),
    ("read", "nothing", &["none"]),
    ("repeat", "maybe", &["safe"]),
    ("repeats", "never", &["body"]),
    ("load", "person", &["browser"]),
    ("default", "blue", &["true", "whole number", "number", "lists"]),
    ("type", "str", &["string"]),
    ("type", "int", &["integer"]),
    ("type", "float", &["number"]),
    ("type", "bool", &["boolean"]),
    ("type", "datetime", &["date-time"]),
];

const FORMS: &[Rule] = &[
    ("docs", "developer.example.com/docs", &["https://"]),
    ("docs", "http://developer.example.com", &["https://"]),
    ("server", "api.example.com", &["https://"]),
    ("server", "https://{shop}.example.com", &["base", "host"]),
    ("server", "https://api.example.com/v3", &["base"]),
    ("base", "stores", &["/stores"]),
    ("base", "/stores/{store", &["{"]),
    ("get", "things", &["/orders", "slash"]),
    ("get", "/things/{thing", &["{", "}"]),
    ("get", "/things?x=1", &["query"]),
    ("pattern", "\"[a-z\"", &["escape", "close"]),
    ("pattern", "\"(a\"", &["escape", "close"]),
    ("header", "X Header", &["dashes"]),
    ("request_id", "Request Id", &["dashes"]),
    ("signed", "\"{timestmp}.{body}\"", &["{timestamp}", "timestamp"]),
    ("account_form", "stores", &["{account}"]),
];

fn by_rules(manifest: &Manifest, rules: &[Rule]) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (name, with, remedies) in rules {
        let fits = |(file, key): &(&str, &Key)| {
            let value = manifest.value(file, key);
            let is_language = !key.is_named_by_people() || *name == "load" || key.path.len() == 1;
            key.name == *name
                && is_language
                && !value.is_empty()
                && !value.starts_with('>')
                && is_apt(name, with, value, key)
        };
        let found = manifest.keys().filter(fits);
        all.extend(found.map(|(file, key)| Mistake::at(manifest, file, key.value.clone(), with, remedies)));
    }
    all
}

/// Whether the rule makes a mistake of this value: some keys mean another thing at another place.
fn is_apt(name: &str, with: &str, value: &str, key: &Key) -> bool {
    let first = key.path.first().map_or("", String::as_str);
    let is_list = value.starts_with('[');
    match name {
        "id" => key.path == ["connector"],
        "required" => is_list == (with == "name"),
        "algorithm" => (first == "connection") == (with == "RS256"),
        "status" => first == "rate_limit" || with != "200" && with != "999",
        "event" => key.path == ["webhooks"],
        "signature" => first == "signatures",
        "limit" | "ends" => first == "paging" && key.path.len() == 2,
        "default" if with == "0" => {
            key.path.last().is_some_and(|last| last == "limit")
                || value.parse::<i64>().is_ok_and(|size| size > 0)
        }
        "default" => value.parse::<i64>().is_ok() || value == "false",
        "max" if with == "-1" => value.parse::<i64>().is_ok_and(|max| max > 0),
        "unit" => value != "minutes",
        "type" => {
            key.flow
                && first != "webhooks"
                && value.chars().all(|letter| letter.is_ascii_lowercase())
                && first != "triggers"
        }
        "scope" => first == "actions" || first == "triggers",
        "pattern" => value.starts_with('"'),
        "header" => first == "rate_limit" || first == "signatures",
        "resource" | "read" => first == "triggers" && !value.starts_with('{') || name == "read",
        "path" => false,
        _ => true,
    }
}

fn misspelt(manifest: &Manifest, rng: &mut Rng) -> Vec<Mistake> {
    const CHOICES: &[&str] = &[
        "algorithm",
        "dates",
        "encoding",
        "unit",
        "effect",
        "expires",
        "ends",
        "form",
        "decimals",
        "wrap",
        "repeat",
        "repeats",
    ];
    let found =
        manifest.keys().filter(|(_, key)| CHOICES.contains(&key.name.as_str()) && !key.is_named_by_people());
    let of = |(file, key): (&str, &Key)| {
        let word = manifest.value(file, key);
        (!word.starts_with('{'))
            .then(|| Mistake::at(manifest, file, key.value.clone(), &typo(word, rng), &[word]))
    };
    found.filter_map(of).collect()
}

/// A key without a value.
fn nothing(manifest: &Manifest, _: &mut Rng) -> Vec<Mistake> {
    let found =
        manifest.keys().filter(|(_, key)| !key.flow && !key.value.is_empty() && !key.is_named_by_people());
    let of = |(index, (file, key)): (usize, (&str, &Key))| {
        let with = ["", "null", "~"][index % 3];
        Mistake::at(manifest, file, key.value.clone(), with, &["write", "remove"])
    };
    found.enumerate().map(of).collect()
}
