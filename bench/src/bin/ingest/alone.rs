//! SQLite alone: one thread inserts batches that are there already, with the storage's tables, indexes and settings, and
//! commits each. It asks for no order, answers nobody and counts nothing.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use connector_host::storage::{SqliteOptions, SqliteStorage};
use rusqlite::Connection;

use crate::Turn;
use crate::measured::Measured;
use crate::rows;

const INSERT: &str = "INSERT INTO activations \
     (id, state, due_ms, received_ms, event_time, origin, connection, account, trigger, resource_type, resource_id, envelope) \
     VALUES (?1, 1, ?2, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING";

/// A caller of a batch waits for all of it.
pub(crate) fn take(path: &Path, turn: Turn) -> Result<Measured, Box<dyn Error>> {
    // The storage makes its tables, and leaves them.
    drop(SqliteStorage::open(path, SqliteOptions::default())?);
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let mut random = fastrand::Rng::new();
    let mut number = 0;
    let mut insert = connection.prepare(INSERT)?;
    let mut measured = Measured::default();
    while measured.elapsed < turn.duration {
        // What is to be stored is there before the clock runs.
        let batch: Vec<_> = (0..turn.batch)
            .map(|_| {
                number += 1;
                rows::row(&mut random, number)
            })
            .collect();
        let begun = Instant::now();
        let transaction = connection.unchecked_transaction()?;
        for row in &batch {
            insert.execute((
                &row.id,
                row.received_ms,
                row.event_time,
                &row.connection,
                &row.account,
                &row.trigger,
                &row.resource_type,
                &row.resource_id,
                &row.envelope[..],
            ))?;
        }
        transaction.commit()?;
        let took = begun.elapsed();
        measured.elapsed += took;
        measured.waits.push(took);
        measured.rows += batch.len();
        measured.commits += 1;
    }
    Ok(measured)
}
