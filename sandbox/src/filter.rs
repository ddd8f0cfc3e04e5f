//! The filters of a list: which parameters there are, what they say, and which documents they let through.
//! Source: `docs/start/about/common-query-params.mdx` of <https://github.com/bigcommerce/docs>.

use std::cmp::Ordering;

use serde_json::Value;

use crate::amount::Amount;
use crate::answer::ApiError;
use crate::date::read_date;
use crate::store::Document;

/// A field that a list can be filtered by.
#[derive(Debug)]
pub(crate) struct Filter {
    /// The parameter's name, before the colon of its operator.
    pub(crate) name: &'static str,
    /// The field of the document.
    pub(crate) field: &'static str,
    /// How the parameter's value is read and compared.
    pub(crate) kind: Kind,
    /// The operators after the colon; the empty one stands for the bare name.
    pub(crate) operators: &'static [&'static str],
}

/// How values are read and compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A whole number; in a field that holds a list, any of its items.
    Integer,
    /// A list of whole numbers. The bare name asks for a list that holds the number and nothing else.
    IntegerSet,
    /// An exact decimal.
    Decimal,
    /// A text, compared without regard to case.
    Text,
    /// `true`, `false`, `1` or `0`.
    Flag,
    /// A moment; see [`read_date`].
    Date,
    /// One of these words, compared without regard to case.
    OneOf(&'static [&'static str]),
    /// A text that one of these fields must contain.
    Keyword(&'static [&'static str]),
    /// `1` or `true` for the documents for which this holds, `0` or `false` for the others.
    Holds(fn(&Document) -> bool),
}

/// The bare name alone.
pub(crate) const IS: &[&str] = &[""];
/// The bare name and a part of the text.
pub(crate) const IS_OR_LIKE: &[&str] = &["", "like"];
/// Every operator of ids and levels.
pub(crate) const NUMBERS: &[&str] = &["", "in", "not_in", "min", "max", "greater", "less"];

impl Filter {
    pub(crate) const fn new(name: &'static str, kind: Kind, operators: &'static [&'static str]) -> Self {
        Self { name, field: name, kind, operators }
    }

    /// The same filter on a field of another name.
    pub(crate) const fn on(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }
}

/// What one request asks for.
#[derive(Debug)]
pub(crate) struct Criteria {
    criteria: Vec<Criterion>,
}

#[derive(Debug)]
struct Criterion {
    filter: &'static Filter,
    operator: &'static str,
    operands: Vec<Operand>,
}

#[derive(Debug, PartialEq)]
enum Operand {
    Integer(i64),
    Decimal(Amount),
    Text(String),
    Flag(bool),
    Date(i64),
}

impl Criteria {
    /// Reads the filters among `parameters`. The names in `others` are left alone.
    ///
    /// # Errors
    ///
    /// 422 for a parameter that this list does not have, and for a value that cannot be read.
    pub(crate) fn read(
        filters: &'static [Filter],
        others: &[&str],
        parameters: &[(String, String)],
        now: i64,
    ) -> Result<Self, ApiError> {
        let known = parameters.iter().filter(|(name, _)| !others.contains(&name.as_str()));
        let criteria = known.map(|(name, value)| Criterion::read(filters, name, value, now));
        Ok(Self { criteria: criteria.collect::<Result<_, _>>()? })
    }

    /// Whether no filter was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.criteria.is_empty()
    }

    /// Whether `document` meets every filter.
    pub(crate) fn admit(&self, document: &Document) -> bool {
        self.criteria.iter().all(|criterion| criterion.admits(document))
    }
}

impl Criterion {
    fn read(filters: &'static [Filter], name: &str, value: &str, now: i64) -> Result<Self, ApiError> {
        let (base, operator) = name.split_once(':').unwrap_or((name, ""));
        let found = filters.iter().filter(|filter| filter.name == base).find_map(|filter| {
            let known = filter.operators.iter().find(|known| **known == operator)?;
            Some((filter, *known))
        });
        let (filter, operator) =
            found.ok_or_else(|| ApiError::invalid(name, "is not a filter of this list"))?;
        let texts: Vec<&str> = match operator {
            "in" | "not_in" => value.split(',').map(str::trim).filter(|text| !text.is_empty()).collect(),
            _ => vec![value],
        };
        let operand = |text: &str| {
            filter.kind.operand(text, now).ok_or_else(|| {
                ApiError::invalid(name, format!("{text:?} is not a value that can be filtered by"))
            })
        };
        let operands = texts.into_iter().map(operand).collect::<Result<Vec<_>, _>>()?;
        if operands.is_empty() {
            return Err(ApiError::invalid(name, "needs at least one value"));
        }
        Ok(Self { filter, operator, operands })
    }

    fn admits(&self, document: &Document) -> bool {
        if let Kind::Keyword(fields) = self.filter.kind {
            let mentions = |field: &&str| document.get(*field).is_some_and(|value| self.is_like(value));
            return fields.iter().any(mentions);
        }
        if let Kind::Holds(holds) = self.filter.kind {
            return self.operands.contains(&Operand::Flag(holds(document)));
        }
        let value = document.get(self.filter.field).unwrap_or(&Value::Null);
        match value {
            Value::Array(items) => match (self.operator, self.filter.kind) {
                ("", Kind::IntegerSet) => items.len() == 1 && self.holds_for(&items[0]),
                ("not_in", _) => items.iter().all(|item| self.holds_for(item)),
                _ => items.iter().any(|item| self.holds_for(item)),
            },
            _ => self.holds_for(value),
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        let orders = || self.operands.iter().map(|operand| operand.compare_with(value));
        let any = |accepted: &[Ordering]| {
            orders().any(|order| order.is_some_and(|order| accepted.contains(&order)))
        };
        match self.operator {
            "not_in" | "not" => !any(&[Ordering::Equal]),
            "min" => any(&[Ordering::Greater, Ordering::Equal]),
            "max" => any(&[Ordering::Less, Ordering::Equal]),
            "greater" => any(&[Ordering::Greater]),
            "less" => any(&[Ordering::Less]),
            "like" => self.is_like(value),
            _ => any(&[Ordering::Equal]),
        }
    }

    fn is_like(&self, value: &Value) -> bool {
        let contains = |text: &str, part: &Operand| match part {
            Operand::Text(part) => text.to_lowercase().contains(part),
            _ => false,
        };
        match value {
            Value::String(text) => self.operands.iter().any(|part| contains(text, part)),
            Value::Array(items) => items.iter().any(|item| self.is_like(item)),
            _ => false,
        }
    }
}

impl Kind {
    fn operand(self, text: &str, now: i64) -> Option<Operand> {
        match self {
            Self::Integer | Self::IntegerSet => text.parse().ok().map(Operand::Integer),
            Self::Decimal => Amount::parse(text).map(Operand::Decimal),
            Self::Text | Self::Keyword(_) => Some(Operand::Text(text.to_lowercase())),
            Self::Flag | Self::Holds(_) => read_flag(text).map(Operand::Flag),
            Self::Date => read_date(text, now).map(Operand::Date),
            Self::OneOf(words) => {
                let known = words.iter().any(|word| word.eq_ignore_ascii_case(text));
                known.then(|| Operand::Text(text.to_lowercase()))
            }
        }
    }
}

impl Operand {
    /// How `value` stands to this operand; `None` where the two cannot be compared.
    fn compare_with(&self, value: &Value) -> Option<Ordering> {
        match self {
            Self::Integer(number) => value.as_i64().map(|value| value.cmp(number)),
            Self::Decimal(amount) => Amount::of(value).map(|value| value.cmp(amount)),
            Self::Text(text) => value.as_str().map(|value| value.to_lowercase().cmp(text)),
            Self::Flag(flag) => value.as_bool().map(|value| value.cmp(flag)),
            Self::Date(moment) => {
                value.as_str().and_then(|value| read_date(value, 0)).map(|value| value.cmp(moment))
            }
        }
    }
}

/// The truth value that a parameter's text says.
pub(crate) fn read_flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Criteria, Filter, IS, IS_OR_LIKE, Kind, NUMBERS};
    use crate::store::{Document, fields};

    const FILTERS: &[Filter] = &[
        Filter::new("id", Kind::Integer, NUMBERS),
        Filter::new("name", Kind::Text, IS_OR_LIKE),
        Filter::new("price", Kind::Decimal, IS),
        Filter::new("categories", Kind::IntegerSet, &["", "in"]),
        Filter::new("is_visible", Kind::Flag, IS),
        Filter::new("date_modified", Kind::Date, &["", "min", "max"]),
        Filter::new("keyword", Kind::Keyword(&["name", "words"]), IS),
        Filter::new("odd", Kind::Holds(|document| document["id"] == 7), IS),
    ];

    fn document() -> Document {
        fields(json!({"id": 7, "name": "Oak Jar", "price": 7.95, "categories": [2, 3], "is_visible": true,
            "date_modified": "2018-08-15T14:48:46+00:00", "words": ["glass"]}))
    }

    fn criteria(name: &str, value: &str) -> Option<Criteria> {
        Criteria::read(FILTERS, &["page"], &[(name.to_owned(), value.to_owned())], 0).ok()
    }

    #[test]
    fn lets_through_what_meets_the_filter() {
        for (name, value) in [
            ("id", "7"),
            ("id:in", "1, 7"),
            ("id:not_in", "1,2"),
            ("id:min", "7"),
            ("id:greater", "6"),
            ("name", "oak jar"),
            ("name:like", "JAR"),
            ("price", "7.950"),
            ("categories:in", "3,9"),
            ("is_visible", "1"),
            ("date_modified:min", "2018-08-15T14:48:46Z"),
            ("keyword", "glas"),
            ("odd", "1"),
            ("page", "x"),
        ] {
            assert!(
                criteria(name, value).is_some_and(|criteria| criteria.admit(&document())),
                "{name}={value}"
            );
        }
        for (name, value) in [
            ("id", "8"),
            ("id:in", "1,2"),
            ("id:not_in", "7"),
            ("id:min", "8"),
            ("id:less", "7"),
            ("name", "jar"),
            ("price", "7.96"),
            ("categories", "3"),
            ("is_visible", "false"),
            ("date_modified:max", "2018-08-15T14:48:45Z"),
            ("keyword", "wood"),
            ("odd", "0"),
        ] {
            assert!(
                criteria(name, value).is_some_and(|criteria| !criteria.admit(&document())),
                "{name}={value}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_filter_or_no_value() {
        for (name, value) in
            [("color", "red"), ("name:in", "a"), ("id", "x"), ("id:in", ","), ("is_visible", "yes")]
        {
            assert!(criteria(name, value).is_none(), "{name}={value}");
        }
    }
}
