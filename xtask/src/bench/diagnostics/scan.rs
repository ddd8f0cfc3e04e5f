//! Finds the keys and values of a manifest without the compiler's own reader, so that the corpus does not share its
//! mistakes. It reads only the forms that the real manifests use.

use std::ops::Range;

/// A key of a manifest with its value.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    /// Index of the line.
    pub(super) line: usize,
    /// The bytes of the key.
    pub(super) place: Range<usize>,
    /// The bytes of the value on the same line; empty if the value is a block below.
    pub(super) value: Range<usize>,
    /// The keys around it, the outermost first; `-` stands for an item of a list.
    pub(super) path: Vec<String>,
    /// Whether it stands within braces.
    pub(super) flow: bool,
    /// Blanks before the key; within braces those of its line.
    pub(super) indent: usize,
}

impl Key {
    /// The name of the mapping that contains it.
    pub(super) fn parent(&self) -> &str {
        self.path.iter().rev().find(|name| *name != "-").map_or("", String::as_str)
    }

    /// Whether people choose the name: it is no key of the language.
    pub(super) fn is_named_by_people(&self) -> bool {
        const NAMES: &[&str] = &[
            "fields",
            "credentials",
            "apis",
            "scopes",
            "paging",
            "signatures",
            "triggers",
            "types",
            "parameters",
            "actions",
            "record",
            "path",
            "query",
            "headers",
            "body",
            "payload",
            "extra",
            "routes",
            "with",
        ];
        let by_parent = self.path.last().is_some_and(|parent| {
            NAMES.contains(&parent.as_str()) || parent == "-" && NAMES.contains(&self.parent())
        });
        by_parent || self.path.len() == 2 && self.path[0] == "parameters"
    }
}

/// Every key of a text, in its order.
pub(super) fn keys(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut block: Option<usize> = None;
    let mut at = 0;
    for (line, content) in text.split_inclusive('\n').enumerate() {
        let start = at;
        at += content.len();
        let content = content.trim_end();
        let mut indent = content.len() - content.trim_start().len();
        if content.trim().is_empty() || block.is_some_and(|block| indent > block) {
            continue;
        }
        block = None;
        if content.trim_start().starts_with('#') {
            continue;
        }
        open.retain(|(outer, _)| *outer < indent);
        let blanks = indent;
        while content[indent..].starts_with("- ") {
            open.push((indent, "-".to_owned()));
            indent += 2;
        }
        let path: Vec<String> = open.iter().map(|(_, name)| name.clone()).collect();
        let rest = &content[indent..];
        if rest.starts_with(['{', '[']) {
            flow(text, line, start + indent, &path, blanks, &mut keys);
            continue;
        }
        let Some(colon) = colon(rest) else { continue };
        let name = rest[..colon].trim_matches('"').to_owned();
        let value_start =
            indent + colon + 1 + (rest[colon + 1..].len() - rest[colon + 1..].trim_start().len());
        let value = start + value_start.min(content.len())..start + content.len();
        let shown = &text[value.clone()];
        if shown.starts_with(['>', '|']) {
            block = Some(indent);
        }
        let place = start + indent..start + indent + colon;
        let key = Key {
            name: name.clone(),
            line,
            place,
            value: value.clone(),
            path: path.clone(),
            flow: false,
            indent,
        };
        keys.push(key);
        open.push((indent, name));
        if shown.starts_with(['{', '[']) {
            let path: Vec<String> = open.iter().map(|(_, name)| name.clone()).collect();
            flow(text, line, value.start, &path, blanks, &mut keys);
        }
    }
    keys
}

/// The place of the colon that ends a key at the beginning of `rest`.
fn colon(rest: &str) -> Option<usize> {
    let after = match rest.strip_prefix('"') {
        Some(quoted) => quoted.find("\":")? + 2,
        None => 0,
    };
    let found = rest[after..].find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1 - after))?;
    let name = &rest[..after + found];
    (after > 0 || !name.contains([' ', '"', '{', '['])).then_some(after + found)
}

/// The keys within the braces that open at `at`; returns the place after those that close them.
fn flow(text: &str, line: usize, at: usize, path: &[String], indent: usize, keys: &mut Vec<Key>) -> usize {
    let mut inner = path.to_vec();
    let is_list = text[at..].starts_with('[');
    if is_list {
        inner.push("-".to_owned());
    }
    let mut at = at + 1;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', ',', '\n']).len();
        let rest = &text[at..];
        if rest.is_empty() || rest.starts_with(['}', ']']) {
            return (at + 1).min(text.len());
        }
        let end = token(text, at);
        if !text[end..].starts_with(": ") {
            at = if rest.starts_with(['{', '[']) {
                flow(text, line, at, &inner, indent, keys)
            } else {
                end.max(at + 1)
            };
            continue;
        }
        let name = text[at..end].trim_matches('"').to_owned();
        let value = end + 2;
        let place = at..end;
        let index = keys.len();
        keys.push(Key {
            name: name.clone(),
            line,
            place,
            value: value..value,
            path: inner.clone(),
            flow: true,
            indent,
        });
        at = if text[value..].starts_with(['{', '[']) {
            let path = [inner.as_slice(), &[name]].concat();
            flow(text, line, value, &path, indent, keys)
        } else {
            token(text, value)
        };
        keys[index].value = value..at;
    }
}

/// The end of the scalar that begins at `at` within braces.
fn token(text: &str, at: usize) -> usize {
    if text[at..].starts_with('"') {
        let mut escaped = false;
        for (offset, letter) in text[at + 1..].char_indices() {
            match letter {
                '"' if !escaped => return at + 1 + offset + 1,
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        return text.len();
    }
    let bytes = text.as_bytes();
    let ends = |end: usize| match bytes[end] {
        b',' | b'}' | b']' | b'\n' | b'{' | b'[' => true,
        b':' => matches!(bytes.get(end + 1), Some(b' ' | b'\n') | None),
        _ => false,
    };
    (at..text.len()).find(|end| ends(*end)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_blocks_and_braces_with_their_values_and_parents() {
        let text = "a:\n  b: x y # no\n  c: {d: [1, 2], e: \"f: {g\", h: {i: j}}\n  k: >-\n    l: m\n  n:\n    - {o: p}\n";
        let found: Vec<_> = keys(text)
            .into_iter()
            .map(|key| (format!("{}/{}", key.path.join("/"), key.name), key.line, text[key.value].to_owned()))
            .collect();
        let expected = [
            ("/a", 0, ""),
            ("a/b", 1, "x y # no"),
            ("a/c", 2, "{d: [1, 2], e: \"f: {g\", h: {i: j}}"),
            ("a/c/d", 2, "[1, 2]"),
            ("a/c/e", 2, "\"f: {g\""),
            ("a/c/h", 2, "{i: j}"),
            ("a/c/h/i", 2, "j"),
            ("a/k", 3, ">-"),
            ("a/n", 5, ""),
            ("a/n/-/o", 6, "p"),
        ];
        assert_eq!(found, expected.map(|(path, line, value)| (path.to_owned(), line, value.to_owned())));
    }
}
