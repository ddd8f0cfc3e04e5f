//! What holds of a window in any course of requests and answers, found by chance.

use std::time::Duration;

use connector_runtime::pacing::{Asking, Ending, Moment, Observation, Verdict, Window};
use proptest::prelude::*;

use super::window::{ANYBODY, MS, WAITS, bench, seen};

/// What happens next in a random course.
#[derive(Clone, Copy, Debug)]
enum Event {
    Ask,
    /// A request reaches the server.
    Arrive(usize),
    /// Its answer comes; or it is known not to have left, if it has not arrived.
    Settle(usize),
    /// Its caller goes away.
    Drop(usize),
    Pass(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => Just(Event::Ask),
        4 => any::<usize>().prop_map(Event::Arrive),
        4 => any::<usize>().prop_map(Event::Settle),
        1 => any::<usize>().prop_map(Event::Drop),
        2 => (0..400_u64).prop_map(Event::Pass),
        1 => (0..12_000_u64).prop_map(Event::Pass),
    ];
    proptest::collection::vec(event, 1..250)
}

/// A request of a course.
struct Sent {
    /// None when its caller is gone.
    lease: Option<u64>,
    at: Moment,
    answer: Option<Observation>,
}

/// A server whose window begins with its first request.
struct Model {
    quota: u32,
    ends: Moment,
    used: u32,
}

const LENGTH: Duration = Duration::from_secs(10);

impl Model {
    fn take(&mut self, now: Moment) -> Result<Observation, TestCaseError> {
        if now >= self.ends {
            (self.ends, self.used) = (now + LENGTH, 0);
        }
        self.used += 1;
        prop_assert!(self.used <= self.quota, "one request too many: {} of {}", self.used, self.quota);
        Ok(Observation {
            quota: Some(self.quota),
            left: Some(self.quota - self.used),
            window: Some(LENGTH),
            reset: Some(MS(u64::try_from((self.ends - now).as_millis()).expect("what the test is made of"))),
            nonsense: 0,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever order and delay answers have, and whoever goes away; a request arrives within two seconds, an answer
    /// within a window, or neither does.
    #[test]
    fn a_server_with_no_other_client_never_sees_one_request_too_many(quota in 1..25_u32, events in events()) {
        let mut window = Window::default();
        let mut now = Duration::from_secs(1_000);
        let mut model = Model { quota, ends: Duration::ZERO, used: 0 };
        let mut sent: Vec<Sent> = Vec::new();
        // Somebody has asked before: the quota is known.
        if let Verdict::Go(lease) = window.admit(&ANYBODY, &WAITS, now) {
            window.settle(lease, Ending::Answered(model.take(now)?), &WAITS, 0.5, now);
        }
        for event in events {
            match event {
                Event::Ask => {
                    if let Verdict::Go(lease) = window.admit(&ANYBODY, &WAITS, now) {
                        sent.push(Sent { lease: Some(lease), at: now, answer: None });
                    }
                }
                Event::Arrive(which) => {
                    let waiting = sent.iter_mut().filter(|sent| sent.answer.is_none());
                    let mut waiting: Vec<_> = waiting.collect();
                    if !waiting.is_empty() {
                        let which = which % waiting.len();
                        waiting[which].answer = Some(model.take(now)?);
                    }
                }
                Event::Settle(which) if !sent.is_empty() => {
                    let which = which % sent.len();
                    let Sent { lease, answer, .. } = sent.swap_remove(which);
                    if let Some(lease) = lease {
                        let ending = answer.map_or(Ending::Unsent, Ending::Answered);
                        window.settle(lease, ending, &WAITS, 0.5, now);
                    } else if answer.is_none() {
                        model.take(now)?;
                    }
                }
                Event::Drop(which) if !sent.is_empty() => {
                    let which = which % sent.len();
                    if let Some(lease) = sent[which].lease.take() {
                        window.settle(lease, Ending::Lost, &WAITS, 0.5, now);
                    }
                }
                Event::Settle(_) | Event::Drop(_) => {}
                Event::Pass(ms) => {
                    let then = now + MS(ms);
                    // All that is under way arrives in time, in the order in which it was sent.
                    sent.sort_by_key(|sent| sent.at);
                    for sent in sent.iter_mut().filter(|sent| sent.answer.is_none()) {
                        let latest = sent.at + MS(1_999);
                        if latest <= then {
                            sent.answer = Some(model.take(latest.max(now))?);
                        }
                    }
                    now = then;
                    for late in sent.extract_if(.., |sent| sent.at + LENGTH <= now) {
                        if let Some(lease) = late.lease {
                            window.settle(lease, Ending::Lost, &WAITS, 0.5, now);
                        }
                    }
                }
            }
        }
    }

    /// Whatever a refusal says, and whatever was before.
    #[test]
    fn after_a_refusal_nobody_goes_at_once_and_nobody_waits_beyond_the_greatest(
        before in proptest::collection::vec((0..5_u8, 0..12_u32, 0..20_000_u64), 0..40),
        told in any::<bool>(),
        wait in proptest::option::of(0..1_000_000_u64),
        jitter in 0.0..1.0_f64,
        is_urgent in any::<bool>(),
    ) {
        let mut bench = bench();
        let mut leases = Vec::new();
        for (kind, left, ms) in before {
            bench.pass(ms / 10);
            if let Verdict::Go(lease) = bench.ask(ANYBODY) {
                leases.push(lease);
            }
            let Some(lease) = (kind > 0).then(|| leases.pop()).flatten() else { continue };
            let seen = seen(left.min(10), ms.min(10_000));
            bench.settle(lease, match kind {
                1 => Ending::Answered(seen),
                2 => Ending::Answered(Observation::default()),
                3 => Ending::Refused { seen: Observation::default(), wait: None },
                _ => Ending::Lost,
            });
        }
        // The greatest wait of all that came before.
        bench.pass(240_000);
        let Verdict::Go(lease) = bench.ask(ANYBODY) else {
            return Err(TestCaseError::fail("nobody goes after two of the greatest waits"));
        };
        let seen = if told { seen(3, 9_000) } else { Observation::default() };
        let wait = wait.map(MS).filter(|wait| !wait.is_zero());
        bench.window.settle(lease, Ending::Refused { seen, wait }, &WAITS, jitter, bench.now);
        match bench.ask(Asking { is_urgent, cap: None }) {
            Verdict::NotBefore(moment) => {
                prop_assert!(moment > bench.now);
                prop_assert!(moment <= bench.now + WAITS.max);
                prop_assert!(wait.is_none_or(|wait| moment >= bench.now + wait.min(WAITS.max)));
            }
            verdict => prop_assert!(false, "{verdict:?}"),
        }
    }

    /// The text of a window is read as that window, at any point of its course.
    #[test]
    fn a_window_survives_its_text(
        course in proptest::collection::vec((0..5_u8, 0..12_u32, 0..20_000_u64, any::<bool>()), 0..60),
    ) {
        let mut bench = bench();
        let mut leases = Vec::new();
        for (kind, left, ms, is_capped) in course {
            bench.pass(ms / 10);
            let cap = is_capped.then_some(("update-jars", 3));
            if let Verdict::Go(lease) = bench.ask(Asking { cap, is_urgent: left > 6 }) {
                leases.push(lease);
            }
            if kind > 0 && let Some(lease) = leases.pop() {
                let wait = Some(MS(ms)).filter(|wait| !wait.is_zero());
                bench.settle(lease, match kind {
                    1 => Ending::Answered(seen(left.min(10), ms.min(10_000))),
                    2 => Ending::Answered(Observation::default()),
                    3 => Ending::Refused { seen: Observation::default(), wait },
                    _ => Ending::Lost,
                });
            }
            // Moments of the wall clock come in fractions of a microsecond, which the text leaves out; these do not.
            let read = Window::from_text(&bench.window.to_text());
            if ms % 2 == 0 {
                prop_assert!(read.is_some());
            }
            if kind != 3 {
                prop_assert_eq!(read.as_ref().map(Window::to_text), Some(bench.window.to_text()));
            }
        }
    }

    #[test]
    fn garbage_is_read_without_panic(text in ".*", cut in any::<proptest::sample::Index>()) {
        prop_assert_eq!(Window::from_text(&text), None);
        let whole = Window::default().to_text();
        prop_assert_eq!(Window::from_text(&whole[..cut.index(whole.len())]), None);
    }
}
