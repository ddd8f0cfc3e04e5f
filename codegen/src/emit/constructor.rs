//! Constructors. Records and inputs are `non_exhaustive`, so that a new field breaks nobody: outside of the crate they
//! are made by `new` with what is required, or by `default`, and their fields are assigned.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::member;
use super::ty::{ident, tokens};
use crate::model::{Field, MAX_ARGUMENTS, Ty};

/// `new` of an input; nothing where `Default` says it all. So many arguments would be confused: they come as a struct
/// with names, whose fields are all that a caller must give.
pub(super) fn of_input(name: &Ident, parameters: &[Field]) -> Option<TokenStream> {
    let required: Vec<&Field> = parameters.iter().filter(|field| field.required).collect();
    let others = parameters.iter().any(|field| !field.required);
    let others = others.then(|| quote!(, ..connector_runtime::Value::blank()));
    let names: Vec<Ident> = required.iter().map(|field| ident(&field.rust)).collect();
    if required.len() > MAX_ARGUMENTS {
        let members = required.iter().map(|field| {
            let plain = Field { nullable: false, ..Field::clone(field) };
            member::declaration(&plain, "parameter", false)
        });
        let values = required.iter().zip(&names).map(|(field, name)| match field.nullable {
            true => quote!(#name: Nullable::Value(required.#name)),
            false => quote!(#name: required.#name),
        });
        return Some(quote! {
            /// What is required of the input.
            pub struct Required { #(#members)* }

            impl #name {
                /// An input with what is required.
                #[must_use]
                pub fn new(required: Required) -> Self {
                    Self { #(#values),* #others }
                }
            }
        });
    }
    let arguments = required.iter().map(|field| argument(field));
    let values = required.iter().zip(&names).map(|(field, name)| {
        let value = value(field);
        match (field.nullable, &field.ty) {
            (true, _) => quote!(#name: Nullable::Value(#value)),
            (false, Ty::String) => quote!(#name: #value),
            (false, _) => quote!(#name),
        }
    });
    (!required.is_empty()).then(|| {
        quote! {
            impl #name {
                /// An input with what is required.
                #[must_use]
                pub fn new(#(#arguments),*) -> Self {
                    Self { #(#values),* #others }
                }
            }
        }
    })
}

/// `new` of a record with what is required when it is sent; nothing where nothing is, or too much.
pub(super) fn of_record(name: &Ident, fields: &[Field]) -> Option<TokenStream> {
    let required: Vec<&Field> = fields.iter().filter(|field| field.required).collect();
    let arguments = required.iter().map(|field| argument(field));
    let values = required.iter().map(|field| {
        let (name, value) = (ident(&field.rust), value(field));
        match field.nullable {
            true => quote!(#name: Nullable::Value(#value)),
            false => quote!(#name: Some(#value)),
        }
    });
    (1..=MAX_ARGUMENTS).contains(&required.len()).then(|| {
        quote! {
            impl #name {
                /// A record with what is required when it is sent.
                #[must_use]
                pub fn new(#(#arguments),*) -> Self {
                    Self { #(#values,)* ..Self::default() }
                }
            }
        }
    })
}

fn argument(field: &Field) -> TokenStream {
    let (name, ty) = (ident(&field.rust), tokens(&field.ty));
    match field.ty {
        Ty::String => quote!(#name: impl Into<String>),
        _ => quote!(#name: #ty),
    }
}

fn value(field: &Field) -> TokenStream {
    let name = ident(&field.rust);
    match field.ty {
        Ty::String => quote!(#name.into()),
        _ => quote!(#name),
    }
}
