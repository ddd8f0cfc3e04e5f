//! The host's storage, with callers that each wait for the answer before they ask anew.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use connector_host::storage::{SqliteOptions, SqliteStorage, Storage as _};

use crate::Turn;
use crate::measured::Measured;
use crate::rows;

/// Callers as tasks of one runtime.
pub(crate) fn take(path: &Path, turn: Turn) -> Result<Measured, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let storage = Arc::new(SqliteStorage::open(path, SqliteOptions::default())?);
    runtime.block_on(storage.put_connection(rows::connection()))?;
    let before = storage.commits();
    let numbers = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let callers: Vec<_> = (0..turn.callers)
        .map(|_| {
            let (storage, numbers) = (Arc::clone(&storage), Arc::clone(&numbers));
            runtime.spawn(call(storage, numbers, started, turn.duration))
        })
        .collect();
    let mut measured = Measured::default();
    for caller in callers {
        let waits = runtime.block_on(caller)?.map_err(|error| error.to_string())?;
        measured.rows += waits.len();
        measured.waits.extend(waits);
    }
    measured.elapsed = started.elapsed();
    measured.commits = storage.commits() - before;
    Ok(measured)
}

async fn call(
    storage: Arc<SqliteStorage>,
    numbers: Arc<AtomicU64>,
    started: Instant,
    duration: Duration,
) -> Result<Vec<Duration>, connector_host::storage::StorageError> {
    let mut random = fastrand::Rng::new();
    let mut waits = Vec::new();
    while started.elapsed() < duration {
        let row = rows::row(&mut random, numbers.fetch_add(1, Ordering::Relaxed));
        let asked = Instant::now();
        storage.accept(vec![row.into()]).await?;
        waits.push(asked.elapsed());
    }
    Ok(waits)
}
