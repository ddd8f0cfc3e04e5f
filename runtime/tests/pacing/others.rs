//! Others spend the same quota: clients that are not ours, and gates of other processes.

use std::time::Duration;

use super::meter::{Edges, Foreign};
use super::race::{Outcome, REAL, Race, SMALL};

#[track_caller]
fn everywhere(change: impl Fn(&mut Race), check: impl Fn(&Outcome) -> bool) {
    for scale in [REAL, SMALL] {
        for (workers, seed) in [(8, 1), (64, 2)] {
            let mut race = Race { seed, ..Race::new(scale, workers) };
            change(&mut race);
            let outcome = race.run();
            assert!(outcome.is_done && check(&outcome), "{scale:?}, {workers} workers: {outcome}");
        }
    }
}

fn is_good(outcome: &Outcome) -> bool {
    outcome.ratio() <= 1.02 && outcome.most_refusals() <= 1
}

#[test]
fn half_the_quota_of_every_second_window_is_left_to_others() {
    everywhere(|race| race.foreign = Foreign::HalfOfEverySecond, is_good);
    let own = |race: &mut Race| {
        (race.foreign, race.quota.edges) = (Foreign::HalfOfEverySecond, Edges::Own(race.scale.length / 3));
    };
    everywhere(own, is_good);
}

#[test]
fn a_client_that_sends_at_its_own_pace_is_neither_starved_nor_a_cause_of_refusals() {
    everywhere(|race| race.foreign = Foreign::Steady(race.scale.length / 75), is_good);
    let own = |race: &mut Race| {
        let Race { scale, quota, foreign, .. } = race;
        (*foreign, quota.edges) = (Foreign::Steady(scale.length / 75), Edges::Own(scale.length / 3));
    };
    everywhere(own, is_good);
}

#[test]
fn a_client_that_bursts_in_the_middle_comes_too_late() {
    everywhere(|race| race.foreign = Foreign::Burst, is_good);
}

/// The same, but so few workers that the burst finds much left.
#[test]
fn a_burst_into_a_window_that_is_half_used_is_noticed() {
    for seed in 1..=3 {
        let race = Race { foreign: Foreign::Burst, seed, requests: 600, ..Race::new(SMALL, 1) };
        let slow = super::race::Scale { latency: Duration::from_millis(8), ..SMALL };
        let outcome = Race { scale: slow, ..race }.run();
        assert!(outcome.is_done && outcome.most_refusals() <= 1, "{outcome}");
    }
}

fn processes(race: &mut Race) {
    (race.gates, race.workers) = (4, 16);
}

#[test]
fn processes_that_do_not_share_settle_with_few_refusals() {
    let is_good = |outcome: &Outcome| outcome.ratio() <= 1.02 && outcome.most_refusals() <= 25;
    everywhere(processes, is_good);
    let own = |race: &mut Race| {
        processes(race);
        race.quota.edges = Edges::Own(race.scale.length / 3);
    };
    everywhere(own, is_good);
}

fn sharing_processes(race: &mut Race) {
    processes(race);
    race.is_shared = true;
}

#[test]
fn processes_that_share_are_as_good_as_one() {
    let is_good = |outcome: &Outcome| outcome.ratio() <= 1.02 && outcome.refusals.is_empty();
    everywhere(sharing_processes, is_good);
    let own = |race: &mut Race| {
        sharing_processes(race);
        race.quota.edges = Edges::Own(race.scale.length / 3);
    };
    everywhere(own, is_good);
}

#[test]
fn a_process_that_is_killed_delays_the_others_by_no_more_than_a_window() {
    for scale in [REAL, SMALL] {
        let mut race = Race::new(scale, 16);
        sharing_processes(&mut race);
        let whole = race.run();
        // In the middle of a window's rush, while it probes, and while all wait.
        for after in
            [scale.length * 2 + scale.latency * 5, scale.length * 3 + scale.latency, scale.length / 2]
        {
            let outcome = Race { dies_after: Some(after), ..race.clone() }.run();
            assert!(outcome.is_done && outcome.refusals.is_empty(), "{scale:?}, {after:?}: {outcome}");
            let delay = outcome.took.saturating_sub(whole.took);
            assert!(delay <= scale.length, "{scale:?}, {after:?}: {outcome}, {delay:?} later");
        }
    }
}

/// Nobody knows then how long a window is.
#[test]
fn a_process_that_is_killed_by_its_very_first_request_delays_the_others_by_two_seconds() {
    let mut race = Race::new(SMALL, 16);
    sharing_processes(&mut race);
    let whole = race.run();
    let outcome = Race { dies_after: Some(SMALL.latency / 2), ..race }.run();
    assert!(outcome.is_done && outcome.refusals.is_empty(), "{outcome}");
    assert!(outcome.took <= whole.took + Duration::from_millis(2_050), "{outcome}");
}
