//! What a person sees for each fault: place, excerpt, sentence and help. A fixture's folder begins with the code of its
//! first fault.

use connector_codegen::{Code, Diagnostic, NoCache, Sources, compile, locate, render};

use crate::fixtures::{Fixture, each, fixtures};

#[test]
fn every_fault_is_told_as_its_snapshot_shows() {
    each(&fixtures("err"), |fixture| {
        fixture.assert_snapshot(&render(&faults(fixture), &fixture.sources, false))
    });
}

#[test]
fn every_fixture_begins_with_the_fault_that_its_folder_names() {
    each(&fixtures("err"), |fixture| assert_eq!(faults(fixture)[0].code, code(fixture)));
}

#[test]
fn every_code_has_a_fixture() {
    let shown: Vec<Code> = fixtures("err").iter().map(code).collect();
    let unseen: Vec<&str> =
        Code::ALL.iter().filter(|code| !shown.contains(code)).map(|code| code.as_str()).collect();
    assert!(unseen.is_empty(), "no folder below tests/data/err begins with: {}", unseen.join(", "));
}

#[test]
fn advice_stops_no_generation_and_every_fault_does() {
    each(&fixtures("err"), |fixture| {
        let is_advice = faults(fixture).iter().all(|told| told.code.is_advice());
        assert_eq!(
            (fixture.undecoded.is_empty() && compile(&fixture.sources, &mut NoCache).is_ok()),
            is_advice
        );
        let told = render(&faults(fixture), &fixture.sources, false);
        assert_eq!(told.starts_with("warning["), is_advice, "{told}");
        assert_eq!(told.ends_with("nothing was written\n"), !is_advice, "{told}");
    });
}

#[test]
fn every_fault_says_what_to_do_in_a_fragment_without_full_stop() {
    each(&fixtures("err"), |fixture| {
        for fault in faults(fixture) {
            let help = fault.help.expect("every fault has a help");
            for text in [&fault.message, &help] {
                assert!(!text.is_empty() && !text.ends_with(['.', ' ']), "{text:?}");
                assert!(!text.starts_with(char::is_uppercase), "{text:?}");
            }
        }
    });
}

#[test]
fn lines_that_end_as_on_windows_change_no_place_and_no_word() {
    let decoded: Vec<Fixture> =
        fixtures("err").into_iter().filter(|fixture| fixture.undecoded.is_empty()).collect();
    each(&decoded, |fixture| {
        let crlf =
            fixture.sources.iter().map(|(path, text)| (path.clone(), text.replace('\n', "\r\n"))).collect();
        assert_eq!(told(&crlf), told(&fixture.sources));
        assert!(
            !render(&compiled(&crlf), &crlf, false).contains('\r'),
            "an excerpt shows the end of its line"
        );
    });
}

#[test]
fn color_changes_no_word() {
    each(&fixtures("err"), |fixture| {
        let faults = faults(fixture);
        let (plain, styled) =
            (render(&faults, &fixture.sources, false), render(&faults, &fixture.sources, true));
        assert!(styled.contains("\u{1b}["), "the terminal's excerpt has no color");
        for word in plain.split_whitespace().filter(|word| word.chars().all(char::is_alphanumeric)) {
            assert!(styled.contains(word), "{word}");
        }
    });
}

#[test]
fn no_source_at_all_is_a_fault_of_no_place() {
    let sources = Sources::new();
    let faults = compiled(&sources);
    assert_eq!(faults.len(), 1);
    assert_eq!(locate(faults[0].span, &sources), "");
    assert!(render(&faults, &sources, false).starts_with("error[missing-key]: there is no `connector.yaml`"));
}

#[test]
fn a_file_that_cannot_be_read_makes_no_name_unknown_elsewhere() {
    let fixture = fixtures("err").into_iter().find(|fixture| fixture.name == "bad-yaml-in-types");
    let codes: Vec<&str> = faults(&fixture.unwrap()).iter().map(|fault| fault.code.as_str()).collect();
    assert!(codes.contains(&"bad-yaml"), "{codes:?}");
    assert!(!codes.contains(&"unknown-type"), "{codes:?}");
}

#[test]
fn everything_wrong_in_all_files_is_told_in_one_run_in_the_order_of_places() {
    let fixture =
        fixtures("err").into_iter().find(|fixture| fixture.name == "unknown-key-several-files").unwrap();
    let told = told(&fixture.sources);
    let files = told.iter().map(|(place, _, _)| place.split(':').next().unwrap());
    let mut files: Vec<&str> = files.collect();
    files.dedup();
    assert_eq!(files, ["connector.yaml", "types/cartons.yaml", "types/parcels.yaml"], "{told:?}");
}

/// What is told about the fixture: faults, or the advice on a manifest without any.
fn faults(fixture: &Fixture) -> Vec<Diagnostic> {
    match fixture.undecoded.as_slice() {
        [] => compiled(&fixture.sources),
        undecoded => undecoded.to_vec(),
    }
}

fn compiled(sources: &Sources) -> Vec<Diagnostic> {
    compile(sources, &mut NoCache).map_or_else(|faults| faults, |compiled| compiled.advice)
}

/// Place, sentence and help of every fault.
fn told(sources: &Sources) -> Vec<(String, String, Option<String>)> {
    let faults = compiled(sources).into_iter();
    faults.map(|fault| (locate(fault.span, sources), fault.message, fault.help)).collect()
}

/// The longest code that the folder's name begins with.
fn code(fixture: &Fixture) -> Code {
    let codes = Code::ALL.iter().filter(|code| fixture.name.starts_with(code.as_str()));
    *codes.max_by_key(|code| code.as_str().len()).expect("the folder's name begins with a code")
}
