//! Windows of the quota in a SQLite file, so that all processes of one machine that use an account share them.
//!
//! The file is in WAL mode with `synchronous=NORMAL`: a commit waits for no disk. A crash of the machine may lose the latest
//! windows, which costs one probe and never a wrong belief for longer than a window. WAL needs memory that all users of the
//! file share, so it must lie on a disk of this machine, not on one of the network.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_runtime::pacing::{Clock, Moment, Window, WindowStore, WindowStoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior};

/// Version of the table, in the file's `user_version`; a new file has 0.
const VERSION: i64 = 1;

const TABLE: &str = "CREATE TABLE windows (account TEXT NOT NULL PRIMARY KEY, used_ms INTEGER NOT NULL, window TEXT NOT NULL) STRICT";
const READ: &str = "SELECT window FROM windows WHERE account = ?1";
const WRITE: &str = "INSERT INTO windows (account, used_ms, window) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (account) DO UPDATE SET used_ms = excluded.used_ms, window = excluded.window";
// Also what a clock that was set back left in the future.
const REMOVE_UNUSED: &str = "DELETE FROM windows WHERE used_ms NOT BETWEEN ?1 AND ?2";

/// An account that nobody used for so long is removed: its next window is found out anew.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest and the longest pause while another process holds the file, and how many there are: half a second in all.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);
const PAUSES: i32 = 250;

/// A file of windows. See [`WindowStore`].
pub struct QuotaStore {
    connection: Mutex<Connection>,
    clock: Arc<dyn Clock>,
}

/// Why a file cannot hold windows.
#[derive(Debug)]
pub struct QuotaStoreError {
    path: PathBuf,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// Another version of this program made it.
    Version(i64),
    /// It is a database of something else.
    Foreign,
    /// The file system cannot do what WAL needs.
    Unshareable,
    Sqlite(rusqlite::Error),
}

impl QuotaStore {
    /// Opens `path`, or makes a new file there, and removes what nobody used for a day.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, QuotaStoreError> {
        let wrong = |cause| QuotaStoreError { path: path.to_owned(), cause };
        let mut tries = 0;
        loop {
            match prepare(path, clock.wall()) {
                Ok(connection) => return Ok(Self { connection: Mutex::new(connection), clock }),
                // Processes that start together may meet in steps for which SQLite itself does not wait.
                Err(Cause::Sqlite(error)) if is_busy(&error) && pause(tries) => tries += 1,
                Err(cause) => return Err(wrong(cause)),
            }
        }
    }
}

impl WindowStore for QuotaStore {
    fn update(&self, key: &str, change: &mut dyn FnMut(&mut Window)) -> Result<(), WindowStoreError> {
        let now = self.clock.wall();
        // A change that panicked was rolled back.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        transact(&mut connection, now, key, change).map_err(|error| WindowStoreError(Box::new(error)))
    }
}

fn transact(
    connection: &mut Connection,
    now: Moment,
    key: &str,
    change: &mut dyn FnMut(&mut Window),
) -> rusqlite::Result<()> {
    // Taking the write lock first leaves no moment in which two processes have read the same window.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before: Option<Option<String>> = transaction
        .prepare_cached(READ)?
        .query_row([key], |row| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned)))
        .optional()?;
    let is_new = before.is_none();
    let before = before.flatten();
    // What cannot be read is begun anew.
    let mut window = before.as_deref().and_then(Window::from_text).unwrap_or_default();
    change(&mut window);
    let after = window.to_text();
    if is_new {
        remove_unused(&transaction, now)?;
    }
    // Whoever looks in vain writes nothing.
    if before.as_ref() != Some(&after) {
        transaction.prepare_cached(WRITE)?.execute((key, millis(now), &after))?;
    }
    transaction.commit()
}

fn prepare(path: &Path, now: Moment) -> Result<Connection, Cause> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(pause))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match transaction.query_row("PRAGMA user_version", (), |row| row.get(0))? {
        VERSION => {}
        0 => {
            if transaction.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0))?
                > 0
            {
                return Err(Cause::Foreign);
            }
            transaction.execute(TABLE, ())?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        version => return Err(Cause::Version(version)),
    }
    remove_unused(&transaction, now)?;
    transaction.commit()?;
    // The file keeps the mode.
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    if mode != "wal" {
        return Err(Cause::Unshareable);
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Else each call from the command line would wait for the disk when it ends.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

fn remove_unused(connection: &Connection, now: Moment) -> rusqlite::Result<()> {
    let (oldest, latest) = (now.saturating_sub(KEPT), now.saturating_add(KEPT));
    connection.prepare_cached(REMOVE_UNUSED)?.execute((millis(oldest), millis(latest)))?;
    Ok(())
}

/// Waits for another process, a little longer each time; false when it was often enough. Transactions are short, so the
/// pauses of SQLite's own timeout, milliseconds from the start, would be longer than what they wait for.
fn pause(tries: i32) -> bool {
    let doubled = 2_u32.saturating_pow(u32::try_from(tries).unwrap_or(0).min(16));
    std::thread::sleep(FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE));
    tries < PAUSES
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn millis(moment: Moment) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl fmt::Display for QuotaStoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the quota cannot be shared in {}: ", self.path.display())?;
        match &self.cause {
            Cause::Version(version) => {
                write!(
                    out,
                    "the file has version {version}, this program writes {VERSION}: name another file"
                )
            }
            Cause::Foreign => out.write_str("it is a database of something else: name another file"),
            Cause::Unshareable => {
                out.write_str("its file system cannot share memory: name a file on a disk of this machine")
            }
            Cause::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => out.write_str(
                    "it cannot be read: remove it, it holds nothing of worth, or name another file",
                ),
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => out
                    .write_str("it cannot be written: check that its folder exists and both can be written"),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    out.write_str("another process holds it: try again, or name another file")
                }
                _ => write!(out, "{error}: check the disk, or name another file"),
            },
        }
    }
}

impl StdError for QuotaStoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::Sqlite(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Debug for QuotaStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("QuotaStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_runtime::BoxFuture;
    use connector_runtime::pacing::{Asking, Ending, Gates, Observation, Verdict, Waits};

    /// A clock that stands still.
    struct Stopped(Moment);

    impl Clock for Stopped {
        fn now(&self) -> Moment {
            self.0
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }

        fn jitter(&self) -> f64 {
            0.0
        }
    }

    /// The clock of a process that started when the wall clock was wrong: the wall clock was set since.
    struct Stepped {
        now: Moment,
        wall: Moment,
    }

    impl Clock for Stepped {
        fn now(&self) -> Moment {
            self.now
        }

        fn wall(&self) -> Moment {
            self.wall
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }

        fn jitter(&self) -> f64 {
            0.0
        }
    }

    #[tokio::test]
    async fn processes_that_started_before_and_after_a_step_of_the_clock_share_a_window() {
        let folder = tempfile::tempdir().unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        let gate = |path: &Path, now: Moment| {
            let clock = Arc::new(Stepped { now, wall: START });
            let store = Arc::new(QuotaStore::open(path, clock.clone()).unwrap());
            Gates::with_clock(clock).shared_through(store).gate("a", WAITS)
        };
        for (first, second) in [(START + day, START), (START, START + day), (START - day, START + day)] {
            let path = folder.path().join(format!("{first:?} {second:?}"));
            let refused =
                Ending::Refused { seen: Observation::default(), wait: Some(Duration::from_secs(3)) };
            gate(&path, first).enter(None, Some(Moment::ZERO)).await.unwrap().settle(refused);
            let late = gate(&path, second).enter(None, Some(Moment::ZERO)).await.err().unwrap();
            assert_eq!(late.retry_after.as_secs(), 3, "{first:?} {second:?}");
        }
    }

    #[test]
    fn a_window_from_the_future_closes_nobody_out_for_longer_than_the_longest_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        let day = Duration::from_secs(24 * 60 * 60);
        let ahead = at(&path, START + day / 2);
        let refused = |window: &mut Window| {
            let now = START + day / 2;
            let Verdict::Go(lease) = window.admit(&Asking::default(), &WAITS, now) else {
                panic!("it is open")
            };
            let seen = Observation::default();
            window.settle(lease, Ending::Refused { seen, wait: Some(WAITS.max) }, &WAITS, 0.5, now);
        };
        ahead.update("a", &mut { refused }).unwrap();
        assert!(matches!(admit(&at(&path, START), "a"), Verdict::Go(_)));
    }

    const WAITS: Waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(9) };
    const START: Moment = Duration::from_secs(1_700_000_000);

    fn at(path: &Path, now: Moment) -> QuotaStore {
        QuotaStore::open(path, Arc::new(Stopped(now))).unwrap()
    }

    fn admit(store: &QuotaStore, account: &str) -> Verdict {
        let mut verdict = None;
        let mut change =
            |window: &mut Window| verdict = Some(window.admit(&Asking::default(), &WAITS, START));
        store.update(account, &mut change).unwrap();
        verdict.unwrap()
    }

    fn under_way(store: &QuotaStore, account: &str) -> u32 {
        let mut count = 0;
        store.update(account, &mut |window| count = window.under_way()).unwrap();
        count
    }

    fn accounts(path: &Path) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let mut rows = connection.prepare("SELECT account FROM windows ORDER BY account").unwrap();
        rows.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn two_connections_see_the_requests_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        let (one, other) = (at(&path, START), at(&path, START));
        assert!(matches!(admit(&one, "a"), Verdict::Go(_)));
        assert_eq!(under_way(&other, "a"), 1);
        // Nothing is known of the quota, and the first request finds out: others wait for its answer.
        assert!(matches!(admit(&other, "a"), Verdict::AfterAnswer(_)));
        assert!(matches!(admit(&other, "b"), Verdict::Go(_)), "accounts have nothing to do with each other");
        assert_eq!(under_way(&one, "a"), 1);
    }

    #[test]
    fn no_change_of_several_threads_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let store = at(&path, START);
                    for _ in 0..50 {
                        store
                            .update("a", &mut |window| {
                                window.admit(&Asking { is_urgent: true, ..Asking::default() }, &WAITS, START);
                            })
                            .unwrap();
                    }
                });
            }
        });
        // The probe, and as many urgent ones as may leave beside it; each was seen by all others.
        assert_eq!(under_way(&at(&path, START), "a"), 4);
    }

    #[test]
    fn accounts_that_nobody_used_for_a_day_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        admit(&at(&path, START), "old");
        let late = START + KEPT / 2;
        admit(&at(&path, late), "younger");
        let store = at(&path, START + KEPT + Duration::from_secs(1));
        assert_eq!(accounts(&path), ["younger"]);
        admit(&store, "new");
        drop(store);
        // A clock that was set back a year leaves no row for a year.
        at(&path, START - KEPT * 365);
        assert_eq!(accounts(&path), [""; 0]);
    }

    #[test]
    fn a_process_that_runs_on_removes_them_with_each_new_account() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        let running = at(&path, START + KEPT * 2);
        admit(&at(&path, START), "old");
        admit(&running, "new");
        assert_eq!(accounts(&path), ["new"]);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        let store = at(&path, START);
        for text in ["'nonsense'", "'[9]'", "CAST(x'ff' AS TEXT)"] {
            admit(&store, "a");
            let change = format!("UPDATE windows SET window = {text}");
            assert_eq!(Connection::open(&path).unwrap().execute(&change, ()).unwrap(), 1);
            assert_eq!(under_way(&store, "a"), 0, "{text}");
            assert!(matches!(admit(&store, "a"), Verdict::Go(_)), "{text}");
            assert_eq!(under_way(&store, "a"), 1, "{text}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_with_a_remedy_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| QuotaStore::open(path, Arc::new(Stopped(START))).unwrap_err().to_string();

        let text = folder.path().join("text");
        std::fs::write(&text, "a shopping list, long enough to be no empty database\n".repeat(30)).unwrap();
        let before = std::fs::read(&text).unwrap();
        assert!(refused(&text).contains("remove it"), "{}", refused(&text));
        assert_eq!(std::fs::read(&text).unwrap(), before);

        let missing = folder.path().join("no").join("folder");
        assert!(refused(&missing).contains("its folder exists"), "{}", refused(&missing));

        let foreign = folder.path().join("foreign");
        Connection::open(&foreign).unwrap().execute("CREATE TABLE recipes (name TEXT)", ()).unwrap();
        assert!(refused(&foreign).contains("something else"), "{}", refused(&foreign));

        let newer = folder.path().join("newer");
        drop(at(&newer, START));
        Connection::open(&newer).unwrap().pragma_update(None, "user_version", 2).unwrap();
        assert!(refused(&newer).contains("version 2"), "{}", refused(&newer));
    }

    #[test]
    fn a_file_that_another_process_holds_too_long_is_an_error_and_no_hang() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota");
        let store = at(&path, START);
        let mut holder = Connection::open(&path).unwrap();
        let held = holder.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let mut was_called = false;
        assert!(store.update("a", &mut |_| was_called = true).is_err());
        assert!(!was_called);
        drop(held);
        assert!(store.update("a", &mut |_| was_called = true).is_ok());
    }
}
