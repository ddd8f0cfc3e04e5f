//! One gate has the quota to itself: as fast as the quota allows, and nothing is refused.

use super::meter::Edges;
use super::race::{Outcome, REAL, Race, SMALL};

/// Both scales, few workers and many, and several courses of chance.
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

fn is_perfect(outcome: &Outcome) -> bool {
    outcome.ratio() <= 1.01 && outcome.refusals.is_empty() && outcome.requests == 1_500
}

#[test]
fn windows_that_begin_with_a_request_are_used_up_without_a_refusal() {
    everywhere(|_| {}, is_perfect);
}

#[test]
fn windows_with_edges_of_their_own_are_used_up_without_a_refusal() {
    everywhere(|race| race.quota.edges = Edges::Own(race.scale.length / 3), is_perfect);
}

#[test]
fn a_start_inside_a_window_takes_what_is_left_of_it() {
    everywhere(|race| race.before = 90, is_perfect);
    let own = |race: &mut Race| (race.before, race.quota.edges) = (90, Edges::Own(race.scale.length / 3));
    everywhere(own, is_perfect);
    // Nobody can know that nothing is.
    let is_good = |outcome: &Outcome| outcome.ratio() <= 1.01 && outcome.refusals.iter().sum::<u32>() == 1;
    everywhere(|race| race.before = 150, is_good);
}

#[test]
fn a_number_that_lags_lets_nobody_through() {
    everywhere(|race| race.quota.lag = 20, is_perfect);
    let own = |race: &mut Race| (race.quota.lag, race.quota.edges) = (20, Edges::Own(race.scale.length / 3));
    everywhere(own, is_perfect);
}

#[test]
fn rejections_that_count_do_not_matter_where_there_are_none() {
    everywhere(|race| race.quota.counts_rejections = true, is_perfect);
}

#[test]
fn a_sliding_window_is_followed_as_its_requests_age() {
    let is_good = |outcome: &Outcome| outcome.ratio() <= 1.02 && outcome.most_refusals() <= 2;
    everywhere(|race| race.quota.edges = Edges::Sliding, is_good);
    everywhere(|race| (race.before, race.quota.edges) = (90, Edges::Sliding), is_good);
    let counting = |race: &mut Race| {
        (race.quota.counts_rejections, race.quota.edges) = (true, Edges::Sliding);
    };
    everywhere(counting, is_good);
}

/// Here no number says what is true: it is the refusals that do.
#[test]
fn a_sliding_window_whose_number_lags_costs_few_refusals_and_no_time() {
    let is_good = |outcome: &Outcome| {
        outcome.ratio() <= 1.02 && outcome.most_refusals() <= 32 && outcome.most_tries <= 3
    };
    everywhere(|race| (race.quota.lag, race.quota.edges) = (20, Edges::Sliding), is_good);
}
