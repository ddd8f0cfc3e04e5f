//! The demo, from its first line to the commands it recommends.

mod altered;
mod told;

use std::collections::BTreeSet;

use bigcommerce_connector::CONNECTOR;
use serde_json::{Value, json};

use super::{Invocation, assert_contains};
use told::{all, called, scopes, step, steps, story, text, texts, words};

#[test]
fn it_tells_the_whole_morning() {
    let text = story();
    // A change comes once more if the workflow looked before its second had ended.
    let further = text.matches("(once more)").count();
    assert!(further <= 2, "{text}");
    let erased = format!("activations erased {}, left 0", 9 + further);
    let found = format!("of these backfilled ┆ {}", 3 + further);
    let asked = format!(
        "page of the store 200 /app/…/install: \"Install Morning Workflows\", which asks for {} scopes",
        scopes().len()
    );
    let actions = format!("of {} actions, each at least once with success", called().len());
    let chapters: [&[&str]; 14] = [
        &["An agency's morning"],
        &[
            "connect the store, in a browser",
            "page of the service 303 /sign-in",
            &asked,
            "approved",
            "Hearth & Trail, connected; granted: ",
            "the token works",
        ],
        &[
            "switch the triggers on",
            "of each it says: its webhook is active",
            "store/order/created ┆ active ┆ order-created",
            "store/app/uninstalled ┆ active ┆ for the service",
            "create-webhook 422 validation",
            "`connector triggers plan` finds nothing to do",
            "paused",
        ],
        &["look at the catalog", "20 products, 200 so far, the last page", "Copper Pour-Over Kettle"],
        &[
            "put a new product on sale",
            "create-brand 409 conflict, not retryable",
            "80.955, so 80.96",
            "product-updated -> product/311: Walnut Serving Tray, price 80.96",
            "4 mistakes, nothing sent",
            "error[validation]: update-product",
            "price: must be at least 0",
            "get-product 404 not_found",
        ],
        &["ship an order", "list-orders 204", "Awaiting Fulfillment, now Shipped"],
        &[
            "enter a customer who telephoned",
            "customer-created -> customer/101: Nora Field, nora.field@example.org",
            "Portland",
        ],
        &[
            "shop there",
            "order-created -> order/150: Awaiting Fulfillment, items: 2, 140.62 USD",
            "product-updated -> product/112: Stoneware Dripper, price 19.25",
            "customer-created -> customer/102: Ida Brandt, ida.brandt@example.com",
            "type ┆ bigcommerce/order-created",
            "subject ┆ order/150",
            "data.full ┆ all 74 fields",
        ],
        &[
            "turn forged deliveries away",
            "401 wrong_signature: signed with a guessed secret",
            "401 stale",
            "401 duplicate_header",
            "None of them started anything",
        ],
        &[
            "meet a store that has a bad moment",
            "502 server, retryable",
            "503 unavailable, retryable",
            "401 auth.revoked, not retryable",
            "create-brand 207 partial, not retryable: custom_url: The brand was saved, its URL was not.",
            "create-product - transport.unknown_outcome, not retryable",
            "check first: Look for the product",
            "product 312; read again, it is not_found",
        ],
        &[
            "spend the quota",
            "get-product - rate_limited.window, retryable: nothing was sent",
            "waiting ",
            "the same call after the wait",
        ],
        &[
            "kill the service",
            "Its 3 webhooks met nobody",
            "order-created -> order/151 (backfilled): ",
            "product-updated -> product/114 (backfilled): House Espresso",
            "customer-created -> customer/103 (backfilled): Otis Lang",
            "`connector backfill` looks once more: new 0, known 7.",
        ],
        &[
            "uninstall the app",
            "revoked. This account is not connected any more.",
            "get-time 401 auth.revoked, not retryable",
            "connect the store again",
            "no webhook of it any more",
            "what was taken before the end is delivered all the same",
            &erased,
        ],
        &[
            "sum up",
            &actions,
            "auth.revoked 2, conflict 1, not_found 2",
            "answered 429 ┆ 0",
            &found,
            "Try next:",
            "docs/serve.md",
        ],
    ];
    let told: Vec<&str> = text.split("\n[").collect();
    assert_eq!(told.len(), chapters.len(), "{text}");
    for (number, (told, parts)) in told.iter().zip(chapters).enumerate() {
        assert!(number == 0 || told.starts_with(&format!("{number}/13] ")), "{told}");
        assert_contains(&words(told), parts);
    }
    assert!(text.lines().count() <= 190 + 4 * further + scopes().len(), "a wall of text:\n{text}");
}

#[test]
fn the_readme_shows_lines_that_it_prints() {
    let text = story().replace(env!("CARGO_BIN_EXE_connector"), "target/debug/connector");
    let readme = include_str!("../../../README.md");
    let (_, after) = readme.split_once("What `cargo demo` prints").expect("an excerpt");
    let (excerpt, _) = after.split_once("The binary is called").expect("its end");
    let shown: Vec<&str> = excerpt.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert!(shown.len() > 10, "{shown:?}");
    for line in shown {
        assert!(text.lines().any(|printed| printed == line), "the demo no longer prints {line:?}:\n{text}");
    }
}

#[test]
fn no_secret_and_no_address_of_a_webhook_is_told() {
    let json: String = steps().iter().map(Value::to_string).collect();
    for text in [story(), json.as_str()] {
        // Secrets have 64 hexadecimal digits, keys of addresses 40, ids of events 32.
        let mut words = text.split(|letter: char| !letter.is_ascii_hexdigit());
        assert_eq!(words.find(|word| word.len() >= 40), None);
        assert!(!text.contains("whsec_") && !text.contains("code="), "{text}");
    }
}

#[test]
fn json_is_one_object_per_step_and_its_figures_agree() {
    let numbers: Vec<_> = steps().iter().map(|step| step["step"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=13).collect::<Vec<_>>());
    assert!(steps().iter().all(|step| step["outcome"] == "ok"), "{:?}", steps());
    let (last, calls) = (steps().last().expect("steps"), all("calls"));
    assert_eq!(last["calls"], calls.len());
    let is_own = |outcome: &Value| outcome == "validation" || outcome == "rate_limited.window";
    let stopped = calls.iter().filter(|call| is_own(&call["outcome"]) && call["status"].is_null());
    assert_eq!((stopped.count(), &last["stopped_before_sending"]), (2, &2.into()));
    let others = last["requests_of_the_service"].as_u64().expect("a number");
    assert!(others > 0);
    assert_eq!(last["requests_received"], calls.len() as u64 - 2 + others);
    let limited = calls.iter().filter(|call| call["status"] == 429).count();
    assert_eq!((limited, &last["rate_limits_surfaced"]), (0, &1.into()));
    assert_eq!(last["rate_limits_caused"], 0);
    let (quota, window) = (&steps()[9], steps()[0]["window_ms"].as_u64().expect("a window"));
    assert_eq!(quota["waited_ms"], quota["error"]["retry_after_ms"]);
    assert!((1..=window).contains(&quota["waited_ms"].as_u64().expect("a wait")), "{quota}");
    assert_eq!(last["activations"], all("activations").len());
    let found = all("activations").iter().filter(|one| one["origin"] == "backfill").count();
    assert!((3..=5).contains(&found), "three events, and each of two changes once more at most: {found}");
    assert_eq!((&last["backfilled"], &last["delivered_again"]), (&found.into(), &0.into()));
    let forged = step("turn forged deliveries away")["forged"].as_array().expect("a list").len();
    assert_eq!(last["forgeries_refused"], forged);
}

#[test]
fn every_action_of_the_story_succeeds_and_these_failures_are_met() {
    let all = all("calls");
    let with = |outcome: &str| -> BTreeSet<&str> {
        let calls = all.iter().filter(|call| call["outcome"] == outcome);
        calls.map(|call| text(call, "action")).collect()
    };
    assert_eq!(with("succeeded"), called());
    assert!(called().iter().all(|id| CONNECTOR.action(id).is_some()), "{:?}", called());
    for (outcome, action) in [
        ("conflict", "create-brand"),
        ("validation", "update-product"),
        ("validation", "create-webhook"),
        ("not_found", "get-product"),
        ("server", "list-products"),
        ("unavailable", "list-products"),
        ("auth.revoked", "get-time"),
        ("partial", "create-brand"),
        ("transport.unknown_outcome", "create-product"),
        ("rate_limited.window", "get-product"),
    ] {
        assert!(with(outcome).contains(action), "{outcome}: {:?}", with(outcome));
    }
    let empty = all.iter().find(|call| call["status"] == 204).expect("an answer without a body");
    assert_eq!(empty["action"], "list-orders");
}

#[test]
fn a_store_is_connected_through_its_screens_and_gets_the_webhooks_of_its_triggers() {
    let connected = step("connect the store, in a browser");
    assert_eq!((&connected["store"], &connected["state"]), (&"Hearth & Trail".into(), &"connected".into()));
    assert_eq!(connected["granted"], json!(scopes()));
    let switched = step("switch the triggers on");
    let on = switched["switched_on"].as_array().expect("a list");
    let webhooks = &switched["webhooks"];
    assert!(texts(webhooks, "state").iter().all(|state| *state == "active"), "{webhooks}");
    let events: BTreeSet<&str> = texts(webhooks, "event").into_iter().collect();
    let described = CONNECTOR.webhooks.expect("the connector has webhooks");
    let service = [described.uninstalled, described.failing].into_iter().flatten().map(|event| event.event);
    let triggers = CONNECTOR.triggers.iter().filter(|trigger| on.contains(&json!(trigger.id)));
    assert_eq!(events, triggers.map(|trigger| trigger.event).chain(service).collect());
    assert_eq!(on.len(), events.len() - 2, "each is a trigger of the connector: {on:?}");
}

#[test]
fn every_trigger_brings_whole_resources_by_webhook_and_by_search_and_each_event_once() {
    let activations = all("activations");
    let ids: BTreeSet<&str> = activations.iter().map(|one| one["id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), activations.len());
    for one in &activations {
        let trigger = one["trigger"].as_str().expect("a trigger");
        assert_eq!(one["type"], format!("bigcommerce/{trigger}"));
        assert_eq!(one["account"], steps()[0]["store_hash"]);
        let trigger = CONNECTOR.triggers.iter().find(|known| known.id == trigger).expect("it is known");
        assert_eq!(one["subject"], format!("{}/{}", trigger.resource, one["full"]["id"]));
        assert!(one["full"].as_object().expect("a resource").len() > 10, "{one}");
        let time: jiff::Timestamp = one["time"].as_str().expect("a time").parse().expect("a moment");
        assert!(jiff::Timestamp::now().duration_since(time).as_secs() < 3600, "{one}");
    }
    let of = |title: &str, origin: &str| -> BTreeSet<(&str, &str)> {
        let list = step(title)["activations"].as_array().expect("a list");
        let list = list.iter().inspect(|one| assert_eq!(one["origin"], origin));
        list.map(|one| (one["trigger"].as_str().expect("text"), one["subject"].as_str().expect("text")))
            .collect()
    };
    let shopped = [
        ("order-created", "order/150"),
        ("product-updated", "product/112"),
        ("customer-created", "customer/102"),
    ];
    assert_eq!(of("shop there, and watch the workflows hear of it", "webhook"), BTreeSet::from(shopped));
    let missed = [
        ("order-created", "order/151"),
        ("product-updated", "product/114"),
        ("customer-created", "customer/103"),
    ];
    let outage = step("kill the service, and find what it missed");
    let found = of(outage["title"].as_str().expect("text"), "backfill");
    assert!(found.is_superset(&BTreeSet::from(missed)), "{found:?}");
    // A change may come once more if the workflow looked before its second had ended, and nothing that happens once.
    let changed = ["product/112", "product/311"];
    let is_further =
        |(trigger, subject): &(&str, &str)| *trigger == "product-updated" && changed.contains(subject);
    let further: Vec<_> = found.into_iter().filter(|one| !missed.contains(one)).collect();
    assert!(further.iter().all(is_further), "{further:?}");
    assert_eq!((&outage["unheard"], &outage["searched_again"]), (&3.into(), &json!({"new": 0, "known": 7})));
    assert_ne!(outage["process"], steps()[0]["process"]);
}

#[test]
fn forgeries_are_refused_each_for_its_reason() {
    let forged = &step("turn forged deliveries away")["forged"];
    let reasons = ["wrong_signature", "wrong_signature", "stale", "wrong_signature", "duplicate_header"];
    assert_eq!(texts(forged, "reason"), reasons);
    assert!(forged.as_array().expect("a list").iter().all(|one| one["status"] == 401), "{forged}");
}

#[test]
fn the_end_of_the_app_revokes_delivers_what_was_taken_and_erases() {
    let end = step("uninstall the app");
    assert_eq!((&end["state"], &end["webhooks_left"]), (&"revoked".into(), &0.into()));
    assert_eq!((&end["error"]["class"], &end["error"]["status"]), (&"auth.revoked".into(), &401.into()));
    assert_eq!(texts(&end["activations"], "subject"), ["order/152"]);
    assert_eq!(end["erased"], all("activations").len());
}

#[test]
fn wrong_input_is_shown_with_every_violation_and_a_lost_answer_with_what_to_check() {
    let product = step("put a new product on sale");
    let fields = texts(&product["error"]["violations"], "field");
    assert_eq!(BTreeSet::from_iter(fields), BTreeSet::from(["colour", "condition", "price", "weight"]));
    assert_eq!(product["price"], "80.96");
    let create = CONNECTOR.action("create-product").expect("an action").operation;
    assert_eq!(step("meet a store that has a bad moment")["check_first"].as_str(), create.check_first);
}

#[test]
fn it_fits_a_narrow_terminal() {
    let text = Invocation::new().args(["demo"]).env("COLUMNS", "60").run().ok();
    // What is to be pasted stays whole.
    let is_whole = |line: &str| line.contains(env!("CARGO_BIN_EXE_connector"));
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 60 && !is_whole(line)).collect();
    assert_eq!(wide, [""; 0], "{text}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_and_its_service_and_leaves_nothing_behind() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().expect("a folder");
    let mut invocation = Invocation::new().args(["demo"]).env("TMPDIR", folder.path());
    let mut child =
        invocation.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let line = lines.by_ref().map(|line| line.expect("text")).find(|line| line.contains(" is process "));
    let line = line.expect("it says which process the service is");
    let (_, rest) = line.split_once(" is process ").expect("it was found by that");
    let service: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_there = || Command::new("kill").args(["-0", &service]).stderr(Stdio::null()).status();
    assert!(is_there().expect("kill runs").success(), "the service runs");

    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signalled.expect("kill runs").success());
    lines.by_ref().for_each(drop);
    let mut said = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{said}");
    assert!(said.contains("stopped by a signal"), "{said}");
    assert!(!is_there().expect("kill runs").success(), "the service is gone");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "something is left");
}

#[cfg(unix)]
#[test]
fn the_commands_it_recommends_work() {
    let next = steps().last().expect("steps")["next"].as_array().expect("commands");
    assert!(!next.is_empty());
    for command in next.iter().map(|command| command.as_str().expect("text")) {
        // The store would run until it is stopped, and the story is told by other tests.
        let is_shown = ["sandbox", "demo --json"].iter().any(|end| command.ends_with(end));
        let command = if is_shown { format!("{command} --help") } else { command.to_owned() };
        let run = std::process::Command::new("sh").args(["-c", &command]).output().expect("a shell");
        assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stderr));
    }
}
