//! Which connections are given up, in any order of events.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const ROOM: Room = Room { heads: 3, general: 2, requests: 4, share: None };
const SHARED: Room = Room { share: Some(2), ..ROOM };

fn client(number: u8) -> Option<Client> {
    Some(Client::of(IpAddr::from([192, 0, 2, number])))
}

/// Connections with requests of a class, which wait for their clients.
fn waiting<const N: usize>(table: &mut Table, class: Class) -> [(u64, Arc<Closing>); N] {
    std::array::from_fn(|_| {
        let (id, closing) = table.admit(None);
        assert_eq!(table.begin(id, class, None, true), Ok(()));
        (id, closing)
    })
}

fn reasons(all: &[Arc<Closing>]) -> Vec<Option<Reason>> {
    all.iter().map(|closing| closing.reason()).collect()
}

#[test]
fn the_oldest_head_goes_for_another() {
    let mut table = Table::new(ROOM);
    let all = [(); 4].map(|()| table.admit(None).1);
    assert_eq!(reasons(&all), [Some(Reason::Heads), None, None, None]);
}

#[test]
fn the_larger_group_of_connections_without_a_head_gives_way() {
    let mut table = Table::new(ROOM);
    let idle = [(); 3].map(|()| {
        let [(id, closing)] = waiting(&mut table, Class::General);
        table.rests(id, None);
        closing
    });
    let heads = [(); 2].map(|()| table.admit(None).1);
    assert_eq!(reasons(&idle), [Some(Reason::Heads), Some(Reason::Heads), None]);
    assert_eq!(reasons(&heads), [None, None]);
    table.admit(None);
    assert_eq!(reasons(&idle)[2], None);
    assert_eq!(reasons(&heads), [Some(Reason::Heads), None]);
}

#[test]
fn an_idle_connection_that_sends_is_one_with_an_incomplete_head() {
    let mut table = Table::new(ROOM);
    let [(first, closing)] = waiting(&mut table, Class::General);
    table.rests(first, None);
    table.reads(first);
    let [_, _, _] = [(); 3].map(|()| table.admit(None));
    assert_eq!(closing.reason(), Some(Reason::Heads));
}

#[test]
fn reserved_places_are_for_webhooks_alone() {
    let mut table = Table::new(ROOM);
    let pages = [(); 2].map(|()| {
        let (id, closing) = table.admit(None);
        assert_eq!(table.begin(id, Class::General, None, false), Ok(()));
        closing
    });
    let (refused, closing) = table.admit(None);
    assert_eq!(table.begin(refused, Class::General, None, false), Err(Reason::Requests));
    assert_eq!(closing.reason(), None, "its refusal must be sent");
    let webhooks: [_; 2] = waiting(&mut table, Class::Webhook);
    assert_eq!(reasons(&pages), [None, None]);
    assert_eq!(reasons(&webhooks.map(|(_, closing)| closing)), [None, None]);
}

#[test]
fn a_request_in_work_is_never_given_up() {
    let mut table = Table::new(ROOM);
    let all: [_; 4] = waiting(&mut table, Class::Webhook);
    for (id, _) in &all {
        table.works(*id);
    }
    let (id, _) = table.admit(None);
    assert_eq!(table.begin(id, Class::Webhook, None, true), Err(Reason::Requests));
    assert!(all.iter().all(|(_, closing)| closing.reason().is_none()));
    // An answer that nobody reads is not work.
    table.answers(all[2].0);
    assert_eq!(table.begin(id, Class::Webhook, None, true), Ok(()));
    assert_eq!(all[2].1.reason(), Some(Reason::Requests));
}

#[test]
fn a_webhook_pushes_out_a_page_first_and_a_page_never_a_webhook() {
    let mut table = Table::new(ROOM);
    let [webhook, ..] = waiting::<3>(&mut table, Class::Webhook);
    let [page] = waiting(&mut table, Class::General);
    let [_] = waiting(&mut table, Class::Webhook);
    assert_eq!((page.1.reason(), webhook.1.reason()), (Some(Reason::Requests), None));
    let (id, _) = table.admit(None);
    assert_eq!(table.begin(id, Class::General, None, true), Err(Reason::Requests));
    assert_eq!(webhook.1.reason(), None);
    let [_] = waiting(&mut table, Class::Webhook);
    assert_eq!(webhook.1.reason(), Some(Reason::Requests));
}

#[test]
fn a_client_over_its_share_loses_its_own_oldest_connection() {
    let mut table = Table::new(SHARED);
    let (_, other) = table.admit(client(9));
    let [(_, first), (second, of_second), (third, _)] = [(); 3].map(|()| table.admit(client(1)));
    assert_eq!((first.reason(), other.reason()), (Some(Reason::Address), None));
    for id in [second, third] {
        assert_eq!(table.begin(id, Class::Webhook, client(1), true), Ok(()));
    }
    let (fourth, _) = table.admit(client(1));
    assert_eq!(table.begin(fourth, Class::General, client(1), true), Err(Reason::Address));
    assert_eq!(table.begin(fourth, Class::Webhook, client(1), true), Ok(()));
    assert_eq!((of_second.reason(), other.reason()), (Some(Reason::Address), None));
}

#[test]
fn a_webhook_is_served_beyond_the_share_if_all_others_are_in_work() {
    let mut table = Table::new(SHARED);
    for _ in 0..2 {
        let (id, _) = table.admit(client(1));
        assert_eq!(table.begin(id, Class::Webhook, client(1), false), Ok(()));
    }
    let (id, _) = table.admit(client(1));
    assert_eq!(table.begin(id, Class::General, client(1), true), Err(Reason::Address));
    assert_eq!(table.begin(id, Class::Webhook, client(1), true), Ok(()));
}

#[test]
fn a_request_behind_a_proxy_counts_for_its_client_until_it_is_answered() {
    let mut table = Table::new(SHARED);
    let requests = [1, 1, 2].map(|number| {
        let (id, closing) = table.admit(None);
        assert_eq!(table.begin(id, Class::Webhook, client(number), true), Ok(()));
        (id, closing)
    });
    table.rests(requests[0].0, None);
    let (id, _) = table.admit(None);
    assert_eq!(table.begin(id, Class::Webhook, client(1), true), Ok(()));
    assert!(requests.iter().all(|(_, closing)| closing.reason().is_none()));
}

/// Something that happens to a connection; the number chooses from the latest.
#[derive(Clone, Debug)]
enum Step {
    Admit(u8),
    Begin(usize, Class, u8, bool),
    Works(usize),
    Answers(usize),
    Reads(usize),
    Rests(usize, u8),
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let class = prop_oneof![Just(Class::General), Just(Class::Webhook)];
    let (which, from) = (0_usize..12, 0_u8..3);
    let begin = (which.clone(), class, from.clone(), any::<bool>());
    prop_oneof![
        3 => from.clone().prop_map(Step::Admit),
        3 => begin.prop_map(|(which, class, from, has_body)| Step::Begin(which, class, from, has_body)),
        1 => which.clone().prop_map(Step::Works),
        1 => which.clone().prop_map(Step::Answers),
        1 => which.clone().prop_map(Step::Reads),
        1 => (which.clone(), from).prop_map(|(which, from)| Step::Rests(which, from)),
        1 => which.prop_map(Step::Leave),
    ]
}

/// Whether no pool is overfull and every count is the number of connections that it counts.
fn check(table: &Table) -> Result<(), TestCaseError> {
    let count =
        |line: &Line, is: &dyn Fn(Stage) -> bool| line.order.keys().filter(|(stage, _)| is(*stage)).count();
    for line in table.clients.values().chain([&table.all]) {
        prop_assert_eq!(line.heads, count(line, &|stage| stage == Stage::Head));
        prop_assert_eq!(line.idle, count(line, &|stage| stage == Stage::Idle));
        prop_assert_eq!(line.requests, count(line, &Stage::is_request));
        let is_general = |stage| matches!(stage, Stage::Waits(Class::General) | Stage::Works(Class::General));
        prop_assert_eq!(line.general, count(line, &is_general));
    }
    prop_assert!(table.all.heads + table.all.idle <= SHARED.heads);
    prop_assert!(table.all.requests <= SHARED.requests && table.all.general <= SHARED.general);
    let share = SHARED.share.unwrap_or_default();
    prop_assert!(table.clients.values().all(|line| line.heads + line.idle <= share && line.general <= share));
    prop_assert_eq!(table.all.order.len(), table.entries.len());
    let of_clients: usize = table.clients.values().map(|line| line.order.len()).sum();
    prop_assert_eq!(of_clients, table.entries.len());
    Ok(())
}

proptest! {
    #[test]
    fn no_pool_is_ever_overfull(steps in vec(step(), 0..120)) {
        let mut table = Table::new(SHARED);
        let mut known: Vec<(u64, Arc<Closing>)> = Vec::new();
        for step in steps {
            let id = |which: usize| known.get(known.len().wrapping_sub(which + 1)).map_or(u64::MAX, |(id, _)| *id);
            match step {
                Step::Admit(from) => {
                    let admitted = table.admit(client(from));
                    prop_assert!(admitted.1.reason().is_none(), "a new connection is not given up at once");
                    known.push(admitted);
                }
                Step::Begin(which, class, from, has_body) => {
                    let id = id(which);
                    let stage = |table: &Table| table.entries.get(&id).map(|entry| entry.place.0);
                    if stage(&table).is_some_and(|stage| !stage.is_request()) {
                        let begun = table.begin(id, class, client(from), has_body);
                        prop_assert_eq!(begun.is_ok(), stage(&table).is_some_and(Stage::is_request));
                    }
                }
                Step::Works(which) => table.works(id(which)),
                Step::Answers(which) => table.answers(id(which)),
                Step::Reads(which) => table.reads(id(which)),
                Step::Rests(which, from) => table.rests(id(which), client(from)),
                Step::Leave(which) => table.leave(id(which)),
            }
            check(&table)?;
            for (id, closing) in &known {
                prop_assert!(closing.reason().is_none() || !table.entries.contains_key(id));
            }
        }
    }
}
