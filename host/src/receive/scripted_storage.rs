//! A storage for tests of the endpoint that keeps activations in memory and fails when it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use crate::storage::{
    Activation, ActivationFilter, ActivationSummary, Arrival, ConnectionRow, Identity, LeaseRequest,
    LeaseToken, Leased, Receipt, Retention, Storage, StorageCounts, StorageError, StorageErrorKind,
    StorageFuture, StoredActivation, generation_id,
};

/// What the next call does in place of storing.
pub(super) enum Failure {
    /// It fails.
    Fails(StorageErrorKind),
    /// It takes this long.
    Takes(Duration),
}

/// See the module.
#[derive(Default)]
pub(super) struct ScriptedStorage {
    /// Its connections.
    pub(super) rows: Mutex<Vec<ConnectionRow>>,
    /// How often they were read.
    pub(super) readings: Mutex<u32>,
    /// What was accepted, by id.
    pub(super) accepted: Mutex<BTreeMap<String, Activation>>,
    /// What the next calls do.
    pub(super) script: Mutex<VecDeque<Failure>>,
}

fn unneeded<T: Send + 'static>() -> StorageFuture<'static, T> {
    Box::pin(async { Err(StorageError::new(StorageErrorKind::Other)) })
}

impl Storage for ScriptedStorage {
    fn accept(&self, arrivals: Vec<Arrival>) -> StorageFuture<'_, Vec<Receipt>> {
        Box::pin(async move {
            let next = self.script.lock().unwrap().pop_front();
            match next {
                Some(Failure::Fails(kind)) => return Err(StorageError::new(kind)),
                Some(Failure::Takes(time)) => tokio::time::timeout(time, std::future::pending::<()>())
                    .await
                    .map_err(|_| StorageError::new(StorageErrorKind::Other))?,
                None => {}
            }
            let mut known = self.accepted.lock().unwrap();
            let store = |arrival: Arrival| {
                let mut one = arrival.activation;
                if let Identity::Signed { key, .. } = arrival.identity {
                    one.id = generation_id(&one.connection, &one.trigger, &key, 0);
                }
                let id = one.id.clone();
                Receipt { is_new: known.insert(id.clone(), one).is_none(), id }
            };
            Ok(arrivals.into_iter().map(store).collect())
        })
    }

    fn connections(&self) -> StorageFuture<'_, Vec<ConnectionRow>> {
        *self.readings.lock().unwrap() += 1;
        Box::pin(async { Ok(self.rows.lock().unwrap().clone()) })
    }

    fn lease(&self, _: LeaseRequest) -> StorageFuture<'_, Vec<Leased>> {
        unneeded()
    }

    fn acknowledge(&self, _: &str, _: LeaseToken, _: i64) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn mend_clock(&self, _: i64) -> StorageFuture<'_, i64> {
        unneeded()
    }

    fn retry_later(&self, _: &str, _: LeaseToken, _: i64, _: &str, _: i64) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn postpone(&self, _: &str, _: LeaseToken, _: i64, _: &str, _: i64) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn bury(&self, _: &str, _: LeaseToken, _: &str, _: i64) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn list(&self, _: &ActivationFilter) -> StorageFuture<'_, Vec<ActivationSummary>> {
        unneeded()
    }

    fn find(&self, _: &str) -> StorageFuture<'_, Option<StoredActivation>> {
        unneeded()
    }

    fn replay(&self, _: &str, _: i64) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn end_leases(&self, _: i64) -> StorageFuture<'_, u64> {
        unneeded()
    }

    fn next_due(&self, _: i64) -> StorageFuture<'_, Option<i64>> {
        unneeded()
    }

    fn counts(&self) -> StorageFuture<'_, StorageCounts> {
        unneeded()
    }

    fn remove_expired(&self, _: i64, _: &Retention) -> StorageFuture<'_, u64> {
        unneeded()
    }

    fn erase_account(&self, _: &str) -> StorageFuture<'_, u64> {
        unneeded()
    }

    fn put_connection(&self, _: ConnectionRow) -> StorageFuture<'_, ()> {
        unneeded()
    }

    fn add_connection(&self, _: ConnectionRow) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn connection(&self, _: &str) -> StorageFuture<'_, Option<ConnectionRow>> {
        unneeded()
    }

    fn replace_connection(&self, _: ConnectionRow, _: ConnectionRow) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn remove_connection(&self, _: &str) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn remove_connection_as(&self, _: ConnectionRow) -> StorageFuture<'_, bool> {
        unneeded()
    }

    fn erase_finished(&self, _: &str) -> StorageFuture<'_, u64> {
        unneeded()
    }
}
