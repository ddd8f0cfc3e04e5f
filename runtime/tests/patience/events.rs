//! Reading the resource of an event: what is missing is looked for while the grace lasts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connector_runtime::{
    Action, Class, Event, Operation, Parameter, Patience, ReadAfterEvent, Trigger, impl_input,
};
use tokio::time::Instant;

use crate::scripted_api::{API, Outcome, ScriptedApi, answer};

pub(crate) struct GetThing {
    thing_id: i64,
}

impl_input!(GetThing { "thing_id" => thing_id });

impl Action for GetThing {
    type Output = connector_runtime::Json;
    const OPERATION: &'static Operation = &GET;
}

static GET: Operation =
    Operation::get("get-thing", &API, "/things/{thing_id}").parameters(&[Parameter::path("thing_id")]);

static TRIGGER: Trigger = Trigger {
    id: "thing-created",
    title: "Thing created",
    event: "thing/created",
    resource: "thing",
    scopes: &[],
    read: Some(ReadAfterEvent { operation: &GET, parameter: "thing_id", grace: Duration::from_secs(30) }),
    backfill: None,
    happens_once: false,
};

fn event(age: u64) -> Event {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Event {
        name: "thing/created".to_owned(),
        account: "abc".to_owned(),
        resource: Some("thing".to_owned()),
        id: Some("250".to_owned()),
        time: i64::try_from(now - age).ok(),
        dedupe_key: String::new(),
        signed_ms: None,
        former_key: String::new(),
    }
}

fn missing() -> Outcome {
    answer(404, &[], "")
}

fn there() -> Outcome {
    answer(200, &[], r#"{"id": 250}"#)
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_for_a_moment_is_found_after_waits_that_grow() {
    let api = ScriptedApi::answering(&[missing, missing, missing, there]);
    let reply = api.client(Patience::Unlimited).read_after_event(&TRIGGER, &event(0)).await.unwrap().unwrap();
    assert_eq!(reply.json.as_str(), r#"{"id": 250}"#);
    assert!(api.addresses().iter().all(|address| address.ends_with("/things/250")), "{:?}", api.addresses());
    let gaps = api.gaps();
    for (gap, most) in gaps.iter().zip([250, 500, 1_000]) {
        let most = Duration::from_millis(most);
        assert!(*gap >= most / 2 && *gap <= most, "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_it_is_missing_for_good() {
    let api = ScriptedApi::new(|_| missing());
    let start = Instant::now();
    let error = api.client(Patience::Unlimited).read_after_event(&TRIGGER, &event(0)).await.unwrap_err();
    assert_eq!((error.class(), error.class().as_str()), (Class::NotFoundEventual, "not_found.eventual"));
    assert_eq!((error.is_retryable(), error.status()), (false, Some(404)));
    assert!(start.elapsed() <= Duration::from_secs(31), "{:?}", start.elapsed());
    assert!((5..20).contains(&api.count()), "{}", api.count());

    let late = ScriptedApi::new(|_| missing());
    let error = late.client(Patience::Unlimited).read_after_event(&TRIGGER, &event(3_600)).await.unwrap_err();
    assert_eq!((error.class(), late.count()), (Class::NotFoundEventual, 1), "the event is an hour old");
}

#[tokio::test(start_paused = true)]
async fn without_patience_the_caller_looks_again_itself() {
    let api = ScriptedApi::answering(&[missing, there]);
    let client = api.client(Patience::Surface);
    let error = client.read_after_event(&TRIGGER, &event(0)).await.unwrap_err();
    assert_eq!((error.class(), error.is_retryable(), api.count()), (Class::NotFoundEventual, true, 1));
    assert!(error.retry_after().is_some_and(|wait| !wait.is_zero()), "{error}");
    assert!(client.read_after_event(&TRIGGER, &event(0)).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn other_failures_are_what_they_are_and_no_read_is_no_fault() {
    let api = ScriptedApi::new(|_| answer(403, &[], ""));
    let client = api.client(Patience::Unlimited);
    let error = client.read_after_event(&TRIGGER, &event(0)).await.unwrap_err();
    assert_eq!((error.class(), api.count()), (Class::AuthScope, 1));
    let bare = Trigger { read: None, ..TRIGGER };
    assert!(client.read_after_event(&bare, &event(0)).await.unwrap().is_none());
}
