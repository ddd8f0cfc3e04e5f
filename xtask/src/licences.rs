//! Licences, banned crates and sources of everything we depend on, read from `cargo metadata`.
//!
//! All platforms and all features count, since the lock file serves them all.

use std::fmt;

use anyhow::{Context as _, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use spdx::{Expression, ParseMode};
use xshell::Shell;

use crate::policy::Policy;
use crate::steps::{Steps, say};

/// How cargo packages write licences: the slash is their old spelling of `OR`, `GPL-3.0` that of `GPL-3.0-only`.
const LICENCE_FIELD: ParseMode =
    ParseMode { allow_slash_as_or_operator: true, allow_deprecated: true, ..ParseMode::STRICT };

/// Checks all dependencies, as a chore of its own.
///
/// # Errors
/// When a package breaks the policy, or the metadata cannot be read.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut steps = Steps::new(shell);
    step(shell, &mut steps)?;
    steps.finish("licences");
    Ok(())
}

/// Checks all dependencies, as a step of another chore.
///
/// # Errors
/// When a package breaks the policy, or the metadata cannot be read.
pub(crate) fn step(shell: &Shell, steps: &mut Steps<'_>) -> anyhow::Result<()> {
    steps.run("licences and bans", "cargo xtask licences", || {
        let policy = Policy::parse(&shell.read_file("deny.toml")?)?;
        let metadata = MetadataCommand::new()
            .current_dir(shell.current_dir())
            .other_options(["--locked".to_owned(), "--all-features".to_owned()])
            .exec()
            .context("cargo cannot tell the dependencies")?;
        let violations = violations(&metadata, &policy);
        for violation in &violations {
            say(&violation.to_string());
        }
        match violations.len() {
            0 => Ok(()),
            count => bail!("breaches of deny.toml: {count}, listed above"),
        }
    })
}

/// Everything in the dependency graph that the policy does not accept, in the order of the metadata.
pub(crate) fn violations(metadata: &Metadata, policy: &Policy) -> Vec<Violation> {
    let foreign =
        metadata.packages.iter().filter(|package| !metadata.workspace_members.contains(&package.id));
    foreign
        .flat_map(|package| {
            let problems = [banned(package, policy), source(package, policy), licence(package, policy)];
            problems.into_iter().flatten().map(|problem| Violation {
                name: package.name.to_string(),
                version: package.version.to_string(),
                problem,
            })
        })
        .collect()
}

/// One package that may not be part of the build, and why.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    name: String,
    version: String,
    problem: Problem,
}

#[derive(Debug, PartialEq)]
enum Problem {
    /// The crate is on the ban list, for this reason.
    Banned(String),
    /// The package comes from elsewhere than an accepted registry.
    Source(String),
    /// The package lies on disk, outside the workspace.
    Path,
    /// The package says nothing about its licence.
    NoLicence,
    /// The licence field is no SPDX expression.
    Unreadable(String),
    /// The expression asks for these licences, which are not allowed.
    Refused { expression: String, wanted: Vec<String> },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, problem } = self;
        write!(f, "{name} {version}: ")?;
        match problem {
            Problem::Banned(reason) => {
                write!(f, "is banned: {reason}; `cargo tree --invert {name}` tells who wants it")
            }
            Problem::Source(address) => write!(f, "comes from {address}; take a release from crates.io"),
            Problem::Path => write!(f, "lies outside the workspace; make it a member or take a release"),
            Problem::NoLicence => write!(f, "names no SPDX licence; choose another crate"),
            Problem::Unreadable(field) => {
                write!(f, "says `{field}`, which is no SPDX expression; choose another crate")
            }
            Problem::Refused { expression, wanted } => write!(
                f,
                "says `{expression}`, and deny.toml does not allow {}; choose another crate, or allow the licence there",
                wanted.join(", ")
            ),
        }
    }
}

fn banned(package: &Package, policy: &Policy) -> Option<Problem> {
    let ban = policy.bans.iter().find(|ban| ban.name == package.name.as_str())?;
    Some(Problem::Banned(ban.reason.clone()))
}

fn source(package: &Package, policy: &Policy) -> Option<Problem> {
    let Some(source) = &package.source else { return Some(Problem::Path) };
    let index = source.repr.strip_prefix("registry+");
    let accepted = index.is_some_and(|index| policy.registries.iter().any(|known| known == index));
    (!accepted).then(|| Problem::Source(source.repr.clone()))
}

fn licence(package: &Package, policy: &Policy) -> Option<Problem> {
    let Some(field) = &package.license else { return Some(Problem::NoLicence) };
    let Ok(expression) = Expression::parse_mode(field, LICENCE_FIELD) else {
        return Some(Problem::Unreadable(field.clone()));
    };
    let verdict = expression
        .evaluate_with_failures(|wanted| policy.licences.iter().any(|licence| licence.satisfies(wanted)));
    let failures = verdict.err()?;
    let wanted = failures.iter().map(|failure| failure.req.to_string()).collect();
    Some(Problem::Refused { expression: field.clone(), wanted })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

    fn policy() -> Policy {
        Policy::parse(
            r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            [bans]
            deny = [{ crate = "openssl-sys", reason = "rustls is our TLS" }]
            [sources]
            unknown-registry = "deny"
            unknown-git = "deny"
            allow-registry = ["https://github.com/rust-lang/crates.io-index"]
            "#,
        )
        .expect("the policy is readable")
    }

    fn package(name: &str, license: Option<&str>, source: Option<&str>) -> Value {
        json!({
            "name": name, "version": "1.2.3", "id": format!("{name}@1.2.3"), "license": license, "source": source,
            "dependencies": [], "targets": [], "features": {}, "manifest_path": format!("{name}/Cargo.toml"),
        })
    }

    fn check(packages: &[Value]) -> Vec<String> {
        let metadata = json!({
            "packages": packages, "workspace_members": ["ours@1.2.3"], "resolve": null, "root": null, "version": 1,
            "workspace_root": "", "target_directory": "target", "metadata": null,
        });
        let metadata = MetadataCommand::parse(metadata.to_string()).expect("cargo's format");
        violations(&metadata, &policy()).iter().map(Violation::to_string).collect()
    }

    #[track_caller]
    fn licence_is_refused(license: Option<&str>, message: &str) {
        let found = check(&[package("other", license, Some(CRATES_IO))]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(message), "{found:?}");
    }

    #[track_caller]
    fn licence_passes(license: &str) {
        let found = check(&[package("other", Some(license), Some(CRATES_IO))]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn refuses_a_licence_that_is_not_allowed_and_names_it() {
        licence_is_refused(Some("GPL-3.0-only"), "deny.toml does not allow GPL-3.0-only");
        licence_is_refused(Some("MIT AND GPL-3.0-or-later"), "deny.toml does not allow GPL-3.0-or-later");
    }

    #[test]
    fn passes_when_one_alternative_is_allowed() {
        licence_passes("MIT OR GPL-3.0");
        licence_passes("GPL-2.0-only OR (Apache-2.0 AND MIT)");
    }

    #[test]
    fn reads_the_old_slash_as_or() {
        licence_passes("MIT/GPL-2.0");
        licence_passes("Apache-2.0 / MIT");
    }

    #[test]
    fn an_exception_counts_only_where_it_is_allowed() {
        licence_passes("Apache-2.0 WITH LLVM-exception");
        licence_is_refused(Some("MIT WITH Classpath-exception-2.0"), "MIT WITH Classpath-exception-2.0");
    }

    #[test]
    fn refuses_a_package_without_a_readable_licence() {
        licence_is_refused(None, "names no SPDX licence");
        licence_is_refused(Some("see LICENSE"), "no SPDX expression");
    }

    #[test]
    fn refuses_git_and_unknown_registries() {
        let git = "git+https://example.com/other?rev=1#1";
        let found = check(&[package("other", Some("MIT"), Some(git))]);
        assert_eq!(found, [format!("other 1.2.3: comes from {git}; take a release from crates.io")]);
        let elsewhere = check(&[package("other", Some("MIT"), Some("registry+https://example.com/index"))]);
        assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
    }

    #[test]
    fn refuses_a_path_outside_the_workspace() {
        let found = check(&[package("other", Some("MIT"), None)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("outside the workspace"), "{found:?}");
    }

    #[test]
    fn a_ban_says_its_reason() {
        let found = check(&[package("openssl-sys", Some("MIT"), Some(CRATES_IO))]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("is banned: rustls is our TLS"), "{found:?}");
    }

    #[test]
    fn every_breach_of_a_package_is_reported() {
        let found =
            check(&[package("openssl-sys", Some("GPL-3.0-only"), Some("git+https://example.com/x#1"))]);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn our_own_packages_are_not_judged() {
        assert!(check(&[package("ours", None, None)]).is_empty());
    }
}
