//! The ways in which the token endpoint can be made to fail.

/// One way in which a token request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// Status 200 with an HTML page where JSON was due. The code can be used again.
    HtmlPage,
    /// No answer, until the client goes away or the sandbox stops. The code can be used again.
    Hang,
    /// 500 without a word of JSON. The code can be used again.
    InternalServerError,
    /// The grant is for another store than the code was made for; its token opens nothing here.
    OtherStore,
    /// The grant lacks one of the scopes that were consented to, the last one.
    FewerScopes,
    /// The true answer, compressed with gzip whether the client takes that or not.
    Gzip,
}

impl TokenFault {
    /// Every fault with its name.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("html_page", Self::HtmlPage),
        ("hang", Self::Hang),
        ("internal_server_error", Self::InternalServerError),
        ("other_store", Self::OtherStore),
        ("fewer_scopes", Self::FewerScopes),
        ("gzip", Self::Gzip),
    ];

    /// The name of this fault in the control API.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, fault)| *fault == self).map_or("", |(name, _)| name)
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::TokenFault;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        for (name, fault) in TokenFault::NAMES {
            assert_eq!((fault.name(), TokenFault::named(name)), (name, Some(fault)));
        }
        assert_eq!(TokenFault::named("slow"), None);
    }
}
