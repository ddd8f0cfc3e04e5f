//! Records and enumerations: their fields, their identifiers, and whether anything uses them.

use std::collections::{BTreeMap, BTreeSet};

use super::Lookup;
use super::identifiers::{Identifiers, Names, report_equal_wires};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest};
use crate::model::{Action, Field, Ty, Type, TypeKind, Variant};
use crate::name;
use crate::source::Spanned;

/// Names that modules of generated code import or find in Rust's prelude.
pub(super) const RESERVED_TYPES: &[&str] = &[
    "Action",
    "BTreeMap",
    "Box",
    "Date",
    "DateTime",
    "Decimal",
    "Default",
    "Effect",
    "Enumeration",
    "Error",
    "Extra",
    "Into",
    "Json",
    "Method",
    "None",
    "Ok",
    "Operation",
    "Option",
    "Parameter",
    "Record",
    "Request",
    "Result",
    "Self",
    "Some",
    "String",
    "ToOwned",
    "Value",
    "Vec",
    "Visit",
];

/// The module around all types, and the file that would stand for it.
const RESERVED_MODULES: &[&str] = &["r#mod", "types"];

/// The field of every record that holds what the manifest does not describe.
const RESERVED_FIELDS: &[&str] = &["extra"];

/// The variant of every enumeration that holds a value the manifest does not list.
const RESERVED_VARIANTS: &[&str] = &["Unlisted"];

/// Every type, sorted by name.
pub(super) fn resolve(
    manifest: &Manifest<'_>,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Type> {
    let mut names = Identifiers::new(Names::Ours, RESERVED_TYPES);
    let mut modules = Identifiers::new(Names::Ours, RESERVED_MODULES);
    let mut types = Vec::new();
    // Of two types with one name the second has been reported.
    let counts =
        |ty: &&manifest::Type<'_>| lookup.types.get(ty.name.value).is_some_and(|first| first.name == ty.name);
    for ty in manifest.types.iter().filter(counts) {
        let name = names.take(ty.name, |name| Some(name.to_owned()), faults);
        let module = modules.take(ty.name, name::field, faults);
        let kind = match &ty.kind {
            Some(manifest::TypeKind::Record(fields)) => TypeKind::Record(record(fields, lookup, faults)),
            Some(manifest::TypeKind::Enumeration(values)) => {
                if values.is_empty() {
                    let message = format!("the enumeration `{}` has no values", ty.name.value);
                    let fault = Diagnostic::new(Code::BadValue, ty.name.span, message);
                    faults.push(fault.help("list the values known today, or use `string` where none are"));
                }
                TypeKind::Enumeration(enumeration(values, faults))
            }
            None => continue,
        };
        let (Some(name), Some(module)) = (name, module) else { continue };
        types.push(Type {
            origin: lookup.origin(ty.name.span, &format!("types.{name}")),
            name,
            module,
            description: ty.description.to_owned(),
            docs: ty.docs.map(str::to_owned),
            kind,
        });
    }
    report_infinite(manifest, &types, faults);
    types.sort_by(|left, right| left.name.cmp(&right.name));
    types
}

fn record(
    fields: &[manifest::Field<'_>],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Field> {
    let mut names = Identifiers::new(Names::Wired, RESERVED_FIELDS);
    report_equal_wires(fields, faults);
    let resolve = |field: &manifest::Field<'_>| {
        let rust = names.take(field.name, name::field, faults);
        let ty = field.value.as_ref().and_then(|value| lookup.ty(value, faults));
        if ty.as_ref().is_some_and(|ty| complexity(ty, 2) > MOST_COMPLEXITY) {
            let fault =
                Diagnostic::new(Code::BadValue, field.name.span, "lists and maps nest too deeply here");
            faults.push(fault.help("put a record between, or make the inner part `json`"));
        }
        Some(Field {
            wire: field.wire.unwrap_or(field.name).value.to_owned(),
            rust: rust?,
            ty: ty?,
            description: field.description.to_owned(),
            deprecated: field.deprecated,
        })
    };
    fields.iter().filter_map(resolve).collect()
}

/// Beyond this clippy calls a type too complex to read.
const MOST_COMPLEXITY: u32 = 240;

/// How hard a type is to read: every name in it counts, the more the deeper it stands.
fn complexity(ty: &Ty, depth: u32) -> u32 {
    10 * depth
        + match ty {
            Ty::List(item) => complexity(item, depth + 1),
            Ty::Map(value) => 10 * (depth + 1) + complexity(value, depth + 1),
            _ => 0,
        }
}

fn enumeration(values: &[Spanned<&str>], faults: &mut Vec<Diagnostic>) -> Vec<Variant> {
    let mut names = Identifiers::new(Names::Fixed, RESERVED_VARIANTS);
    let resolve = |value: &Spanned<&str>| {
        let make = |wire: &str| if wire.is_empty() { Some("Empty".to_owned()) } else { name::ty(wire) };
        Some(Variant { wire: value.value.to_owned(), rust: names.take(*value, make, faults)? })
    };
    values.iter().filter_map(resolve).collect()
}

/// A record that holds itself has no size in Rust; a list or map between holds it by address.
fn report_infinite(manifest: &Manifest<'_>, types: &[Type], faults: &mut Vec<Diagnostic>) {
    let direct: BTreeMap<&str, Vec<&str>> = types
        .iter()
        .filter_map(|ty| match &ty.kind {
            TypeKind::Record(fields) => Some((ty.name.as_str(), fields.iter().filter_map(held).collect())),
            TypeKind::Enumeration(_) => None,
        })
        .collect();
    for ty in &manifest.types {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = direct.get(ty.name.value).cloned().unwrap_or_default();
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                open.extend(direct.get(name).into_iter().flatten());
            }
        }
        if seen.contains(ty.name.value) {
            let message = format!("the record `{}` contains itself", ty.name.value);
            let fault = Diagnostic::new(Code::InfiniteRecord, ty.name.span, message);
            faults.push(fault.help("put a list or a map between, or make the inner field `json`"));
        }
    }
}

fn held(field: &Field) -> Option<&str> {
    match &field.ty {
        Ty::Record(name) => Some(name),
        _ => None,
    }
}

/// Reports every type that no action reaches.
pub(super) fn report_unused(
    manifest: &Manifest<'_>,
    types: &[Type],
    actions: &[Action],
    faults: &mut Vec<Diagnostic>,
) {
    let by_name: BTreeMap<&str, &Type> = types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    let inputs = actions.iter().flat_map(|action| action.parameters.iter().map(|parameter| &parameter.ty));
    let outputs = actions.iter().map(|action| &action.output);
    let mut open: Vec<&str> = inputs.chain(outputs).filter_map(Ty::named).collect();
    let mut used = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !used.insert(name) {
            continue;
        }
        if let Some(Type { kind: TypeKind::Record(fields), .. }) = by_name.get(name) {
            open.extend(fields.iter().filter_map(|field| field.ty.named()));
        }
    }
    for ty in manifest.types.iter().filter(|ty| !used.contains(ty.name.value)) {
        let message = format!("nothing uses the type `{}`", ty.name.value);
        faults.push(Diagnostic::new(Code::UnusedType, ty.name.span, message).help("use it or remove it"));
    }
}
