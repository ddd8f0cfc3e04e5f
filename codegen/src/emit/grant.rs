//! How accounts grant access, and the callbacks of an installation.

use proc_macro2::TokenStream;
use quote::quote;

use super::connection::optional;
use crate::model::{Callbacks, OAuth2};

/// How an account grants access.
pub(super) fn oauth2(grant: &OAuth2) -> TokenStream {
    let install = optional(grant.install.as_ref().map(|link| quote!(#link)));
    let (authorize, token, credential) = (&grant.authorize, &grant.token, &grant.credential);
    let extra = grant.extra.iter().map(|(name, template)| quote!((#name, #template)));
    let external = optional(grant.external.as_ref().map(|external| {
        let (parameter, succeeded, failed) = (&external.parameter, &external.succeeded, &external.failed);
        quote!(ExternalInstall { parameter: #parameter, succeeded: #succeeded, failed: #failed })
    }));
    quote! {
        OAuth2 {
            install: #install, authorize: #authorize, token: #token, credential: #credential, extra: &[#(#extra),*],
            external: #external,
        }
    }
}

/// How the vendor calls back.
pub(super) fn callbacks(callbacks: &Callbacks) -> TokenStream {
    let (parameter, issuer, subject) = (&callbacks.parameter, &callbacks.issuer, &callbacks.subject);
    let routes = callbacks.routes.iter().map(|(name, is_browser)| match is_browser {
        true => quote!((#name, Caller::Browser)),
        false => quote!((#name, Caller::Server)),
    });
    let frames = &callbacks.frames;
    quote! {
        Callbacks {
            parameter: #parameter, issuer: #issuer, subject: #subject, frames: &[#(#frames),*],
            routes: &[#(#routes),*],
        }
    }
}
