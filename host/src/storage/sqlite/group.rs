//! A group of changes in one transaction: each is made or not by itself, and all are committed at once.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::files::Files;
use super::room::Room;
use super::row::State;
use crate::storage::{StorageError, StorageErrorKind};

const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const SAVEPOINT: &str = "SAVEPOINT change";
const RELEASE: &str = "RELEASE change";
const UNDO: &str = "ROLLBACK TO change";
const FORMER_UNTIL: &str = "SELECT former_until_ms FROM marks WHERE one = 1";
const ADD: &str = "UPDATE totals SET count = count + ?2 WHERE state = ?1";

/// Whether a change needs room for new rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Growth {
    Grows,
    /// It makes a row longer, which can be spared while the disk is full.
    Extends,
    Stays,
}

/// The transaction that a change is part of.
pub(super) struct Work<'a> {
    pub(super) connection: &'a Connection,
    /// The connection that was leased from last; the next one is asked first.
    pub(super) turn: &'a mut String,
    /// Until when ids in the form of earlier versions are known, in milliseconds since the epoch.
    pub(super) former_until_ms: i64,
    /// Whether the disk is full, so that no row may get longer than it was when it was stored.
    pub(super) is_tight: bool,
    /// What the changes so far add to the number of activations in each state.
    added: [i64; State::COUNT],
}

impl Work<'_> {
    /// Notes that so many activations came into, or went out of, a state.
    pub(super) fn add(&mut self, state: State, count: i64) {
        self.added[state.number()] += count;
    }

    /// Notes that an activation went from one state to another.
    pub(super) fn moved(&mut self, from: State, to: State) {
        self.add(from, -1);
        self.add(to, 1);
    }

    /// A text as it is stored: cut to 48 bytes while the disk is full.
    pub(super) fn shortened<'t>(&self, text: &'t str) -> &'t str {
        match self.is_tight {
            true => &text[..text.floor_char_boundary(48)],
            false => text,
        }
    }

    /// Runs a statement that asks nothing.
    pub(super) fn execute(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.connection.prepare_cached(sql)?.execute(values)
    }

    /// Makes all of a change of several statements, or nothing of it.
    pub(super) fn all_or_none<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let added = self.added;
        self.execute(SAVEPOINT, ())?;
        let outcome = change(self);
        if outcome.is_err() {
            self.added = added;
            // Where SQLite undid the whole transaction already, there is nothing left to undo.
            if !self.connection.is_autocommit() {
                self.execute(UNDO, ())?;
            }
        }
        if !self.connection.is_autocommit() {
            self.execute(RELEASE, ())?;
        }
        outcome
    }

    fn write_totals(&self) -> rusqlite::Result<()> {
        for (state, count) in (0_i64..).zip(self.added).filter(|(_, count)| *count != 0) {
            self.execute(ADD, (state, count))?;
        }
        Ok(())
    }
}

/// A change that somebody waits for.
pub(super) trait Change: Send {
    /// How much of a group it takes.
    fn weight(&self) -> usize;

    fn growth(&self) -> Growth;

    /// Makes the change, perhaps anew after the transaction was undone.
    ///
    /// # Errors
    /// Where the transaction cannot go on; an error of this change alone is its answer.
    fn make(&mut self, work: &mut Work<'_>) -> Result<(), StorageError>;

    /// Answers with what the change came to, now that it is on disk, or with why nothing was committed.
    fn answer(self: Box<Self>, committed: Result<(), StorageError>);
}

/// A change as a function, and who waits for it.
pub(super) struct Call<T, F> {
    pub(super) weight: usize,
    pub(super) growth: Growth,
    pub(super) function: F,
    pub(super) outcome: Option<Result<T, StorageError>>,
    pub(super) reply: oneshot::Sender<Result<T, StorageError>>,
}

impl<T, F> Change for Call<T, F>
where
    T: Send,
    F: FnMut(&mut Work<'_>) -> Result<T, StorageError> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn growth(&self) -> Growth {
        self.growth
    }

    fn make(&mut self, work: &mut Work<'_>) -> Result<(), StorageError> {
        let outcome = (self.function)(work);
        if let Err(error) = &outcome
            && (spoils_all(error.kind()) || work.connection.is_autocommit())
        {
            return Err(error.clone());
        }
        self.outcome = Some(outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let Self { outcome, reply, .. } = *self;
        let unmade = || Err(StorageError::new(StorageErrorKind::Other));
        // Who stopped waiting needs no answer.
        drop(reply.send(committed.and_then(|()| outcome.unwrap_or_else(unmade))));
    }
}

/// Whether an error says something of the disk, and not of one change.
fn spoils_all(kind: StorageErrorKind) -> bool {
    !matches!(kind, StorageErrorKind::UnknownConnection | StorageErrorKind::Refused)
}

/// The connection that writes, and what it remembers from group to group.
pub(super) struct Session {
    pub(super) connection: Connection,
    turn: String,
    former_until_ms: i64,
    /// How many pages the file may have.
    max_pages: Option<u32>,
    /// `None` where nobody asked for a reserve.
    room: Option<Room>,
    files: Arc<Mutex<Files>>,
}

impl Session {
    pub(super) fn new(
        connection: Connection,
        max_pages: Option<u32>,
        room: Option<Room>,
        files: Arc<Mutex<Files>>,
    ) -> rusqlite::Result<Self> {
        let former_until_ms = connection.query_row(FORMER_UNTIL, (), |row| row.get(0))?;
        let session = Self { connection, turn: String::new(), former_until_ms, max_pages, room, files };
        session.keep(Growth::Grows)?;
        Ok(session)
    }

    /// Makes and commits all changes, and only then answers. Where there is no room, those that need none are made without
    /// the others, so that deliveries and removals go on. Nothing is committed while the files are not those that were
    /// opened. True when something was committed.
    pub(super) fn commit(&mut self, group: Vec<Box<dyn Change>>) -> bool {
        if let Err(error) = self.check_files() {
            answer(group, &Err(error));
            return false;
        }
        let mut group = self.refuse_without_room(group);
        if group.is_empty() {
            return false;
        }
        let outcome = self.transact(&mut group);
        if let Err(error) = &outcome
            && error.kind() != StorageErrorKind::Locked
        {
            let is_full = error.kind() == StorageErrorKind::Full;
            let (growing, staying): (Vec<_>, _) =
                group.into_iter().partition(|change| change.growth() == Growth::Grows);
            if let Some(room) = self.room.as_ref().filter(|_| is_full && !growing.is_empty()) {
                // The next look measures again.
                drop(room.close(&self.connection));
            }
            answer(growing, &outcome);
            return self.commit_in_reserve(staying);
        }
        let is_committed = outcome.is_ok();
        answer(group, &outcome.and_then(|()| self.check_files()));
        is_committed
    }

    /// What is to be done every now and then, also when nobody asks.
    pub(super) fn tidy(&self) {
        if let Some(room) = self.room.as_ref().filter(|_| self.check_files().is_ok())
            && let Err(error) = room.tidy(&self.connection)
        {
            tracing::debug!(%error, "the room on the disk cannot be measured");
        }
    }

    /// Whether the files are those that were opened.
    pub(super) fn check_files(&self) -> Result<(), StorageError> {
        check(&self.files)
    }

    /// Answers those that need new rows while intake is stopped; the others.
    fn refuse_without_room(&self, group: Vec<Box<dyn Change>>) -> Vec<Box<dyn Change>> {
        let Some(room) = &self.room else { return group };
        // Without a measure the last decision holds.
        drop(room.look(&self.connection));
        if !room.is_closed() {
            return group;
        }
        let (growing, staying) = group.into_iter().partition(|change| change.growth() != Growth::Stays);
        answer(growing, &Err(StorageError::new(StorageErrorKind::Full)));
        staying
    }

    /// Commits and answers changes that take no new rows. When no room is left for all of them, each half is committed by
    /// itself. True when something was committed.
    fn commit_in_reserve(&mut self, mut group: Vec<Box<dyn Change>>) -> bool {
        if group.is_empty() {
            return false;
        }
        let outcome = self.transact_in_reserve(&mut group);
        if is_full(&outcome) && group.len() > 1 {
            let rest = group.split_off(group.len() / 2);
            let is_committed = self.commit_in_reserve(group);
            return self.commit_in_reserve(rest) || is_committed;
        }
        let is_committed = outcome.is_ok();
        answer(group, &outcome.and_then(|()| self.check_files()));
        is_committed
    }

    /// Where the size of the file is limited, the last pages are for those that take no new rows: a page of an index may
    /// have to be parted for them. Where the disk is full, the reserve is given up step by step.
    fn transact_in_reserve(&mut self, group: &mut [Box<dyn Change>]) -> Result<(), StorageError> {
        self.keep(Growth::Stays)?;
        let mut outcome = self.transact(group);
        let mut is_reserve_left = true;
        while let Some(room) = self.room.as_ref().filter(|_| is_reserve_left && is_full(&outcome)) {
            is_reserve_left = room.give_up(&self.connection);
            outcome = self.transact(group);
        }
        self.keep(Growth::Grows)?;
        outcome
    }

    fn keep(&self, growth: Growth) -> rusqlite::Result<()> {
        let Some(pages) = self.max_pages else { return Ok(()) };
        let limit = match growth {
            Growth::Grows => pages - (pages / 16).max(16).min(pages / 2),
            Growth::Extends | Growth::Stays => pages,
        };
        self.connection.pragma_update(None, "max_page_count", limit)
    }

    fn transact(&mut self, group: &mut [Box<dyn Change>]) -> Result<(), StorageError> {
        let Self { connection, turn, former_until_ms, room, .. } = self;
        let mut work = Work {
            connection,
            turn,
            former_until_ms: *former_until_ms,
            is_tight: room.as_ref().is_some_and(Room::is_closed),
            added: [0; State::COUNT],
        };
        work.execute(BEGIN, ())?;
        let mut make = || {
            for change in group.iter_mut() {
                change.make(&mut work)?;
            }
            work.write_totals()?;
            work.execute(COMMIT, ())?;
            Ok(())
        };
        let outcome = make();
        if outcome.is_err() && !connection.is_autocommit() {
            // It fails where the disk does, and the next transaction will tell so.
            drop(connection.execute(ROLLBACK, ()));
        }
        outcome
    }
}

fn is_full(outcome: &Result<(), StorageError>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == StorageErrorKind::Full)
}

/// Whether the files of a storage are those that it opened.
pub(super) fn check(files: &Mutex<Files>) -> Result<(), StorageError> {
    let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
    files.check().map_err(|mismatch| StorageError::with_source(StorageErrorKind::Replaced, mismatch))
}

fn answer(group: Vec<Box<dyn Change>>, outcome: &Result<(), StorageError>) {
    for change in group {
        change.answer(outcome.clone());
    }
}
