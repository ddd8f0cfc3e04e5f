//! Types, and the fields that records and inputs have.

use super::Text;

#[derive(Debug)]
pub(crate) struct Type<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) description: &'t str,
    pub(crate) docs: Option<&'t str>,
    /// `None` where it is neither or both, which the grammar has reported; the name is known all the same.
    pub(crate) kind: Option<TypeKind<'t>>,
}

#[derive(Debug)]
pub(crate) enum TypeKind<'t> {
    Record(Vec<Field<'t>>),
    Enumeration(Vec<Listed<'t>>),
}

/// A value of an enumeration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed<'t> {
    pub(crate) wire: Text<'t>,
    /// Its name in Rust; `None` if the text gives it.
    pub(crate) name: Option<Text<'t>>,
}

/// A field of a record or a parameter of an action.
#[derive(Clone, Debug)]
pub(crate) struct Field<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) wire: Option<Text<'t>>,
    pub(crate) value: Option<Value<'t>>,
    pub(crate) default: Option<Text<'t>>,
    pub(crate) description: &'t str,
    pub(crate) deprecated: bool,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    pub(crate) repeated: bool,
}

impl<'t> Field<'t> {
    /// Its name on the wire.
    pub(crate) fn wire(&self) -> Text<'t> {
        self.wire.unwrap_or(self.name)
    }
}

/// The type of a value and its constraints.
#[derive(Clone, Debug)]
pub(crate) struct Value<'t> {
    pub(crate) shape: Shape<'t>,
    pub(crate) min: Option<Text<'t>>,
    pub(crate) max: Option<Text<'t>>,
    pub(crate) pattern: Option<Text<'t>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Shape<'t> {
    Named(Text<'t>),
    List(Box<Value<'t>>),
    Map(Box<Value<'t>>),
}
