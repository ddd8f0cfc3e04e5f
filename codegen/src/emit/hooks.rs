//! Signature profiles, and how webhooks are managed.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::connection::duration;
use super::ty::ident;
use crate::files::Module;
use crate::model::{Model, Repeats, Signature, SignatureForm, SignedPart, Subscription, Webhooks};

/// `signatures.rs`.
pub(super) fn signatures(model: &Model) -> Module {
    let profiles = model.signatures.iter().map(signature);
    let items = quote! {
        use std::time::Duration;
        use connector_runtime::signature::{
            Algorithm, Encoding, KeyForm, Repeats, SignatureForm, SignatureProfile, SignedPart, TimestampUnit,
            Tolerance,
        };
        #(#profiles)*
    };
    Module::new("connector.yaml, signatures", "How webhooks are signed.", items)
}

fn signature(signature: &Signature) -> TokenStream {
    let documentation = format!(" The profile `{}`.", signature.name);
    let (rust, name, header) = (ident(&signature.rust), &signature.name, &signature.header);
    let text = |text: &Option<String>| match text {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    };
    let (timestamp, id) = (text(&signature.timestamp_header), text(&signature.id_header));
    let unit = ident(if signature.milliseconds { "Milliseconds" } else { "Seconds" });
    let encoding = ident(if signature.base64 { "Base64" } else { "LowerHex" });
    let parts = signature.signed.iter().map(|part| match part {
        SignedPart::Body => quote!(SignedPart::Body),
        SignedPart::Timestamp => quote!(SignedPart::Timestamp),
        SignedPart::Id => quote!(SignedPart::Id),
        SignedPart::Url => quote!(SignedPart::Url),
        SignedPart::Literal(text) => quote!(SignedPart::Literal(#text)),
    });
    let key = match &signature.base64_key {
        Some(prefix) => quote!(KeyForm::Base64 { prefix: #prefix }),
        None => quote!(KeyForm::Utf8),
    };
    let form = match &signature.form {
        SignatureForm::Single => quote!(SignatureForm::Single),
        SignatureForm::List { prefix } => quote!(SignatureForm::List { prefix: #prefix }),
        SignatureForm::KeyValue { timestamp, signature } => {
            quote!(SignatureForm::KeyValue { timestamp_key: #timestamp, signature_key: #signature })
        }
    };
    let repeats = match &signature.repeats {
        Repeats::Signed => quote!(Repeats::Signed),
        Repeats::BodyId(path) => quote!(Repeats::BodyId(#path)),
        Repeats::SameBody => quote!(Repeats::SameBody),
        Repeats::SameKey => quote!(Repeats::SameKey),
    };
    let (past, ahead) = (duration(signature.past), duration(signature.ahead));
    quote! {
        #[doc = #documentation]
        pub static #rust: SignatureProfile = SignatureProfile {
            name: #name,
            signature_header: #header,
            timestamp_header: #timestamp,
            id_header: #id,
            timestamp_unit: TimestampUnit::#unit,
            signed_content: &[#(#parts),*],
            algorithm: Algorithm::HmacSha256,
            encoding: Encoding::#encoding,
            key_form: #key,
            signature_form: #form,
            tolerance: Tolerance { max_age: #past, max_ahead: #ahead },
            repeats: #repeats,
        };
    }
}

/// The static of the webhooks, for the connector's module.
pub(super) fn webhooks(webhooks: &Webhooks) -> TokenStream {
    let signatures = webhooks.signatures.iter().map(|name| ident(name));
    let [list, create, update, delete] = webhooks.actions.each_ref().map(|action| ident(action));
    let [name, account, resource, id, time] = &webhooks.event;
    let form = &webhooks.account_form;
    let lines = webhooks.dedupe.iter().map(|line| {
        let parts = line.iter().map(|(is_header, name)| match is_header {
            true => quote!(DedupePart::Header(#name)),
            false => quote!(DedupePart::Body(#name)),
        });
        quote!(&[#(#parts),*])
    });
    let subscription = webhooks.subscription.as_ref().map_or_else(|| quote!(None), subscription);
    let [uninstalled, failing] = webhooks.service.each_ref().map(|event| match event {
        Some((event, apart)) => quote!(Some(ServiceEvent { event: #event, is_apart: #apart })),
        None => quote!(None),
    });
    quote! {
        /// How webhooks are managed, and what an event looks like.
        pub static WEBHOOKS: Webhooks = Webhooks {
            signatures: &[#(&crate::signatures::#signatures),*],
            list: crate::actions::#list::OPERATION,
            create: crate::actions::#create::OPERATION,
            update: crate::actions::#update::OPERATION,
            delete: crate::actions::#delete::OPERATION,
            event: EventShape {
                name: #name, account: #account, account_form: #form, resource: #resource, id: #id, time: #time,
            },
            dedupe: &[#(#lines),*],
            subscription: #subscription,
            uninstalled: #uninstalled,
            failing: #failing,
        };
    }
}

fn subscription(subscription: &Subscription) -> TokenStream {
    let Subscription { id, event, destination, .. } = subscription;
    let (active, per_event) = (option(&subscription.active), option(&subscription.per_event));
    let port = option(&subscription.port);
    let (starts, retries) = (duration(subscription.starts), duration(subscription.retries));
    quote! {
        Some(Subscription {
            id: #id, event: #event, destination: #destination, active: #active,
            per_event: #per_event, port: #port, starts: #starts, retries: #retries,
        })
    }
}

/// The value, or `None`.
pub(super) fn option(value: &Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}
