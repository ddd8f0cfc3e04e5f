//! Parameters of a request: the name a caller uses, where the request carries it, and the constraints on its value.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::error::Violation;
use crate::value::View;

/// A parameter of an operation or a field of a record, as `static` data of generated code.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name a caller uses.
    pub name: &'static str,
    /// The name on the wire, such as `id:in`.
    pub wire: &'static str,
    /// Where the request carries it.
    pub place: Place,
    /// Whether it must be given.
    pub required: bool,
    /// What its value must meet.
    pub rules: Rules,
}

/// What a value must meet.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The least value of a number, length of a string in characters, or count of a list's items, in digits.
    pub minimum: Option<&'static str>,
    /// The greatest value of a number, length of a string in characters, or count of a list's items, in digits.
    pub maximum: Option<&'static str>,
    /// A regular expression that a string must match somewhere.
    pub pattern: Option<&'static str>,
    /// What the items of a list or the values of a map must meet.
    pub items: Option<&'static Rules>,
}

/// Where a request carries a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In the path, where the template names it.
    Path,
    /// In the query; the items of a list are joined by commas.
    Query,
    /// In the query; a list gives the name once for each item.
    RepeatedQuery,
    /// In a header.
    Header,
    /// As a field of the body's object.
    Body,
    /// As the whole body.
    Payload,
}

impl Parameter {
    /// A part of the path, always required.
    #[must_use]
    pub const fn path(name: &'static str) -> Self {
        Self { required: true, ..Self::new(name, Place::Path) }
    }

    /// A part of the query; the items of a list are joined by commas.
    #[must_use]
    pub const fn query(name: &'static str) -> Self {
        Self::new(name, Place::Query)
    }

    /// A part of the query; a list gives the name once for each item.
    #[must_use]
    pub const fn repeated_query(name: &'static str) -> Self {
        Self::new(name, Place::RepeatedQuery)
    }

    /// A header.
    #[must_use]
    pub const fn header(name: &'static str) -> Self {
        Self::new(name, Place::Header)
    }

    /// A field of the body's object, or of a record.
    #[must_use]
    pub const fn body(name: &'static str) -> Self {
        Self::new(name, Place::Body)
    }

    /// The whole body.
    #[must_use]
    pub const fn payload(name: &'static str) -> Self {
        Self::new(name, Place::Payload)
    }

    const fn new(name: &'static str, place: Place) -> Self {
        Self { name, wire: name, place, required: false, rules: Rules::NONE }
    }

    /// The same with another name on the wire.
    #[must_use]
    pub const fn wire(self, wire: &'static str) -> Self {
        Self { wire, ..self }
    }

    /// The same, to be given always.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same with a lower bound.
    #[must_use]
    pub const fn minimum(self, minimum: &'static str) -> Self {
        Self { rules: self.rules.minimum(minimum), ..self }
    }

    /// The same with an upper bound.
    #[must_use]
    pub const fn maximum(self, maximum: &'static str) -> Self {
        Self { rules: self.rules.maximum(maximum), ..self }
    }

    /// The same with a pattern.
    #[must_use]
    pub const fn pattern(self, pattern: &'static str) -> Self {
        Self { rules: self.rules.pattern(pattern), ..self }
    }

    /// The same with rules for the items of a list or the values of a map.
    #[must_use]
    pub const fn items(self, items: &'static Rules) -> Self {
        Self { rules: self.rules.items(items), ..self }
    }

    pub(crate) fn violation(&self, what: impl Into<String>) -> Violation {
        Violation::new(self.name.to_owned(), what.into())
    }

    /// Everything that is wrong with a value.
    pub(crate) fn check(&self, view: &View<'_>, violations: &mut Vec<Violation>) {
        if matches!(view, View::Absent) {
            if self.required {
                violations.push(self.violation("is required"));
            }
            return;
        }
        let since = violations.len();
        self.rules.check(view, violations);
        for violation in &mut violations[since..] {
            violation.prefix(&self.name);
        }
    }
}

impl Rules {
    /// No rules.
    pub const NONE: Self = Self { minimum: None, maximum: None, pattern: None, items: None };

    /// The same with a lower bound.
    #[must_use]
    pub const fn minimum(self, minimum: &'static str) -> Self {
        Self { minimum: Some(minimum), ..self }
    }

    /// The same with an upper bound.
    #[must_use]
    pub const fn maximum(self, maximum: &'static str) -> Self {
        Self { maximum: Some(maximum), ..self }
    }

    /// The same with a pattern.
    #[must_use]
    pub const fn pattern(self, pattern: &'static str) -> Self {
        Self { pattern: Some(pattern), ..self }
    }

    /// The same with rules for the items of a list or the values of a map.
    #[must_use]
    pub const fn items(self, items: &'static Self) -> Self {
        Self { items: Some(items), ..self }
    }

    /// Everything that is wrong with a value, its parts included; paths are relative to it.
    fn check(&self, view: &View<'_>, violations: &mut Vec<Violation>) {
        let whole = |what: String| Violation::new(String::new(), what);
        violations.extend(self.out_of_bounds(view).map(whole));
        let items = self.items.unwrap_or(&Self::NONE);
        match view {
            View::String(text) => {
                let regex = self.pattern.and_then(|pattern| regex_lite::Regex::new(pattern).ok());
                if regex.is_some_and(|regex| !regex.is_match(text)) {
                    violations.push(whole(format!("must match {}", self.pattern.unwrap_or_default())));
                }
            }
            View::List(list) => {
                for (index, item) in list.iter().enumerate() {
                    items.check_part(&item.view(), &format_args!("[{index}]"), violations);
                }
            }
            View::Map(entries) => {
                for (key, value) in entries {
                    items.check_part(&value.view(), key, violations);
                }
            }
            View::DateTime(date) if date.timestamp().is_err() => {
                violations.push(whole("must be a date like 2019-03-05T21:40:11Z".to_owned()));
            }
            // It is sent as it came, so that an answer's leniency (a time after the date) does not apply.
            View::Date(date) if date.civil().map(|day| day.to_string()).as_deref() != Ok(date.as_str()) => {
                violations.push(whole("must be a date like 2019-03-05".to_owned()));
            }
            View::Record(record) => {
                record.each(&mut |name, value| match record.rules().iter().find(|rule| rule.name == name) {
                    Some(rule) => rule.check(&value.view(), violations),
                    None => Self::NONE.check_part(&value.view(), &name, violations),
                })
            }
            _ => {}
        }
    }

    fn check_part(&self, view: &View<'_>, step: &dyn std::fmt::Display, violations: &mut Vec<Violation>) {
        let since = violations.len();
        self.check(view, violations);
        for violation in &mut violations[since..] {
            violation.prefix(step);
        }
    }

    fn out_of_bounds(&self, view: &View<'_>) -> Option<String> {
        let (size, one, many) = match view {
            View::Integer(value) => (Decimal::from(*value), "", ""),
            View::Decimal(value) => (*value, "", ""),
            View::Number(value) => match Decimal::from_f64(*value) {
                Some(value) => (value, "", ""),
                None => return Some("must be a finite number".to_owned()),
            },
            View::String(value) => (Decimal::from(value.chars().count()), " character", " characters"),
            View::List(items) => (Decimal::from(items.len()), " item", " items"),
            View::Map(entries) => (Decimal::from(entries.len()), " entry", " entries"),
            _ => return None,
        };
        let bound = |bound: Option<&str>| bound.and_then(|digits| Decimal::from_str_exact(digits).ok());
        let of = |bound: Decimal| if bound == Decimal::ONE { one } else { many };
        match (bound(self.minimum), bound(self.maximum)) {
            (Some(least), _) if size < least => Some(format!("must be at least {least}{}", of(least))),
            (_, Some(most)) if size > most => Some(format!("must be at most {most}{}", of(most))),
            _ => None,
        }
    }
}
