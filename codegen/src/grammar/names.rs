//! What the names in a manifest name, and which names of each kind it defines: an editor completes them.

use std::collections::BTreeMap;

use crate::manifest::Manifest;
use crate::resolve::SCALARS;

/// The kinds of things that a manifest refers to by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Action,
    Api,
    ConnectionField,
    Credential,
    PagingStyle,
    ParameterSet,
    /// What an action returns: a type, or `nothing`.
    Result,
    Scope,
    SignatureProfile,
    /// A type of the language or of the manifest.
    Type,
}

/// The known names of each kind.
pub(crate) type Names = BTreeMap<Named, Vec<String>>;

impl Named {
    /// Key of the JSON Schema's definition of such names, and the definition's description.
    pub(super) fn definition(self) -> (&'static str, &'static str) {
        match self {
            Self::Action => ("action-name", "the id of an action"),
            Self::Api => ("api-name", "an API version"),
            Self::ConnectionField => ("connection-field-name", "the name of a connection field"),
            Self::Credential => ("credential-name", "the name of a credential"),
            Self::PagingStyle => ("paging-style-name", "the name of a paging style"),
            Self::ParameterSet => ("parameter-set-name", "the name of a set of parameters"),
            Self::Result => ("result-name", "the name of a type, or `nothing`"),
            Self::Scope => ("scope-name", "a scope and its level, such as `orders.read`"),
            Self::SignatureProfile => ("signature-profile-name", "the name of a signature profile"),
            Self::Type => ("type-name", "a scalar type or the name of a type"),
        }
    }
}

/// The names that the language itself defines.
pub(crate) fn of_language() -> Names {
    let scalars = || SCALARS.iter().map(|(name, _)| (*name).to_owned());
    let result = scalars().chain(["nothing".to_owned()]).collect();
    Names::from([(Named::Type, scalars().collect()), (Named::Result, result)])
}

/// Those of the language and of a manifest, which may have faults. They stand in the order of the alphabet.
pub(crate) fn of_manifest(manifest: &Manifest<'_>) -> Names {
    let owned = |name: &str| name.to_owned();
    let types = || manifest.types.iter().map(|ty| owned(ty.name.value));
    let scopes = manifest.scopes.iter().flat_map(|scope| {
        let rights = scope.read.map(|_| "read").into_iter().chain(["modify"]);
        rights.map(|right| format!("{}.{right}", scope.name.value))
    });
    let defined: [(Named, Vec<String>); 10] = [
        (Named::Action, manifest.actions.iter().map(|action| owned(action.id.value)).collect()),
        (Named::Api, manifest.apis.iter().map(|api| owned(api.id.value)).collect()),
        (Named::ConnectionField, manifest.fields.iter().map(|field| owned(field.name.value)).collect()),
        (Named::Credential, manifest.credentials.iter().map(|found| owned(found.name.value)).collect()),
        (Named::PagingStyle, manifest.paging.iter().map(|style| owned(style.name.value)).collect()),
        (Named::ParameterSet, manifest.parameter_sets.iter().map(|(name, _)| owned(name.value)).collect()),
        (Named::Result, types().collect()),
        (Named::Scope, scopes.collect()),
        (Named::SignatureProfile, manifest.signatures.iter().map(|found| owned(found.name.value)).collect()),
        (Named::Type, types().collect()),
    ];
    let mut names = of_language();
    for (named, mut found) in defined {
        found.sort();
        found.dedup();
        names.entry(named).or_default().append(&mut found);
    }
    names
}
