//! Tests that no statement of daily use reads more rows than it needs, however many there are.

use rusqlite::Connection;
use rusqlite::types::Null;

use super::{
    SqliteOptions, accepting, codes, connecting, finishing, installing, leasing, missing, own_changes,
    reading, removing, schema, signings, stepping,
};
use crate::storage::ActivationState;

/// A file with a hundred thousand that wait, all behind one of a single resource or for receivers of some connections.
fn crowded(folder: &tempfile::TempDir) -> Connection {
    let connection = schema::open(&folder.path().join("storage"), &SqliteOptions::default()).unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) \
         INSERT INTO activations (id, state, due_ms, received_ms, origin, connection, account, trigger, resource_type, \
             resource_id, envelope) \
         SELECT 'id' || i, i = 0 OR i >= 50000, i, i, 0, 'c' || iif(i < 50000, 0, i % 10), 's', 't', 'order', \
             iif(i < 50000, '1', 'r' || i), x'00' FROM n";
    connection.execute_batch(&format!("BEGIN; {fill}; COMMIT; ANALYZE;")).unwrap();
    connection
}

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for index in 1..=explain.parameter_count() {
        explain.raw_bind_parameter(index, Null).unwrap();
    }
    let mut rows = explain.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

#[test]
fn nothing_of_daily_use_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let connection = crowded(&folder);
    let list = |state, newest_first| {
        let order = if newest_first { "DESC" } else { "ASC" };
        format!("{} ORDER BY position {order} LIMIT ?2", reading::list_of(Some(state), newest_first))
    };
    for (sql, index) in [
        (accepting::INSERT, "activations_of_resource (connection=? AND resource_type=? AND resource_id=?)"),
        (accepting::FORMER, "sqlite_autoindex_activations_1 (id=?)"),
        (missing::TOLD_ONCE, "activations_told (connection=? AND trigger=? AND resource_id=?)"),
        (
            missing::TOLD_SINCE,
            "activations_told (connection=? AND trigger=? AND resource_id=? AND event_time>?)",
        ),
        (
            missing::TOLD_WITHIN,
            "activations_told (connection=? AND trigger=? AND resource_id=? AND event_time=?)",
        ),
        (missing::COVERED, "activations_found (connection=? AND trigger=? AND resource_id=? AND covers>?)"),
        (signings::LATEST, "PRIMARY KEY (connection=? AND trigger=? AND key=?)"),
        (signings::SEEN, "PRIMARY KEY (connection=? AND trigger=? AND key=? AND signed_ms=?)"),
        (signings::WAS_LEASED, "sqlite_autoindex_activations_1 (id=?)"),
        (signings::REMOVE_OLD, "signings_by_age (received_ms<?)"),
        (signings::REMOVE_OF_CONNECTION, "PRIMARY KEY (connection=?)"),
        (finishing::FIND, "sqlite_autoindex_activations_1 (id=?)"),
        (finishing::FIRST, "activations_of_resource (connection=? AND resource_type=? AND resource_id=?)"),
        (leasing::ENDED, "activations_leased (due_ms<?)"),
        (leasing::LIVE, "activations_leased (due_ms>?)"),
        (leasing::NEXT_CONNECTION, "activations_ready (connection>?)"),
        (leasing::TAKE, "activations_ready (connection=? AND due_ms<?)"),
        (reading::FIND, "sqlite_autoindex_activations_1 (id=?)"),
        (reading::NEXT_READY, "activations_ready (connection=? AND due_ms>?)"),
        (reading::NEXT_ENDING, "activations_leased (due_ms>?)"),
        (reading::OLDEST, "activations_unfinished"),
        (&list(ActivationState::Dead, false), "activations_dead_letters (position>?)"),
        (&list(ActivationState::Dead, true), "activations_dead_letters (position<?)"),
        (removing::EMPTY_DELIVERED, "activations_delivered (finished_ms<?)"),
        (removing::EMPTY_DEAD, "activations_dead (finished_ms<?)"),
        (removing::EMPTY_SUPPRESSED, "activations_suppressed (finished_ms<?)"),
        (&list(ActivationState::Suppressed, false), "activations_kept_back (position>?)"),
        (&list(ActivationState::Suppressed, true), "activations_kept_back (position<?)"),
        (
            own_changes::OF_RESOURCE,
            "own_changes_of_resource (account=? AND resource_type=? AND resource_id=? AND began_ms>? AND began_ms<?)",
        ),
        (own_changes::FORGET_OLD, "own_changes_by_age (began_ms<?)"),
        (own_changes::FORGET_OLD, "connections_of_account (account=?)"),
        (
            own_changes::FORGET_OLD,
            "activations_of_resource (connection=? AND resource_type=? AND resource_id=?)",
        ),
        (codes::FIND, "PRIMARY KEY (digest=?)"),
        (codes::RENEW, "PRIMARY KEY (digest=?)"),
        (codes::SETTLE, "PRIMARY KEY (digest=?)"),
        (codes::RELEASE, "PRIMARY KEY (digest=?)"),
        (codes::REMOVE_EXPIRED, "callback_codes_by_expiry (expires_ms<?)"),
        (codes::REMOVE_ACCOUNT, "callback_codes_of_account (account=?)"),
        (connecting::IS_THERE, "connections_of_account (account=?)"),
        (installing::LAST, "audit_of_connection (connection=?)"),
        (removing::REMOVE_EMPTIED, "activations_emptied (received_ms<?)"),
    ] {
        let steps = plan(&connection, sql);
        assert!(steps.iter().any(|step| step.contains(index)), "{sql}: {steps:?}");
        // The first of an index in order is no scan of it, and what another search has found is few.
        let is_small = |step: &str| step.contains("CONSTANT") || step.contains("(subquery");
        let scans = |step: &&String| step.starts_with("SCAN") && !is_small(step);
        assert!(steps.iter().find(scans).is_none(), "{sql}: {steps:?}");
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!sorts || sql == leasing::LIVE, "{sql}: {steps:?}");
    }
}

#[test]
fn the_repair_after_a_step_of_the_clock_reads_no_finished_row() {
    let folder = tempfile::tempdir().unwrap();
    let connection = crowded(&folder);
    for sql in [stepping::CAP_DUE, stepping::CAP_ACCEPTED] {
        assert_eq!(plan(&connection, sql), ["SCAN activations USING INDEX activations_unfinished"], "{sql}");
    }
}

/// SQLite counts the steps of its machine: the same few whether ten rows wait or a hundred thousand.
#[test]
fn a_lease_takes_few_steps_among_a_hundred_thousand_rows() {
    let folder = tempfile::tempdir().unwrap();
    let connection = crowded(&folder);
    let mut take = connection.prepare(leasing::TAKE).unwrap();
    let mut rows = take.query(("c0", 1_000_000, 2_000_000, 10)).unwrap();
    let mut leased = 0;
    while rows.next().unwrap().is_some() {
        leased += 1;
    }
    drop(rows);
    let steps = take.get_status(rusqlite::StatementStatus::VmStep);
    assert_eq!(leased, 10);
    assert!(steps < 3_000, "{steps}");
}
