//! Reads deny.toml, in cargo-deny's own format so that cargo-deny can be run with the same file.
//!
//! Only keys that [`crate::licences`] enforces are accepted: a key without effect would promise what nobody checks.
//! Format: <https://embarkstudios.github.io/cargo-deny/checks/cfg.html>.

use anyhow::Context as _;
use serde::Deserialize;
use spdx::Licensee;

/// What the project accepts as a dependency.
pub(crate) struct Policy {
    /// Licences of which a package's expression must be satisfied.
    pub(crate) licences: Vec<Licensee>,
    /// Crates that may not be part of the build, each with the reason.
    pub(crate) bans: Vec<Ban>,
    /// Index addresses of the registries that packages may come from.
    pub(crate) registries: Vec<String>,
}

/// One crate that may not be part of the build.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ban {
    /// The crate's name.
    #[serde(rename = "crate")]
    pub(crate) name: String,
    /// Why not, and what to take instead.
    pub(crate) reason: String,
}

impl Policy {
    /// Reads the text of deny.toml.
    ///
    /// # Errors
    /// When the text is no TOML, has a key that is not enforced, or names a licence that SPDX does not know.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text).context("deny.toml cannot be read")?;
        let licences = file.licenses.allow.iter().map(|name| {
            Licensee::parse(name)
                .with_context(|| format!("deny.toml allows `{name}`, which is no SPDX licence identifier"))
        });
        let Sources { unknown_registry: Unknown::Deny, unknown_git: Unknown::Deny, allow_registry } =
            file.sources;
        Ok(Self {
            licences: licences.collect::<anyhow::Result<_>>()?,
            bans: file.bans.deny,
            registries: allow_registry,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Unknown,
    unknown_git: Unknown,
    allow_registry: Vec<String>,
}

/// The only answer to an unknown source that is enforced here.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unknown {
    Deny,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let error = Policy::parse(text).err().expect("the text is refused");
        format!("{error:#}")
    }

    #[test]
    fn the_projects_own_file_is_accepted_and_bans_nothing_without_reason() {
        let policy = Policy::parse(include_str!("../../deny.toml")).expect("deny.toml is readable");
        assert!(!policy.licences.is_empty());
        assert!(policy.bans.iter().all(|ban| !ban.reason.is_empty()));
        assert_eq!(policy.registries, ["https://github.com/rust-lang/crates.io-index"]);
    }

    #[test]
    fn a_key_that_nobody_enforces_is_refused() {
        let message = refusal("[licenses]\nallow = []\nconfidence-threshold = 0.9\n");
        assert!(message.contains("confidence-threshold"), "{message}");
    }

    #[test]
    fn an_unknown_licence_is_refused() {
        let sources = "[sources]\nunknown-registry = \"deny\"\nunknown-git = \"deny\"\nallow-registry = []\n";
        let message = refusal(&format!("[licenses]\nallow = [\"MTI\"]\n[bans]\ndeny = []\n{sources}"));
        assert!(message.contains("`MTI`"), "{message}");
    }

    #[test]
    fn a_lenient_answer_to_unknown_sources_is_refused() {
        let sources = "[sources]\nunknown-registry = \"warn\"\nunknown-git = \"deny\"\nallow-registry = []\n";
        let message = refusal(&format!("[licenses]\nallow = []\n[bans]\ndeny = []\n{sources}"));
        assert!(message.contains("warn"), "{message}");
    }
}
