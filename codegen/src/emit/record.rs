//! A record: its struct and its field table.

use quote::quote;

use super::ty::{ident, imports};
use super::{constructor, docs, member};
use crate::files::Module;
use crate::model::{Field, Type};

/// The module of a record.
pub(super) fn emit(ty: &Type, fields: &[Field]) -> Module {
    let name = ident(&ty.name);
    let rules = member::record_rules(fields);
    let needs = [
        ("Nullable", fields.iter().any(|field| field.nullable)),
        ("Parameter", rules.is_some()),
        ("Rules", member::has_item_rules(fields)),
    ];
    let mut always = vec!["Extra", "impl_record"];
    always.extend(needs.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name));
    let imports = imports(&always, fields.iter().map(|field| &field.ty), &ty.name);
    let about = docs::lines(&ty.description, &format!("The record `{}`.", ty.name));
    let mut documentation = about.clone();
    documentation.extend(ty.docs.iter().flat_map(|link| [String::new(), format!("See <{link}>.")]));
    let documentation = docs::attributes(&documentation);
    let members = fields.iter().map(|field| member::declaration(field, "field", true));
    let table = fields.iter().map(|field| {
        let (wire, field) = (&field.wire, ident(&field.rust));
        quote!(#wire => #field)
    });
    let constructor = constructor::of_record(&name, fields);
    let (constant, rules) = match rules {
        Some(rules) => (Some(quote!(const RULES: &[Parameter] = &[#rules];)), Some(quote!(rules RULES))),
        None => (None, None),
    };
    let items = quote! {
        #imports

        #documentation
        #[derive(Clone, Default)]
        #[non_exhaustive]
        pub struct #name {
            #(#members)*
            /// Fields that the manifest does not describe, as the API sent them.
            pub extra: Extra,
        }

        #constructor

        #constant

        impl_record!(#name { #(#table),* } #rules);
    };
    Module { origin: ty.origin.clone(), docs: about, items }
}
