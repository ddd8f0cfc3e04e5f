//! A trigger: what it says of itself, and the input that reads the resource of an event.

use proc_macro2::TokenStream;
use quote::quote;

use super::connection::duration;
use super::docs;
use super::hooks::option;
use super::ty::ident;
use crate::files::Module;
use crate::model::{Backfill, Read, Trigger, Ty};

/// The module of a trigger.
pub(super) fn emit(trigger: &Trigger) -> Module {
    let (id, title, event) = (&trigger.id, &trigger.title, &trigger.event);
    let (resource, scopes) = (&trigger.resource, &trigger.scopes);
    let mut lines = docs::lines(&trigger.description, &format!("The trigger `{id}`."));
    lines.extend(trigger.docs.iter().flat_map(|link| [String::new(), format!("See <{link}>.")]));
    let documentation = docs::attributes(&lines);
    let backfill = trigger.backfill.as_ref().map_or_else(|| quote!(None), searching);
    let (imports, once) = (imports(trigger), trigger.once);
    let (read, function) = match &trigger.read {
        Some(read) => reading(read),
        None => (quote!(None), quote!()),
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
            backfill: #backfill,
            happens_once: #once,
        };

        #function
    };
    let about = docs::lines(&format!("{}.", title.trim_end_matches('.')), "");
    Module { origin: trigger.origin.clone(), docs: about, items }
}

fn imports(trigger: &Trigger) -> TokenStream {
    let (read, backfill) = (trigger.read.as_ref(), trigger.backfill.as_ref());
    let needs = [
        ("Action", read.is_some() || backfill.is_some()),
        ("Backfill", backfill.is_some()),
        ("ReadAfterEvent", read.is_some()),
        ("Trigger", true),
    ];
    let mut inputs: Vec<&str> = read.map(|read| read.rust.as_str()).into_iter().collect();
    inputs.extend(backfill.map(|backfill| backfill.rust.as_str()).filter(|rust| !inputs.contains(rust)));
    inputs.sort_unstable();
    let names = needs.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| ident(name));
    let names: Vec<_> = names.collect();
    let ours = match names.as_slice() {
        [name] => quote!(use connector_runtime::#name;),
        names => quote!(use connector_runtime::{#(#names),*};),
    };
    let time = read.map(|_| {
        quote!(
            use std::time::Duration;
        )
    });
    let inputs: Vec<_> = inputs.into_iter().map(ident).collect();
    let inputs = match inputs.as_slice() {
        [] => None,
        [input] => Some(quote!(use crate::actions::#input;)),
        inputs => Some(quote!(use crate::actions::{#(#inputs),*};)),
    };
    quote!(#time #ours #inputs)
}

fn searching(backfill: &Backfill) -> TokenStream {
    let input = ident(&backfill.rust);
    let Backfill { since, id, date, .. } = backfill;
    let with = backfill.with.iter().map(|(name, value)| quote!((#name, #value)));
    let created = option(&backfill.created);
    quote! {
        Some(Backfill {
            operation: #input::OPERATION, since: #since, with: &[#(#with),*], id: #id, date: #date,
            created: #created,
        })
    }
}

fn reading(read: &Read) -> (TokenStream, TokenStream) {
    let input = ident(&read.rust);
    let (name, parameter) = (&read.parameter, ident(&read.argument));
    let grace = duration(read.grace);
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
    (value, function)
}
