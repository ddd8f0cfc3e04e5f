//! A trigger: what it says of itself, and the input that reads the resource of an event.

use proc_macro2::TokenStream;
use quote::quote;

use super::connection::duration;
use super::docs;
use super::ty::ident;
use crate::files::Module;
use crate::model::{Read, Trigger, Ty};

/// The module of a trigger.
pub(super) fn emit(trigger: &Trigger) -> Module {
    let (id, title, event) = (&trigger.id, &trigger.title, &trigger.event);
    let (resource, scopes) = (&trigger.resource, &trigger.scopes);
    let mut lines = docs::lines(&trigger.description, &format!("The trigger `{id}`."));
    lines.extend(trigger.docs.iter().flat_map(|link| [String::new(), format!("See <{link}>.")]));
    let documentation = docs::attributes(&lines);
    let (imports, read, function) = match &trigger.read {
        Some(read) => reading(read),
        None => (
            quote!(
                use connector_runtime::Trigger;
            ),
            quote!(None),
            quote!(),
        ),
    };
    let items = quote! {
        #imports

        #documentation
        pub static TRIGGER: Trigger = Trigger {
            id: #id,
            title: #title,
            event: #event,
            resource: #resource,
            scopes: &[#(#scopes),*],
            read: #read,
        };

        #function
    };
    let about = docs::lines(&format!("{}.", title.trim_end_matches('.')), "");
    Module { origin: trigger.origin.clone(), docs: about, items }
}

fn reading(read: &Read) -> (TokenStream, TokenStream, TokenStream) {
    let input = ident(&read.rust);
    let (name, parameter) = (&read.parameter, ident(&read.argument));
    let grace = duration(read.grace);
    let imports = quote! {
        use std::time::Duration;
        use connector_runtime::{Action, ReadAfterEvent, Trigger};
        use crate::actions::#input;
    };
    let value = quote! {
        Some(ReadAfterEvent { operation: #input::OPERATION, parameter: #name, grace: #grace })
    };
    let ty = match read.ty {
        Ty::String => quote!(impl Into<String>),
        _ => quote!(i64),
    };
    let function = quote! {
        /// The input that reads the whole resource of an event.
        #[must_use]
        pub fn read(#parameter: #ty) -> #input {
            #input::new(#parameter)
        }
    };
    (imports, value, function)
}
