//! An action: its input, its operation, and how the one becomes a request for the other.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::ty::{ident, imports, tokens};
use super::{constructor, docs, example, member};
use crate::files::Module;
use crate::model::{
    Action, Body, ChangedId, Level, Method, Repeat, Returns, Ty, default_effect, default_repeat,
};

/// The module of an action.
pub(super) fn emit(action: &Action, crate_name: &str) -> Module {
    let name = ident(&action.rust);
    let output = action.returns.ty();
    let imports = imports_of(action, output.as_ref());
    let output = output.as_ref().map_or_else(|| quote!(()), tokens);
    let input = input(action, crate_name);
    let table = action.parameters.iter().map(|field| {
        let (name, field) = (&field.name, ident(&field.rust));
        quote!(#name => #field)
    });
    let operation = operation(action);
    let items = quote! {
        #imports

        #input

        impl Action for #name {
            type Output = #output;
            #operation
        }

        impl_input!(#name { #(#table),* });
    };
    let title = docs::lines(&format!("{}.", action.title.trim_end_matches('.')), "");
    Module { origin: action.origin.clone(), docs: title, items }
}

fn imports_of(action: &Action, output: Option<&Ty>) -> TokenStream {
    let mut always = vec!["Action", "Operation", "impl_input"];
    let parameters = &action.parameters;
    let needs = [
        ("Body", action.body != Body::None),
        ("Changes", action.changes.is_some()),
        ("Effect", action.effect != default_effect(action.method)),
        ("Parameter", !parameters.is_empty()),
        ("Repeat", action.repeat != default_repeat(action.effect)),
        ("Returns", !matches!(action.returns, Returns::One(_))),
        ("Nullable", parameters.iter().any(|field| field.nullable)),
        ("Rules", member::has_item_rules(parameters)),
        ("VerificationLevel", action.level != Level::None),
    ];
    always.extend(needs.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name));
    imports(&always, parameters.iter().map(|field| &field.ty).chain(output), "")
}

/// The constant of the operation; what follows from the method is left unsaid.
fn operation(action: &Action) -> TokenStream {
    let documentation = format!(" `{} {}`", method_word(action.method), action.path);
    let (id, title, path, scopes) = (&action.id, &action.title, &action.path, &action.scopes);
    let api = ident(&action.api.1);
    let method = ident(&method_word(action.method).to_lowercase());
    let effect = (action.effect != default_effect(action.method)).then(|| {
        let effect = ident(&format!("{:?}", action.effect));
        quote!(.effect(Effect::#effect))
    });
    let body = (action.body != Body::None).then(|| {
        let body = ident(&format!("{:?}", action.body));
        quote!(.body(Body::#body))
    });
    let returns = match action.returns {
        Returns::One(_) => None,
        Returns::Nothing => Some(quote!(.returns(Returns::Nothing))),
        Returns::List(_) => Some(quote!(.returns(Returns::List))),
        Returns::First(_) => Some(quote!(.returns(Returns::First))),
    };
    let repeat = (action.repeat != default_repeat(action.effect)).then(|| match &action.repeat {
        Repeat::Safe => quote!(.repeat(Repeat::Safe)),
        Repeat::Never => quote!(.repeat(Repeat::Never)),
        Repeat::SafeWithout(names) => quote!(.repeat(Repeat::SafeWithout(&[#(#names),*]))),
    });
    let parameters = (!action.parameters.is_empty()).then(|| {
        let parameters = action.parameters.iter().map(member::parameter);
        quote!(.parameters(&[#(#parameters),*]))
    });
    let paging = action.paging.as_ref().map(|(_, paging)| {
        let paging = ident(paging);
        quote!(.paging(&crate::paging::#paging))
    });
    let scopes = (!scopes.is_empty()).then(|| quote!(.scopes(&[#(#scopes),*])));
    let check_first = action.check_first.as_ref().map(|hint| quote!(.check_first(#hint)));
    let changes = action.changes.as_ref().map(|changes| {
        let resource = &changes.resource;
        match &changes.id {
            ChangedId::Input(name) => quote!(.changes(Changes::input(#resource, #name))),
            ChangedId::Result(field) => quote!(.changes(Changes::result(#resource, #field))),
        }
    });
    let concurrency = action.concurrency.map(|cap| {
        let cap = Literal::u16_unsuffixed(cap);
        quote!(.concurrency(#cap))
    });
    let level = (action.level != Level::None).then(|| {
        let level = ident(&format!("{:?}", action.level));
        quote!(.verified(VerificationLevel::#level))
    });
    quote! {
        #[doc = #documentation]
        const OPERATION: &'static Operation = &Operation::#method(#id, &crate::apis::#api, #path)
            .title(#title) #effect #parameters #body #returns #paging #scopes #repeat #check_first #changes #concurrency #level;
    }
}

fn input(action: &Action, crate_name: &str) -> TokenStream {
    let name = ident(&action.rust);
    let mut lines = docs::lines(&action.description, &format!("The input of `{}`.", action.id));
    if let Some(reason) = &action.deprecated {
        lines.push(String::new());
        lines.extend(docs::lines(&format!("The vendor advises against it: {reason}"), ""));
    }
    lines.extend(action.docs.iter().flat_map(|link| [String::new(), format!("See <{link}>.")]));
    lines.extend([String::new(), verified(action.level)]);
    lines.extend(example::section(action, crate_name));
    let documentation = docs::attributes(&lines);
    let members =
        action.parameters.iter().map(|field| member::declaration(field, "parameter", !field.required));
    let constructor = constructor::of_input(&name, &action.parameters);
    let is_free = action.parameters.iter().all(|field| !field.required);
    let default = is_free.then(|| quote!(, Default));
    quote! {
        #documentation
        #[derive(Clone #default)]
        #[non_exhaustive]
        pub struct #name {
            #(#members)*
        }

        #constructor
    }
}

/// The sentence about the level of verification.
fn verified(level: Level) -> String {
    let shown = match level {
        Level::Sandbox => "tests call it in a sandbox, and decode and judge each answer",
        Level::Specification => "tests compare its requests and examples with the vendor's files",
        Level::None => "no test compares it with the vendor",
    };
    format!("Verification level `{}`: {shown}.", level.word())
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
