//! The papers say what is so: dependencies have reasons, versions are told, links lead somewhere, no machine leaks.

use std::collections::BTreeSet;

use cargo_metadata::MetadataCommand;

use super::{Fault, SOURCES, all_obey, each_line, lines, none, root, text};

/// Folders that exist on one machine only, spelled apart so that this file does not break its own rule.
const MACHINE_FOLDERS: [&str; 4] =
    [concat!("/", "root/"), concat!("/", "home/"), concat!("/", "work/"), concat!("/", "Users/")];

#[test]
fn every_dependency_has_its_reason_in_the_readme() {
    none(&reasons(text("Cargo.toml"), text("README.md")));
}

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_member() {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec();
    let packages = metadata.expect("cargo tells the members").packages;
    let used =
        packages.iter().flat_map(|package| &package.dependencies).map(|dependency| dependency.name.clone());
    none(&unused(text("Cargo.toml"), &used.collect()));
}

#[test]
fn the_changelog_tells_the_current_version() {
    none(&version_told(text("Cargo.toml"), text("CHANGELOG.md")));
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    all_obey(|_| true, machine_folders);
}

#[test]
fn links_between_papers_lead_somewhere() {
    all_obey(|path| path.ends_with(".md"), |path, text| dead_links(path, text, exists));
}

/// The third-party names in `[workspace.dependencies]`, with the line of each; our own crates are those with a path.
fn dependencies(cargo_toml: &str) -> Vec<(&str, usize)> {
    let numbered =
        cargo_toml.lines().zip(1..).skip_while(|(line, _)| *line != "[workspace.dependencies]").skip(1);
    let section = numbered.take_while(|(line, _)| !line.starts_with('['));
    section
        .filter(|(line, _)| !line.starts_with('#') && !line.contains("path ="))
        .filter_map(|(line, number)| Some((line.split_once(" =")?.0, number)))
        .collect()
}

/// The names and the reason in each row of the README's table of dependencies, with the line of each.
fn rows(readme: &str) -> Vec<(Vec<&str>, &str, usize)> {
    let numbered = readme.lines().zip(1..).skip_while(|(line, _)| *line != "## Dependencies").skip(1);
    let section = numbered.take_while(|(line, _)| !line.starts_with("## "));
    section
        .filter_map(|(line, number)| {
            let (names, reason) = line.strip_prefix("| `")?.split_once('|')?;
            let reason = reason.trim().trim_end_matches('|').trim();
            Some((
                names.split('`').step_by(2).filter(|name| !name.trim().is_empty()).collect(),
                reason,
                number,
            ))
        })
        .collect()
}

fn reasons(cargo_toml: &str, readme: &str) -> Vec<Fault> {
    let (dependencies, rows) = (dependencies(cargo_toml), rows(readme));
    let explained =
        |name: &str| rows.iter().any(|(names, reason, _)| names.contains(&name) && !reason.is_empty());
    let unexplained = dependencies.iter().filter(|(name, _)| !explained(name)).map(|(name, line)| {
        Fault::new(
            "Cargo.toml",
            *line,
            format!("give {name} a row with its reason in README.md, Dependencies"),
        )
    });
    let known = |name: &str| dependencies.iter().any(|(dependency, _)| *dependency == name);
    let stale = rows.iter().flat_map(|(names, _, line)| {
        let stale = names.iter().filter(|name| !known(name));
        stale.map(|name| Fault::new("README.md", *line, format!("{name} is no dependency: remove it")))
    });
    unexplained.chain(stale).collect()
}

fn unused(cargo_toml: &str, used: &BTreeSet<String>) -> Vec<Fault> {
    let unused = dependencies(cargo_toml).into_iter().filter(|(name, _)| !used.contains(*name));
    unused
        .map(|(name, line)| Fault::new("Cargo.toml", line, format!("no member uses {name}: remove it")))
        .collect()
}

fn version_told(cargo_toml: &str, changelog: &str) -> Vec<Fault> {
    let version = cargo_toml.lines().find_map(|line| line.strip_prefix("version = ")).unwrap_or_default();
    let version = version.trim_matches('"');
    let told = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    if told.into_iter().any(|heading| heading.split_whitespace().next() == Some(version)) {
        return Vec::new();
    }
    vec![Fault::new("CHANGELOG.md", 1, format!("add a section `## {version}` that says what is new in it"))]
}

fn machine_folders(path: &str, text: &str) -> Vec<Fault> {
    let remedy = "a folder of one machine: write the path from the workspace root";
    each_line(path, text, remedy, |line| {
        let mut found = MACHINE_FOLDERS.iter().flat_map(|folder| line.match_indices(folder));
        // The same letters within a longer path or an address, as in `example.com/home/`, are no folder of a machine.
        found.any(|(start, _)| {
            let before = line[..start].chars().next_back();
            !before.is_some_and(|char| char.is_alphanumeric() || "._-~}>*".contains(char))
        })
    })
}

fn exists(path: &str) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    SOURCES.iter().any(|source| source.path == path || source.path.starts_with(&folder))
}

fn dead_links(path: &str, text: &str, exists: fn(&str) -> bool) -> Vec<Fault> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let links = text.lines().zip(1..).flat_map(|(line, number)| {
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets.map(move |target| (target, number))
    });
    let inside = links.filter(|(target, _)| !target.contains(':') && !target.starts_with('#'));
    let dead = inside.filter(|(target, _)| {
        let file = target.split('#').next().unwrap_or_default();
        !exists(&resolve(folder, file))
    });
    dead.map(|(target, line)| Fault::new(path, line, format!("the link to {target} leads nowhere"))).collect()
}

/// The path from the root that `target` names when it is read in `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

const CARGO_TOML: &str = "[workspace.package]\nversion = \"1.2.0\"\n[workspace.dependencies]\n# Ours\n\
    ours = { path = \"ours\" }\nserde = \"1\"\ntokio = { version = \"1\" }\n[workspace.lints.rust]\nclippy = \"x\"\n";

#[test]
fn reasons_are_missed_in_both_directions() {
    let readme = "## Dependencies\n\n| crate | reason |\n|---|---|\n| `serde` | traits |\n| `axum` | server |\n\n## Next\n";
    let found: Vec<String> = reasons(CARGO_TOML, readme).iter().map(Fault::to_string).collect();
    assert_eq!(
        found,
        [
            "Cargo.toml:7: give tokio a row with its reason in README.md, Dependencies",
            "README.md:6: axum is no dependency: remove it",
        ]
    );
}

#[test]
fn a_row_without_reason_explains_nothing() {
    let readme = "## Dependencies\n| `serde`, `tokio` | |\n";
    assert_eq!(reasons(CARGO_TOML, readme).len(), 2);
    assert!(reasons(CARGO_TOML, &readme.replace("| |", "| needed |")).is_empty());
}

#[test]
fn unused_dependencies_are_found() {
    let faults = unused(CARGO_TOML, &BTreeSet::from(["serde".to_owned()]));
    assert_eq!(faults, [Fault::new("Cargo.toml", 7, "no member uses tokio: remove it")]);
}

#[test]
fn a_version_that_is_not_told_is_found() {
    assert_eq!(version_told(CARGO_TOML, "# Changelog\n\n## 1.1.0\n").len(), 1);
    assert!(version_told(CARGO_TOML, "# Changelog\n\n## 1.2.0 (unreleased)\n").is_empty());
}

#[test]
fn machine_folders_are_told_from_addresses() {
    let text = format!(
        "see {0}me/file\nfile://{0}me\nhttps://example.com{0}page\n\"{1}x\"\n",
        MACHINE_FOLDERS[1], MACHINE_FOLDERS[2]
    );
    assert_eq!(lines(machine_folders, "a.md", &text), [1, 2, 4]);
}

#[test]
fn dead_links_are_found_and_addresses_left_alone() {
    let text = "[a](there.md) [b](https://example.com/x)\n[c](gone.md#part) [d](#here) [e](../up.md)\n";
    let rule =
        |path: &str, text: &str| dead_links(path, text, |path| ["docs/there.md", "up.md"].contains(&path));
    assert_eq!(lines(rule, "docs/a.md", text), [2]);
}
