//! Types of values as Rust types.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::model::Ty;

/// The Rust type of a value that is there.
pub(super) fn tokens(ty: &Ty) -> TokenStream {
    match ty {
        Ty::String => quote!(String),
        Ty::Integer => quote!(i64),
        Ty::Number => quote!(f64),
        Ty::Decimal => quote!(Decimal),
        Ty::Boolean => quote!(bool),
        Ty::Date => quote!(Date),
        Ty::DateTime => quote!(DateTime),
        Ty::Json => quote!(Json),
        Ty::Record(name) | Ty::Enumeration(name) => {
            let name = ident(name);
            quote!(#name)
        }
        Ty::Boxed(name) => {
            let name = ident(name);
            quote!(Boxed<#name>)
        }
        Ty::List(item) => {
            let item = tokens(item);
            quote!(Vec<#item>)
        }
        Ty::Map(value) => {
            let value = tokens(value);
            quote!(BTreeMap<String, #value>)
        }
    }
}

/// An identifier that the model has decided on.
pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// The imports of a module: what it always needs of the runtime, and what its values' types need.
pub(super) fn imports<'t>(
    always: &[&'static str],
    types: impl Iterator<Item = &'t Ty>,
    own: &str,
) -> TokenStream {
    let mut runtime: BTreeSet<&str> = always.iter().copied().collect();
    let mut named = BTreeSet::new();
    let mut maps = false;
    for ty in types {
        collect(ty, &mut runtime, &mut named, &mut maps);
    }
    named.remove(own);
    let runtime = runtime.into_iter().map(ident);
    let named: Vec<Ident> = named.into_iter().map(ident).collect();
    let std = maps.then(|| {
        quote!(
            use std::collections::BTreeMap;
        )
    });
    let types = match named.as_slice() {
        [] => None,
        [one] => Some(quote!(use crate::types::#one;)),
        many => Some(quote!(use crate::types::{#(#many),*};)),
    };
    quote! {
        #std
        use connector_runtime::{#(#runtime),*};
        #types
    }
}

fn collect<'t>(ty: &'t Ty, runtime: &mut BTreeSet<&str>, named: &mut BTreeSet<&'t str>, maps: &mut bool) {
    match ty {
        Ty::Decimal => _ = runtime.insert("Decimal"),
        Ty::Date => _ = runtime.insert("Date"),
        Ty::DateTime => _ = runtime.insert("DateTime"),
        Ty::Json => _ = runtime.insert("Json"),
        Ty::Record(name) | Ty::Enumeration(name) => _ = named.insert(name),
        Ty::Boxed(name) => {
            runtime.insert("Boxed");
            named.insert(name);
        }
        Ty::List(inner) => collect(inner, runtime, named, maps),
        Ty::Map(inner) => {
            *maps = true;
            collect(inner, runtime, named, maps);
        }
        Ty::String | Ty::Integer | Ty::Number | Ty::Boolean => {}
    }
}
