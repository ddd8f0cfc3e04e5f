//! Values made from a schema and a row of decisions: a property test shrinks the decisions, and with them the value.

use serde_json::{Map, Number, Value, json};

use crate::fitting_texts;

/// How many texts that fit a schema are chosen from.
const WHOLE: usize = 6;

/// Decisions in the making of a JSON value; when they run out, the first possibility is taken.
pub struct Choices(std::vec::IntoIter<u16>);

impl From<Vec<u16>> for Choices {
    fn from(choices: Vec<u16>) -> Self {
        Self(choices.into_iter())
    }
}

impl Choices {
    /// One of the numbers from zero up to `count`, which it is not.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % count
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values[self.below(values.len())].clone()
    }

    /// An input for the schema of an action's input, which mostly fits.
    pub fn input(&mut self, schema: &Value) -> Value {
        self.value(schema, schema, 0)
    }

    fn value(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        if self.below(24) == 23 {
            return self.pick(&[
                json!(null),
                json!(""),
                json!(7),
                json!(0.5),
                json!(true),
                json!([]),
                json!({}),
            ]);
        }
        if let Some(path) = schema["$ref"].as_str() {
            return self.value(&root["$defs"][path.trim_start_matches("#/$defs/")], root, depth);
        }
        if let Some(either) = schema["anyOf"].as_array() {
            let index = self.below(either.len());
            return self.value(&either[index], root, depth);
        }
        match (&schema["type"], &schema["format"], &schema["enum"]) {
            (_, _, Value::Array(values)) => match self.below(8) {
                7 => json!("unheard-of"),
                _ => self.pick(values),
            },
            (_, Value::String(format), _) if format == "date" => {
                self.pick(&["2020-02-29", "2019-02-29", "29.2.2020", "20-02-29", "x"].map(Value::from))
            }
            (_, Value::String(_), _) => self.pick(
                &["2020-02-29T23:59:59Z", "2020-01-01T00:00:00.123+05:30", "2020-13-01T00:00:00Z", "now"]
                    .map(Value::from),
            ),
            (Value::String(ty), ..) => self.typed(ty, schema, root, depth),
            (Value::Array(_), ..) if schema["pattern"].is_string() => self.decimal(),
            _ => self.pick(&[json!({"a": [1.5, null]}), json!([]), json!("x"), json!(0)]),
        }
    }

    fn typed(&mut self, ty: &str, schema: &Value, root: &Value, depth: usize) -> Value {
        match ty {
            "object" if schema["properties"].is_object() => self.object(schema, root, depth),
            "object" => {
                let count = self.below(4);
                let entries = (0..count).map(|index| {
                    (format!("k{index}"), self.value(&schema["additionalProperties"], root, depth + 1))
                });
                Value::Object(entries.collect())
            }
            "array" => {
                let count = self.below(4);
                (0..count).map(|_| self.value(&schema["items"], root, depth + 1)).collect()
            }
            "boolean" => self.pick(&[json!(true), json!(false)]),
            "integer" => self.pick(&[1, 0, -1, -2, -3, 5, 6, 7, 8, i64::MIN, i64::MAX].map(Value::from)),
            "number" => {
                let halves = self.below(13);
                Number::from_f64(halves as f64 / 2.0 - 2.0).map_or(Value::Null, Value::Number)
            }
            _ => {
                let letters = self.below(6);
                let letters = (0..letters)
                    .map(|_| ["x", "A", "B", "1", "ü", " ", ".", ",", "\n", "🎁"][self.below(10)]);
                let text: String = letters.collect();
                match self.below(4) {
                    3 => {
                        let whole = fitting_texts(schema).chain([String::new()]).take(WHOLE);
                        let mut whole: Vec<String> = whole.collect();
                        let index = self.below(whole.len());
                        Value::String(whole.swap_remove(index))
                    }
                    _ => Value::String(text),
                }
            }
        }
    }

    fn object(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_given = match required.contains(&name.as_str()) {
                true => self.below(16) != 15,
                false => depth < 4 && self.below(4) == 1,
            };
            if is_given {
                object.insert(name.clone(), self.value(property, root, depth + 1));
            }
        }
        if self.below(32) == 31 {
            object.insert("unheard-of".to_owned(), Value::Null);
        }
        Value::Object(object)
    }

    /// As a text only where it is within all bounds or no number.
    fn decimal(&mut self) -> Value {
        let digits = [
            "1", "1.00", "1e0", "one", "1_0", "1,0", "+1", ".5", "1.", "5.e-1", ".", "1e", "e1", "-", " 1",
            "0x1", "NaN",
        ];
        match self.below(2) {
            0 => self.pick(&[
                json!(1),
                json!(0.5),
                json!(-1.25),
                json!(10.01),
                json!(10.02),
                json!(100),
                json!(1e3),
            ]),
            _ => self.pick(&digits.map(Value::from)),
        }
    }
}
