//! Servers that say nothing, or nonsense, or do not answer: everything is done in the end, with few requests.

use http::{HeaderMap, HeaderValue};

use super::race::{Outcome, REAL, Race, SMALL};
use super::server::Faults;

/// Runs at both scales with few workers and many, and checks that no more requests were sent than `most`.
#[track_caller]
fn everywhere(faults: impl Fn(&Race) -> Faults, most: u64, check: impl Fn(&Outcome, bool) -> bool) {
    for scale in [REAL, SMALL] {
        for (workers, seed) in [(8, 1), (64, 2)] {
            let mut race = Race { seed, ..Race::new(scale, workers) };
            race.faults = faults(&race);
            let outcome = race.run();
            let is_real = scale.length == REAL.length;
            let is_good = outcome.is_done && outcome.requests <= most && check(&outcome, is_real);
            assert!(is_good, "{scale:?}, {workers} workers: {outcome}");
        }
    }
}

#[track_caller]
fn with_headers(change: fn(u64, &mut HeaderMap), most: u64, check: impl Fn(&Outcome, bool) -> bool) {
    everywhere(|_| Faults { headers: Some(change), ..Faults::default() }, most, check);
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

fn all_nonsense(headers: &mut HeaderMap) {
    for name in ["X-Quota", "X-Left", "X-Window-Ms", "X-Reset-Ms"] {
        set(headers, name, "soon");
    }
}

fn is_perfect(outcome: &Outcome, _: bool) -> bool {
    outcome.ratio() <= 1.01 && outcome.refusals.is_empty()
}

#[test]
fn answers_that_hang_hold_up_nobody_else() {
    // What hangs is spent, which costs a window more.
    let faults = |_: &Race| Faults { hangs: Some(50), ..Faults::default() };
    everywhere(faults, 1_560, |outcome, _| outcome.ratio() <= 1.25 && outcome.refusals.is_empty());
}

#[test]
fn refusals_that_say_nothing_are_waited_out() {
    // One in twenty stops all for up to a second, which at the small scale is a window.
    let faults = |_: &Race| Faults { bare: Some(20), ..Faults::default() };
    everywhere(faults, 1_650, |outcome, is_real| {
        outcome.most_tries <= 5 && outcome.ratio() <= if is_real { 1.2 } else { 12.0 }
    });
}

#[test]
fn an_overloaded_server_is_asked_ever_more_rarely() {
    let faults = |race: &Race| {
        let length = race.scale.length;
        Faults { overloaded: Some((length + length / 500, length * 9 / 5)), ..Faults::default() }
    };
    // At most those under way when it begins, and after these one at a time: after 1, 2, 4, 8, 16 and 32 seconds, or as
    // little as half of each. So it may end within the wait of up to 32 seconds, after 24: 56 of 270 seconds are lost.
    everywhere(faults, 1_500 + 64 + 8, |outcome, is_real| {
        outcome.ratio() <= if is_real { 1.21 } else { 1.6 }
    });
}

#[test]
fn a_server_that_answers_three_at_once_is_soon_asked_for_no_more() {
    let faults = |_: &Race| Faults { at_once: Some(3), ..Faults::default() };
    everywhere(faults, 1_650, |outcome, is_real| outcome.ratio() <= if is_real { 1.2 } else { 1.8 });
}

#[test]
fn without_any_header_refusals_alone_tell_the_pace() {
    let check = |outcome: &Outcome, is_real: bool| {
        outcome.most_tries <= 12 && outcome.ratio() <= if is_real { 1.6 } else { 3.0 }
    };
    with_headers(|_, headers| headers.clear(), 1_800, check);
    with_headers(|_, headers| all_nonsense(headers), 1_800, check);
}

#[test]
fn answers_without_headers_keep_what_is_known() {
    let two_of_three = |number: u64, headers: &mut HeaderMap| {
        if !number.is_multiple_of(3) {
            headers.clear();
        }
    };
    with_headers(two_of_three, 1_500, is_perfect);
    let only_the_first_windows = |number: u64, headers: &mut HeaderMap| {
        if number > 200 {
            headers.clear();
        }
    };
    with_headers(only_the_first_windows, 1_560, |outcome, is_real| {
        outcome.ratio() <= if is_real { 1.2 } else { 2.0 }
    });
}

#[test]
fn every_second_answer_may_be_nonsense() {
    let check = |number: u64, headers: &mut HeaderMap| {
        if number.is_multiple_of(2) {
            all_nonsense(headers);
        }
    };
    // One place that cannot be told from a used one costs a whole window of ten.
    with_headers(check, 1_510, |outcome, _| outcome.ratio() <= 1.12);
}

#[test]
fn more_left_than_there_is_is_not_believed() {
    with_headers(|_, headers| set(headers, "X-Left", "1000"), 1_500, is_perfect);
}

#[test]
fn a_reset_beyond_the_window_is_not_believed() {
    with_headers(|_, headers| set(headers, "X-Reset-Ms", "99999999999"), 1_500, is_perfect);
}

#[test]
fn a_reset_of_zero_lets_one_after_another_go() {
    with_headers(
        |_, headers| set(headers, "X-Reset-Ms", "0"),
        1_600,
        |outcome, is_real| {
            outcome.most_refusals() <= 10 && outcome.ratio() <= if is_real { 1.6 } else { 2.2 }
        },
    );
}
