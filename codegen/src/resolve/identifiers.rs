//! The Rust identifiers of a scope: each name gets one, and two names that would get the same are reported.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Field;
use crate::source::{Span, Spanned};

/// Identifiers taken in one Rust scope.
pub(super) struct Identifiers {
    taken: BTreeMap<String, (String, Span)>,
    reserved: &'static [&'static str],
    names: Names,
}

/// Whose names they are, and so what can be done about one that does not do.
#[derive(Clone, Copy)]
pub(super) enum Names {
    /// The maintainer's: types, actions, what a connection consists of.
    Ours,
    /// The vendor's, for which another can stand beside `wire`: fields and parameters.
    Wired,
    /// The vendor's, which can be named: values of enumerations.
    Listed,
}

impl Names {
    fn help(self, instruction: &str, name: &str) -> String {
        match self {
            Self::Ours => instruction.to_owned(),
            Self::Wired => format!("{instruction}, and give the vendor's name as `wire`"),
            Self::Listed => {
                let wire = serde_json::Value::from(name);
                format!("name it: write `{{name: NameOfYourChoice, wire: {wire}}}` in its place")
            }
        }
    }
}

impl Identifiers {
    /// A scope in which some identifiers are spoken for.
    pub(super) fn new(names: Names, reserved: &'static [&'static str]) -> Self {
        Self { taken: BTreeMap::new(), reserved, names }
    }

    /// The identifier of `name`, made by `make`; reports and returns `None` where there is none or it is taken.
    pub(super) fn take(
        &mut self,
        name: Spanned<&str>,
        make: fn(&str) -> Option<String>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<String> {
        let fault = |code, message: String| Diagnostic::new(code, name.span, message);
        let Some(identifier) = make(name.value) else {
            let message = format!("nothing of `{}` can stand in a Rust identifier", name.value);
            faults.push(
                fault(Code::BadName, message).help(self.names.help("choose a name with letters", name.value)),
            );
            return None;
        };
        if self.reserved.contains(&identifier.as_str()) {
            let message = match name.value == identifier {
                true => format!("generated code needs the name `{identifier}` for itself"),
                false => {
                    format!("`{}` becomes `{identifier}`, which generated code needs for itself", name.value)
                }
            };
            faults.push(
                fault(Code::ReservedName, message).help(self.names.help("choose another name", name.value)),
            );
            return None;
        }
        if let Some((other, span)) = self.taken.get(&identifier) {
            let message = match name.value == other {
                true => format!("the name `{other}` is taken"),
                false => format!("`{}` and `{other}` both become `{identifier}` in Rust", name.value),
            };
            let help = self.names.help("rename one of them", name.value);
            faults.push(fault(Code::NameCollision, message).help(help).related(*span, "the other one"));
            return None;
        }
        self.taken.insert(identifier.clone(), (name.value.to_owned(), name.span));
        Some(identifier)
    }

    /// Takes an identifier that the maintainer gives beside a vendor's name.
    pub(super) fn take_given(&mut self, name: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<String> {
        let names = std::mem::replace(&mut self.names, Names::Ours);
        let taken = self.take(name, |name| Some(name.to_owned()), faults);
        self.names = names;
        taken
    }

    /// Takes an identifier that another scope has decided on.
    pub(super) fn occupy(&mut self, name: Spanned<&str>) {
        self.taken.insert(name.value.to_owned(), (name.value.to_owned(), name.span));
    }
}

/// Two fields that go by one name on the wire: only one of them could be read, and both would be sent.
pub(super) fn report_equal_wires(fields: &[Field<'_>], faults: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<&str, Span> = BTreeMap::new();
    for Spanned { value, span } in fields.iter().map(Field::wire) {
        if let Some(first) = taken.get(value) {
            let message = format!("the name `{value}` is taken on the wire");
            let fault = Diagnostic::new(Code::NameCollision, span, message).related(*first, "the other one");
            faults.push(fault.help("remove one of them, or correct its `wire`"));
        } else {
            taken.insert(value, span);
        }
    }
}
