//! What is sent again after which failure, and what never is.

use std::time::Duration;

use connector_runtime::{Class, Patience};
use tokio::time::Instant;

use crate::scripted_api::{
    CREATE, DELETE, Outcome, READ, ScriptedApi, UPDATE, answer, lost, ok, request, unsent,
};

const PASSING: [fn() -> Outcome; 6] = [
    lost,
    || answer(423, &[], ""),
    || answer(500, &[], ""),
    || answer(502, &[], "<html>"),
    || answer(503, &[], ""),
    || answer(504, &[], ""),
];

#[tokio::test(start_paused = true)]
async fn what_can_be_repeated_is_sent_again_until_it_goes_well() {
    for operation in [&READ, &UPDATE, &DELETE] {
        for failure in PASSING {
            let api = ScriptedApi::answering(&[failure, failure, ok]);
            api.client(Patience::Unlimited).send(request(operation)).await.unwrap();
            assert_eq!(api.count(), 3, "{:?} {:?}", operation.effect, failure());
            let gaps = api.gaps();
            assert!(gaps[0] <= Duration::from_millis(500) && gaps[1] <= Duration::from_secs(1), "{gaps:?}");
            assert!(gaps.iter().all(|gap| !gap.is_zero()), "no try follows at once: {gaps:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_of_unknown_outcome_is_never_sent_again_and_says_what_to_check() {
    for (failure, class) in [
        (lost as fn() -> Outcome, Class::TransportUnknownOutcome),
        (|| answer(500, &[], ""), Class::Server),
        (|| answer(502, &[], ""), Class::Server),
        (|| answer(503, &[], ""), Class::Unavailable),
        (|| answer(504, &[], ""), Class::Server),
    ] {
        let api = ScriptedApi::answering(&[failure, ok]);
        let error = api.client(Patience::Unlimited).send(request(&CREATE)).await.unwrap_err();
        assert_eq!((error.class(), error.is_retryable(), api.count()), (class, false, 1));
        assert_eq!(error.check_first(), Some("Look for the thing by its name."), "{class}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_certainly_not_carried_out_is_sent_again() {
    for failure in
        [unsent as fn() -> Outcome, || answer(429, &[("X-Retry-After", "1")], ""), || answer(429, &[], "")]
    {
        let api = ScriptedApi::answering(&[failure, failure, ok]);
        api.client(Patience::Unlimited).send(request(&CREATE)).await.unwrap();
        assert_eq!(api.count(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [207, 400, 401, 403, 404, 405, 409, 413, 415, 422, 501, 505, 507] {
        let api = ScriptedApi::new(move |_| answer(status, &[], ""));
        let error = api.client(Patience::Unlimited).send(request(&READ)).await.unwrap_err();
        assert_eq!((error.status(), error.is_retryable(), api.count()), (Some(status), false, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn without_patience_nothing_is_sent_twice_and_nothing_waits() {
    let refused: fn() -> Outcome = || answer(429, &[("X-Retry-After", "7")], "");
    for failure in PASSING.into_iter().chain([unsent as fn() -> Outcome, refused]) {
        let api = ScriptedApi::answering(&[failure, ok]);
        let start = Instant::now();
        let error = api.client(Patience::Surface).send(request(&READ)).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!((api.count(), start.elapsed()), (1, Duration::ZERO), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_gives_up_after_five_tries() {
    let api = ScriptedApi::new(|_| answer(502, &[], ""));
    let error = api.client(Patience::Unlimited).send(request(&READ)).await.unwrap_err();
    assert_eq!((error.class(), api.count()), (Class::Server, 5));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_api_asks_for_is_kept() {
    let api = ScriptedApi::answering(&[|| answer(503, &[("Retry-After", "9")], ""), ok]);
    api.client(Patience::Unlimited).send(request(&READ)).await.unwrap();
    assert_eq!(api.gaps(), [Duration::from_secs(9)]);

    let api = ScriptedApi::answering(&[|| answer(503, &[("Retry-After", "9")], ""), ok]);
    let start = Instant::now();
    let patience = Patience::Within(Duration::from_secs(8));
    let error = api.client(patience).send(request(&READ)).await.unwrap_err();
    assert_eq!((error.class(), error.retry_after()), (Class::Unavailable, Some(Duration::from_secs(9))));
    assert_eq!(
        (api.count(), start.elapsed()),
        (1, Duration::ZERO),
        "it is known at once that the wait is too long"
    );
}

#[tokio::test(start_paused = true)]
async fn a_500_that_stands_in_for_a_refusal_waits_like_one() {
    let refused: fn() -> Outcome = || answer(500, &[("X-Retry-After", "7"), ("X-Reset-Ms", "6500")], "");
    let api = ScriptedApi::answering(&[refused, ok]);
    api.client(Patience::Unlimited).send(request(&READ)).await.unwrap();
    assert!(api.gaps()[0] >= Duration::from_secs(7), "{:?}", api.gaps());

    // The end of the window stands on every answer and asks nobody to wait.
    let plain: fn() -> Outcome = || answer(500, &[("X-Reset-Ms", "6500")], "");
    let api = ScriptedApi::answering(&[plain, ok]);
    api.client(Patience::Unlimited).send(request(&READ)).await.unwrap();
    assert!(api.gaps()[0] <= Duration::from_millis(500), "{:?}", api.gaps());
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_retries_stays_below_a_tenth_of_the_traffic_and_a_small_reserve() {
    let api = ScriptedApi::new(|_| answer(503, &[], ""));
    let client = api.client(Patience::Unlimited);
    for _ in 0..1_000 {
        client.send(request(&READ)).await.unwrap_err();
    }
    let retries = api.count() - 1_000;
    assert!(retries > 50, "it does retry: {retries}");
    assert!(retries <= 1_000 / 10 + 5, "{retries}");
    assert_eq!(client.gate().report().counts.retries.get("unavailable"), Some(&(retries as u64)));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_sent_again_and_finds_nothing_went_well() {
    let api = ScriptedApi::answering(&[lost, || answer(404, &[], "")]);
    let reply = api.client(Patience::Unlimited).send(request(&DELETE)).await.unwrap();
    assert_eq!((reply.json.as_str(), api.count()), ("null", 2));

    let api = ScriptedApi::answering(&[|| answer(404, &[], "")]);
    let error = api.client(Patience::Unlimited).send(request(&DELETE)).await.unwrap_err();
    assert_eq!(error.class(), Class::NotFound, "the first one tells the truth");
}

/// Failures that leave open whether the attempt was carried out.
const OPEN: [fn() -> Outcome; 4] =
    [lost, || answer(500, &[], ""), || answer(503, &[], ""), || answer(504, &[], "")];

#[tokio::test(start_paused = true)]
async fn an_error_after_an_attempt_of_unknown_outcome_reports_that_attempt() {
    let last: [(fn() -> Outcome, Class); 7] = [
        (|| answer(422, &[], ""), Class::Validation),
        (|| answer(400, &[], ""), Class::Validation),
        (|| answer(409, &[], ""), Class::Conflict),
        (|| answer(507, &[], ""), Class::PlanLimit),
        (|| answer(404, &[], ""), Class::NotFound),
        (|| answer(403, &[], ""), Class::AuthScope),
        (unsent, Class::TransportUnsent),
    ];
    for open in OPEN {
        for (last, class) in last {
            let api = ScriptedApi::answering(&[open, last]);
            let error = api.client(Patience::Unlimited).send(request(&UPDATE)).await.unwrap_err();
            assert_eq!((error.class(), error.earlier_attempt_may_have_been_executed()), (class, true));
            let text = error.to_string();
            assert!(text.contains("; an earlier attempt of this call may have been carried out"), "{text}");

            // A read changes nothing.
            let api = ScriptedApi::answering(&[open, last]);
            let error = api.client(Patience::Unlimited).send(request(&READ)).await.unwrap_err();
            assert_eq!((error.class(), error.earlier_attempt_may_have_been_executed()), (class, false));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_spent_after_an_attempt_of_unknown_outcome_does_not_hide_that_attempt() {
    let refused: fn() -> Outcome = || answer(429, &[("X-Retry-After", "100")], "");
    let api = ScriptedApi::answering(&[lost, refused]);
    let patience = Patience::Within(Duration::from_secs(10));
    let error = api.client(patience).send(request(&UPDATE)).await.unwrap_err();
    assert_eq!((error.class(), api.count()), (Class::RateLimitedWindow, 2));
    assert!(error.earlier_attempt_may_have_been_executed(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_after_attempts_that_were_not_carried_out_reports_none() {
    let before: [fn() -> Outcome; 3] =
        [unsent, || answer(423, &[], ""), || answer(429, &[("X-Retry-After", "1")], "")];
    for before in before {
        for operation in [&UPDATE, &DELETE, &CREATE] {
            let api = ScriptedApi::answering(&[before, || answer(404, &[], "")]);
            let error = api.client(Patience::Unlimited).send(request(operation)).await.unwrap_err();
            assert_eq!((error.class(), api.count()), (Class::NotFound, 2), "{:?}", operation.effect);
            assert!(!error.earlier_attempt_may_have_been_executed(), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_an_earlier_identical_create_may_have_caused_says_what_to_check() {
    for status in [409, 422, 507] {
        let api = ScriptedApi::new(move |_| answer(status, &[], ""));
        let error = api.client(Patience::Unlimited).send(request(&CREATE)).await.unwrap_err();
        assert_eq!(error.check_first(), Some("Look for the thing by its name."), "{status}");
        assert!(!error.earlier_attempt_may_have_been_executed(), "this call made one attempt");
    }
    for status in [401, 403, 404, 413, 429] {
        let api = ScriptedApi::new(move |_| answer(status, &[], ""));
        let error = api.client(Patience::Surface).send(request(&CREATE)).await.unwrap_err();
        assert_eq!(error.check_first(), None, "{status}");
    }
}
