//! The comparison, by device and inode, size and header.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::held::{Held, Key, key};
use super::log::{self, LogFault};
use super::mismatch::{Mismatch, What};
use crate::storage::sqlite::schema::{APPLICATION_ID, beside};

/// How often to look: another process may be writing.
const LOOKS: u32 = 4;

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// The first bytes of every database of SQLite.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The bytes that say that a database has a log.
const HAS_LOG: [u8; 2] = [2, 2];

/// The files of an open storage.
pub(in crate::storage::sqlite) struct Files {
    database: Watched<Held>,
    log: Watched<File>,
    index: Watched<Held>,
    /// The size of the database when it was looked at last, in bytes.
    size: u64,
    /// Its change counter then.
    counter: u32,
}

struct Watched<F> {
    path: PathBuf,
    file: F,
    key: Key,
}

impl Watched<Held> {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = Held::open(&path)?;
        Ok(Self { path, key: file.key(), file })
    }
}

impl<F> Watched<F> {
    fn is_in_place(&self) -> Result<(), Mismatch> {
        let what = match fs::metadata(&self.path) {
            Ok(now) if key(&now) == self.key => return Ok(()),
            Ok(_) => What::Another,
            Err(_) => What::Missing,
        };
        Err(self.wrong(what))
    }

    fn wrong(&self, what: What) -> Mismatch {
        Mismatch { path: self.path.clone(), what }
    }
}

/// What the header of a database says.
struct Header {
    counter: u32,
    /// Bytes of the database.
    size: u64,
}

impl Files {
    /// Holds the files of a database that SQLite has opened in this process.
    ///
    /// # Errors
    /// When one of them is missing or cannot be read.
    pub(in crate::storage::sqlite) fn hold(path: &Path) -> io::Result<Self> {
        // SQLite puts its files next to what a link leads to.
        let real = fs::canonicalize(path)?;
        let log = beside(&real, "-wal");
        let file = File::open(&log)?;
        let mut files = Self {
            database: Watched::open(path.to_owned())?,
            log: Watched { path: log, key: key(&file.metadata()?), file },
            index: Watched::open(beside(&real, "-shm"))?,
            size: 0,
            counter: 0,
        };
        files.check().map_err(io::Error::other)?;
        Ok(files)
    }

    /// Compares the files with those that were opened.
    ///
    /// # Errors
    /// When a file was removed, replaced, truncated or overwritten.
    pub(in crate::storage::sqlite) fn check(&mut self) -> Result<(), Mismatch> {
        let mut looks = 1;
        loop {
            match self.look() {
                Err(mismatch) if looks == LOOKS => return Err(mismatch),
                Err(_) => std::thread::sleep(PAUSE),
                Ok(()) => return Ok(()),
            }
            looks += 1;
        }
    }

    fn look(&mut self) -> Result<(), Mismatch> {
        self.database.is_in_place()?;
        self.log.is_in_place()?;
        self.index.is_in_place()?;
        let database = &self.database;
        let header = header(&database.file).map_err(|what| database.wrong(what))?;
        let size = database.file.metadata().map_err(|_| database.wrong(What::Missing))?.len();
        if header.counter < self.counter {
            return Err(database.wrong(What::Overwritten));
        }
        // It gets smaller only when it is written anew, and then its header has the new size.
        if size < self.size && size < header.size {
            return Err(database.wrong(What::Truncated));
        }
        (self.size, self.counter) = (size, header.counter);
        match log::fault(&self.index.file, &self.log.file) {
            Ok(None) => Ok(()),
            Ok(Some(LogFault::Truncated)) => Err(self.log.wrong(What::Truncated)),
            Ok(Some(LogFault::Overwritten)) | Err(_) => Err(self.log.wrong(What::Overwritten)),
        }
    }
}

fn header(file: &File) -> Result<Header, What> {
    let mut bytes = [0; 100];
    file.read_exact_at(&mut bytes, 0).map_err(|_| What::Truncated)?;
    let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let is_ours =
        bytes.starts_with(MAGIC) && bytes[18..20] == HAS_LOG && word(68) == APPLICATION_ID.cast_unsigned();
    if !is_ours {
        return Err(What::Overwritten);
    }
    let page_size = match u16::from_be_bytes([bytes[16], bytes[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    Ok(Header { counter: word(24), size: u64::from(word(28)) * page_size })
}
