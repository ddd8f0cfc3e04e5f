//! Walks the schema of an input: every place a value can stand in, and every way to violate just one thing there.

use std::fmt::{self, Write as _};

use connector_tests::validator;
use serde_json::{Value, json};

use super::least::{least, names_of_the_empty, placed};

/// Every keyword that a schema of an input may use: one that is not here would go untested.
const KEYWORDS: [&str; 22] = [
    "$defs",
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "deprecated",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "not",
    "pattern",
    "properties",
    "required",
    "type",
];

/// A step from a value to a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Field(String),
    /// The first item of a list.
    Item,
}

/// The way to a place, which prints as violations name it.
#[derive(Clone, Debug, Default)]
pub(super) struct Way(Vec<Step>);

impl Way {
    fn then(&self, step: Step) -> Self {
        Self([self.0.as_slice(), &[step]].concat())
    }

    /// The way to a field of the object at this place.
    pub(super) fn field(&self, name: &str) -> Self {
        self.then(Step::Field(name.to_owned()))
    }

    /// The name of the parameter that it leads into.
    pub(super) fn parameter(&self) -> &str {
        match self.0.first() {
            Some(Step::Field(name)) => name,
            _ => "",
        }
    }

    /// The JSON pointer (RFC 6901) of the same place below the parameter.
    pub(super) fn pointer_below(&self) -> String {
        self.0.iter().skip(1).fold(String::new(), |pointer, step| match step {
            Step::Field(name) => format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Item => pointer + "/0",
        })
    }

    /// Puts a value at this place, and what is not there yet on the way to it.
    pub(super) fn put_into(&self, whole: &mut Value, value: Value) {
        let place = self.0.iter().fold(whole, |inner, step| match step {
            Step::Field(name) => &mut inner[name],
            Step::Item => {
                if inner.is_null() {
                    *inner = json!([null]);
                }
                &mut inner[0]
            }
        });
        *place = value;
    }

    /// Whether it leads through the place at the end of `other`, and further.
    pub(super) fn goes_beyond(&self, other: &Self) -> bool {
        self.len() > other.len() && self.0.starts_with(&other.0)
    }

    /// How many steps it takes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Way {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, step)| match step {
            Step::Field(name) if index == 0 => out.write_str(name),
            Step::Field(name) => write!(out, ".{name}"),
            Step::Item => out.write_str("[0]"),
        })
    }
}

/// A place in an input, and the schema of what may stand there.
pub(super) struct Place<'s> {
    root: &'s Value,
    pub(super) way: Way,
    /// Without references and without `null` as an alternative.
    pub(super) schema: &'s Value,
    is_nullable: bool,
}

/// A value that violates just one thing.
pub(super) struct Bad {
    /// The keyword that it violates.
    pub(super) keyword: &'static str,
    pub(super) value: Value,
    /// The way to what is to blame.
    pub(super) blamed: Way,
}

/// Every place of an input. A record inside itself is entered once more.
pub(super) fn places(root: &Value) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    collect(root, root, Way::default(), &mut Vec::new(), &mut found);
    found
}

fn collect<'s>(
    root: &'s Value,
    schema: &'s Value,
    way: Way,
    open: &mut Vec<&'s str>,
    found: &mut Vec<Place<'s>>,
) {
    let depth = open.len();
    let (schema, is_nullable) = resolve(root, schema, open);
    let entered = |name: &&str| open.iter().filter(|other| *other == name).count();
    if open.last().is_some_and(|name| entered(name) > 2) {
        open.truncate(depth);
        return;
    }
    let unknown = schema.as_object().unwrap().keys().find(|key| !KEYWORDS.contains(&key.as_str()));
    assert_eq!(unknown, None, "a keyword that no test violates, at {way}");
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        collect(root, property, way.field(name), open, found);
    }
    if schema["items"].is_object() {
        collect(root, &schema["items"], way.then(Step::Item), open, found);
    }
    if schema["additionalProperties"].is_object() {
        collect(root, &schema["additionalProperties"], way.field("key"), open, found);
    }
    open.truncate(depth);
    found.push(Place { root, way, schema, is_nullable });
}

/// Follows references and the alternative that is not `null`.
pub(super) fn resolve<'s>(
    root: &'s Value,
    mut schema: &'s Value,
    open: &mut Vec<&'s str>,
) -> (&'s Value, bool) {
    let mut is_nullable = false;
    loop {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.trim_start_matches("#/$defs/");
            open.push(name);
            schema = &root["$defs"][name];
        } else if let Some([first, null]) = schema["anyOf"].as_array().map(Vec::as_slice) {
            assert_eq!(null["type"], "null", "{schema}");
            is_nullable = true;
            schema = first;
        } else {
            return (schema, is_nullable);
        }
    }
}

impl Place<'_> {
    /// The least input that is right but for this value at this place.
    pub(super) fn input_with(&self, value: Value) -> Value {
        placed(self.root, self.root, &self.way.0, value)
    }

    /// The least input in which a right value stands at this place.
    pub(super) fn input(&self) -> Value {
        self.input_with(least(self.root, self.schema))
    }

    /// The input in which this JSON text stands here as it is written.
    pub(super) fn input_with_raw(&self, json: &str) -> String {
        self.input_with(json!("<here>")).to_string().replacen("\"<here>\"", json, 1)
    }

    /// Whether a text stands here that is the caller's own: no word of a list and no date.
    pub(super) fn is_text(&self) -> bool {
        self.schema["type"] == "string" && self.schema["enum"].is_null() && self.schema["format"].is_null()
    }

    /// Values of every type that may not stand here, `null` among them.
    pub(super) fn wrong_types(&self) -> Vec<Bad> {
        let all = [
            json!(null),
            json!(true),
            json!("7"),
            json!(""),
            json!(7),
            json!(7.5),
            json!([]),
            json!([7]),
            json!({}),
            json!({"a": 1}),
        ];
        let types: Vec<&str> = match &self.schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => return Vec::new(),
        };
        let fits = |value: &Value| match value {
            Value::Null => self.is_nullable,
            Value::Bool(_) => types.contains(&"boolean"),
            Value::String(_) => types.contains(&"string"),
            Value::Number(number) if number.is_f64() => types.contains(&"number"),
            Value::Number(_) => types.contains(&"number") || types.contains(&"integer"),
            Value::Array(_) => types.contains(&"array"),
            Value::Object(_) => types.contains(&"object"),
        };
        let wrong = all.into_iter().filter(|value| !fits(value));
        wrong.map(|value| Bad { keyword: "type", value, blamed: self.way.clone() }).collect()
    }

    /// A value for each keyword, which violates that one alone.
    pub(super) fn violations(&self) -> Vec<Bad> {
        let mut found = Vec::new();
        let mut add = |keyword, value: Value, blamed: Way| found.push(Bad { keyword, value, blamed });
        let schema = self.schema;
        let here = || self.way.clone();
        let is_decimal = schema["type"].is_array() && schema["pattern"].is_string();
        for (keyword, step) in [("minimum", -1.0), ("maximum", 1.0)] {
            let Some(bound) = schema[keyword].as_f64() else { continue };
            let whole = bound.fract() == 0.0;
            if schema["type"] == "integer" {
                add(keyword, json!((bound + step) as i64), here());
            } else {
                add(keyword, json!(bound + step / 100.0), here());
            }
            if is_decimal && whole {
                add(keyword, json!(format!("{}", bound + step)), here());
            }
        }
        if let Some(length) = schema["minLength"].as_u64().filter(|length| *length > 0) {
            add("minLength", json!("ü".repeat(length as usize - 1)), here());
        }
        if let Some(length) = schema["maxLength"].as_u64() {
            add("maxLength", json!("ü".repeat(length as usize + 1)), here());
        }
        if is_decimal {
            for text in ["", "ten", "1,5", "1_0", "0x1", "NaN", "Infinity", " 1", "1 ", "--1", "1e", "١"] {
                add("pattern", json!(text), here());
            }
        } else if let Some(pattern) = schema["pattern"].as_str() {
            let validator = validator(&json!({"type": "string", "pattern": pattern}));
            let texts = ["?", "\n", "?????", "", " ", "ü"].map(Value::from);
            for text in texts.into_iter().filter(|text| !validator.is_valid(text)) {
                add("pattern", text, here());
            }
        }
        if schema["enum"].is_array() {
            for text in ["unheard-of", "", "null", " "] {
                add("enum", json!(text), here());
            }
            let upper = schema["enum"][0].as_str().unwrap().to_uppercase();
            if !schema["enum"].as_array().unwrap().contains(&json!(upper)) {
                add("enum", json!(upper), here());
            }
        }
        let no_dates: &[&str] = match schema["format"].as_str() {
            Some("date") => &["", "today", "2019-02-29", "2019-13-01", "29.2.2020", "2020-02-29T00:00:00Z"],
            Some(_) => {
                &["", "now", "2019-02-29T00:00:00Z", "2020-02-29T25:00:00Z", "2020-02-29", "1582761600"]
            }
            None => &[],
        };
        no_dates.iter().for_each(|text| add("format", json!(text), here()));
        if let Some(count) = schema["minItems"].as_u64().filter(|count| *count > 0) {
            add("minItems", self.list(count as usize - 1), here());
        }
        if let Some(count) = schema["maxItems"].as_u64() {
            add("maxItems", self.list(count as usize + 1), here());
        }
        match &schema["allOf"][0] {
            Value::Null => {}
            // A list that is joined by commas.
            rule if rule["items"]["pattern"] == "^[^,]+$" => {
                for text in ["a,b", ",", ""] {
                    add("allOf", json!([text]), self.way.then(Step::Item));
                }
            }
            // A header.
            rule if rule["pattern"].is_string() => {
                for text in ["x\r\nY: z", "x\u{7f}", "ü"] {
                    add("allOf", json!(text), here());
                }
            }
            rule => panic!("a rule that no test violates, at {}: {rule}", self.way),
        }
        for segment in schema["not"]["enum"].as_array().into_iter().flatten() {
            add("not", segment.clone(), here());
        }
        if let Some(empty) = names_of_the_empty(schema) {
            let mut object = least(self.root, schema);
            object.as_object_mut().unwrap().retain(|name, _| empty.contains(&json!(name)));
            add("not", object, here());
        }
        let mut object = least(self.root, schema);
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let taken = object.as_object_mut().unwrap().remove(name).unwrap();
            add("required", object.clone(), self.way.field(name));
            object[name] = taken;
        }
        if schema["additionalProperties"] == false {
            for name in ["unheard_of", " ", "a\r\nb", "__proto__"] {
                let mut object = object.clone();
                object[name] = json!(1);
                add("additionalProperties", object, self.way.field(name));
            }
        }
        found
    }

    fn list(&self, count: usize) -> Value {
        Value::Array(vec![least(self.root, &self.schema["items"]); count])
    }
}

/// What of these differs, for a message a person can read.
pub(super) fn listed(faults: &[String]) -> String {
    faults.iter().fold(String::new(), |mut text, fault| {
        writeln!(text, "  {fault}").unwrap_or_default();
        text
    })
}
