//! From manifest to model: every reference is followed and every decision taken here, and whatever cannot be is
//! reported. A model exists only where nothing was.

mod actions;
mod advice;
mod causes;
mod changes;
mod connection;
mod deliveries;
mod endpoint;
mod examples;
mod fields;
mod grant;
mod hooks;
mod identifiers;
mod inputs;
mod levels;
mod marks;
mod pages;
mod paging;
mod paths;
mod references;
mod samples;
mod scopes;
mod subscriptions;
mod triggers;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic};
use crate::follow::Broken;
use crate::manifest::{Field, Manifest, Shape, Type, TypeKind, Value};
use crate::model::{Model, Ty};
use crate::name::{all_nearest, ranked};
use crate::source::{Sources, Span, Spanned};

/// Resolves a manifest. Where its structure is broken, what only seems unused is not reported.
pub(crate) fn resolve(
    manifest: &Manifest<'_>,
    (sources, samples): (&Sources, &Samples<'_>),
    broken: &Broken,
    faults: &mut Vec<Diagnostic>,
) -> Option<Model> {
    let sound = broken.is_sound();
    let before = faults.len();
    let lookup = Lookup::new(manifest, (sources, samples), faults);
    let connector = connection::connector(manifest, faults);
    let mut connection = connection::connection(manifest, faults);
    let apis = connection::apis(manifest, &lookup, faults);
    let scopes = connection::scopes(manifest);
    let rate_limit = connection::rate_limit(manifest, faults);
    let paging = paging::resolve(manifest, rate_limit.as_ref(), faults);
    let signatures = hooks::signatures(manifest, faults);
    let mut types = types::resolve(manifest, &lookup, faults);
    let mut actions = actions::resolve(manifest, &lookup, &apis, &paging, broken, faults);
    connection.test = connection::test(manifest, &actions, faults);
    connection.label = connection::label(manifest, &actions, &lookup, faults);
    let webhooks = hooks::webhooks(manifest, &signatures, &actions, &lookup, faults);
    let triggers = triggers::resolve(manifest, &lookup, &actions, faults);
    causes::reduce(manifest, sources, sound, before, faults);
    if sound && faults.len() == before {
        types::report_unused(manifest, &types, &actions, faults);
        marks::check(manifest, &lookup, faults);
        samples::check(manifest, &types, &actions, &apis, (sources, samples), faults);
        deliveries::check(manifest, (sources, samples), faults);
        // A draft of a sample needs no levels.
        if matches!(samples, Samples::All) {
            levels::apply(sources, &mut actions, faults);
        }
    }
    types::box_recursive(&mut types, &mut actions);
    let examples = examples::resolve(&actions, &types, &paging);
    for (action, example) in actions.iter_mut().zip(examples) {
        action.example = example;
    }
    let model = Model {
        connector: connector?,
        connection,
        apis,
        scopes,
        rate_limit: rate_limit?,
        paging,
        signatures,
        webhooks,
        triggers,
        types,
        actions,
    };
    if !(sound && faults.len() == before) {
        return None;
    }
    advice::give(manifest, &model, faults);
    Some(model)
}

/// The samples that are read.
#[derive(Debug)]
pub(crate) enum Samples<'s> {
    All,
    None,
    Only(&'s str),
}

impl Samples<'_> {
    /// Whether the file at this path is read.
    fn include(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(only) => *only == path,
        }
    }
}

/// What names mean.
struct Lookup<'t, 'm> {
    types: BTreeMap<&'t str, &'m Type<'t>>,
    sets: BTreeMap<&'t str, &'m [Field<'t>]>,
    sources: &'m Sources,
    samples: &'m Samples<'m>,
    /// The samples that an action or trigger names.
    named: BTreeSet<&'t str>,
    files: Vec<&'m str>,
}

/// The types that the language defines.
pub(crate) const SCALARS: [(&str, Ty); 8] = [
    ("string", Ty::String),
    ("integer", Ty::Integer),
    ("number", Ty::Number),
    ("decimal", Ty::Decimal),
    ("boolean", Ty::Boolean),
    ("date", Ty::Date),
    ("date-time", Ty::DateTime),
    ("json", Ty::Json),
];

/// Scalar types of other languages, and ours that mean the same.
const FOREIGN_SCALARS: [(&str, &str); 16] = [
    ("str", "`string`"),
    ("text", "`string`"),
    ("uuid", "`string`"),
    ("int", "`integer`"),
    ("int32", "`integer`"),
    ("int64", "`integer`"),
    ("long", "`integer`"),
    ("float", "`number`, or `decimal` for money"),
    ("double", "`number`, or `decimal` for money"),
    ("money", "`decimal`"),
    ("bool", "`boolean`"),
    ("datetime", "`date-time`"),
    ("timestamp", "`date-time`, or `integer` for seconds since the Unix epoch"),
    ("object", "`json`, or the name of a record"),
    ("any", "`json`"),
    ("array", "`list: TYPE` in place of `type: array`"),
];

impl<'t, 'm> Lookup<'t, 'm> {
    fn new(
        manifest: &'m Manifest<'t>,
        (sources, samples): (&'m Sources, &'m Samples<'m>),
        faults: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut types: BTreeMap<&str, &Type<'_>> = BTreeMap::new();
        for ty in &manifest.types {
            if let Some(first) = types.get(ty.name.value) {
                faults.push(defined_twice("type", ty.name, first.name.span));
            } else {
                types.insert(ty.name.value, ty);
            }
        }
        let mut sets: BTreeMap<&str, (Span, &[Field<'_>])> = BTreeMap::new();
        for (name, fields) in &manifest.parameter_sets {
            if let Some((first, _)) = sets.get(name.value) {
                faults.push(defined_twice("parameter set", *name, *first));
            } else {
                sets.insert(name.value, (name.span, fields));
            }
        }
        let sets = sets.into_iter().map(|(name, (_, fields))| (name, fields)).collect();
        let files = sources.keys().map(String::as_str).collect();
        Self { types, sets, sources, samples, named: samples::named(manifest), files }
    }

    /// `types/orders.yaml, types.Order`.
    fn origin(&self, span: Span, path: &str) -> String {
        let file = self.files.get(usize::from(span.file)).copied().unwrap_or_default();
        format!("{}, {path}", file.escape_debug())
    }

    fn ty(&self, value: &Value<'_>, faults: &mut Vec<Diagnostic>) -> Option<Ty> {
        match &value.shape {
            Shape::List(inner) => Some(Ty::List(Box::new(self.ty(inner, faults)?))),
            Shape::Map(inner) => Some(Ty::Map(Box::new(self.ty(inner, faults)?))),
            Shape::Named(name) => self.named(*name, faults),
        }
    }

    fn named(&self, name: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<Ty> {
        if let Some((_, scalar)) = SCALARS.iter().find(|(scalar, _)| *scalar == name.value) {
            return Some(scalar.clone());
        }
        match self.types.get(name.value) {
            Some(ty) => Some(match &ty.kind {
                Some(TypeKind::Record(_)) => Ty::Record(name.value.to_owned()),
                Some(TypeKind::Enumeration(_)) | None => Ty::Enumeration(name.value.to_owned()),
            }),
            None => {
                if let Some((_, ours)) = FOREIGN_SCALARS.iter().find(|(theirs, _)| *theirs == name.value) {
                    let fault = unknown(Code::UnknownType, "type", name, []);
                    faults.push(fault.help(format!("write {ours}")));
                    return None;
                }
                let known = SCALARS.iter().map(|(scalar, _)| *scalar).chain(self.types.keys().copied());
                faults.push(unknown(Code::UnknownType, "type", name, known));
                None
            }
        }
    }

    /// The text of the file with the sample of an action or trigger; an empty one if samples are not read.
    fn sample(&self, id: &str, path: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<String> {
        if !self.samples.include(path.value) {
            return Some(String::new());
        }
        if let Some(text) = self.sources.get(path.value).filter(|_| path.value.ends_with(".json")) {
            return Some(text.trim_start_matches('\u{feff}').to_owned());
        }
        // The file of another action is never what was meant.
        let is_free = |path: &&str| path.ends_with(".json") && !self.named.contains(path);
        let free: Vec<&str> = self.sources.keys().map(String::as_str).filter(is_free).collect();
        let near: Vec<String> =
            all_nearest(path.value, &free).into_iter().take(3).map(|near| format!("`{near}`")).collect();
        let draft = format!("run `cargo codegen sample {id}`, which writes a draft");
        let fault = unknown(Code::UnknownSample, "sample", path, []);
        faults.push(fault.help(match near.as_slice() {
            [] => draft,
            near => format!("did you mean {}? if not, {draft}", near.join(" or ")),
        }));
        None
    }
}

/// A name that nothing defines.
fn unknown<'k>(
    code: Code,
    noun: &'static str,
    name: Spanned<&str>,
    known: impl IntoIterator<Item = &'k str>,
) -> Diagnostic {
    let fault = Diagnostic::new(code, name.span, format!("there is no {noun} `{}`", name.value));
    let definition = match (noun, causes::block(noun)) {
        ("sample", _) => format!("add the file `{}`", name.value),
        (_, Some(block)) => format!("define the {noun} `{}` under `{block}`", name.value),
        (_, None) => format!("define the {noun} `{}`", name.value),
    };
    fault.help(suggest(name.value, known, &definition)).about(noun, name.value)
}

/// A name that its owner, such as an action, does not have.
fn lacking<'k>(
    code: Code,
    (owner, noun): (&str, &str),
    name: Spanned<&str>,
    known: impl IntoIterator<Item = &'k str>,
) -> Diagnostic {
    let fault = Diagnostic::new(code, name.span, format!("{owner} has no {noun} `{}`", name.value));
    fault.help(suggest(name.value, known, &format!("add the {noun} `{}`", name.value)))
}

/// The name that was meant, or those that there are, the nearest first; and what to do if none of them was meant.
pub(crate) fn suggest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>, otherwise: &str) -> String {
    let known = ranked(name, known);
    let near: Vec<String> =
        all_nearest(name, &known).into_iter().take(3).map(|near| format!("`{near}`")).collect();
    if !near.is_empty() {
        return format!("did you mean {}? if not, {otherwise}", near.join(" or "));
    }
    let named: Vec<String> = known.iter().take(12).map(|name| format!("`{name}`")).collect();
    match known.len() {
        0 => format!("{otherwise}: there is none yet"),
        1..=12 => format!("{otherwise}; defined are: {}", named.join(", ")),
        count => format!("{otherwise}; defined are: {}, and {} more", named.join(", "), count - 12),
    }
}

fn defined_twice(noun: &str, name: Spanned<&str>, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateName, name.span, format!("the {noun} `{}` is defined twice", name.value))
        .help("rename or remove one of them")
        .related(first, "the first one")
}
