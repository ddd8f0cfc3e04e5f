//! Paths of the manifest into values of declared types: whether such a value can contain the path, and whether the runtime
//! can read the value at its end.

use super::Lookup;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Text, TypeKind};
use crate::model::Ty;
use crate::name::nearest;

/// The kind of value that the runtime reads at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// The mark of the next page.
    Mark,
    /// The address of the next page.
    Link,
    /// A flag that may be written as a number or text.
    Flag,
    /// A number of pages or items.
    Count,
    /// The id of a resource.
    Id,
    /// A date with time and offset.
    Moment,
    /// A text that is compared or shown.
    Text,
    /// A flag that is `true` or `false`.
    Switch,
}

impl Reads {
    /// Whether the runtime reads a value of this type.
    fn fits(self, ty: &Ty) -> bool {
        match self {
            _ if *ty == Ty::Json => true,
            Self::Mark => matches!(
                ty,
                Ty::String
                    | Ty::Integer
                    | Ty::Number
                    | Ty::Decimal
                    | Ty::Date
                    | Ty::DateTime
                    | Ty::Enumeration(_)
            ),
            Self::Link => matches!(ty, Ty::String),
            Self::Flag => matches!(ty, Ty::String | Ty::Boolean | Ty::Integer | Ty::Enumeration(_)),
            Self::Count => matches!(ty, Ty::String | Ty::Integer | Ty::Number | Ty::Decimal),
            Self::Id => matches!(ty, Ty::String | Ty::Integer),
            Self::Moment => matches!(ty, Ty::DateTime),
            Self::Text => matches!(ty, Ty::String | Ty::Enumeration(_)),
            Self::Switch => matches!(ty, Ty::Boolean),
        }
    }

    /// The kind with its types, for messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Mark => "the mark of a page: a string or a number",
            Self::Link => "an address: a string",
            Self::Flag => "a flag: a boolean, an integer or a string",
            Self::Count => "a count: an integer or a string",
            Self::Id => "an id: an integer or a string",
            Self::Moment => "a moment: a `date-time`",
            Self::Text => "a text: a string or an enumeration",
            Self::Switch => "a flag: a boolean",
        }
    }
}

/// A value of a declared type, into which paths lead.
pub(super) struct Whole<'a> {
    /// The value in messages, such as "item of `list-parcels`".
    pub(super) noun: String,
    pub(super) ty: &'a Ty,
    pub(super) lookup: &'a Lookup<'a, 'a>,
    /// The code of a path to a field that is not declared.
    pub(super) missing: Code,
    /// The code of a path through a value without fields, or to a value of another kind.
    pub(super) misfit: Code,
}

impl<'a> Whole<'a> {
    /// A value whose faults have the general codes.
    pub(super) fn new(noun: String, ty: &'a Ty, lookup: &'a Lookup<'a, 'a>) -> Self {
        Self { noun, ty, lookup, missing: Code::UnknownField, misfit: Code::BadPath }
    }

    /// Reports a dotted path that leads nowhere, or to another kind of value.
    pub(super) fn check(&self, path: Option<Text<'_>>, reads: Reads, faults: &mut Vec<Diagnostic>) {
        faults.extend(path.and_then(|path| self.path(path, reads).err()));
    }

    /// Like `check`, for the name of a field: a dot in it is part of the name.
    pub(super) fn check_field(&self, name: Option<Text<'_>>, reads: Reads, faults: &mut Vec<Diagnostic>) {
        faults.extend(name.and_then(|name| self.walk(name, [name.value], reads).err()));
    }

    /// Follows a dotted path of names on the wire.
    ///
    /// # Errors
    /// The fault of a path that leads nowhere, or to another kind of value.
    pub(super) fn path(&self, path: Text<'_>, reads: Reads) -> Result<(), Diagnostic> {
        self.walk(path, path.value.split('.'), reads)
    }

    fn walk<'p>(
        &self,
        path: Text<'p>,
        steps: impl IntoIterator<Item = &'p str>,
        reads: Reads,
    ) -> Result<(), Diagnostic> {
        let fault = |code, why: String| {
            let message = format!("no {} can contain `{}`: {why}", self.noun, path.value);
            Diagnostic::new(code, path.span, message)
        };
        let mut ty = self.ty.clone();
        let mut before: Vec<&str> = Vec::new();
        let mut steps = steps.into_iter();
        while let Some(step) = steps.next() {
            ty = match ty {
                Ty::Json => return Ok(()),
                Ty::Map(value) => *value,
                Ty::Record(name) | Ty::Boxed(name) => {
                    // A type that is faulty or not known has been reported where it is named.
                    let kind = self.lookup.types.get(name.as_str()).and_then(|ty| ty.kind.as_ref());
                    let Some(TypeKind::Record(fields)) = kind else { return Ok(()) };
                    let Some(field) = fields.iter().find(|field| field.wire().value == step) else {
                        let fault = fault(self.missing, format!("the record `{name}` has no field `{step}`"));
                        // Who writes the name that callers use means its name on the wire.
                        let by_name = fields.iter().find(|field| field.name.value == step);
                        let step = by_name.map_or(step, |field| field.wire().value);
                        let known = fields.iter().map(|field| field.wire().value);
                        let after: Vec<&str> = steps.collect();
                        let help = did_you_mean(&before, step, &after, known).unwrap_or_else(|| {
                            format!("add the field `{step}` to `{name}`, or correct the path")
                        });
                        return Err(fault.help(help));
                    };
                    let value = field.value.as_ref();
                    let Some(ty) = value.and_then(|value| self.lookup.ty(value, &mut Vec::new())) else {
                        return Ok(());
                    };
                    ty
                }
                _ => {
                    let place = match before.as_slice() {
                        [] => "it".to_owned(),
                        before => format!("`{}`", before.join(".")),
                    };
                    let fault = fault(self.misfit, format!("{place} is no object"));
                    return Err(fault.help("name a field of a record"));
                }
            };
            before.push(step);
        }
        if reads.fits(&ty) {
            return Ok(());
        }
        let message = format!("`{}` in an {} is not {}", path.value, self.noun, reads.noun());
        Err(Diagnostic::new(self.misfit, path.span, message).help("name another field, or correct its type"))
    }
}

/// The known path that is nearest to one with a step that is not known.
pub(super) fn did_you_mean<'k>(
    before: &[&str],
    step: &str,
    after: &[&str],
    known: impl IntoIterator<Item = &'k str>,
) -> Option<String> {
    let near = nearest(step, known)?;
    Some(format!("did you mean `{}`?", [before, &[near], after].concat().join(".")))
}
