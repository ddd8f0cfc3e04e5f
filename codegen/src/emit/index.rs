//! The modules that only lead to others: the crate's root, the actions, the types.

use quote::quote;

use super::docs;
use super::ty::ident;
use crate::files::module;
use crate::model::Model;

/// `lib.rs`.
pub(super) fn root(model: &Model) -> String {
    let title = &model.connector.title;
    let mut docs =
        docs::lines(&format!("{title} for workflows: typed actions, generated from a manifest."), "");
    docs.extend([String::new(), format!("See <{}>.", model.connector.docs)]);
    let items = quote! {
        pub mod actions;
        pub mod apis;
        pub mod connector;
        pub mod types;
        pub use connector::{CONNECTOR, connection};
    };
    module("connector.yaml", &docs, items)
}

/// `actions.rs`.
pub(super) fn actions(model: &Model) -> String {
    let modules: Vec<_> = model.actions.iter().map(|action| ident(&action.module)).collect();
    let names = model.actions.iter().map(|action| ident(&action.rust));
    let items = quote! {
        #(pub mod #modules;)*
        #(pub use #modules::#names;)*
    };
    module("connector.yaml, actions", &["The actions, one module each.".to_owned()], items)
}

/// `types.rs`.
pub(super) fn types(model: &Model) -> String {
    let modules: Vec<_> = model.types.iter().map(|ty| ident(&ty.module)).collect();
    let names = model.types.iter().map(|ty| ident(&ty.name));
    let items = quote! {
        #(mod #modules;)*
        #(pub use #modules::#names;)*
    };
    module("connector.yaml, types", &["Records and enumerations of inputs and answers.".to_owned()], items)
}
