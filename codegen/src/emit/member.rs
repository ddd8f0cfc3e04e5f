//! Fields of records and parameters of actions: their declarations, and the rules their values must meet.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::ty::{ident, tokens};
use crate::model::{Field, Place, Rules};

/// A field of a struct, with its documentation.
pub(super) fn declaration(field: &Field, noun: &str, is_optional: bool) -> TokenStream {
    let mut lines = docs::lines(&field.description, &format!("The {noun} `{}`.", field.wire));
    if let Some(default) = &field.default {
        let default = default.to_string().replace('`', "'");
        lines.push(String::new());
        lines.extend(docs::lines(&format!("The API assumes `{default}`."), ""));
    }
    if field.deprecated {
        lines.extend([String::new(), "The vendor advises against it.".to_owned()]);
    }
    let documentation = docs::attributes(&lines);
    let (name, ty) = (ident(&field.rust), tokens(&field.ty));
    let ty = match (is_optional, field.nullable) {
        (_, true) => quote!(Nullable<#ty>),
        (true, false) => quote!(Option<#ty>),
        (false, false) => ty,
    };
    quote!(#documentation pub #name: #ty,)
}

/// `Parameter::query("name").maximum("250")`.
pub(super) fn parameter(field: &Field) -> TokenStream {
    let place = ident(match field.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::RepeatedQuery => "repeated_query",
        Place::Header => "header",
        Place::Body => "body",
        Place::Payload => "payload",
    });
    let name = &field.name;
    let wire = (field.wire != field.name).then_some(&field.wire).map(|wire| quote!(.wire(#wire)));
    let required = (field.required && field.place != Place::Path).then(|| quote!(.required()));
    let rules = rules(&field.rules);
    quote!(Parameter::#place(#name) #wire #required #rules)
}

/// The rules of a record's fields, comma-separated; nothing where there are none. Records are known by their wire
/// names alone.
pub(super) fn record_rules(fields: &[Field]) -> Option<TokenStream> {
    let ruled: Vec<_> = fields
        .iter()
        .filter(|field| field.required || !field.rules.is_empty())
        .map(|field| {
            let (name, required) = (&field.wire, field.required.then(|| quote!(.required())));
            let rules = rules(&field.rules);
            quote!(Parameter::body(#name) #required #rules)
        })
        .collect();
    (!ruled.is_empty()).then(|| quote!(#(#ruled),*))
}

/// Whether any of the fields' rules speak of what is in a list or map.
pub(super) fn has_item_rules(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.rules.items.is_some())
}

fn rules(rules: &Rules) -> TokenStream {
    let minimum = rules.min.as_ref().map(|least| quote!(.minimum(#least)));
    let maximum = rules.max.as_ref().map(|most| quote!(.maximum(#most)));
    let pattern = rules.pattern.as_ref().map(|pattern| quote!(.pattern(#pattern)));
    let items = rules.items.as_ref().map(|items| {
        let items = self::rules(items);
        quote!(.items(&Rules::NONE #items))
    });
    quote!(#minimum #maximum #pattern #items)
}
