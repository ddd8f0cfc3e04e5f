//! The connector as a whole: how to connect, how the API limits its callers, what can be done.

use std::time::Duration;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::ty::ident;
use super::{docs, grant, hooks};
use crate::files::Module;
use crate::model::{Credential, MAX_ARGUMENTS, Model, Placement, Wait, WaitUnit};

/// `connector.rs`.
pub(super) fn emit(model: &Model) -> Module {
    let imports = imports(model);
    let connector = connector(model);
    let webhooks = model.webhooks.as_ref().map(hooks::webhooks);
    let connection = connection(model);
    let items = quote! {
        #imports

        #connector

        #webhooks

        #connection
    };
    let about = format!(
        "How to connect to {}, how it limits its callers, and what can be done.",
        model.connector.title
    );
    Module { origin: "connector.yaml, connector".to_owned(), docs: docs::lines(&about, ""), items }
}

fn imports(model: &Model) -> TokenStream {
    let connection = &model.connection;
    let limit = &model.rate_limit;
    let needs = [
        ("AccountLabel", connection.label.is_some()),
        ("Action", model.webhooks.is_some() || connection.test.is_some() || connection.label.is_some()),
        ("ActionEntry", !model.actions.is_empty()),
        ("Callbacks", connection.callbacks.is_some()),
        ("Caller", connection.callbacks.as_ref().is_some_and(|callbacks| !callbacks.routes.is_empty())),
        ("Connection", true),
        ("ConnectionField", !connection.fields.is_empty()),
        ("Connector", true),
        ("Credential", !connection.credentials.is_empty()),
        (
            "DedupePart",
            model.webhooks.as_ref().is_some_and(|hooks| hooks.dedupe.iter().any(|line| !line.is_empty())),
        ),
        ("Error", true),
        ("EventShape", model.webhooks.is_some()),
        ("ExternalInstall", connection.oauth2.as_ref().is_some_and(|grant| grant.external.is_some())),
        ("OAuth2", connection.oauth2.is_some()),
        ("Placement", !connection.credentials.is_empty()),
        ("QuotaHeaders", limit.quota.is_some()),
        ("RateLimit", true),
        ("SecretString", !connection.credentials.is_empty()),
        (
            "ServiceEvent",
            model.webhooks.as_ref().is_some_and(|hooks| hooks.service.iter().any(Option::is_some)),
        ),
        ("Subscription", model.webhooks.as_ref().is_some_and(|hooks| hooks.subscription.is_some())),
        ("WaitHeader", limit.quota.is_some() || !limit.waits.is_empty()),
        ("WaitUnit", limit.quota.is_some() || !limit.waits.is_empty()),
        ("Webhooks", model.webhooks.is_some()),
    ];
    let names = needs.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| ident(name));
    quote! {
        use std::time::Duration;
        use connector_runtime::{#(#names),*};
    }
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
    let credentials = model.connection.credentials.iter().map(credential);
    let oauth2 = optional(model.connection.oauth2.as_ref().map(grant::oauth2));
    let callbacks = optional(model.connection.callbacks.as_ref().map(grant::callbacks));
    let operation = |id: &str| {
        let action = ident(&model.actions.iter().find(|action| action.id == *id)?.rust);
        Some(quote!(crate::actions::#action::OPERATION))
    };
    let test = optional(model.connection.test.as_deref().and_then(operation));
    let label = optional(model.connection.label.as_ref().and_then(|(id, field)| {
        let operation = operation(id)?;
        Some(quote!(AccountLabel { operation: #operation, field: #field }))
    }));
    let rate_limit = rate_limit(model);
    let webhooks = optional(model.webhooks.as_ref().map(|_| quote!(&WEBHOOKS)));
    let triggers = model.triggers.iter().map(|trigger| ident(&trigger.module));
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
            oauth2: #oauth2,
            callbacks: #callbacks,
            test: #test,
            label: #label,
            rate_limit: #rate_limit,
            webhooks: #webhooks,
            triggers: &[#(&crate::triggers::#triggers::TRIGGER),*],
            actions: &[#(ActionEntry::of::<crate::actions::#actions>()),*],
            catalog: include_str!("../catalog.json"),
        };
    }
}

fn credential(credential: &Credential) -> TokenStream {
    let (name, title, description) = (&credential.name, &credential.title, &credential.description);
    let placement = match &credential.placement {
        Placement::Header(header) => quote!(Placement::Header(#header)),
        Placement::Bearer => quote!(Placement::Bearer),
        Placement::Basic(user) => quote!(Placement::Basic { user: #user }),
        Placement::Query(parameter) => quote!(Placement::Query(#parameter)),
    };
    quote!(Credential { name: #name, title: #title, description: #description, placement: #placement })
}

fn rate_limit(model: &Model) -> TokenStream {
    let limit = &model.rate_limit;
    let status = Literal::u16_unsuffixed(limit.status);
    let also = limit.also.iter().map(|status| Literal::u16_unsuffixed(*status));
    let waits = limit.waits.iter().map(wait);
    let quota = optional(limit.quota.as_ref().map(|headers| {
        let (quota, left) = (&headers.quota, &headers.left);
        let (window, reset) = (wait(&headers.window), wait(&headers.reset));
        quote!(QuotaHeaders { quota: #quota, left: #left, window: #window, reset: #reset })
    }));
    let per = optional(limit.per.as_ref().map(|field| quote!(#field)));
    let (overload, max) = (duration(limit.overload_wait), duration(limit.max_wait));
    quote! {
        RateLimit {
            status: #status, waits: &[#(#waits),*], quota: #quota, also: &[#(#also),*], per: #per,
            overload_wait: #overload, max_wait: #max,
        }
    }
}

fn wait((name, unit): &Wait) -> TokenStream {
    let unit = ident(match unit {
        WaitUnit::Milliseconds => "Milliseconds",
        WaitUnit::Seconds => "Seconds",
        WaitUnit::EpochSeconds => "EpochSeconds",
        WaitUnit::EpochMilliseconds => "EpochMilliseconds",
        WaitUnit::RetryAfter => "RetryAfter",
    });
    quote!(WaitHeader { name: #name, unit: WaitUnit::#unit })
}

/// The expression of a duration.
pub(super) fn duration(duration: Duration) -> TokenStream {
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

/// Whether what a person enters comes as two lists.
pub(super) fn has_many_arguments(model: &Model) -> bool {
    model.connection.fields.len() + model.connection.credentials.len() > MAX_ARGUMENTS
}

fn connection(model: &Model) -> TokenStream {
    let fields: Vec<_> = model.connection.fields.iter().map(|field| ident(&field.rust)).collect();
    let field_names = model.connection.fields.iter().map(|field| &field.name);
    let credentials: Vec<_> =
        model.connection.credentials.iter().map(|credential| ident(&credential.rust)).collect();
    let credential_names = model.connection.credentials.iter().map(|credential| &credential.name);
    let names =
        |idents: &[Ident]| idents.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let many = has_many_arguments(model);
    let mut about = format!("A connection to {}, from what a person enters.", model.connector.title);
    if many {
        about.push_str(&format!(" Fields: {}. Credentials: {}.", names(&fields), names(&credentials)));
    }
    let mut about = docs::lines(&about, "");
    about.extend(["", "# Errors", "Class `validation` when a value is malformed."].map(str::to_owned));
    let about = docs::attributes(&about);
    // So many arguments would be confused: they come as two lists in the order of the manifest.
    let (arguments, unpacked) = if many {
        let count = |idents: &[Ident]| Literal::usize_unsuffixed(idents.len());
        let (fields_count, credentials_count) = (count(&fields), count(&credentials));
        let arguments =
            quote!(fields: [&str; #fields_count], credentials: [SecretString; #credentials_count]);
        (arguments, Some(quote!(let [#(#fields),*] = fields; let [#(#credentials),*] = credentials;)))
    } else {
        (quote!(#(#fields: &str,)* #(#credentials: SecretString),*), None)
    };
    quote! {
        #about
        pub fn connection(#arguments) -> Result<Connection, Error> {
            #unpacked
            Connection::new(
                &CONNECTOR,
                &[#((#field_names, #fields)),*],
                &[#((#credential_names, #credentials)),*],
            )
        }
    }
}

/// The expression of what may be missing.
pub(super) fn optional(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
