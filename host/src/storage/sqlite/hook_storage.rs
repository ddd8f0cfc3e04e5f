//! The trait of webhooks and searches, over the same file, writer and readers as that of activations.

use super::group::Growth::{Grows, Stays};
use super::{SqliteStorage, accepting, missing};
use crate::storage::{Accepted, HookRow, HookStorage, Missed, StorageFuture, Watermark};

impl HookStorage for SqliteStorage {
    fn hooks(&self, connection: &str) -> StorageFuture<'_, Vec<HookRow>> {
        let id = connection.to_owned();
        Box::pin(self.readers.read(move |connection| missing::hooks(connection, &id)))
    }

    fn keep_hooks(&self, connection: &str, hooks: Vec<HookRow>) -> StorageFuture<'_, ()> {
        let id = connection.to_owned();
        Box::pin(self.writer.change(Grows, 1, move |work| missing::keep_hooks(work, &id, &hooks)))
    }

    fn watermarks(&self, connection: &str) -> StorageFuture<'_, Vec<Watermark>> {
        let id = connection.to_owned();
        Box::pin(self.readers.read(move |connection| missing::watermarks(connection, &id)))
    }

    fn raise_watermark(&self, connection: &str, mark: Watermark) -> StorageFuture<'_, ()> {
        let id = connection.to_owned();
        Box::pin(self.writer.change(Grows, 1, move |work| missing::raise(work, &id, &mark)))
    }

    fn keep_watermarks(&self, connection: &str, triggers: Vec<String>) -> StorageFuture<'_, ()> {
        let id = connection.to_owned();
        Box::pin(self.writer.change(Stays, 1, move |work| missing::keep_watermarks(work, &id, &triggers)))
    }

    fn accept_missed(&self, missed: Vec<Missed>) -> StorageFuture<'_, Accepted> {
        let weight = missed.iter().map(|one| accepting::weight(&one.activation)).sum();
        Box::pin(self.writer.change(Grows, weight, move |work| missing::accept(work, &missed)))
    }

    fn last_alive(&self) -> StorageFuture<'_, Option<i64>> {
        Box::pin(self.readers.read(missing::last_alive))
    }

    fn note_alive(&self, now_ms: i64) -> StorageFuture<'_, ()> {
        Box::pin(self.writer.change(Grows, 1, move |work| missing::note_alive(work, now_ms)))
    }
}
