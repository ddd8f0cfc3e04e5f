//! The names that a manifest refers to, by kind.

use std::collections::BTreeSet;

use crate::manifest::{Field, Manifest, Parameter, Read, Returns, Shape, Text, TypeKind, Value};

/// Every name of a kind that something refers to; `None` for a kind whose references stand within templates.
pub(super) fn references<'t>(manifest: &Manifest<'t>, noun: &str) -> Option<BTreeSet<&'t str>> {
    let actions = || manifest.actions.iter();
    let found: Vec<Text<'t>> = match noun {
        "type" => return Some(types(manifest)),
        "parameter set" => parameters(manifest)
            .filter_map(|parameter| match parameter {
                Parameter::Set(name) => Some(*name),
                Parameter::One(_) => None,
            })
            .collect(),
        "API version" => actions().filter_map(|action| action.api).collect(),
        "scope" => {
            let scopes = actions().filter_map(|action| action.scope);
            let scopes = scopes.chain(manifest.triggers.iter().filter_map(|trigger| trigger.scope));
            return Some(scopes.filter_map(|scope| scope.value.split('.').next()).collect());
        }
        "paging style" => actions().filter_map(|action| action.paging).collect(),
        "signature profile" => {
            manifest.webhooks.iter().flat_map(|webhooks| webhooks.signatures.clone()).collect()
        }
        "credential" => manifest.oauth2.iter().filter_map(|oauth2| oauth2.credential).collect(),
        "action" => {
            let label = manifest.label.as_ref().and_then(|label| label.action);
            let webhooks = manifest.webhooks.iter().flat_map(|webhooks| webhooks.actions).flatten();
            let triggers = manifest.triggers.iter().flat_map(|trigger| {
                let read = match &trigger.read {
                    Some(Read::Action { action, .. }) => *action,
                    Some(Read::None(_)) | None => None,
                };
                [read, trigger.backfill.as_ref().and_then(|backfill| backfill.action)]
            });
            webhooks.chain(triggers.flatten()).chain([manifest.test, label].into_iter().flatten()).collect()
        }
        _ => return None,
    };
    Some(found.into_iter().map(|text| text.value).collect())
}

fn parameters<'m, 't>(manifest: &'m Manifest<'t>) -> impl Iterator<Item = &'m Parameter<'t>> {
    manifest.actions.iter().flat_map(|action| {
        let of_body =
            [&action.body, &action.payload].into_iter().flatten().flat_map(|(_, parameters)| parameters);
        action.path.iter().chain(&action.query).chain(&action.headers).chain(of_body)
    })
}

fn types<'t>(manifest: &Manifest<'t>) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    let records = manifest.types.iter().filter_map(|ty| match &ty.kind {
        Some(TypeKind::Record(fields)) => Some(fields),
        _ => None,
    });
    let sets = manifest.parameter_sets.iter().map(|(_, fields)| fields);
    let own = parameters(manifest).filter_map(|parameter| match parameter {
        Parameter::One(field) => Some(&**field),
        Parameter::Set(_) => None,
    });
    let fields: Vec<&Field<'t>> = records.chain(sets).flatten().chain(own).collect();
    fields.into_iter().filter_map(|field| field.value.as_ref()).for_each(|value| collect(value, &mut found));
    for returns in manifest.actions.iter().filter_map(|action| action.returns.as_ref()) {
        match returns {
            Returns::One(name) | Returns::First(name) => _ = found.insert(name.value),
            Returns::List(item) => collect(item, &mut found),
        }
    }
    found.extend(manifest.apis.iter().filter_map(|api| api.meta).map(|meta| meta.value));
    found
}

fn collect<'t>(value: &Value<'t>, found: &mut BTreeSet<&'t str>) {
    match &value.shape {
        Shape::Named(name) => _ = found.insert(name.value),
        Shape::List(inner) | Shape::Map(inner) => collect(inner, found),
    }
}
