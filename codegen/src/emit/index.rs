//! The modules that only lead to others: the actions, the triggers, the types.

use quote::quote;

use super::ty::ident;
use crate::files::Module;
use crate::model::Model;

/// `actions.rs`.
pub(super) fn actions(model: &Model) -> Module {
    let modules: Vec<_> = model.actions.iter().map(|action| ident(&action.module)).collect();
    let names: Vec<_> = model.actions.iter().map(|action| ident(&action.rust)).collect();
    let visit = (!names.is_empty()).then(|| {
        quote! {
            /// Calls the visitor with the input of each action, sorted by id.
            pub fn visit_actions(visitor: &mut impl ::connector_runtime::ActionVisitor) {
                #(visitor.visit::<#names>();)*
            }
        }
    });
    let items = quote! {
        #(pub mod #modules;)*
        #(pub use #modules::#names;)*
        #visit
    };
    Module::new("connector.yaml, actions", "The actions, one module each.", items)
}

/// `triggers.rs`.
pub(super) fn triggers(model: &Model) -> Module {
    let modules = model.triggers.iter().map(|trigger| ident(&trigger.module));
    Module::new("connector.yaml, triggers", "The triggers, one module each.", quote!(#(pub mod #modules;)*))
}

/// `types.rs`.
pub(super) fn types(model: &Model) -> Module {
    let modules: Vec<_> = model.types.iter().map(|ty| ident(&ty.module)).collect();
    let names = model.types.iter().map(|ty| ident(&ty.name));
    let items = quote! {
        #(mod #modules;)*
        #(pub use #modules::#names;)*
    };
    Module::new("connector.yaml, types", "Records and enumerations of inputs and answers.", items)
}
