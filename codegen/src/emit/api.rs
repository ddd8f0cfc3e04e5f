//! The versions of the API.

use proc_macro2::TokenStream;
use quote::quote;

use super::ty::ident;
use crate::files::Module;
use crate::model::{Api, DateFormat, Model};

/// `apis.rs`.
pub(super) fn emit(model: &Model) -> Module {
    let apis = model.apis.iter().map(api);
    let imports = (!model.apis.is_empty()).then(|| {
        quote!(
            use connector_runtime::{Api, DateFormat, DecimalFormat, Envelope, ErrorShape};
        )
    });
    let items = quote! {
        #imports
        #(#apis)*
    };
    Module::new("connector.yaml, apis", "The versions of the API.", items)
}

fn api(api: &Api) -> TokenStream {
    let name = ident(&api.rust);
    let about = api
        .meta
        .as_ref()
        .map(|record| format!(" What it says about its data is a [`{record}`](crate::types::{record})."));
    let documentation = format!(" Version `{}`.{}", api.id, about.unwrap_or_default());
    let (id, server, base) = (&api.id, &api.server, &api.base);
    let text = |text: &Option<String>| match text {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    };
    let envelope = match &api.envelope {
        Some((data, meta)) => {
            let meta = text(meta);
            quote!(Envelope::Object { data: #data, meta: #meta })
        }
        None => quote!(Envelope::None),
    };
    let (message, fields) = &api.errors;
    let errors = ident(if api.errors_in_list { "List" } else { "Object" });
    let dates = ident(match api.dates {
        DateFormat::Rfc3339 => "Rfc3339",
        DateFormat::Rfc2822 => "Rfc2822",
    });
    let decimals = ident(if api.has_text_decimals { "Text" } else { "Number" });
    let request_id = text(&api.request_id);
    quote! {
        #[doc = #documentation]
        pub static #name: Api = Api {
            id: #id,
            server: #server,
            base: #base,
            envelope: #envelope,
            errors: ErrorShape::#errors { message: #message, fields: #fields },
            dates: DateFormat::#dates,
            decimals: DecimalFormat::#decimals,
            request_id: #request_id,
        };
    }
}
