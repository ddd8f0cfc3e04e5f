//! Calls that a host makes by itself: whether their actions take the inputs that the host gives, and need no others.

use super::Lookup;
use super::fields::listed;
use super::lacking;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Text;
use crate::model::{Action, Field, Ty};

/// The value that the host gives to an input.
#[derive(Clone, Copy)]
pub(super) enum Gives<'v> {
    /// A moment, as a text with date, time and offset.
    Moment,
    /// A text that is known when the service runs.
    Text,
    /// A text of the manifest.
    Word(&'v str),
    /// `true`.
    Switch,
}

impl Gives<'_> {
    fn fits(self, ty: &Ty) -> bool {
        match self {
            _ if *ty == Ty::Json => true,
            Self::Moment => matches!(ty, Ty::DateTime | Ty::String),
            Self::Text => matches!(ty, Ty::String),
            Self::Word(_) => {
                matches!(ty, Ty::String | Ty::Decimal | Ty::Date | Ty::DateTime | Ty::Enumeration(_))
            }
            Self::Switch => matches!(ty, Ty::Boolean),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Moment => "moment: name a `date-time`",
            Self::Text => "text: name a string",
            Self::Word(_) => "text: name a string or an enumeration",
            Self::Switch => "flag: name a boolean",
        }
    }
}

/// Reports an input that the action does not have, or that cannot take the value.
pub(super) fn check(
    action: &Action,
    name: Text<'_>,
    gives: Gives<'_>,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) {
    let Some(parameter) = action.parameters.iter().find(|parameter| parameter.name == name.value) else {
        let known = action.parameters.iter().map(|parameter| parameter.name.as_str());
        let owner = format!("the action `{}`", action.id);
        faults.push(lacking(Code::UnknownParameter, (&owner, "parameter"), name, known));
        return;
    };
    let mut refuse = |message: String, help: String| {
        faults.push(Diagnostic::new(Code::BadInput, name.span, message).help(help));
    };
    if !gives.fits(&parameter.ty) {
        let (noun, help) = gives.noun().split_once(": ").unwrap_or_default();
        refuse(format!("the parameter `{}` of `{}` takes no {noun}", name.value, action.id), help.to_owned());
    } else if let (Gives::Word(word), Ty::Enumeration(enumeration)) = (gives, &parameter.ty)
        && let Some(values) = listed(enumeration, lookup).filter(|values| !values.contains(&word))
    {
        let message = format!("`{enumeration}` does not list the value `{word}` of `{}`", name.value);
        let help = crate::name::nearest(word, values).map(|near| format!("did you mean `{near}`?"));
        refuse(message, help.unwrap_or_else(|| "give a value that the enumeration lists".to_owned()));
    }
}

/// Reports every input that the action requires and the host does not give.
pub(super) fn check_complete(action: &Action, place: Text<'_>, given: &[&str], faults: &mut Vec<Diagnostic>) {
    // An input that the action does not have has been reported, and may be the one that it requires, misspelt.
    if given.iter().any(|name| !action.parameters.iter().any(|parameter| parameter.name == *name)) {
        return;
    }
    let is_missing = |parameter: &&Field| parameter.required && !given.contains(&parameter.name.as_str());
    for parameter in action.parameters.iter().filter(is_missing) {
        let message = format!(
            "`{}` requires the parameter `{}`, which the call does not give",
            action.id, parameter.name
        );
        let fault = Diagnostic::new(Code::BadInput, place.span, message);
        faults.push(fault.help("name an action that does not require it"));
    }
}

/// The one required parameter, which takes the id of a resource; `also` is given beside it. Reports an action without it.
pub(super) fn id_parameter<'a>(
    action: &'a Action,
    place: Text<'_>,
    also: Option<Text<'_>>,
    code: Code,
    faults: &mut Vec<Diagnostic>,
) -> Option<&'a Field> {
    let is_given = |parameter: &&Field| also.is_some_and(|also| also.value == parameter.name);
    let required = || action.parameters.iter().filter(|parameter| parameter.required);
    let ids: Vec<_> = required().filter(|parameter| !is_given(parameter)).collect();
    // The host gives the id to the first required parameter.
    let first = required().next();
    let [parameter] = ids.as_slice() else {
        let message = match ids.len() {
            0 => format!("`{}` has no required parameter", action.id),
            count => format!("`{}` has {count} required parameters", action.id),
        };
        let fault = Diagnostic::new(code, place.span, message);
        faults.push(fault.help("name an action with exactly one: it takes the resource's id"));
        return None;
    };
    if !matches!(parameter.ty, Ty::Integer | Ty::String) || first.is_some_and(|first| is_given(&first)) {
        let message = format!("the parameter `{}` of `{}` takes no id", parameter.name, action.id);
        let fault = Diagnostic::new(code, place.span, message);
        faults.push(fault.help("name an action whose required parameter is an integer or a string"));
    }
    Some(parameter)
}
