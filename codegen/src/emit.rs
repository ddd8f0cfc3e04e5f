//! From model to files: a list of what is emitted, nothing decided.

mod action;
mod api;
mod catalog;
mod connection;
mod constructor;
mod docs;
mod enumeration;
mod example;
mod front;
mod grant;
mod hooks;
mod index;
mod member;
mod paging;
mod record;
mod trigger;
mod ty;

pub(crate) use catalog::Json as Written;

use crate::files::{Files, FormatCache, Module};
use crate::model::{Model, TypeKind};

/// Every file of the generated crate.
pub(crate) fn emit(model: &Model, cache: &mut dyn FormatCache) -> Files {
    let mut files = Files::new();
    files.insert("catalog.json".to_owned(), catalog::emit(model));
    let crate_name = model.connector.crate_name();
    let mut add = |path: String, module: Module| {
        let before = files.insert(path, module.print(cache));
        assert!(before.is_none(), "every item has a file of its own");
    };
    add("src/lib.rs".to_owned(), front::emit(model));
    add("src/connector.rs".to_owned(), connection::emit(model));
    add("src/apis.rs".to_owned(), api::emit(model));
    add("src/actions.rs".to_owned(), index::actions(model));
    add("src/types.rs".to_owned(), index::types(model));
    if !model.paging.is_empty() {
        add("src/paging.rs".to_owned(), paging::emit(model));
    }
    if !model.signatures.is_empty() {
        add("src/signatures.rs".to_owned(), hooks::signatures(model));
    }
    if !model.triggers.is_empty() {
        add("src/triggers.rs".to_owned(), index::triggers(model));
    }
    for trigger in &model.triggers {
        add(format!("src/triggers/{}.rs", path(&trigger.module)), trigger::emit(trigger));
    }
    for action in &model.actions {
        add(format!("src/actions/{}.rs", path(&action.module)), action::emit(action, &crate_name));
    }
    for ty in &model.types {
        let module = match &ty.kind {
            TypeKind::Record(fields) => record::emit(ty, fields),
            TypeKind::Enumeration(variants) => enumeration::emit(ty, variants),
        };
        add(format!("src/types/{}.rs", path(&ty.module)), module);
    }
    files
}

/// The file of a module: a raw identifier's file has no `r#`.
fn path(module: &str) -> &str {
    module.trim_start_matches("r#")
}
