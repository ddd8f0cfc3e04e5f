//! What a request may write: fields, their types and their limits.

use serde_json::{Map, Value};

use crate::amount::Amount;
use crate::answer::ApiError;
use crate::date::read_date;
use crate::store::Document;

/// A field that a request may write.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// The type of a field and its limits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text of so many characters.
    Text(usize, usize),
    /// A whole number between these.
    Integer(i64, i64),
    /// An exact decimal from 0 on, as a number.
    Amount,
    /// An exact decimal from 0 on, as a number or as a string of digits.
    LooseAmount,
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of at most so many whole numbers.
    Integers(usize),
    /// A list of texts.
    Texts,
    /// An object with these fields.
    Object(&'static [Field]),
    /// A list of at most so many objects with these fields.
    Objects(usize, &'static [Field]),
    /// A date in any form that is read.
    Date,
    /// A date, or null.
    OptionalDate,
    /// A whole number from 0 on, or null.
    OptionalInteger,
    /// A list of whole numbers, or null.
    OptionalIntegers,
    /// An object of texts, or null.
    OptionalTextMap,
    /// A text, or null.
    OptionalText,
    /// A text or a whole number.
    TextOrNumber,
}

/// The longest text of the catalogue's long fields.
pub(crate) const LONG: usize = 65_535;

/// A text of up to 255 characters.
pub(crate) const SHORT_TEXT: Kind = Kind::Text(0, 255);

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }
}

/// The writable part of `sent`; other fields are dropped.
///
/// # Errors
///
/// 422 with a complaint for each field that has the wrong type or leaves its limits.
pub(crate) fn writable(sent: &Document, fields: &'static [Field]) -> Result<Document, ApiError> {
    let mut complaints = Map::new();
    let accepted = read(sent, fields, "", &mut complaints);
    if complaints.is_empty() { Ok(accepted) } else { Err(ApiError::invalid_fields(complaints)) }
}

/// Refuses `sent` where one of the fields `names` is not there, null or an empty text.
///
/// # Errors
///
/// 422 with a complaint for each.
pub(crate) fn require(sent: &Document, names: &[&str]) -> Result<(), ApiError> {
    let is_missing = |name: &&&str| match sent.get(**name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    let complaint = |name: &&str| ((*name).to_owned(), Value::from("error.path.missing"));
    let complaints: Map<String, Value> = names.iter().filter(is_missing).map(complaint).collect();
    if complaints.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(complaints)) }
}

fn read(
    sent: &Document,
    fields: &'static [Field],
    prefix: &str,
    complaints: &mut Map<String, Value>,
) -> Document {
    let mut accepted = Document::new();
    for field in fields {
        let Some(value) = sent.get(field.name) else {
            continue;
        };
        let path = format!("{prefix}{}", field.name);
        if let Some(value) = field.kind.read(value, &path, complaints) {
            accepted.insert(field.name.to_owned(), value);
        }
    }
    accepted
}

impl Kind {
    /// The value as it is kept; where it is refused, a complaint is left behind.
    fn read(self, value: &Value, path: &str, complaints: &mut Map<String, Value>) -> Option<Value> {
        let inner = match (self, value) {
            (Self::Object(fields), Value::Object(sent)) => {
                return Some(Value::Object(read(sent, fields, &format!("{path}."), complaints)));
            }
            (Self::Objects(most, fields), Value::Array(items)) if items.len() <= most => {
                let item = |(place, item): (usize, &Value)| match item {
                    Value::Object(sent) => {
                        let prefix = format!("{path}.{place}.");
                        Some(Value::Object(read(sent, fields, &prefix, complaints)))
                    }
                    _ => None,
                };
                let read: Option<Vec<Value>> = items.iter().enumerate().map(item).collect();
                read.map(Value::Array)
            }
            _ => self.plain(value),
        };
        if inner.is_none() {
            complaints.insert(path.to_owned(), Value::String(format!("must be {}", self.description())));
        }
        inner
    }

    fn plain(self, value: &Value) -> Option<Value> {
        let amount = || Amount::of(value).filter(|amount| !amount.is_negative()).map(Amount::number);
        let is_accepted = match self {
            Self::Amount => return value.is_number().then(amount).flatten(),
            Self::LooseAmount => return amount(),
            Self::Text(least, most) => value.as_str().is_some_and(|text| {
                let length = text.chars().count();
                least <= length && length <= most
            }),
            Self::Integer(least, most) => {
                value.as_i64().is_some_and(|number| least <= number && number <= most)
            }
            Self::Flag => value.is_boolean(),
            Self::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::Integers(most) => {
                value.as_array().is_some_and(|items| items.len() <= most && items.iter().all(Value::is_i64))
            }
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Self::Date => value.as_str().is_some_and(|text| read_date(text, 0).is_some()),
            Self::OptionalDate => value.is_null() || Self::Date.plain(value).is_some(),
            Self::OptionalInteger => value.is_null() || value.is_u64(),
            Self::OptionalIntegers => value.is_null() || Self::Integers(usize::MAX).plain(value).is_some(),
            Self::OptionalText => value.is_null() || value.is_string(),
            Self::TextOrNumber => value.is_string() || value.is_i64(),
            Self::OptionalTextMap => {
                value.is_null() || value.as_object().is_some_and(|map| map.values().all(Value::is_string))
            }
            Self::Object(_) | Self::Objects(..) => false,
        };
        is_accepted.then(|| value.clone())
    }

    fn description(self) -> String {
        match self {
            Self::Text(0, most) => format!("a text of at most {most} characters"),
            Self::Text(least, most) => format!("a text of {least} to {most} characters"),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Amount => "a number from 0 on, with at most four decimal places".to_owned(),
            Self::LooseAmount => "a number from 0 on, or one in a string".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of: {}", words.join(", ")),
            Self::Integers(usize::MAX) => "a list of whole numbers".to_owned(),
            Self::Integers(most) => format!("a list of at most {most} whole numbers"),
            Self::Texts => "a list of texts".to_owned(),
            Self::Object(_) => "an object".to_owned(),
            Self::Objects(most, _) => format!("a list of at most {most} objects"),
            Self::Date => "a date".to_owned(),
            Self::OptionalDate => "a date or null".to_owned(),
            Self::OptionalInteger => "a whole number from 0 on, or null".to_owned(),
            Self::OptionalIntegers => "a list of whole numbers, or null".to_owned(),
            Self::OptionalText => "a text or null".to_owned(),
            Self::TextOrNumber => "a text or a whole number".to_owned(),
            Self::OptionalTextMap => "an object of texts, or null".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Field, Kind, require, writable};
    use crate::store::{Document, fields};

    const FIELDS: &[Field] = &[
        Field::new("name", Kind::Text(1, 5)),
        Field::new("price", Kind::Amount),
        Field::new("url", Kind::Object(&[Field::new("path", Kind::Text(1, 9))])),
        Field::new("tags", Kind::Objects(2, &[Field::new("n", Kind::Integer(0, 3))])),
    ];

    fn written(sent: Value) -> Result<Document, Vec<String>> {
        writable(&fields(sent), FIELDS).map_err(|error| {
            let mut paths: Vec<String> = error.complaints().keys().cloned().collect();
            paths.sort_unstable();
            paths
        })
    }

    #[test]
    fn keeps_what_may_be_written_and_drops_the_rest() {
        let sent = json!({
            "name": "Jar", "price": 49.0, "id": 4, "url": {"path": "/a/", "other": 1}, "tags": [{"n": 3}],
        });
        let kept = json!({"name": "Jar", "price": 49, "url": {"path": "/a/"}, "tags": [{"n": 3}]});
        assert_eq!(written(sent), Ok(fields(kept)));
    }

    #[test]
    fn complains_of_every_field_by_its_path() {
        let sent = json!({"name": "", "price": "7", "url": {"path": 1}, "tags": [{"n": 0}, {"n": 9}]});
        assert_eq!(written(sent), Err(["name", "price", "tags.1.n", "url.path"].map(str::to_owned).to_vec()));
        assert_eq!(written(json!({"tags": [1]})), Err(vec!["tags".to_owned()]));
        assert_eq!(written(json!({"price": -1})), Err(vec!["price".to_owned()]));
    }

    #[test]
    fn requires_values_and_not_just_names() {
        let sent = fields(json!({"a": 0, "b": null, "c": ""}));
        assert!(require(&sent, &["a"]).is_ok());
        let error = require(&sent, &["a", "b", "c", "d"]).expect_err("three are missing");
        assert_eq!(error.complaints().len(), 3);
    }
}
