//! Records and enumerations: their fields, their identifiers, and whether anything uses them.

use std::collections::{BTreeMap, BTreeSet};

use super::Lookup;
use super::fields::field;
use super::identifiers::{Identifiers, Names, report_equal_wires};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Listed, Manifest};
use crate::model::{Action, Field, Place, Returns, Ty, Type, TypeKind, Variant};
use crate::name;
use crate::source::{Span, Spanned};

/// Names that modules of generated code import or find in Rust's prelude.
pub(super) const RESERVED_TYPES: &[&str] = &[
    "Action",
    "BTreeMap",
    "Body",
    "Box",
    "Boxed",
    "Date",
    "DateTime",
    "Decimal",
    "Default",
    "Duration",
    "Effect",
    "Enumeration",
    "Error",
    "Extra",
    "Fields",
    "Into",
    "Json",
    "Method",
    "None",
    "Nullable",
    "Ok",
    "Operation",
    "Option",
    "Parameter",
    "Place",
    "ReadAfterEvent",
    "Record",
    "Repeat",
    "Request",
    "Required",
    "Result",
    "Returns",
    "Rules",
    "Self",
    "Some",
    "String",
    "ToOwned",
    "Trigger",
    "TriggerInfo",
    "Value",
    "Vec",
    "Visit",
];

/// The module around all types, and the file that would stand for it.
const RESERVED_MODULES: &[&str] = &["r#mod", "types"];

/// The field of every record that holds what the manifest does not describe.
const RESERVED_FIELDS: &[&str] = &["extra"];

/// The variant of every enumeration that holds a value the manifest does not list, and a word that Rust keeps.
const RESERVED_VARIANTS: &[&str] = &["Self", "Unlisted"];

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
    let resolve = |given| field(given, Place::Body, lookup, &mut names, faults);
    fields.iter().filter_map(resolve).collect()
}

fn enumeration(values: &[Listed<'_>], faults: &mut Vec<Diagnostic>) -> Vec<Variant> {
    let mut names = Identifiers::new(Names::Listed, RESERVED_VARIANTS);
    let mut wires: BTreeMap<&str, Span> = BTreeMap::new();
    let mut variants = Vec::new();
    for Listed { wire, name } in values {
        if let Some(first) = wires.get(wire.value) {
            let message = format!("the value `{}` is listed twice", wire.value);
            let fault = Diagnostic::new(Code::NameCollision, wire.span, message);
            faults.push(fault.help("remove one of them").related(*first, "the other one"));
            continue;
        }
        wires.insert(wire.value, wire.span);
        let rust = match name {
            Some(name) => given(*name, &mut names, faults),
            None => names.take(*wire, variant, faults),
        };
        variants.extend(rust.map(|rust| Variant { wire: wire.value.to_owned(), rust }));
    }
    variants
}

/// The identifier that a text gives.
fn variant(wire: &str) -> Option<String> {
    if wire.is_empty() { Some("Empty".to_owned()) } else { name::ty(wire) }
}

/// The identifier that the manifest gives.
fn given(name: Spanned<&str>, names: &mut Identifiers, faults: &mut Vec<Diagnostic>) -> Option<String> {
    if name::Rule::Camel.holds(name.value) {
        return names.take_given(name, faults);
    }
    let message = format!("`{}` does not follow the rule for names here", name.value);
    let help = format!("write {}", name::Rule::Camel.describe());
    faults.push(Diagnostic::new(Code::BadName, name.span, message).help(help));
    None
}

/// A record that requires itself, directly or by others, has no finite value.
fn report_infinite(manifest: &Manifest<'_>, types: &[Type], faults: &mut Vec<Diagnostic>) {
    let direct = held(types, |field| field.required);
    for ty in manifest.types.iter().filter(|ty| reaches(&direct, ty.name.value, ty.name.value)) {
        let message = format!("the record `{}` requires itself", ty.name.value);
        let fault = Diagnostic::new(Code::InfiniteRecord, ty.name.span, message);
        faults.push(fault.help("make a field on the way optional, or put a list or a map between"));
    }
}

/// Records that contain themselves without a list or map between have no size in Rust: they are held by address.
pub(super) fn box_recursive(types: &mut [Type], actions: &mut [Action]) {
    let direct = held(types, |_| true);
    let recursive: BTreeSet<String> =
        direct.keys().filter(|name| reaches(&direct, name, name)).map(|name| (*name).to_owned()).collect();
    let fields = types.iter_mut().flat_map(|ty| match &mut ty.kind {
        TypeKind::Record(fields) => fields.as_mut_slice(),
        TypeKind::Enumeration(_) => &mut [],
    });
    let parameters = actions.iter_mut().flat_map(|action| action.parameters.iter_mut());
    for field in fields.chain(parameters) {
        if let Ty::Record(name) = &field.ty
            && recursive.contains(name)
        {
            field.ty = Ty::Boxed(name.clone());
        }
    }
}

/// The records that each record holds directly, by the fields that count.
fn held(types: &[Type], counts: impl Fn(&Field) -> bool) -> BTreeMap<String, Vec<String>> {
    let records = types.iter().filter_map(|ty| match &ty.kind {
        TypeKind::Record(fields) => Some((ty, fields)),
        TypeKind::Enumeration(_) => None,
    });
    let of = |fields: &[Field]| {
        let names = fields.iter().filter(|field| counts(field)).filter_map(|field| match &field.ty {
            Ty::Record(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    };
    records.map(|(ty, fields)| (ty.name.clone(), of(fields))).collect()
}

fn reaches(direct: &BTreeMap<String, Vec<String>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = direct.get(from).into_iter().flatten().collect();
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            open.extend(direct.get(name).into_iter().flatten());
        }
    }
    false
}

/// Reports every type that no action reaches.
pub(super) fn report_unused(
    manifest: &Manifest<'_>,
    types: &[Type],
    actions: &[Action],
    faults: &mut Vec<Diagnostic>,
) {
    let metas = manifest.apis.iter().filter_map(|api| Some(api.meta?.value));
    let by_name: BTreeMap<&str, &Type> = types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    let inputs = actions.iter().flat_map(|action| action.parameters.iter().map(|parameter| &parameter.ty));
    let outputs = actions.iter().filter_map(|action| match &action.returns {
        Returns::Nothing => None,
        Returns::One(ty) | Returns::List(ty) | Returns::First(ty) => Some(ty),
    });
    let mut open: Vec<&str> = inputs.chain(outputs).filter_map(Ty::named).chain(metas).collect();
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
