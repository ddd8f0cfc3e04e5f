//! The queue of one account: who goes when, who is told to come back, and what happens to those who go away.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use connector_runtime::pacing::{Clock, Ending, Gate, Gates, Moment, Observation, Permit, TooLate};
use tokio::time::{advance, timeout};

use super::race::{PausedClock, SharedMemory, WAITS};

const MS: fn(u64) -> Duration = Duration::from_millis;

type Entering = Pin<Box<dyn Future<Output = Result<Permit, TooLate>>>>;

fn seen(quota: u32, left: u32, reset: u64) -> Observation {
    Observation {
        quota: Some(quota),
        left: Some(left),
        window: Some(MS(30_000)),
        reset: Some(MS(reset)),
        nonsense: 0,
    }
}

/// A gate whose window is open.
async fn gate(quota: u32, left: u32) -> (Arc<Gate>, Arc<PausedClock>) {
    let clock = Arc::new(PausedClock::new(1));
    let gate = Gates::with_clock(Arc::<PausedClock>::clone(&clock)).gate("an account", WAITS);
    gate.enter(None, None).await.expect("no deadline").settle(Ending::Answered(seen(quota, left, 30_000)));
    (gate, clock)
}

fn enter(gate: &Arc<Gate>, cap: Option<(&'static str, u16)>, deadline: Option<Moment>) -> Entering {
    let gate = Arc::clone(gate);
    Box::pin(async move { gate.enter(cap, deadline).await })
}

/// Lets a caller take a step, as if it were woken; whether it goes now.
fn step(entering: &mut Entering) -> Option<Result<Permit, TooLate>> {
    match entering.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn callers_go_in_the_order_in_which_they_came() {
    let (gate, _) = gate(10, 2).await;
    let first = gate.enter(None, None).await.expect("no deadline");
    let mut waiting: Vec<Entering> = (0..3).map(|_| enter(&gate, None, None)).collect();
    waiting.iter_mut().for_each(|caller| assert!(step(caller).is_none()));
    assert_eq!(gate.report().waiting, 3);
    first.settle(Ending::Unsent);
    // Whoever asks now comes behind, whatever order the callers are woken in.
    let mut late = enter(&gate, None, None);
    assert!(step(&mut late).is_none() && step(&mut waiting[2]).is_none() && step(&mut waiting[1]).is_none());
    let second = step(&mut waiting[0]).expect("what the test is made of").expect("what the test is made of");
    second.settle(Ending::Unsent);
    assert!(step(&mut late).is_none() && step(&mut waiting[2]).is_none());
    assert!(step(&mut waiting[1]).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_operation_at_its_cap_holds_up_its_own_callers_alone() {
    let (gate, _) = gate(100, 99).await;
    let cap = Some(("update-jars", 1));
    let first = gate.enter(cap, None).await.expect("what the test is made of");
    let mut second = enter(&gate, cap, None);
    assert!(step(&mut second).is_none());
    let others: Vec<Permit> = timeout(MS(1), async {
        let mut others = Vec::new();
        for _ in 0..5 {
            others.push(gate.enter(None, None).await.expect("no deadline"));
        }
        others
    })
    .await
    .expect("what the test is made of");
    assert!(step(&mut second).is_none());
    first.settle(Ending::Answered(seen(100, 90, 30_000)));
    assert!(step(&mut second).is_some());
    drop(others);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_passes_its_turn_on() {
    let (gate, _) = gate(10, 1).await;
    let first = gate.enter(None, None).await.expect("no deadline");
    let mut leaving = enter(&gate, None, None);
    assert!(step(&mut leaving).is_none());
    let next = tokio::spawn(enter_owned(Arc::clone(&gate)));
    tokio::task::yield_now().await;
    // The first in the queue is called, and goes away before it hears it.
    first.settle(Ending::Unsent);
    drop(leaving);
    let permit =
        timeout(MS(1), next).await.expect("what the test is made of").expect("what the test is made of");
    assert_eq!((gate.report().waiting, gate.report().under_way), (0, 1));
    permit.settle(Ending::Answered(seen(10, 0, 30_000)));
}

async fn enter_owned(gate: Arc<Gate>) -> Permit {
    gate.enter(None, None).await.expect("no deadline")
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_dropped_ends_its_request() {
    let clock = Arc::new(PausedClock::new(1));
    let gate = Gates::with_clock(clock).gate("an account", WAITS);
    let probe = gate.enter(None, None).await.expect("no deadline");
    let next = tokio::spawn(enter_owned(Arc::clone(&gate)));
    tokio::task::yield_now().await;
    drop(probe);
    timeout(MS(1), next).await.expect("what the test is made of").expect("what the test is made of");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_told_at_once() {
    let (gate, clock) = gate(10, 0).await;
    let started = clock.now();
    let error = gate.enter(None, Some(started + MS(5_000))).await.err().expect("what the test is made of");
    assert_eq!((error.retry_after, clock.now()), (MS(30_001), started));
    // One that fits is waited out.
    let permit = gate.enter(None, Some(started + MS(31_000))).await.expect("what the test is made of");
    assert_eq!(clock.now(), started + MS(30_001));
    assert_eq!((gate.report().counts.turned_away, gate.report().counts.waits), (1, 1));
    permit.settle(Ending::Unsent);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_counts_those_that_wait_already() {
    let (gate, clock) = gate(2, 0).await;
    let mut waiting: Vec<Entering> = (0..3).map(|_| enter(&gate, None, None)).collect();
    waiting.iter_mut().for_each(|caller| assert!(step(caller).is_none()));
    // Two go in the next window, the third and this one in the one after.
    let deadline = clock.now() + MS(50_000);
    let error = gate.enter(None, Some(deadline)).await.err().expect("what the test is made of");
    assert_eq!(error.retry_after, MS(60_001));
    waiting.truncate(1);
    let mut in_time = enter(&gate, None, Some(deadline));
    assert!(step(&mut in_time).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_wait_for_an_answer_that_does_not_come() {
    let clock = Arc::new(PausedClock::new(1));
    let gate = Gates::with_clock(Arc::<PausedClock>::clone(&clock)).gate("an account", WAITS);
    let _probe = gate.enter(None, None).await.expect("no deadline");
    let started = clock.now();
    let error = gate.enter(None, Some(started + MS(300))).await.err().expect("what the test is made of");
    assert_eq!(clock.now(), started + MS(300));
    assert!(error.retry_after > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_wait_goes_now_or_hears_how_long_it_would_take() {
    let (gate, clock) = gate(10, 1).await;
    let now = || Some(clock.now());
    let mut going = enter(&gate, None, now());
    let permit = step(&mut going).expect("what the test is made of").expect("what the test is made of");
    permit.settle(Ending::Answered(seen(10, 0, 30_000)));
    let mut turned_away = enter(&gate, None, now());
    assert_eq!(
        step(&mut turned_away).expect("what the test is made of").err(),
        Some(TooLate { retry_after: MS(30_001) })
    );
    // Nor does it wait behind others.
    let mut waiting = enter(&gate, None, None);
    assert!(step(&mut waiting).is_none());
    let mut turned_away = enter(&gate, None, now());
    assert_eq!(
        step(&mut turned_away).expect("what the test is made of").err(),
        Some(TooLate { retry_after: MS(30_001) })
    );
    assert_eq!(gate.report().waiting, 1);
}

#[tokio::test(start_paused = true)]
async fn a_cap_that_another_process_frees_is_noticed() {
    let store = Arc::new(SharedMemory::default());
    let process = || {
        let gates = Gates::with_clock(Arc::new(PausedClock::new(1)));
        gates.shared_through(Arc::<SharedMemory>::clone(&store)).gate("an account", WAITS)
    };
    let (here, there) = (process(), process());
    here.enter(None, None).await.expect("no deadline").settle(Ending::Answered(seen(100, 99, 30_000)));
    let cap = Some(("update-jars", 1));
    let theirs = there.enter(cap, None).await.expect("what the test is made of");
    // Two wait here: the one in front goes by the clock, the other by what the first leaves behind.
    let first = here.enter(None, None).await.expect("no deadline");
    let ours = tokio::spawn({
        let here = Arc::clone(&here);
        async move { drop(here.enter(cap, None).await.expect("what the test is made of")) }
    });
    advance(MS(50)).await;
    first.settle(Ending::Answered(seen(100, 98, 30_000)));
    assert!(!ours.is_finished());
    theirs.settle(Ending::Answered(seen(100, 97, 30_000)));
    timeout(MS(10), ours).await.expect("what the test is made of").expect("what the test is made of");
}

#[tokio::test(start_paused = true)]
async fn many_accounts_take_bounded_memory_and_an_entered_gate_has_no_twin() {
    let gates = Gates::with_clock(Arc::new(PausedClock::new(1)));
    let held = gates.gate("held", WAITS);
    let permit = held.enter(None, None).await.expect("no deadline");
    drop(held);
    for number in 0..30_000 {
        let gate = gates.gate(&format!("account {number}"), WAITS);
        // None of these is idle: its window is open.
        gate.enter(None, None).await.expect("no deadline").settle(Ending::Answered(seen(10, 5, 30_000)));
    }
    assert!(gates.reports().len() <= 10_000, "{}", gates.reports().len());
    assert_eq!(gates.gate("held", WAITS).report().under_way, 1);
    permit.settle(Ending::Unsent);
    assert_eq!(gates.gate("held", WAITS).report().under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn the_report_shows_what_happened() {
    let (gate, _) = gate(10, 4).await;
    let permit = gate.enter(None, None).await.expect("no deadline");
    permit.settle(Ending::Answered(Observation { nonsense: 2, ..seen(10, 3, 30_000) }));
    advance(MS(10_000)).await;
    let permit = gate.enter(None, None).await.expect("no deadline");
    permit.settle(Ending::Refused { seen: seen(10, 0, 20_000), wait: Some(MS(20_000)) });
    let report = gate.report();
    assert_eq!((report.quota, report.left, report.under_way, report.waiting), (Some(10), Some(0), 0, 0));
    assert!(
        report.closed_for.is_some_and(|length| (MS(20_001)..=MS(20_201)).contains(&length)),
        "{report:?}"
    );
    let counts = report.counts;
    assert_eq!((counts.admitted, counts.refused, counts.nonsense, counts.store_errors), (3, 1, 2, 0));
    // And it waits exactly that long.
    let mut entering = pin!(gate.enter(None, None));
    assert!(timeout(MS(20_000), entering.as_mut()).await.is_err());
    assert!(timeout(MS(250), entering).await.expect("what the test is made of").is_ok());
}
