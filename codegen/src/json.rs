//! A JSON text as a tree whose every name and value knows its place.

mod broken;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::diagnostic::{Code, Diagnostic};
use crate::notation;
use crate::source::{Span, Spanned};

/// A value in a JSON text.
#[derive(Debug)]
pub(crate) struct Json {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number(Number),
    Text(String),
    List(Vec<Json>),
    /// Members in their order; each name once.
    Object(Vec<(Spanned<String>, Json)>),
}

impl Json {
    /// The member of an object with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(Spanned<String>, Self)] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }
}

/// Parses one file. A name that stands twice in an object is reported, and the first one counts; anything else that is wrong
/// ends the file.
pub(crate) fn parse(file: u16, text: &str, faults: &mut Vec<Diagnostic>) -> Option<Json> {
    let conflicts = notation::conflicts(file, text, Code::BadSample);
    if !conflicts.is_empty() {
        faults.extend(conflicts);
        return None;
    }
    // A byte order mark says nothing, as in YAML.
    let parsed = serde_json::from_str::<&RawValue>(text.trim_start_matches('\u{feff}'));
    let read = match parsed {
        Ok(raw) => Reader { file, text, faults }.value(raw, 0),
        Err(error) => Err(broken::explain(file, text, &error)),
    };
    read.map_err(|fault| faults.push(fault)).ok()
}

/// Deeper values are refused by the parser of JSON as well.
const MAX_DEPTH: usize = 120;

struct Reader<'s, 'f> {
    file: u16,
    text: &'s str,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'s> Reader<'s, '_> {
    /// The byte of the text at which a part of it begins.
    fn place(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: byte(start), end: byte(end) }
    }

    fn value(&mut self, raw: &'s RawValue, depth: usize) -> Result<Json, Diagnostic> {
        let text = raw.get();
        let start = self.place(text);
        let span = self.span(start, start + text.len());
        let refuse = |error: serde_json::Error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            let fault = Diagnostic::new(Code::BadSample, span, format!("the sample is no JSON: {what}"));
            fault.help("correct the value")
        };
        let kind = match text.bytes().next() {
            _ if depth > MAX_DEPTH => {
                let fault = Diagnostic::new(Code::BadSample, span, "this is nested too deeply");
                return Err(fault.help("shorten the sample"));
            }
            Some(b'{') => {
                let found = serde_json::Deserializer::from_str(text).deserialize_map(Members);
                self.object(start, found.map_err(refuse)?, depth)?
            }
            Some(b'[') => {
                let items = serde_json::Deserializer::from_str(text).deserialize_seq(Items);
                let items = items.map_err(refuse)?.into_iter().map(|item| self.value(item, depth + 1));
                Kind::List(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Kind::Text(serde_json::from_str(text).map_err(refuse)?),
            Some(b'n') => Kind::Null,
            Some(b't' | b'f') => Kind::Boolean,
            _ => Kind::Number(serde_json::from_str(text).map_err(refuse)?),
        };
        Ok(Json { span, kind })
    }

    fn object(
        &mut self,
        start: usize,
        found: Vec<(String, &'s RawValue)>,
        depth: usize,
    ) -> Result<Kind, Diagnostic> {
        let mut members: Vec<(Spanned<String>, Json)> = Vec::new();
        let mut from = start + 1;
        for (name, raw) in found {
            let start = self.place(raw.get());
            // Between the value before and this one stand a comma, the name and a colon.
            let between = &self.text[from..start];
            let key =
                from + between.find('"').unwrap_or(0)..from + between.rfind('"').map_or(0, |end| end + 1);
            from = start + raw.get().len();
            let span = self.span(key.start, key.end);
            let value = self.value(raw, depth + 1)?;
            match members.iter().find(|(other, _)| other.value == name) {
                Some((first, _)) => {
                    let message = format!("the name `{name}` stands here a second time");
                    let fault =
                        Diagnostic::new(Code::BadSample, span, message).related(first.span, "the first one");
                    self.faults.push(fault.help("remove or rename one of them"));
                }
                None => members.push((Spanned { value: name, span }, value)),
            }
        }
        Ok(Kind::Object(members))
    }
}

/// Reads the members of an object with their text.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// Reads the items of a list with their text.
struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, json: &Json, out: &mut Vec<String>) {
        let at = |span: Span| &text[span.start as usize..span.end as usize];
        out.push(at(json.span).to_owned());
        for (name, value) in json.members() {
            out.push(format!("{}: {}", name.value, at(name.span)));
            shown(text, value, out);
        }
        if let Kind::List(items) = &json.kind {
            items.iter().for_each(|item| shown(text, item, out));
        }
    }

    #[test]
    fn every_name_and_value_knows_its_place() {
        let text = "\n{ \"a\" : [1 , \"x\\\"y\"], \"b\\u00e9\\\"\":{}}\n";
        let mut faults = Vec::new();
        let json = parse(0, text, &mut faults).expect("it is JSON");
        let mut out = Vec::new();
        shown(text, &json, &mut out);
        let whole = text.trim();
        assert_eq!(
            out,
            [whole, "a: \"a\"", "[1 , \"x\\\"y\"]", "1", "\"x\\\"y\"", "bé\": \"b\\u00e9\\\"\"", "{}"]
        );
        assert!(faults.is_empty());
    }

    #[test]
    fn a_byte_order_mark_shifts_no_place() {
        let json = parse(0, "\u{feff}{\"a\": 1}", &mut Vec::new()).expect("it is JSON");
        assert_eq!(json.members()[0].0.span, Span { file: 0, start: 4, end: 7 });
    }

    #[test]
    fn a_name_that_stands_twice_is_a_fault_at_the_second() {
        let mut faults = Vec::new();
        let json = parse(0, "{\"a\": 1, \"a\": 2}", &mut faults).expect("it is JSON");
        assert_eq!(json.members().len(), 1);
        assert_eq!(faults[0].span.start, 9);
    }

    #[test]
    fn no_depth_ends_the_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let mut faults = Vec::new();
        assert!(parse(0, &deep, &mut faults).is_none());
        assert_eq!(faults.len(), 1);
    }
}
