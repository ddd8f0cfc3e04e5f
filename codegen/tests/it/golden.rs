//! What the compiler writes for small manifests, one feature of the language each. A fixture's `shows.txt` lists the
//! beginnings of the paths that its snapshot shows; without it, the snapshot shows actions and types.

use std::fs;

use connector_codegen::{Files, generate};

use crate::fixtures::{Fixture, each, fixtures};

/// A snapshot that nobody reads guards nothing.
const MOST_LINES: usize = 300;

#[test]
fn every_feature_becomes_the_code_that_its_snapshot_shows() {
    each(&fixtures("ok"), |fixture| {
        let shown = shown(fixture, &fixture.files());
        let lines = shown.lines().count();
        assert!(
            lines <= MOST_LINES,
            "{lines} lines where {MOST_LINES} are the limit: show less, or split the fixture"
        );
        fixture.assert_snapshot(&shown);
    });
}

#[test]
fn the_same_manifest_becomes_the_same_bytes_whatever_the_order_of_its_files() {
    each(&fixtures("ok"), |fixture| {
        let again = fixture.sources.iter().rev().map(|(path, text)| (path.clone(), text.clone())).collect();
        assert_eq!(generate(&again), Ok(fixture.files()));
    });
}

#[test]
fn names_of_files_change_nothing_but_the_note_on_the_source() {
    each(&fixtures("ok"), |fixture| {
        let rename = |path: &String| path.replace("types/", "types/z-");
        let renamed = fixture.sources.iter().map(|(path, text)| (rename(path), text.clone())).collect();
        assert_eq!(generate(&renamed).map(without_source), Ok(without_source(fixture.files())));
    });
}

#[test]
fn every_line_of_a_manifest_may_end_as_on_windows() {
    each(&fixtures("ok"), |fixture| {
        let crlf =
            fixture.sources.iter().map(|(path, text)| (path.clone(), text.replace('\n', "\r\n"))).collect();
        assert_eq!(generate(&crlf), Ok(fixture.files()));
    });
}

fn shown(fixture: &Fixture, files: &Files) -> String {
    let list = fs::read_to_string(fixture.folder.join("shows.txt")).unwrap_or_default();
    for beginning in list.lines() {
        assert!(
            files.keys().any(|path| path.starts_with(beginning)),
            "shows.txt: no path begins with {beginning}"
        );
    }
    let beginnings =
        if list.is_empty() { vec!["src/actions/", "src/types/"] } else { list.lines().collect() };
    let is_shown = |path: &str| beginnings.iter().any(|beginning| path.starts_with(beginning));
    let sections =
        files.iter().filter(|(path, _)| is_shown(path)).map(|(path, text)| format!("==> {path}\n{text}"));
    sections.collect::<Vec<_>>().join("\n")
}

fn without_source(files: Files) -> Files {
    let strip = |text: String| {
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("// Source: ")).collect();
        lines.join("\n")
    };
    files.into_iter().map(|(path, text)| (path, strip(text))).collect()
}
