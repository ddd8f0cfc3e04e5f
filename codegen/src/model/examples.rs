//! Inputs as documentation shows them.

/// An input of an action.
#[derive(Debug)]
pub(crate) struct Example {
    /// Identifier and value of each required parameter, in their order.
    pub(crate) required: Vec<(String, Literal)>,
    /// An optional parameter that is set: its identifier, its value, and whether it is nullable.
    pub(crate) set: Option<(String, Literal, bool)>,
}

/// A value in an example.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    Text(String),
    /// The digits.
    Integer(String),
    /// The digits with a fraction.
    Number(String),
    /// The digits.
    Decimal(String),
    Boolean(bool),
    /// A date or point in time, as ISO 8601 writes it.
    Time(String),
    /// The text of any JSON.
    Json(String),
    /// Identifiers of the enumeration and its variant.
    Variant(String, String),
    /// A record, and the values of the fields that its constructor takes.
    Record(String, Vec<Literal>),
    Boxed(Box<Literal>),
    List(Vec<Literal>),
    /// Names and values.
    Map(Vec<(String, Literal)>),
}

impl Literal {
    /// The named types in it, however deep.
    pub(crate) fn types(&self) -> Vec<&str> {
        match self {
            Self::Variant(name, _) => vec![name],
            Self::Record(name, fields) => {
                fields.iter().flat_map(Self::types).chain([name.as_str()]).collect()
            }
            Self::Boxed(inner) => inner.types(),
            Self::List(items) => items.iter().flat_map(Self::types).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, value)| value.types()).collect(),
            _ => Vec::new(),
        }
    }
}

/// The most arguments that a function may take before it is hard to call right.
pub(crate) const MAX_ARGUMENTS: usize = 7;
