//! Actions: their endpoints, parameters, scopes and results.

use super::identifiers::{Identifiers, Names, report_equal_wires};
use super::types::RESERVED_TYPES;
use super::{Lookup, defined_twice, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Field, Manifest};
use crate::model::{Action, Api, Effect, Method, Parameter, Place, Ty};
use crate::name;
use crate::source::Spanned;
use crate::template;

/// The module around all actions, and the file that would stand for it.
const RESERVED_MODULES: &[&str] = &["actions", "r#mod"];

/// Every action, sorted by id.
pub(super) fn resolve(
    manifest: &Manifest<'_>,
    lookup: &Lookup<'_, '_>,
    apis: &[Api],
    faults: &mut Vec<Diagnostic>,
) -> Vec<Action> {
    let mut names = Identifiers::new(Names::Ours, RESERVED_TYPES);
    let mut modules = Identifiers::new(Names::Ours, RESERVED_MODULES);
    // An input's module imports the types that it names.
    for ty in lookup.types.values() {
        names.occupy(ty.name);
    }
    let mut actions: Vec<Action> = Vec::new();
    for given in &manifest.actions {
        let first = manifest.actions.iter().find(|other| other.id.value == given.id.value);
        if let Some(first) = first.filter(|first| first.id.span != given.id.span) {
            faults.push(defined_twice("action", given.id, first.id.span));
            continue;
        }
        let rust = names.take(given.id, name::ty, faults);
        let module = modules.take(given.id, name::field, faults);
        let resolver = Resolver { manifest, lookup, apis };
        let action = resolver.action(given, faults);
        if let (Some(rust), Some(module), Some(action)) = (rust, module, action) {
            actions.push(Action { rust, module, ..action });
        }
    }
    actions.sort_by(|left, right| left.id.cmp(&right.id));
    actions
}

struct Resolver<'t, 'm> {
    manifest: &'m Manifest<'t>,
    lookup: &'m Lookup<'t, 'm>,
    apis: &'m [Api],
}

impl Resolver<'_, '_> {
    /// The action, its identifiers still to be filled in.
    fn action(&self, given: &manifest::Action<'_>, faults: &mut Vec<Diagnostic>) -> Option<Action> {
        let api = given.api.and_then(|id| self.api(id, faults));
        let output = given.returns.and_then(|name| self.lookup.named(name, faults));
        let scopes = given.scope.map_or(Some(Vec::new()), |scope| self.scopes(scope, faults));
        let mut names = Identifiers::new(Names::Wired, &[]);
        let mut parameters = Vec::new();
        for (place, fields) in [(Place::Path, &given.path), (Place::Query, &given.query)] {
            report_equal_wires(fields, faults);
            parameters
                .extend(fields.iter().filter_map(|field| self.parameter(field, place, &mut names, faults)));
        }
        let (key, path) = given.endpoint?;
        check_path(path, &given.path, faults);
        let method = method(key);
        Some(Action {
            id: given.id.value.to_owned(),
            rust: String::new(),
            module: String::new(),
            origin: self.lookup.origin(given.id.span, &format!("actions.{}", given.id.value)),
            title: given.title.to_owned(),
            description: given.description.to_owned(),
            docs: given.docs.to_owned(),
            api: api?,
            method,
            path: path.value.to_owned(),
            effect: given.effect.map_or(default_effect(method), effect),
            parameters,
            output: output?,
            scopes: scopes?,
        })
    }

    fn api(&self, id: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<(String, String)> {
        if let Some(api) = self.apis.iter().find(|api| api.id == id.value) {
            return Some((api.id.clone(), api.rust.clone()));
        }
        // An API version that is there but faulty has been reported.
        if !self.manifest.apis.iter().any(|api| api.id.value == id.value) {
            let known = self.manifest.apis.iter().map(|api| api.id.value);
            faults.push(unknown(Code::UnknownApi, "API version", id, known));
        }
        None
    }

    /// `products.read` is granted by the reading scope and by the one that allows more.
    fn scopes(&self, reference: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
        let known: Vec<String> = self.manifest.scopes.iter().flat_map(levels).collect();
        let Some((name, level)) =
            reference.value.split_once('.').filter(|_| known.iter().any(|level| level == reference.value))
        else {
            faults.push(unknown(Code::UnknownScope, "scope", reference, known.iter().map(String::as_str)));
            return None;
        };
        let scope = self.manifest.scopes.iter().find(|scope| scope.name.value == name)?;
        let read = scope.read.filter(|_| level == "read");
        Some(read.into_iter().chain([scope.modify]).map(str::to_owned).collect())
    }

    fn parameter(
        &self,
        given: &Field<'_>,
        place: Place,
        names: &mut Identifiers,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Parameter> {
        let rust = names.take(given.name, name::field, faults);
        let ty = self.lookup.ty(given.value.as_ref()?, faults)?;
        check_placement(given, place, &ty, faults);
        check_bounds(given, &ty, faults);
        let digits = |bound: Option<Spanned<&str>>| bound.map(|bound| bound.value.to_owned());
        Some(Parameter {
            name: given.name.value.to_owned(),
            wire: given.wire.unwrap_or(given.name).value.to_owned(),
            rust: rust?,
            ty,
            place,
            required: place == Place::Path || given.required,
            min: digits(given.min),
            max: digits(given.max),
            description: given.description.to_owned(),
        })
    }
}

fn levels(scope: &manifest::Scope<'_>) -> Vec<String> {
    let mut levels = vec![format!("{}.modify", scope.name.value)];
    levels.extend(scope.read.map(|_| format!("{}.read", scope.name.value)));
    levels
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

fn check_path(path: Spanned<&str>, parameters: &[Field<'_>], faults: &mut Vec<Diagnostic>) {
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
    let wire = |field: &Field<'_>| field.wire.unwrap_or(field.name).value.to_owned();
    for (index, variable) in variables.iter().enumerate() {
        if variables[..index].iter().any(|earlier| earlier.value == variable.value) {
            let message = format!("`{}` stands in the path twice", variable.value);
            faults
                .push(Diagnostic::new(Code::BadTemplate, variable.span, message).help("name each part once"));
        } else if !parameters.iter().any(|field| wire(field) == variable.value) {
            let message = format!("no path parameter fills `{{{}}}`", variable.value);
            let help = format!("add `{}` under `path`", variable.value);
            faults.push(Diagnostic::new(Code::BadTemplate, variable.span, message).help(help));
        }
    }
    for field in
        parameters.iter().filter(|field| !variables.iter().any(|variable| wire(field) == variable.value))
    {
        let message = format!("the path does not mention `{}`", field.name.value);
        let fault =
            Diagnostic::new(Code::UnusedParameter, field.name.span, message).related(path.span, "the path");
        faults.push(fault.help(format!("write `{{{}}}` into the path or remove the parameter", wire(field))));
    }
}

fn check_placement(given: &Field<'_>, place: Place, ty: &Ty, faults: &mut Vec<Diagnostic>) {
    let plain = |ty: &Ty| !matches!(ty, Ty::Record(_) | Ty::List(_) | Ty::Map(_) | Ty::Json);
    let fits = match (place, ty) {
        (Place::Query, Ty::List(item)) => plain(item),
        (_, ty) => plain(ty),
    };
    if !fits {
        let (noun, help) = match place {
            Place::Path => ("path", "use a scalar or an enumeration"),
            Place::Query => ("query", "use a scalar, an enumeration, or a list of them"),
        };
        let message = format!("a value of this type cannot stand in a {noun}");
        faults.push(Diagnostic::new(Code::BadPlacement, given.name.span, message).help(help));
    }
}

fn check_bounds(given: &Field<'_>, ty: &Ty, faults: &mut Vec<Diagnostic>) {
    let bounded = matches!(ty, Ty::Integer | Ty::Number | Ty::Decimal | Ty::String | Ty::List(_));
    let counts = matches!(ty, Ty::String | Ty::List(_));
    for bound in [given.min, given.max].into_iter().flatten() {
        let problem = match () {
            () if !bounded => Some(("a value of this type has no bounds", "remove the bound")),
            () if counts && bound.value.contains(['-', '.']) => {
                Some(("a length is a whole number from 0", "give a whole number from 0"))
            }
            () => None,
        };
        if let Some((message, help)) = problem {
            faults.push(Diagnostic::new(Code::BadConstraint, bound.span, message).help(help));
        }
    }
    let number = |bound: Option<Spanned<&str>>| bound.and_then(|bound| bound.value.parse::<f64>().ok());
    if let (Some(min), Some(max)) = (given.min, given.max)
        && number(Some(min)) > number(Some(max))
    {
        let fault =
            Diagnostic::new(Code::BadConstraint, max.span, "no value is at most this and at least `min`");
        faults.push(fault.help("make `max` at least `min`").related(min.span, "`min`"));
    }
}

fn method(key: &str) -> Method {
    match key {
        "post" => Method::Post,
        "put" => Method::Put,
        "patch" => Method::Patch,
        "delete" => Method::Delete,
        _ => Method::Get,
    }
}

fn effect(word: &str) -> Effect {
    match word {
        "create" => Effect::Create,
        "update" => Effect::Update,
        "delete" => Effect::Delete,
        _ => Effect::Read,
    }
}

fn default_effect(method: Method) -> Effect {
    match method {
        Method::Get => Effect::Read,
        Method::Post => Effect::Create,
        Method::Put | Method::Patch => Effect::Update,
        Method::Delete => Effect::Delete,
    }
}
