//! What is known of a quota, transition by transition.

use std::time::Duration;

use connector_runtime::pacing::{Asking, Ending, Moment, Observation, Verdict, Waits, Window};

pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;
pub(crate) const WAITS: Waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(120) };
pub(crate) const ANYBODY: Asking = Asking { cap: None, is_urgent: false };

/// A window and the clock of its test, which starts at 1,000 seconds.
pub(crate) struct Bench {
    pub(crate) window: Window,
    pub(crate) now: Moment,
}

pub(crate) fn bench() -> Bench {
    Bench { window: Window::default(), now: Duration::from_secs(1_000) }
}

pub(crate) fn seen(left: u32, reset: u64) -> Observation {
    Observation {
        quota: Some(10),
        left: Some(left),
        window: Some(MS(10_000)),
        reset: Some(MS(reset)),
        nonsense: 0,
    }
}

impl Bench {
    pub(crate) fn ask(&mut self, asking: Asking) -> Verdict {
        self.window.admit(&asking, &WAITS, self.now)
    }

    #[track_caller]
    fn go(&mut self) -> u64 {
        match self.ask(ANYBODY) {
            Verdict::Go(lease) => lease,
            verdict => panic!("{verdict:?}"),
        }
    }

    pub(crate) fn settle(&mut self, lease: u64, ending: Ending) {
        self.window.settle(lease, ending, &WAITS, 0.5, self.now);
    }

    fn answered(&mut self, lease: u64, left: u32, reset: u64) {
        self.settle(lease, Ending::Answered(seen(left, reset)));
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now += MS(ms);
    }

    /// How long everybody waits.
    #[track_caller]
    fn wait(&mut self) -> u64 {
        match self.ask(ANYBODY) {
            Verdict::NotBefore(moment) | Verdict::AfterAnswer(moment) => {
                u64::try_from((moment - self.now).as_millis()).expect("what the test is made of")
            }
            verdict @ Verdict::Go(_) => panic!("{verdict:?}"),
        }
    }
}

#[test]
fn one_request_opens_a_window_and_the_others_wait_for_its_answer() {
    let mut bench = bench();
    let probe = bench.go();
    assert_eq!(bench.ask(ANYBODY), Verdict::AfterAnswer(bench.now + MS(2_000)));
    bench.pass(60);
    bench.answered(probe, 9, 10_000);
    let under_way: Vec<u64> = (0..4).map(|_| bench.go()).collect();
    // Half of what is left may be under way at once.
    assert!(matches!(bench.ask(ANYBODY), Verdict::AfterAnswer(_)));
    bench.pass(100);
    for (lease, left) in under_way.into_iter().zip([8, 7, 6, 5]) {
        bench.answered(lease, left, 9_900);
    }
    // A round trip is longer than what the rest was rounded down by.
    assert_eq!(bench.window.left(bench.now), Some((5, bench.now + MS(9_900))));
}

#[test]
fn a_window_that_is_used_up_is_waited_out() {
    let mut bench = bench();
    for left in (0..10).rev() {
        let lease = bench.go();
        bench.answered(lease, left, 8_000);
    }
    assert_eq!(bench.ask(ANYBODY), Verdict::NotBefore(bench.now + MS(8_001)));
    // Even whoever cannot wait.
    let urgent = Asking { is_urgent: true, ..ANYBODY };
    assert_eq!(bench.ask(urgent), Verdict::NotBefore(bench.now + MS(8_001)));
    bench.pass(8_001);
    bench.go();
    assert!(matches!(bench.ask(ANYBODY), Verdict::AfterAnswer(_)));
}

#[test]
fn a_late_answer_of_the_window_before_changes_nothing() {
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    let late = bench.go();
    bench.pass(10_001);
    let probe = bench.go();
    bench.pass(10);
    bench.answered(probe, 9, 10_000);
    let before = bench.window.left(bench.now);
    bench.answered(late, 0, 20);
    assert_eq!(bench.window.left(bench.now), before);
    // Nor does its refusal.
    let late = bench.go();
    bench.pass(10_001);
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    bench.settle(late, Ending::Refused { seen: seen(0, 20), wait: Some(MS(20)) });
    assert_eq!(bench.window.closed_until(bench.now), None);
    bench.go();
}

#[test]
fn numbers_never_go_up_within_a_window() {
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    let (one, other) = (bench.go(), bench.go());
    bench.pass(10);
    bench.answered(other, 3, 9_990);
    bench.answered(one, 8, 9_990);
    assert_eq!(bench.window.left(bench.now).expect("what the test is made of").0, 3);
}

#[test]
fn a_refusal_closes_for_as_long_as_it_says_and_a_little_more() {
    let mut bench = bench();
    let probe = bench.go();
    bench.settle(probe, Ending::Refused { seen: seen(0, 5_000), wait: Some(MS(7_000)) });
    let wait = bench.wait();
    assert!((7_001..=7_071).contains(&wait), "{wait}");
    // Left above zero is believed to be limited all the same.
    let mut bench = self::bench();
    let probe = bench.go();
    bench.settle(probe, Ending::Refused { seen: seen(6, 5_000), wait: Some(MS(5_000)) });
    assert!((5_001..=5_051).contains(&bench.wait()));
}

#[test]
fn a_refusal_whose_numbers_make_no_sense_closes_all_the_same() {
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    let lease = bench.go();
    bench.settle(lease, Ending::Refused { seen: seen(5, 300), wait: Some(MS(300)) });
    assert!((301..=304).contains(&bench.wait()));
    // One request finds out whether it is over.
    bench.pass(310);
    bench.go();
    assert!(matches!(bench.ask(ANYBODY), Verdict::AfterAnswer(_)));
}

#[test]
fn requests_refused_together_count_once_but_the_longest_wait_holds() {
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    let leases: Vec<u64> = (0..4).map(|_| bench.go()).collect();
    bench.pass(10);
    let bare = |wait| Ending::Refused { seen: Observation::default(), wait };
    for lease in &leases[..3] {
        bench.settle(*lease, bare(None));
    }
    // The first wait of the back-off is from half a second to one, and was not doubled.
    let wait = bench.wait();
    assert!((500..=1_000).contains(&wait), "{wait}");
    bench.settle(leases[3], bare(Some(MS(3_000))));
    assert_eq!(bench.wait(), 3_001);
}

#[test]
fn refusals_that_say_nothing_double_the_wait_up_to_the_greatest() {
    let mut bench = bench();
    let mut waits = Vec::new();
    for _ in 0..9 {
        let lease = bench.go();
        bench.settle(lease, Ending::Refused { seen: Observation::default(), wait: None });
        waits.push(bench.wait());
        bench.pass(*waits.last().expect("what the test is made of"));
    }
    // Three quarters of each, by the chance of this test.
    assert_eq!(waits, [750, 1_500, 3_000, 6_000, 12_000, 24_000, 48_000, 90_000, 90_000]);
    // An answer begins anew.
    let lease = bench.go();
    bench.answered(lease, 9, 10_000);
    let lease = bench.go();
    bench.settle(lease, Ending::Refused { seen: Observation::default(), wait: None });
    assert_eq!(bench.wait(), 750);
}

#[test]
fn after_a_refusal_that_says_nothing_fewer_go_at_once() {
    let mut bench = bench();
    let probe = bench.go();
    let plenty = Observation { quota: Some(1_000), left: Some(999), ..seen(0, 10_000) };
    bench.settle(probe, Ending::Answered(plenty));
    let leases: Vec<u64> = (0..9).map(|_| bench.go()).collect();
    bench.settle(leases[0], Ending::Refused { seen: Observation::default(), wait: None });
    for lease in &leases[1..] {
        bench.settle(*lease, Ending::Answered(plenty));
    }
    bench.pass(1_000);
    let leases: Vec<u64> = (0..4).map(|_| bench.go()).collect();
    assert!(matches!(bench.ask(ANYBODY), Verdict::AfterAnswer(_)), "half of the eight");
    // One more after every hundred answers.
    for lease in leases {
        bench.settle(lease, Ending::Answered(plenty));
    }
    for _ in 0..100 {
        let lease = bench.go();
        bench.settle(lease, Ending::Answered(plenty));
    }
    for _ in 0..5 {
        bench.go();
    }
    assert!(matches!(bench.ask(ANYBODY), Verdict::AfterAnswer(_)));
}

#[test]
fn a_clock_that_is_set_back_prolongs_no_wait_beyond_twice_the_greatest() {
    let mut bench = bench();
    let probe = bench.go();
    bench.settle(probe, Ending::Refused { seen: seen(0, 5_000), wait: Some(MS(5_000)) });
    bench.now -= Duration::from_secs(900);
    bench.go();
    // A probe that was sent in what is now the future holds nobody up.
    bench.now -= Duration::from_secs(30);
    bench.go();
    let mut bench = self::bench();
    let probe = bench.go();
    bench.answered(probe, 0, 10_000);
    bench.now -= Duration::from_secs(900);
    bench.go();
}

#[test]
fn callers_that_go_away_are_not_waited_for_but_counted() {
    let mut bench = bench();
    let probe = bench.go();
    bench.settle(probe, Ending::Lost);
    let probe = bench.go();
    bench.answered(probe, 8, 10_000);
    // The first may still be on its way, and it may not.
    assert_eq!(bench.window.under_way(), 0);
    let left = (0..3).map(|_| bench.go()).count();
    assert_eq!(left, 3);
    assert_eq!(bench.ask(ANYBODY), Verdict::AfterAnswer(bench.now + MS(2_000)));
}

#[test]
fn a_probe_that_hangs_is_followed_by_another() {
    let mut bench = bench();
    bench.go();
    bench.pass(1_999);
    assert_eq!(bench.wait(), 1);
    bench.pass(1);
    let probe = bench.go();
    bench.pass(10);
    bench.answered(probe, 8, 9_000);
    // What hangs takes no place from the others.
    for _ in 0..4 {
        bench.go();
    }
}

#[test]
fn whoever_cannot_wait_goes_beside_a_probe_as_long_as_these_are_few() {
    let urgent = Asking { is_urgent: true, ..ANYBODY };
    let mut bench = bench();
    bench.go();
    let gone = (0..10).filter(|_| matches!(bench.ask(urgent), Verdict::Go(_))).count();
    assert_eq!(gone, 3, "four are under way then");
    // In a window that is open they may use all that is left.
    let mut bench = self::bench();
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    let gone = (0..20).filter(|_| matches!(bench.ask(urgent), Verdict::Go(_))).count();
    assert_eq!(gone, 9);
}

#[test]
fn an_operation_has_no_more_under_way_than_its_cap() {
    let capped = Asking { cap: Some(("update-jars", 2)), is_urgent: false };
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 9, 10_000);
    let Verdict::Go(lease) = bench.ask(capped) else { panic!("the first goes") };
    assert!(matches!(bench.ask(capped), Verdict::Go(_)));
    assert!(matches!(bench.ask(capped), Verdict::AfterAnswer(_)));
    bench.go();
    bench.answered(lease, 7, 9_000);
    assert!(matches!(bench.ask(capped), Verdict::Go(_)));
    // One that nobody settles counts for a minute.
    bench.pass(60_000);
    assert!(matches!(bench.ask(capped), Verdict::Go(_)));
}

#[test]
fn answers_that_say_nothing_count_as_one_each() {
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 3, 10_000);
    for _ in 0..3 {
        let lease = bench.go();
        bench.settle(lease, Ending::Answered(Observation::default()));
    }
    assert!(matches!(bench.ask(ANYBODY), Verdict::NotBefore(_)));
    // A window whose first answer says nothing is taken for one like those before.
    bench.pass(10_001);
    let probe = bench.go();
    bench.settle(probe, Ending::Answered(Observation::default()));
    assert_eq!(bench.window.left(bench.now).expect("what the test is made of").0, 9);
}

#[test]
fn without_any_number_everybody_goes() {
    let mut bench = bench();
    let probe = bench.go();
    bench.settle(probe, Ending::Answered(Observation::default()));
    for _ in 0..50 {
        bench.go();
    }
}

#[test]
fn a_request_that_never_left_is_not_spent() {
    let mut bench = bench();
    let probe = bench.go();
    bench.answered(probe, 1, 10_000);
    let lease = bench.go();
    bench.settle(lease, Ending::Unsent);
    bench.go();
}

#[test]
fn the_estimate_counts_windows() {
    let mut bench = bench();
    let now = bench.now;
    assert_eq!(bench.window.estimate(5, now), now, "nothing is known");
    let probe = bench.go();
    bench.answered(probe, 4, 10_000);
    for (ahead, expected) in [(0, 0), (3, 0), (4, 10_001), (13, 10_001), (14, 20_001), (24, 30_001)] {
        assert_eq!(bench.window.estimate(ahead, now), now + MS(expected), "{ahead} ahead");
    }
}

#[test]
fn other_text_is_no_window() {
    for text in ["", "{}", "[]", "null", "[3]", "[2,[null,null],null]", "\u{0}", "[2,[-1,null],null,[]]"] {
        assert_eq!(Window::from_text(text), None, "{text}");
    }
    for version in ["[1,", "[3,"] {
        let other = Window::default().to_text().replacen("[2,", version, 1);
        assert_eq!(Window::from_text(&other), None);
    }
}
