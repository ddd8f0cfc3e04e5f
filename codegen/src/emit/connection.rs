//! The connector as a whole: how to connect, how the API limits its callers, what can be done.

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::docs;
use super::ty::ident;
use crate::files::module;
use crate::model::{Model, WaitUnit};

/// `connector.rs`.
pub(super) fn emit(model: &Model) -> String {
    let connector = connector(model);
    let connection = connection(model);
    let imports = imports(model).into_iter().map(ident);
    let items = quote! {
        use std::time::Duration;
        use connector_runtime::{#(#imports),*};

        #connector

        #connection
    };
    let about = format!(
        "How to connect to {}, how it limits its callers, and what can be done.",
        model.connector.title
    );
    module("connector.yaml, connector", &docs::lines(&about, ""), items)
}

/// What of the runtime a connector needs that has all, some or none of the parts.
fn imports(model: &Model) -> Vec<&'static str> {
    let mut names = vec!["Connection", "Connector", "Error", "RateLimit"];
    let parts: [(bool, &[&str]); 4] = [
        (model.actions.is_empty(), &["ActionEntry"]),
        (model.connection.fields.is_empty(), &["ConnectionField"]),
        (model.connection.credentials.is_empty(), &["Credential", "Placement", "SecretString"]),
        (model.rate_limit.waits.is_empty(), &["WaitHeader", "WaitUnit"]),
    ];
    names.extend(parts.iter().filter(|(none, _)| !none).flat_map(|(_, names)| *names));
    names.sort_unstable();
    names
}

fn connector(model: &Model) -> TokenStream {
    let (id, title) = (&model.connector.id, &model.connector.title);
    let (version, link) = (&model.connector.version, &model.connector.docs);
    let fields = model.connection.fields.iter().map(|field| {
        let (name, title, description) = (&field.name, &field.title, &field.description);
        let (pattern, accept, example) = (&field.pattern, &field.accept, &field.example);
        quote! {
            ConnectionField {
                name: #name, title: #title, description: #description, pattern: #pattern, accept: &[#(#accept),*],
                example: #example,
            }
        }
    });
    let credentials = model.connection.credentials.iter().map(|credential| {
        let (name, title) = (&credential.name, &credential.title);
        let (description, header) = (&credential.description, &credential.header);
        quote! {
            Credential { name: #name, title: #title, description: #description, placement: Placement::Header(#header) }
        }
    });
    let rate_limit = rate_limit(model);
    let actions = model.actions.iter().map(|action| ident(&action.rust));
    quote! {
        /// The connector.
        pub static CONNECTOR: Connector = Connector {
            id: #id,
            title: #title,
            version: #version,
            docs: #link,
            fields: &[#(#fields),*],
            credentials: &[#(#credentials),*],
            rate_limit: #rate_limit,
            actions: &[#(ActionEntry::of::<crate::actions::#actions>()),*],
            catalog: include_str!("../catalog.json"),
        };
    }
}

fn rate_limit(model: &Model) -> TokenStream {
    let limit = &model.rate_limit;
    let status = Literal::u16_unsuffixed(limit.status);
    let waits = limit.waits.iter().map(|(name, unit)| {
        let unit = ident(match unit {
            WaitUnit::Milliseconds => "Milliseconds",
            WaitUnit::Seconds => "Seconds",
        });
        quote!(WaitHeader { name: #name, unit: WaitUnit::#unit })
    });
    let (overload, max) = (duration(limit.overload_wait), duration(limit.max_wait));
    quote! {
        RateLimit { status: #status, waits: &[#(#waits),*], overload_wait: #overload, max_wait: #max }
    }
}

fn duration(duration: Duration) -> TokenStream {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match milliseconds % 1000 {
        0 => {
            let seconds = Literal::u64_unsuffixed(milliseconds / 1000);
            quote!(Duration::from_secs(#seconds))
        }
        _ => {
            let milliseconds = Literal::u64_unsuffixed(milliseconds);
            quote!(Duration::from_millis(#milliseconds))
        }
    }
}

fn connection(model: &Model) -> TokenStream {
    let fields: Vec<_> = model.connection.fields.iter().map(|field| ident(&field.rust)).collect();
    let field_names = model.connection.fields.iter().map(|field| &field.name);
    let credentials: Vec<_> =
        model.connection.credentials.iter().map(|credential| ident(&credential.rust)).collect();
    let credential_names = model.connection.credentials.iter().map(|credential| &credential.name);
    let mut about =
        docs::lines(&format!("A connection to {}, from what a person enters.", model.connector.title), "");
    about.extend(["", "# Errors", "Class `validation` when a value is malformed."].map(str::to_owned));
    let about = docs::attributes(&about);
    quote! {
        #about
        pub fn connection(#(#fields: &str,)* #(#credentials: SecretString),*) -> Result<Connection, Error> {
            Connection::new(
                &CONNECTOR,
                &[#((#field_names, #fields)),*],
                &[#((#credential_names, #credentials)),*],
            )
        }
    }
}
