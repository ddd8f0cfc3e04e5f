//! From model to files: a list of what is emitted, nothing decided.

mod action;
mod api;
mod catalog;
mod connection;
mod docs;
mod enumeration;
mod index;
mod record;
mod ty;

use crate::files::Files;
use crate::model::{Model, TypeKind};

/// Every file of the generated crate.
pub(crate) fn emit(model: &Model) -> Files {
    let mut files = Files::new();
    files.insert("catalog.json".to_owned(), catalog::emit(model));
    files.insert("src/lib.rs".to_owned(), index::root(model));
    files.insert("src/connector.rs".to_owned(), connection::emit(model));
    files.insert("src/apis.rs".to_owned(), api::emit(model));
    files.insert("src/actions.rs".to_owned(), index::actions(model));
    files.insert("src/types.rs".to_owned(), index::types(model));
    for action in &model.actions {
        files.insert(format!("src/actions/{}.rs", path(&action.module)), action::emit(action));
    }
    for ty in &model.types {
        let text = match &ty.kind {
            TypeKind::Record(fields) => record::emit(ty, fields),
            TypeKind::Enumeration(variants) => enumeration::emit(ty, variants),
        };
        files.insert(format!("src/types/{}.rs", path(&ty.module)), text);
    }
    let fixed = 6;
    assert_eq!(
        files.len(),
        fixed + model.actions.len() + model.types.len(),
        "every item has a file of its own"
    );
    files
}

/// The file of a module: a raw identifier's file has no `r#`.
fn path(module: &str) -> &str {
    module.trim_start_matches("r#")
}
