//! The path of an action, and which values may stand where in a request.

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Parameter};
use crate::model::{Field, Place, Ty};
use crate::name::nearest;
use crate::source::Spanned;
use crate::template;

/// The path and its parameters must name the same things.
pub(super) fn check_path(
    path: Spanned<&str>,
    parameters: &[Field],
    given: &manifest::Action<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    if !path.value.starts_with('/') {
        let fault = Diagnostic::new(Code::BadTemplate, path.span, "a path begins with a slash");
        faults.push(fault.help("write it like `/orders/{order_id}`"));
    }
    report_stray(path, faults);
    let variables = match template::variables(path) {
        Ok(variables) => variables,
        Err((span, what)) => {
            faults.push(Diagnostic::new(Code::BadTemplate, span, what).help(template::HELP));
            return;
        }
    };
    let in_path: Vec<&Field> = parameters.iter().filter(|parameter| parameter.place == Place::Path).collect();
    let mut unfilled = Vec::new();
    for (index, variable) in variables.iter().enumerate() {
        if variables[..index].iter().any(|earlier| earlier.value == variable.value) {
            let message = format!("`{}` stands in the path twice", variable.value);
            faults
                .push(Diagnostic::new(Code::BadTemplate, variable.span, message).help("name each part once"));
        } else if !declares(given, variable.value)
            && !in_path.iter().any(|parameter| parameter.wire == variable.value)
        {
            unfilled.push(variable);
        }
    }
    let unused = |parameter: &&Field| !variables.iter().any(|known| known.value == parameter.wire);
    let mut unused: Vec<&Field> = in_path.into_iter().filter(unused).collect();
    let is_pair = unfilled.len() == 1 && unused.len() == 1;
    for variable in unfilled {
        let message = format!("no path parameter fills `{{{}}}`", variable.value);
        let fault = Diagnostic::new(Code::BadTemplate, variable.span, message);
        let near = nearest(variable.value, unused.iter().map(|parameter| parameter.wire.as_str()));
        let meant = near.and_then(|near| unused.iter().position(|parameter| parameter.wire == near));
        let meant = meant.or(is_pair.then_some(0));
        // The variable and the parameter are one misspelt name.
        faults.push(match meant.map(|index| unused.remove(index)) {
            Some(parameter) => {
                let help = format!(
                    "did you mean `{{{}}}`? if not, add `{}` under `path`",
                    parameter.wire, variable.value
                );
                match declaration(given, &parameter.name) {
                    Some(name) => fault.help(help).related(name.span, "the path does not mention this"),
                    None => fault.help(help),
                }
            }
            None => fault.help(format!("add `{}` under `path`", variable.value)),
        });
    }
    for parameter in unused {
        let message = format!("the path does not mention `{}`", parameter.name);
        let help = format!("write `{{{}}}` into the path or remove the parameter", parameter.wire);
        let fault = match declaration(given, &parameter.name) {
            Some(name) => {
                Diagnostic::new(Code::UnusedParameter, name.span, message).related(path.span, "the path")
            }
            None => Diagnostic::new(Code::UnusedParameter, path.span, message),
        };
        faults.push(fault.help(help));
    }
}

/// Reports what cannot stand in a path.
pub(super) fn report_stray(path: Spanned<&str>, faults: &mut Vec<Diagnostic>) {
    if let Some(letter) = template::stray(path) {
        let message = format!("`{}` cannot stand in a path", letter.value.escape_debug());
        let help = match letter.value {
            '?' => "put query parameters under `query`",
            _ => "remove it, or write it percent-encoded",
        };
        faults.push(Diagnostic::new(Code::BadTemplate, letter.span, message).help(help));
    }
}

/// A value must be of a kind that its place can carry.
pub(super) fn check_placement(name: Spanned<&str>, field: &Field, faults: &mut Vec<Diagnostic>) {
    let plain = |ty: &Ty| !matches!(ty, Ty::Record(_) | Ty::Boxed(_) | Ty::List(_) | Ty::Map(_) | Ty::Json);
    let (fits, noun, help) = match (field.place, &field.ty) {
        (Place::Query | Place::RepeatedQuery, Ty::List(item)) => {
            (plain(item), "query", "use a list of scalars")
        }
        (Place::RepeatedQuery, _) => {
            (false, "query as repeated names", "make it a list or remove `repeated`")
        }
        (Place::Query, ty) => (plain(ty), "query", "use a scalar, an enumeration, or a list of them"),
        (Place::Path, ty) => (plain(ty), "path", "use a scalar or an enumeration"),
        (Place::Header, ty) => (plain(ty), "header", "use a scalar or an enumeration"),
        (Place::Body | Place::Payload, _) => (true, "body", ""),
    };
    let in_body = matches!(field.place, Place::Body | Place::Payload);
    if !fits {
        let message = format!("a value of this type cannot stand in a {noun}");
        faults.push(Diagnostic::new(Code::BadPlacement, name.span, message).help(help));
    } else if field.nullable && !in_body {
        let fault = Diagnostic::new(Code::BadPlacement, name.span, "only a body can say `null`");
        faults.push(fault.help("remove `nullable`"));
    }
}

/// The name of a parameter where the action itself writes it under `path`.
fn declaration<'f>(given: &manifest::Action<'f>, name: &str) -> Option<Spanned<&'f str>> {
    given.path.iter().find_map(|parameter| match parameter {
        Parameter::One(field) if field.name.value == name => Some(field.name),
        _ => None,
    })
}

/// Whether the action writes a parameter of this wire name under `path`, faulty or not.
fn declares(given: &manifest::Action<'_>, wire: &str) -> bool {
    given.path.iter().any(|parameter| match parameter {
        Parameter::One(field) => field.wire().value == wire,
        Parameter::Set(_) => false,
    })
}
