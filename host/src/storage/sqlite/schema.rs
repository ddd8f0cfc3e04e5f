//! The tables of the storage file: how it is opened, recognised and brought to this program's version.

use std::error::Error as StdError;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::SqliteOptions;
use crate::private_file;
use crate::storage::error;

/// Says in the file's header that it is ours.
pub(super) const APPLICATION_ID: i32 = 0x636e_6374;

/// The changes that led to the current tables, in order; `user_version` tells how many of them a file has seen. One that was
/// released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
    include_str!("migrations/5.sql"),
    include_str!("migrations/6.sql"),
    include_str!("migrations/7.sql"),
    include_str!("migrations/8.sql"),
];

/// How often to try where processes that start together meet in a step for which SQLite itself does not wait.
const TRIES: u32 = 50;

/// After how many pages the log is moved into the database.
const CHECKPOINT_PAGES: u32 = 1_000;

/// To how many bytes the log is cut when it begins anew after a reader has kept it from being moved.
const LOG_LIMIT: u32 = 8 * 1024 * 1024;

/// Statements that are kept prepared; there are fewer.
const STATEMENTS: usize = 64;

/// Why a file cannot be the storage.
#[derive(Debug)]
pub struct StorageOpenError {
    path: PathBuf,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// A newer version of this program made it.
    Newer(i64),
    /// It is a database of something else.
    Foreign,
    /// The file system cannot do what WAL needs.
    Unshareable,
    Io(io::Error),
    Sqlite(rusqlite::Error),
}

/// Opens the file for writing, makes it where there is none, and migrates it.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, StorageOpenError> {
    let wrong = |cause| StorageOpenError { path: path.to_owned(), cause };
    create(path).map_err(|error| wrong(Cause::Io(error)))?;
    let mut tries = 0;
    loop {
        match prepare(path, options, MIGRATIONS) {
            Ok(connection) => return Ok(connection),
            Err(Cause::Sqlite(error)) if is_busy(&error) && tries < TRIES => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(cause) => return Err(wrong(cause)),
        }
    }
}

/// Opens a file that [`open`] prepared, for reading alone.
pub(super) fn open_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, StorageOpenError> {
    let prepare = || {
        let connection = connect(path, options.busy_timeout)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    prepare().map_err(|cause| StorageOpenError { path: path.to_owned(), cause })
}

/// Opens a file to copy it: it must be ours, of whatever version, and is not changed.
pub(super) fn open_source(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Option<Connection>> {
    let connection = connect(path, busy_timeout)?;
    let id: i32 = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
    Ok((id == APPLICATION_ID).then_some(connection))
}

/// Makes an empty file that only this user can read; SQLite gives those beside it the same mode.
pub(super) fn create(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    private_file::sync_folder(folder.unwrap_or(Path::new(".")))
}

/// The path of a file that is named like the database and ends so.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn connect(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "trusted_schema", false)?;
    // A full disk for temporary files must not stop changes.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT)?;
    Ok(connection)
}

fn prepare(path: &Path, options: &SqliteOptions, migrations: &[&str]) -> Result<Connection, Cause> {
    let mut connection = connect(path, options.busy_timeout)?;
    connection.pragma_update(None, "secure_delete", true)?;
    migrate(&mut connection, migrations)?;
    // The file keeps the mode.
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    if mode != "wal" {
        return Err(Cause::Unshareable);
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Applies the migrations that the file has not seen, all or none.
fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), Cause> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma =
        |name: &str| transaction.query_row(&format!("PRAGMA {name}"), (), |row| row.get::<_, i64>(0));
    let (id, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    let is_new = id == 0 && version == 0 && tables == 0;
    if !is_new && id != i64::from(APPLICATION_ID) {
        return Err(Cause::Foreign);
    }
    let seen = usize::try_from(version).map_err(|_| Cause::Foreign)?;
    let unseen = migrations.get(seen..).ok_or(Cause::Newer(version))?;
    if unseen.is_empty() {
        return Ok(());
    }
    for migration in unseen {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    let version = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", version)?;
    Ok(transaction.commit()?)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl StorageOpenError {
    /// Whether the disk has no room for opening it.
    pub(super) fn is_full(&self) -> bool {
        match &self.cause {
            Cause::Sqlite(error) => error::is_full(error),
            Cause::Io(error) => error.kind() == io::ErrorKind::StorageFull,
            Cause::Newer(_) | Cause::Foreign | Cause::Unshareable => false,
        }
    }

    /// A file cannot be read or written, or no thread could be started.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self { path: path.to_owned(), cause: Cause::Io(error) }
    }

    /// The file could not be set up.
    pub(super) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        Self { path: path.to_owned(), cause: Cause::Sqlite(error) }
    }
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl fmt::Display for StorageOpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} cannot be the storage: ", self.path.display())?;
        match &self.cause {
            Cause::Newer(version) => write!(
                out,
                "the file has version {version}, this program knows {}: use the newer program, or name another file",
                MIGRATIONS.len()
            ),
            Cause::Foreign => out.write_str("it is a database of something else: name another file"),
            Cause::Unshareable => {
                out.write_str("its file system cannot share memory: name a file on a disk of this machine")
            }
            _ if self.is_full() => out.write_str("the disk is full: free space on it"),
            Cause::Io(error) => write!(out, "{error}: check that its folder can be written"),
            Cause::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => {
                    out.write_str("it is no database: name another file, or restore a backup")
                }
                Some(ErrorCode::DatabaseCorrupt) => out.write_str("it is damaged: restore a backup"),
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => out
                    .write_str("it cannot be written: check that its folder exists and both can be written"),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    out.write_str("another process holds it: try again")
                }
                _ => write!(out, "{error}: check the disk, or name another file"),
            },
        }
    }
}

impl StdError for StorageOpenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::Sqlite(error) => Some(error),
            Cause::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE notes (text TEXT NOT NULL) STRICT; INSERT INTO notes VALUES ('kept');";
    const SECOND: &str = "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT 'nobody';";
    const BROKEN: &str =
        "UPDATE notes SET text = 'lost'; CREATE TABLE more (x INTEGER); SELECT x FROM nothing;";

    fn at(path: &Path, migrations: &[&str]) -> Result<Connection, Cause> {
        create(path).unwrap();
        prepare(path, &SqliteOptions::default(), migrations)
    }

    fn version(connection: &Connection) -> i64 {
        connection.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_file_of_an_older_version_is_migrated_with_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage");
        drop(at(&path, &[FIRST]).unwrap());
        let connection = at(&path, &[FIRST, SECOND]).unwrap();
        let note: (String, String) = connection
            .query_row("SELECT text, author FROM notes", (), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(note, ("kept".to_owned(), "nobody".to_owned()));
        assert_eq!(version(&connection), 2);
        // Once, and a file that is as new as the program is opened as it is.
        assert_eq!(version(&at(&path, &[FIRST, SECOND]).unwrap()), 2);
        assert!(matches!(at(&path, &[FIRST]), Err(Cause::Newer(2))));
    }

    #[test]
    fn a_file_of_the_third_version_keeps_its_activations_and_learns_of_own_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage");
        let third = at(&path, &MIGRATIONS[..3]).unwrap();
        third
            .execute_batch(
                "INSERT INTO activations (id, state, due_ms, received_ms, origin, connection, account, trigger, envelope) \
                 VALUES ('a', 1, 5, 5, 0, 'c', 's', 't', x'7b7d'); UPDATE totals SET count = 1 WHERE state = 1;",
            )
            .unwrap();
        drop(third);
        let connection = open(&path, &SqliteOptions::default()).unwrap();
        assert_eq!(version(&connection), i64::try_from(MIGRATIONS.len()).unwrap());
        let found = super::super::reading::find(&connection, "a").unwrap().unwrap();
        assert_eq!((found.activation.envelope.as_ref(), found.own), (b"{}".as_slice(), None));
        let counts = super::super::reading::counts(&connection).unwrap();
        assert_eq!((counts.waiting, counts.suppressed), (1, 0));
        let changes: i64 =
            connection.query_row("SELECT count(*) FROM own_changes", (), |row| row.get(0)).unwrap();
        assert_eq!(changes, 0);
        assert!(
            matches!(at(&path, &MIGRATIONS[..3]), Err(Cause::Newer(seen)) if seen == version(&connection))
        );
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage");
        drop(at(&path, &[FIRST]).unwrap());
        assert!(matches!(at(&path, &[FIRST, SECOND, BROKEN]), Err(Cause::Sqlite(_))));
        let connection = at(&path, &[FIRST]).unwrap();
        assert_eq!(version(&connection), 1);
        let columns: i64 = connection
            .query_row("SELECT count(*) FROM pragma_table_info('notes')", (), |row| row.get(0))
            .unwrap();
        let text: String = connection.query_row("SELECT text FROM notes", (), |row| row.get(0)).unwrap();
        assert_eq!((columns, text.as_str()), (1, "kept"));
    }

    #[test]
    fn commits_wait_for_the_disk_and_removed_bytes_are_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("storage"), &SqliteOptions::default()).unwrap();
        let pragma = |name: &str| -> i64 {
            connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get(0)).unwrap()
        };
        assert_eq!(["synchronous", "secure_delete", "foreign_keys"].map(pragma), [2, 1, 1]);
        assert_eq!(pragma("application_id"), i64::from(APPLICATION_ID));
    }
}
