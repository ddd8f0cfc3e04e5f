//! A record: its struct and its field table.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::ty::{ident, imports, tokens};
use crate::files::module;
use crate::model::{Field, Type};

/// The module of a record.
pub(super) fn emit(ty: &Type, fields: &[Field]) -> String {
    let name = ident(&ty.name);
    let imports = imports(
        &["Extra", "Record", "Value", "Visit", "impl_record"],
        fields.iter().map(|field| &field.ty),
        &ty.name,
    );
    let about = docs::lines(&ty.description, &format!("The record `{}`.", ty.name));
    let mut documentation = about.clone();
    documentation.extend(ty.docs.iter().flat_map(|link| [String::new(), format!("See <{link}>.")]));
    let documentation = docs::attributes(&documentation);
    let members = fields.iter().map(member);
    let table = table(fields.iter().map(|field| (field.wire.as_str(), field.rust.as_str())));
    let items = quote! {
        #imports

        #documentation
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct #name {
            #(#members)*
            /// Fields that the manifest does not describe, as the API sent them.
            pub extra: Extra,
        }

        impl Record for #name {
            fn blank() -> Self {
                Self::default()
            }

            #table

            fn extra(&mut self) -> Option<&mut Extra> {
                Some(&mut self.extra)
            }

            fn unknown(&self) -> Option<&Extra> {
                Some(&self.extra)
            }
        }

        impl_record!(#name);
    };
    module(&ty.origin, &about, items)
}

fn member(field: &Field) -> TokenStream {
    let mut lines = docs::lines(&field.description, &format!("The field `{}`.", field.wire));
    if field.deprecated {
        lines.push(String::new());
        lines.push("The vendor advises against it.".to_owned());
    }
    let documentation = docs::attributes(&lines);
    let (name, ty) = (ident(&field.rust), tokens(&field.ty));
    quote!(#documentation pub #name: Option<#ty>,)
}

/// The two methods of a field table, from wire name and identifier of every field.
pub(super) fn table<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>) -> TokenStream {
    let (wires, names): (Vec<&str>, Vec<_>) = fields.map(|(wire, name)| (wire, ident(name))).unzip();
    if wires.is_empty() {
        return quote! {
            fn place(&mut self, _name: &str) -> Option<&mut dyn Value> {
                None
            }

            fn each(&self, _visit: &mut Visit<'_>) {}
        };
    }
    quote! {
        fn place(&mut self, name: &str) -> Option<&mut dyn Value> {
            let place: &mut dyn Value = match name {
                #(#wires => &mut self.#names,)*
                _ => return None,
            };
            Some(place)
        }

        fn each(&self, visit: &mut Visit<'_>) {
            #(visit(#wires, &self.#names);)*
        }
    }
}
