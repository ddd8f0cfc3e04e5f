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
    /// An exact decimal from 0 on, as a number or as a string of digits; kept as a number.
    LooseAmount,
    /// An exact decimal from 0 on, as a number or as a string of digits; kept as a string with four places.
    Money,
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
    /// A text or a number.
    TextOrNumber,
    /// The value of a form field: a text, a number or a list of texts.
    FormValue,
    /// A number from 0 on, or null.
    OptionalAmount,
    /// A text that this function accepts; the second part names the accepted form.
    Like(fn(&str) -> bool, &'static str),
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

/// The fields of `sent`, each of which must be in one of the `tables`.
///
/// BigCommerce documents a 422 for a request that edits a read-only field (`POST /v3/customers`) and a 400 in v2. It
/// documents nothing for a field that it does not know. This store refuses both, so that no field is ignored.
///
/// # Errors
///
/// 422 with a complaint for each field that is in no table, has the wrong type or leaves its limits.
pub(crate) fn writable(sent: &Document, tables: &[&'static [Field]]) -> Result<Document, ApiError> {
    let mut complaints = Map::new();
    let accepted = read(sent, tables, "", &mut complaints);
    if complaints.is_empty() { Ok(accepted) } else { Err(ApiError::invalid_fields(complaints)) }
}

/// Removes `name` from `sent` if it is the `id` of the resource in the path, which clients repeat in the body.
///
/// # Errors
///
/// 422 for another value: an id cannot be changed.
pub(crate) fn take_own_id(sent: &mut Document, name: &str, id: u64) -> Result<(), ApiError> {
    match sent.remove(name) {
        Some(value) if value != id => Err(ApiError::invalid(name, "cannot be changed")),
        _ => Ok(()),
    }
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
    tables: &[&'static [Field]],
    prefix: &str,
    complaints: &mut Map<String, Value>,
) -> Document {
    let mut accepted = Document::new();
    for (name, value) in sent {
        let path = format!("{prefix}{name}");
        let Some(field) = tables.iter().copied().flatten().find(|field| field.name == name) else {
            complaints.insert(path, "is not a field that this request may write".into());
            continue;
        };
        if let Some(value) = field.kind.read(value, &path, complaints) {
            accepted.insert(name.clone(), value);
        }
    }
    accepted
}

impl Kind {
    /// The value as it is kept; where it is refused, a complaint is left behind.
    fn read(self, value: &Value, path: &str, complaints: &mut Map<String, Value>) -> Option<Value> {
        let inner = match (self, value) {
            (Self::Object(fields), Value::Object(sent)) => {
                return Some(Value::Object(read(sent, &[fields], &format!("{path}."), complaints)));
            }
            (Self::Objects(most, fields), Value::Array(items)) if items.len() <= most => {
                let item = |(place, item): (usize, &Value)| match item {
                    Value::Object(sent) => {
                        let prefix = format!("{path}.{place}.");
                        Some(Value::Object(read(sent, &[fields], &prefix, complaints)))
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
        let amount = || Amount::of(value).filter(|amount| !amount.is_negative());
        let is_accepted = match self {
            Self::Amount => return value.is_number().then(amount).flatten().map(Amount::number),
            Self::LooseAmount => return amount().map(Amount::number),
            Self::Money => return amount().map(|amount| amount.text().into()),
            Self::OptionalAmount if value.is_null() => true,
            Self::OptionalAmount => return Self::Amount.plain(value),
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
            Self::TextOrNumber => value.is_string() || value.is_number(),
            Self::FormValue => Self::TextOrNumber.plain(value).or_else(|| Self::Texts.plain(value)).is_some(),
            Self::Like(accepts, _) => value.as_str().is_some_and(accepts),
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
            Self::LooseAmount | Self::Money => "a number from 0 on, or one in a string".to_owned(),
            Self::OptionalAmount => "a number from 0 on with at most four decimal places, or null".to_owned(),
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
            Self::TextOrNumber => "a text or a number".to_owned(),
            Self::FormValue => "a text, a number or a list of texts".to_owned(),
            Self::Like(_, form) => form.to_owned(),
            Self::OptionalTextMap => "an object of texts, or null".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Field, Kind, require, take_own_id, writable};
    use crate::store::{Document, fields};

    const FIELDS: &[Field] = &[
        Field::new("name", Kind::Text(1, 5)),
        Field::new("price", Kind::Amount),
        Field::new("url", Kind::Object(&[Field::new("path", Kind::Text(1, 9))])),
        Field::new("tags", Kind::Objects(2, &[Field::new("n", Kind::Integer(0, 3))])),
    ];

    fn written(sent: Value) -> Result<Document, Vec<String>> {
        writable(&fields(sent), &[FIELDS]).map_err(|error| {
            let mut paths: Vec<String> = error.complaints().keys().cloned().collect();
            paths.sort_unstable();
            paths
        })
    }

    #[test]
    fn keeps_what_may_be_written_and_refuses_the_rest() {
        let sent = json!({"name": "Jar", "price": 49.0, "url": {"path": "/a/"}, "tags": [{"n": 3}]});
        let kept = json!({"name": "Jar", "price": 49, "url": {"path": "/a/"}, "tags": [{"n": 3}]});
        assert_eq!(written(sent), Ok(fields(kept)));
        let sent = json!({"id": 4, "url": {"path": "/a/", "other": 1}, "tags": [{"n": 3, "m": 1}]});
        assert_eq!(written(sent), Err(["id", "tags.0.m", "url.other"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn takes_the_id_of_the_path_and_no_other() {
        let mut sent = fields(json!({"id": 4, "name": "Jar"}));
        assert!(take_own_id(&mut sent, "id", 4).is_ok());
        assert_eq!(sent, fields(json!({"name": "Jar"})));
        assert!(take_own_id(&mut fields(json!({"id": 5})), "id", 4).is_err());
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
