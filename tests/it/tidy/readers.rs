//! Text from outside passes one reader in each crate, so that a byte order mark, another encoding and a secret with a line
//! break are treated alike at every door; text for people passes one writer in the host.

use super::{Fault, all_obey, each_line, is_rust, lines};

/// The readers.
const READERS: [&str; 3] = ["codegen/src/text.rs", "host/src/outside.rs", "runtime/src/text.rs"];

/// The sources that read text from outside.
const FOLDERS: [&str; 4] = ["codegen/src/", "host/src/", "runtime/src/", "sandbox/src/"];

/// Ways past a reader, spelled apart so that this file does not break its own rule.
const WAYS: [&str; 8] = [
    concat!("read_to", "_string("),
    concat!("read_to", "_end("),
    concat!("from_utf8", "_lossy("),
    concat!("fs::", "read("),
    concat!("fs::", "read;"),
    concat!("pem_file", "_iter("),
    concat!("from_pem", "_file("),
    concat!("from", "_reader("),
];

#[test]
fn text_from_outside_passes_the_reader_of_its_crate() {
    all_obey(is_in_scope, ways_past);
    for reader in READERS {
        assert!(!super::text(reader).is_empty());
    }
}

fn is_in_scope(path: &str) -> bool {
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/") || path.ends_with("/vectors.rs");
    let is_ours = FOLDERS.iter().any(|folder| path.starts_with(folder));
    is_rust(path) && is_ours && !is_test && !READERS.contains(&path)
}

fn ways_past(path: &str, text: &str) -> Vec<Fault> {
    let tests = text.lines().position(|line| line.starts_with("#[cfg(test)]")).unwrap_or(usize::MAX);
    let remedy = "read the text through the reader of this crate: `outside` in the host, `text` elsewhere";
    let all = each_line(path, text, remedy, |line| {
        let code = line.split("//").next().unwrap_or_default();
        let is_whole = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        WAYS.iter().any(|way| code.match_indices(way).any(|(at, _)| is_whole(at)))
    });
    all.into_iter().filter(|fault| fault.line <= tests).collect()
}

/// Ways past `printable`, through which commands of the host write for people.
const WRITES: [&str; 5] = [
    concat!("writeln!", "(surroundings"),
    concat!("writeln!", "(stdout"),
    concat!("writeln!", "(stderr"),
    concat!("writeln!", "(out"),
    concat!("writeln!", "(self.out"),
];

#[test]
fn commands_print_through_the_module_that_escapes() {
    all_obey(|path| is_rust(path) && path.starts_with("host/src/") && path != PRINTER, writes);
    assert!(super::text(PRINTER).contains(WRITES[3]));
    for way in WRITES {
        assert_eq!(
            lines(writes, "host/src/a.rs", &format!("fn a() {{\n    {way}, \"{{b}}\")?;\n}}\n")),
            [2],
            "{way}"
        );
    }
}

const PRINTER: &str = "host/src/printable.rs";

fn writes(path: &str, text: &str) -> Vec<Fault> {
    let remedy =
        "print with `printable::print`, so that no control character from outside reaches a terminal";
    each_line(path, text, remedy, |line| WRITES.iter().any(|way| line.contains(way)))
}

#[test]
fn ways_past_the_reader_are_found_outside_of_tests_alone() {
    for way in WAYS {
        let text = format!("//! {way}\nlet a = {way}b);\n#[cfg(test)]\nmod tests {{\n{way}\n}}\n");
        assert_eq!(lines(ways_past, "host/src/a.rs", &text), [2], "{way}");
        assert!(ways_past("host/src/a.rs", &format!("let a = my_{way}b);\n")).is_empty(), "{way}");
    }
    assert!(is_in_scope("sandbox/src/a.rs") && !is_in_scope(READERS[0]) && !is_in_scope("host/tests/a.rs"));
    assert!(!is_in_scope("host/src/a/tests.rs") && !is_in_scope("host/src/a/tests/b.rs"));
}
