//! Paging styles.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::ty::ident;
use crate::files::Module;
use crate::model::{Model, Paging, PagingStyle};

/// `paging.rs`.
pub(super) fn emit(model: &Model) -> Module {
    let styles = model.paging.iter().map(style);
    let past_end = model.paging.iter().any(|paging| !paging.past_end.is_empty()).then(|| quote!(, PastEnd));
    let items = quote! {
        use connector_runtime::{Paging, PagingStyle #past_end};
        #(#styles)*
    };
    Module::new("connector.yaml, paging", "How lists come in pages.", items)
}

fn style(paging: &Paging) -> TokenStream {
    let documentation = format!(" The style `{}`.", paging.name);
    let (rust, limit) = (ident(&paging.rust), &paging.limit);
    let (default, max) =
        (Literal::u32_unsuffixed(paging.default_limit), Literal::u32_unsuffixed(paging.max_limit));
    let style = match &paging.style {
        PagingStyle::Page { parameter, first, total } => {
            let first = Literal::u32_unsuffixed(*first);
            let total = match total {
                Some(path) => quote!(Some(#path)),
                None => quote!(None),
            };
            quote!(PagingStyle::Page { parameter: #parameter, first: #first, total: #total })
        }
        PagingStyle::Offset { parameter } => quote!(PagingStyle::Offset { parameter: #parameter }),
        PagingStyle::Cursor { parameter, next } => {
            quote!(PagingStyle::Cursor { parameter: #parameter, next: #next })
        }
        PagingStyle::Link { next } => quote!(PagingStyle::Link { next: #next }),
    };
    let more = paging.more.as_ref().map(|path| quote!(.more(#path)));
    let items = paging.items.as_ref().map(|path| quote!(.items(#path)));
    let ends_short = paging.ends_short.then(|| quote!(.ends_short()));
    let past_end = paging.past_end.iter().map(|(status, code)| {
        let status = Literal::u16_unsuffixed(*status);
        let code = match code {
            Some((path, is)) => quote!(Some((#path, #is))),
            None => quote!(None),
        };
        quote!(PastEnd { status: #status, code: #code })
    });
    let past_end = (!paging.past_end.is_empty()).then(|| quote!(.past_end(&[#(#past_end),*])));
    quote! {
        #[doc = #documentation]
        pub static #rust: Paging = Paging::new(#style, #limit, #default, #max) #more #items #ends_short #past_end;
    }
}
