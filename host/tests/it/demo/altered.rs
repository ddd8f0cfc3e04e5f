//! The demo with the generated connector altered in a way that it must not overlook, in the process of the test; its service
//! is the real one.

use std::ffi::OsString;
use std::io;

use bigcommerce_connector::CONNECTOR;
use connector_host::{StandardInput, Style, Surroundings, run};
use connector_runtime::{Action, ActionEntry, Connector, Extra, Operation, RateLimit, Trigger, impl_input};
use serde_json::{Value, json};

/// With a status that the store never answers with, and blind to what is left: it does not know a spent quota when it sees
/// one.
static BLIND: Connector =
    Connector { rate_limit: RateLimit { status: 428, quota: None, ..CONNECTOR.rate_limit }, ..CONNECTOR };

/// With an action, a trigger and a scope that the story does not know.
fn grown() -> &'static Connector {
    let mut actions = CONNECTOR.actions.to_vec();
    actions.push(ActionEntry::of::<ListWishes>());
    let mut catalog: Value = serde_json::from_str(CONNECTOR.catalog).expect("JSON");
    let listed = catalog["actions"].as_array_mut().expect("a list");
    let mut wishes = listed.iter().find(|action| action["id"] == "get-time").expect("it is there").clone();
    wishes["id"] = "list-wishes".into();
    listed.push(wishes);
    let scopes = catalog["scopes"].as_array_mut().expect("a list");
    scopes.push(json!({"name": "themes", "title": "Themes", "modify": "store_themes_manage"}));
    let mut triggers = CONNECTOR.triggers.to_vec();
    triggers.insert(0, &WISH_MADE);
    Box::leak(Box::new(Connector {
        actions: actions.leak(),
        triggers: triggers.leak(),
        catalog: catalog.to_string().leak(),
        rate_limit: RateLimit { ..CONNECTOR.rate_limit },
        ..CONNECTOR
    }))
}

static WISH_MADE: Trigger = Trigger {
    id: "wish-made",
    title: "Wish made",
    event: "store/wishlist/created",
    resource: "wishlist",
    scopes: &[],
    read: None,
    backfill: None,
    happens_once: true,
};

#[derive(Clone, Default)]
struct ListWishes {}
impl_input!(ListWishes {});

impl Action for ListWishes {
    type Output = Extra;
    const OPERATION: &'static Operation =
        &Operation::get("list-wishes", bigcommerce_connector::actions::GetTime::OPERATION.api, "/wishlists");
}

/// Exit code, standard output and standard error.
fn ran(connector: &'static Connector, arguments: &[&str], executable: Option<&str>) -> (u8, String, String) {
    let arguments: Vec<OsString> = ["connector"].iter().chain(arguments).map(OsString::from).collect();
    let (mut stdin, mut stdout, mut stderr) = (io::empty(), Vec::new(), Vec::new());
    let surroundings = Surroundings {
        program: "connector".to_owned(),
        executable: executable.map(Into::into),
        variable: &|_| None,
        stdin: StandardInput::new(&mut stdin),
        stdout: &mut stdout,
        stderr: &mut stderr,
        width: 100,
        stdout_style: Style::Plain,
        stderr_style: Style::Plain,
        is_stdout_terminal: false,
        is_stderr_terminal: false,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let code = runtime.block_on(run(connector, &arguments, surroundings));
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    (code, text(stdout), text(stderr))
}

const PROGRAM: Option<&str> = Some(env!("CARGO_BIN_EXE_connector"));

#[test]
fn a_demo_that_goes_otherwise_says_so_and_fails() {
    let (code, stdout, stderr) = ran(&BLIND, &["demo", "--json"], PROGRAM);
    assert_eq!(code, 1);
    let last: Value = serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["step"], &last["outcome"]), (&10.into(), &"failed".into()), "{stdout}");
    assert!(
        stderr.starts_with(r#"{"error":"#) && stderr.contains("class validation came instead"),
        "{stderr}"
    );
}

#[test]
fn the_story_is_the_same_for_a_connector_with_more_actions_triggers_and_scopes() {
    let (code, stdout, stderr) = ran(grown(), &["demo"], PROGRAM);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let asked = format!("which asks for {} scopes", super::scopes().len() + 1);
    assert!(stdout.contains(&asked), "{stdout}");
    assert!(!stdout.contains("wish"), "{stdout}");
}

#[test]
fn a_demo_whose_service_cannot_be_started_says_why() {
    for (program, why) in [
        (None, "the system does not say which file this is"),
        (Some("/nowhere/connector"), "the service cannot be started"),
        // It ends at once, without a word.
        (Some("/bin/true"), "the service did not listen; the service has logged nothing"),
    ] {
        let (code, _, stderr) = ran(&CONNECTOR, &["demo"], program);
        assert!(code == 1 && stderr.contains(why), "{stderr}");
    }
}
