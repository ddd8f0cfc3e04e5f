//! An enumeration: its known values, and room for those that come later.

use quote::quote;

use super::docs;
use super::ty::ident;
use crate::files::Module;
use crate::model::{Type, Variant};

/// The module of an enumeration.
pub(super) fn emit(ty: &Type, variants: &[Variant]) -> Module {
    let name = ident(&ty.name);
    let about = docs::lines(&ty.description, &format!("The enumeration `{}`.", ty.name));
    let documentation = docs::attributes(&about);
    let wires: Vec<&str> = variants.iter().map(|variant| variant.wire.as_str()).collect();
    let names: Vec<_> = variants.iter().map(|variant| ident(&variant.rust)).collect();
    let notes = variants.iter().map(|variant| match variant.wire.as_str() {
        "" => docs::attributes(&["An empty text.".to_owned()]),
        wire => docs::attributes(&docs::lines(&format!("`{}`.", wire.replace('`', "'")), "")),
    });
    let items = quote! {
        use connector_runtime::{Enumeration, impl_enumeration};

        #documentation
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum #name {
            #(#notes #names,)*
            /// A value that the manifest does not list, as it came.
            Unlisted(String),
        }

        impl Enumeration for #name {
            const NAMES: &'static [&'static str] = &[#(#wires),*];

            fn from_name(name: &str) -> Self {
                match name {
                    #(#wires => Self::#names,)*
                    _ => Self::Unlisted(name.to_owned()),
                }
            }

            fn name(&self) -> &str {
                match self {
                    #(Self::#names => #wires,)*
                    Self::Unlisted(name) => name,
                }
            }
        }

        impl_enumeration!(#name);
    };
    Module { origin: ty.origin.clone(), docs: about, items }
}
