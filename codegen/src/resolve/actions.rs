//! Actions: their parameters, bodies, results, and how they may be repeated.

use std::collections::BTreeMap;

use super::changes;
use super::endpoint::{check_path, check_placement};
use super::fields::field;
use super::identifiers::{Identifiers, Names, report_equal_wires};
use super::scopes::scopes;
use super::types::RESERVED_TYPES;
use super::{Lookup, causes, defined_twice, lacking, pages, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::follow::Broken;
use crate::grammar::is_key_of_action;
use crate::manifest::{self, Manifest, Parameter, Text};
use crate::model::{
    Action, Api, Body, Effect, Example, Field, Level, Method, Paging, Place, Repeat, Returns, default_effect,
    default_repeat,
};
use crate::name;
use crate::source::{Span, Spanned};

/// The module around all actions, and the file that would stand for it.
const RESERVED_MODULES: &[&str] = &["actions", "r#mod"];

/// Every action, sorted by id.
pub(super) fn resolve(
    manifest: &Manifest<'_>,
    lookup: &Lookup<'_, '_>,
    apis: &[Api],
    paging: &[Paging],
    broken: &Broken,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Action> {
    let mut names = Identifiers::new(Names::Ours, RESERVED_TYPES);
    let mut modules = Identifiers::new(Names::Ours, RESERVED_MODULES);
    // An input's module imports the types that it names.
    for ty in lookup.types.values() {
        names.occupy(ty.name);
    }
    let mut ids: BTreeMap<&str, Span> = BTreeMap::new();
    let mut actions: Vec<Action> = Vec::new();
    for given in &manifest.actions {
        if let Some(first) = ids.get(given.id.value) {
            faults.push(defined_twice("action", given.id, *first));
            continue;
        }
        ids.insert(given.id.value, given.id.span);
        let rust = names.take(given.id, name::ty, faults);
        let module = modules.take(given.id, name::field, faults);
        let resolver = Resolver { manifest, lookup, apis, paging, broken, given };
        let action = resolver.checked(faults);
        if let (Some(rust), Some(module), Some(action)) = (rust, module, action) {
            actions.push(Action { rust, module, ..action });
        }
    }
    actions.sort_by(|left, right| left.id.cmp(&right.id));
    pages::check(manifest, paging, &actions, faults);
    actions
}

/// The action with this id; one that is there but faulty has been reported.
pub(super) fn find<'a>(
    id: Spanned<&str>,
    manifest: &Manifest<'_>,
    actions: &'a [Action],
    faults: &mut Vec<Diagnostic>,
) -> Option<&'a Action> {
    let found = actions.iter().find(|action| action.id == id.value);
    if found.is_none() && !manifest.actions.iter().any(|action| action.id.value == id.value) {
        let known = manifest.actions.iter().map(|action| action.id.value);
        faults.push(unknown(Code::UnknownAction, "action", id, known));
    }
    found
}

/// A path up to its first variable.
fn resource(path: &str) -> String {
    let fixed: Vec<&str> = path.split('/').take_while(|segment| !segment.contains('{')).collect();
    if fixed.len() < 2 { "/".to_owned() } else { fixed.join("/") }
}

struct Resolver<'t, 'm> {
    manifest: &'m Manifest<'t>,
    lookup: &'m Lookup<'t, 'm>,
    apis: &'m [Api],
    paging: &'m [Paging],
    broken: &'m Broken,
    given: &'m manifest::Action<'t>,
}

impl Resolver<'_, '_> {
    /// The action, unless anything is wrong with it. What only seems wrong because another fault hides some of its parameters
    /// is not reported.
    fn checked(&self, faults: &mut Vec<Diagnostic>) -> Option<Action> {
        let has_broken_structure = self.broken.contains(self.given.id.span);
        let mut found = Vec::new();
        let (parameters, is_whole) = self.parameters(&mut found);
        let hides = has_broken_structure || !found.is_empty() || !is_whole;
        let mut rest = Vec::new();
        let action = self.action(parameters, &mut rest);
        rest.retain(|fault| !(hides && causes::may_follow_from_unread_parameters(fault.code)));
        if has_broken_structure {
            found.retain(|fault| !causes::may_follow_from_unread_parameters(fault.code));
        }
        let lacks_pages =
            self.given.paging.is_some() && action.as_ref().is_some_and(|action| action.paging.is_none());
        let is_sound = !hides && rest.is_empty() && !lacks_pages;
        faults.append(&mut found);
        faults.append(&mut rest);
        action.filter(|_| is_sound)
    }

    /// The action, its identifiers and its example still to be filled in.
    fn action(&self, mut parameters: Vec<Field>, faults: &mut Vec<Diagnostic>) -> Option<Action> {
        let given = self.given;
        let api = given.api.and_then(|id| self.api(id, faults));
        let returns = given.returns.as_ref().and_then(|returns| self.returns(returns, faults));
        let scopes = given.scope.map_or(Some(Vec::new()), |scope| scopes(scope, self.manifest, faults));
        self.require(&mut parameters, faults);
        let paging = given.paging.and_then(|name| self.paging(name, returns.as_ref(), faults));
        let sample = given.sample.and_then(|path| self.lookup.sample(given.id.value, path, faults));
        let (key, path) = given.endpoint?;
        check_path(path, &parameters, given, faults);
        let method = method(key.value);
        let effect = given.effect.map_or(default_effect(method), effect);
        let body = self.body(method, faults);
        let changes = given.changes.as_ref().and_then(|changes| {
            let call = changes::Call {
                id: given.id.value,
                effect,
                parameters: &parameters,
                returns: returns.as_ref(),
            };
            changes::resolve(changes, &call, self.manifest, self.lookup, faults)
        });
        Some(Action {
            id: given.id.value.to_owned(),
            rust: String::new(),
            module: String::new(),
            origin: self.lookup.origin(given.id.span, &format!("actions.{}", given.id.value)),
            title: given.title.to_owned(),
            description: given.description.to_owned(),
            docs: given.docs.map(str::to_owned),
            api: api?,
            method,
            path: path.value.to_owned(),
            resource: resource(path.value),
            effect,
            repeat: self.repeat(effect, &parameters, faults),
            parameters,
            body,
            returns: returns?,
            success: given.success.iter().filter_map(|status| self.status(*status, faults)).collect(),
            paging,
            scopes: scopes?,
            check_first: given.check_first.map(str::to_owned),
            changes,
            concurrency: given.concurrency.and_then(|cap| count(cap, faults)),
            deprecated: given.deprecated.map(str::to_owned),
            sample_path: given.sample.map(|path| path.value.to_owned()),
            sample,
            example: Example { required: Vec::new(), set: None },
            level: Level::None,
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

    fn returns(&self, given: &manifest::Returns<'_>, faults: &mut Vec<Diagnostic>) -> Option<Returns> {
        match given {
            manifest::Returns::One(name) if name.value == "nothing" => Some(Returns::Nothing),
            manifest::Returns::One(name) => self.lookup.named(*name, faults).map(Returns::One),
            manifest::Returns::First(name) => self.lookup.named(*name, faults).map(Returns::First),
            manifest::Returns::List(item) => self.lookup.ty(item, faults).map(Returns::List),
        }
    }

    /// Every parameter, sets included, in the order of the manifest, and whether none had to be left out.
    fn parameters(&self, faults: &mut Vec<Diagnostic>) -> (Vec<Field>, bool) {
        let given = self.given;
        let body = given.body.as_ref().map(|(_, parameters)| parameters.as_slice()).unwrap_or_default();
        let payload = given.payload.as_ref().map(|(_, parameters)| parameters.as_slice()).unwrap_or_default();
        let places = [
            (Place::Path, given.path.as_slice()),
            (Place::Query, &given.query),
            (Place::Header, &given.headers),
            (Place::Body, body),
            (Place::Payload, payload),
        ];
        let mut names = Identifiers::new(Names::Wired, &[]);
        let mut parameters = Vec::new();
        let mut count = 0;
        for (place, listed) in places {
            let fields = self.expand(listed, faults);
            count += fields.len();
            report_equal_wires(&fields, faults);
            for given in &fields {
                let place =
                    if given.repeated && place == Place::Query { Place::RepeatedQuery } else { place };
                let before = faults.len();
                let resolved = field(given, place, self.lookup, &mut names, faults);
                hint_at_key(given.name.value, &mut faults[before..]);
                if let Some(mut field) = resolved {
                    field.required |= place == Place::Path || place == Place::Payload;
                    check_placement(given.name, &field, faults);
                    parameters.push(field);
                }
            }
        }
        let is_whole = parameters.len() == count;
        (parameters, is_whole)
    }

    /// Makes the parameters required that the action lists as such.
    fn require(&self, parameters: &mut [Field], faults: &mut Vec<Diagnostic>) {
        for name in &self.given.required {
            match parameters.iter_mut().find(|parameter| parameter.name == name.value) {
                Some(parameter) => parameter.required = true,
                None => faults.push(self.unknown_parameter(*name, parameters)),
            }
        }
    }

    /// Sets replaced by what is in them.
    fn expand<'f>(&self, listed: &[Parameter<'f>], faults: &mut Vec<Diagnostic>) -> Vec<manifest::Field<'f>>
    where
        Self: 'f,
    {
        let mut fields = Vec::new();
        for parameter in listed {
            match parameter {
                Parameter::One(field) => fields.push(manifest::Field::clone(field)),
                Parameter::Set(name) => match self.lookup.sets.get(name.value) {
                    Some(set) => fields.extend(set.iter().cloned()),
                    None => {
                        let known = self.lookup.sets.keys().copied();
                        faults.push(unknown(Code::UnknownParameterSet, "parameter set", *name, known));
                    }
                },
            }
        }
        fields
    }

    fn unknown_parameter(&self, name: Text<'_>, parameters: &[Field]) -> Diagnostic {
        let known = parameters.iter().map(|parameter| parameter.name.as_str());
        let owner = format!("the action `{}`", self.given.id.value);
        lacking(Code::UnknownParameter, (&owner, "parameter"), name, known)
    }

    fn body(&self, method: Method, faults: &mut Vec<Diagnostic>) -> Body {
        let given = self.given;
        let keys = [&given.body, &given.payload].map(|part| part.as_ref().map(|(key, _)| *key));
        if let (Method::Get, Some(key)) = (method, keys[0].or(keys[1])) {
            let fault = Diagnostic::new(Code::BadBody, key.span, "a GET has no body");
            faults.push(fault.help("move the parameters to `query` or change the method"));
        }
        if let (Some(body), Some(payload)) = (keys[0], keys[1]) {
            let fault = Diagnostic::new(
                Code::ConflictingKeys,
                payload.span,
                "`body` and `payload` exclude each other",
            );
            faults.push(fault.help("keep one of them").related(body.span, "the other one"));
        }
        if let Some((key, parameters)) = &given.payload
            && !matches!(parameters.as_slice(), [Parameter::One(_)])
        {
            let fault =
                Diagnostic::new(Code::BadBody, key.span, "the whole body is the value of one parameter");
            faults.push(fault.help("name exactly one parameter, or use `body`"));
        }
        if let (Some(wrap), None) = (given.wrap, keys[0]) {
            let fault = Diagnostic::new(Code::BadBody, wrap.span, "there is no body to wrap");
            faults.push(fault.help("add `body` or remove `wrap`"));
        }
        match (keys, given.wrap) {
            ([Some(_), _], Some(_)) => Body::ListOfOne,
            ([Some(_), _], None) => Body::Object,
            ([None, Some(_)], _) => Body::Payload,
            ([None, None], _) => Body::None,
        }
    }

    fn paging(
        &self,
        name: Spanned<&str>,
        returns: Option<&Returns>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<(String, String)> {
        if !matches!(returns, None | Some(Returns::List(_))) {
            let fault = Diagnostic::new(Code::BadPaging, name.span, "only a list comes in pages");
            faults.push(fault.help("let the action return `{list: …}` or remove `paging`"));
        }
        let Some(paging) = self.paging.iter().find(|paging| paging.name == name.value) else {
            if !self.manifest.paging.iter().any(|paging| paging.name.value == name.value) {
                let known = self.manifest.paging.iter().map(|paging| paging.name.value);
                faults.push(unknown(Code::UnknownPaging, "paging style", name, known));
            }
            return None;
        };
        Some((paging.name.clone(), paging.rust.clone()))
    }

    fn repeat(&self, effect: Effect, parameters: &[Field], faults: &mut Vec<Diagnostic>) -> Repeat {
        match &self.given.repeat {
            None => default_repeat(effect),
            Some(manifest::Repeat::Safe) => Repeat::Safe,
            Some(manifest::Repeat::Never) => Repeat::Never,
            Some(manifest::Repeat::NeverWith(names)) => {
                for name in names {
                    if !parameters.iter().any(|parameter| parameter.name == name.value) {
                        faults.push(self.unknown_parameter(*name, parameters));
                    }
                }
                Repeat::SafeWithout(names.iter().map(|name| name.value.to_owned()).collect())
            }
        }
    }

    fn status(&self, given: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<u16> {
        let number: i64 = given.value.parse().ok()?;
        let status = u16::try_from(number).ok().filter(|status| (200..300).contains(status));
        if status.is_none() {
            let fault = Diagnostic::new(Code::BadValue, given.span, "a success has a status from 200 to 299");
            faults.push(fault.help("errors are the runtime's matter: list statuses of success alone"));
        }
        status
    }
}

/// A parameter of an unknown type may be a key of the action that is indented too far.
fn hint_at_key(name: &str, faults: &mut [Diagnostic]) {
    for fault in faults.iter_mut().filter(|fault| fault.code == Code::UnknownType && is_key_of_action(name)) {
        let help = fault.help.take().unwrap_or_default();
        fault.help = Some(format!("{help}; or indent `{name}` less if it is a key of the action"));
    }
}

/// A whole number from 1.
fn count(given: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<u16> {
    let number: i64 = given.value.parse().ok()?;
    let count = u16::try_from(number).ok().filter(|count| *count > 0);
    if count.is_none() {
        let fault = Diagnostic::new(Code::BadValue, given.span, "this is no count of calls under way");
        faults.push(fault.help("give a whole number from 1 to 65535"));
    }
    count
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
