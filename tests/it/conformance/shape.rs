//! What a JSON Schema says of every place in it, in words that can be compared: of the files' dialect (OpenAPI 3.0) and
//! of the catalog's (JSON Schema 2020-12) alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Whose values a schema describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What is sent: everything said of it counts, but for what is read-only.
    Input,
    /// What is answered. It is read leniently, so types and words count; bounds, formats and obligations do not.
    Output,
}

/// What is said of one place: by aspect, in words.
pub(super) type Facts = BTreeMap<&'static str, String>;

/// A schema, put together from all its parts.
#[derive(Clone, Default)]
pub(super) struct Shape {
    /// JSON types; none for anything.
    kinds: BTreeSet<String>,
    nullable: bool,
    words: Option<BTreeSet<String>>,
    /// Bounds, default, pattern and format, in words.
    facts: Facts,
    items: Option<Box<Shape>>,
    fields: BTreeMap<String, Shape>,
    required: BTreeSet<String>,
    /// Of the values, where the names are free.
    entries: Option<Box<Shape>>,
}

/// The pattern by which the catalog says that a decimal may be given as text.
const DECIMAL_TEXT: &str = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$";

impl Shape {
    /// Reads a schema; references lead into `definitions`.
    pub(super) fn read(schema: &Value, definitions: &Value, side: Side) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return Self::read(&definitions[name], definitions, side);
        }
        let read = |schema: &Value| Self::read(schema, definitions, side);
        let parts = |key: &str| schema[key].as_array().into_iter().flatten().map(read);
        let hidden = if side == Side::Input { "readOnly" } else { "writeOnly" };
        let shown = |(_, schema): &(&String, &Value)| schema[hidden] != true;
        let fields = schema["properties"].as_object().into_iter().flatten().filter(shown);
        let own = Self {
            kinds: kinds(schema),
            nullable: schema["nullable"] == true,
            words: words(schema),
            facts: facts(schema),
            items: schema["items"].is_object().then(|| Box::new(read(&schema["items"]))),
            fields: fields.map(|(name, schema)| (name.clone(), read(schema))).collect(),
            required: schema["required"].as_array().into_iter().flatten().map(word).collect(),
            entries: entries(schema).map(|entries| Box::new(read(entries))),
        };
        let whole = parts("allOf").fold(own, Self::and);
        let choice = ["anyOf", "oneOf"].into_iter().flat_map(parts).reduce(Self::or);
        match choice {
            Some(choice) => whole.and(choice),
            None => whole,
        }
    }

    /// The shape of what an envelope holds under `name`, of an item of a list.
    pub(super) fn within(self, name: &str) -> Option<Self> {
        let mut fields = self.fields;
        fields.remove(name)
    }

    /// The shape of an item of a list.
    pub(super) fn item(self) -> Option<Self> {
        self.items.map(|items| *items)
    }

    /// What both say.
    fn and(mut self, other: Self) -> Self {
        self.kinds.extend(other.kinds);
        self.nullable |= other.nullable;
        self.words = self.words.or(other.words);
        self.facts.extend(other.facts);
        self.items = merge(self.items, other.items, Self::and);
        self.entries = merge(self.entries, other.entries, Self::and);
        for (name, shape) in other.fields {
            let shape = match self.fields.remove(&name) {
                Some(own) => own.and(shape),
                None => shape,
            };
            self.fields.insert(name, shape);
        }
        self.required.extend(other.required);
        self
    }

    /// What one of the two says: a bound or an obligation holds only where it is common to both.
    fn or(mut self, other: Self) -> Self {
        let null = |shape: &Self| shape.kinds.len() == 1 && shape.kinds.contains("null");
        match (null(&self), null(&other)) {
            (true, _) => return Self { nullable: true, ..other },
            (_, true) => return Self { nullable: true, ..self },
            _ => {}
        }
        // None is anything, which one of the two being so makes of both.
        self.kinds = match self.kinds.is_empty() || other.kinds.is_empty() {
            true => BTreeSet::new(),
            false => &self.kinds | &other.kinds,
        };
        self.nullable |= other.nullable;
        self.words = self.words.zip(other.words).map(|(own, other)| &own | &other);
        self.facts.retain(|aspect, fact| other.facts.get(aspect) == Some(fact));
        self.items = merge(self.items, other.items, Self::or);
        self.entries = merge(self.entries, other.entries, Self::or);
        for (name, shape) in other.fields {
            let shape = match self.fields.remove(&name) {
                Some(own) => own.or(shape),
                None => shape,
            };
            self.fields.insert(name, shape);
        }
        self.required = &self.required & &other.required;
        self
    }

    /// Writes down what is said of this place and of all below it.
    pub(super) fn flatten(&self, place: &str, required: bool, side: Side, all: &mut BTreeMap<String, Facts>) {
        let mut facts = Facts::new();
        if side == Side::Input {
            facts.clone_from(&self.facts);
            facts.insert("required", yes(required));
            facts.insert("nullable", yes(self.nullable));
        }
        facts.insert(
            "type",
            match self.kinds.is_empty() {
                true => "anything".to_owned(),
                false => self.kinds.iter().cloned().collect::<Vec<_>>().join(" or "),
            },
        );
        if let Some(words) = &self.words {
            facts.insert("enum", words.iter().cloned().collect::<Vec<_>>().join(", "));
        }
        let known = all.insert(place.to_owned(), facts);
        assert!(known.is_none(), "two places are called {place}");
        for (name, field) in &self.fields {
            let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            field.flatten(&inner, self.required.contains(name), side, all);
        }
        if let Some(items) = &self.items {
            items.flatten(&format!("{place}[]"), false, side, all);
        }
        if let Some(entries) = &self.entries {
            entries.flatten(&format!("{place}{{}}"), false, side, all);
        }
    }
}

fn merge(
    own: Option<Box<Shape>>,
    other: Option<Box<Shape>>,
    how: fn(Shape, Shape) -> Shape,
) -> Option<Box<Shape>> {
    match (own, other) {
        (Some(own), Some(other)) => Some(Box::new(how(*own, *other))),
        (own, other) => own.or(other),
    }
}

fn kinds(schema: &Value) -> BTreeSet<String> {
    match &schema["type"] {
        // Only the catalog writes types as lists, and this pair only for decimals.
        kinds if *kinds == json!(["number", "string"]) => BTreeSet::from(["decimal".to_owned()]),
        Value::String(kind) => BTreeSet::from([kind.clone()]),
        Value::Array(kinds) => kinds.iter().map(word).collect(),
        _ => BTreeSet::new(),
    }
}

/// The words of an enumeration; of an open one, the known words, which the catalog gives as examples.
fn words(schema: &Value) -> Option<BTreeSet<String>> {
    let words = schema["enum"].as_array().or_else(|| schema["examples"].as_array())?;
    Some(words.iter().map(word).collect())
}

fn entries(schema: &Value) -> Option<&Value> {
    let entries = &schema["additionalProperties"];
    (entries.is_object() && entries != &json!({})).then_some(entries)
}

fn facts(schema: &Value) -> Facts {
    let mut facts = Facts::new();
    // The type says what is counted: a value, its characters or its items.
    for (aspect, keys) in
        [("min", ["minimum", "minLength", "minItems"]), ("max", ["maximum", "maxLength", "maxItems"])]
    {
        let of_texts = |key: &&str| !(key.ends_with("Length") || key.ends_with("Items"));
        let bounds = keys.iter().filter(|key| schema[**key].is_number());
        // That a length is 0 or more is so by nature.
        for key in bounds.filter(|key| aspect == "max" || of_texts(key) || schema[**key] != 0) {
            facts.insert(aspect, word(&schema[*key]));
        }
    }
    for (aspect, key) in [("exclusive min", "exclusiveMinimum"), ("exclusive max", "exclusiveMaximum")] {
        if !schema[key].is_null() && schema[key] != false {
            facts.insert(aspect, word(&schema[key]));
        }
    }
    if !schema["default"].is_null() {
        facts.insert("default", word(&schema["default"]));
    }
    if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| *pattern != DECIMAL_TEXT) {
        facts.insert("pattern", pattern.to_owned());
    }
    // Other formats are notes.
    if let Some(format) = schema["format"].as_str().filter(|format| ["date", "date-time"].contains(format)) {
        facts.insert("format", format.to_owned());
    }
    facts
}

/// A scalar in words; a number without a fraction that says nothing.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
        other => other.to_string(),
    }
}

fn yes(truth: bool) -> String {
    if truth { "yes" } else { "no" }.to_owned()
}
