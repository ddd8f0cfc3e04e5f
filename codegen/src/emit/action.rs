//! An action: its input, its operation, and how the one becomes a request for the other.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::record::table;
use super::ty::{ident, imports, tokens};
use crate::files::module;
use crate::model::{Action, Effect, Method, Parameter, Place, Ty};

/// The module of an action.
pub(super) fn emit(action: &Action) -> String {
    let name = ident(&action.rust);
    let always = ["Action", "Effect", "Method", "Operation", "Record", "Value", "Visit", "impl_record"];
    let mut always = always.to_vec();
    if !action.parameters.is_empty() {
        always.push("Parameter");
    }
    let types = action.parameters.iter().map(|parameter| &parameter.ty).chain([&action.output]);
    let imports = imports(&always, types, "");
    let output = tokens(&action.output);
    let input = input(action);
    let table =
        table(action.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.rust.as_str())));
    let blank = blank(action);
    let operation = operation(action);
    let items = quote! {
        #imports

        #operation

        #input

        impl Action for #name {
            type Output = #output;

            const OPERATION: &'static Operation = &OPERATION;
        }

        impl Record for #name {
            fn blank() -> Self {
                #blank
            }

            #table
        }

        impl_record!(#name);
    };
    let title = docs::lines(&format!("{}.", action.title.trim_end_matches('.')), "");
    module(&action.origin, &title, items)
}

fn operation(action: &Action) -> TokenStream {
    let documentation = format!(" `{} {}`", method_word(action.method), action.path);
    let (id, title, path) = (&action.id, &action.title, &action.path);
    let api = ident(&action.api.1);
    let method = ident(match action.method {
        Method::Get => "Get",
        Method::Post => "Post",
        Method::Put => "Put",
        Method::Patch => "Patch",
        Method::Delete => "Delete",
    });
    let effect = ident(match action.effect {
        Effect::Read => "Read",
        Effect::Create => "Create",
        Effect::Update => "Update",
        Effect::Delete => "Delete",
    });
    let parameters = action.parameters.iter().map(parameter);
    let scopes = &action.scopes;
    quote! {
        #[doc = #documentation]
        pub static OPERATION: Operation = Operation {
            id: #id,
            title: #title,
            api: &crate::apis::#api,
            method: Method::#method,
            path: #path,
            effect: Effect::#effect,
            parameters: &[#(#parameters),*],
            scopes: &[#(#scopes),*],
        };
    }
}

fn input(action: &Action) -> TokenStream {
    let name = ident(&action.rust);
    let mut lines = docs::lines(&action.description, &format!("The input of `{}`.", action.id));
    lines.extend([String::new(), format!("See <{}>.", action.docs)]);
    let documentation = docs::attributes(&lines);
    let members = action.parameters.iter().map(|parameter| {
        let documentation =
            docs::lines(&parameter.description, &format!("The parameter `{}`.", parameter.wire));
        let documentation = docs::attributes(&documentation);
        let (name, ty) = (ident(&parameter.rust), member_type(parameter));
        quote!(#documentation pub #name: #ty,)
    });
    let constructor = constructor(action);
    let default = required(action).next().is_none().then(|| quote!(, Default));
    quote! {
        #documentation
        #[derive(Clone, Debug #default, PartialEq)]
        pub struct #name {
            #(#members)*
        }

        #constructor
    }
}

/// The most arguments of a function that clippy accepts; whoever needs more names them in a struct literal.
const MOST_ARGUMENTS: usize = 7;

/// `new` with what is required; nothing where `Default` says it all, and where arguments would be confused.
fn constructor(action: &Action) -> Option<TokenStream> {
    if !(1..=MOST_ARGUMENTS).contains(&required(action).count()) {
        return None;
    }
    let name = ident(&action.rust);
    let arguments = required(action).map(|parameter| {
        let (name, ty) = (ident(&parameter.rust), &parameter.ty);
        match ty {
            Ty::String => quote!(#name: impl Into<String>),
            _ => {
                let ty = tokens(ty);
                quote!(#name: #ty)
            }
        }
    });
    let members = action.parameters.iter().map(|parameter| {
        let name = ident(&parameter.rust);
        match (parameter.required, &parameter.ty) {
            (false, _) => quote!(#name: None),
            (true, Ty::String) => quote!(#name: #name.into()),
            (true, _) => quote!(#name),
        }
    });
    Some(quote! {
        impl #name {
            /// An input with what is required.
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#members),* }
            }
        }
    })
}

fn blank(action: &Action) -> TokenStream {
    if required(action).next().is_none() {
        return quote!(Self::default());
    }
    let blank = |parameter: &Parameter| match &parameter.ty {
        Ty::String => quote!(String::new()),
        _ => quote!(Value::blank()),
    };
    if required(action).count() <= MOST_ARGUMENTS {
        let blanks = required(action).map(blank);
        return quote!(Self::new(#(#blanks),*));
    }
    let members = action.parameters.iter().map(|parameter| {
        let name = ident(&parameter.rust);
        let blank = if parameter.required { blank(parameter) } else { quote!(None) };
        quote!(#name: #blank)
    });
    quote!(Self { #(#members),* })
}

/// Where an input goes and what it must meet.
fn parameter(parameter: &Parameter) -> TokenStream {
    let place = ident(match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
    });
    let name = &parameter.name;
    let wire = (parameter.wire != parameter.name).then_some(&parameter.wire).map(|wire| quote!(.wire(#wire)));
    let required = (parameter.required && parameter.place != Place::Path).then(|| quote!(.required()));
    let minimum = parameter.min.as_ref().map(|least| quote!(.minimum(#least)));
    let maximum = parameter.max.as_ref().map(|most| quote!(.maximum(#most)));
    quote!(Parameter::#place(#name) #wire #required #minimum #maximum)
}

fn member_type(parameter: &Parameter) -> TokenStream {
    let ty = tokens(&parameter.ty);
    if parameter.required { ty } else { quote!(Option<#ty>) }
}

fn required(action: &Action) -> impl Iterator<Item = &Parameter> {
    action.parameters.iter().filter(|parameter| parameter.required)
}

/// The method as HTTP writes it.
pub(super) fn method_word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}
