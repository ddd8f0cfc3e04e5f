//! Files of SQLite that this process holds open beside SQLite.
//!
//! POSIX locks belong to a process and a file: closing any descriptor of the file ends those of SQLite. So each file is opened
//! once for all storages of the process, and closed after the last of them.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Which file it is: device and inode.
pub(super) type Key = (u64, u64);

static OPEN: Mutex<BTreeMap<Key, (Arc<File>, usize)>> = Mutex::new(BTreeMap::new());

/// The identity of a file.
pub(super) fn key(file: &Metadata) -> Key {
    (file.dev(), file.ino())
}

/// A file that stays open as long as any storage of this process uses it.
pub(super) struct Held {
    key: Key,
    file: Arc<File>,
}

impl Held {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = key(&fs::metadata(path)?);
        if let Some((file, users)) = open.get_mut(&known) {
            *users += 1;
            return Ok(Self { key: known, file: Arc::clone(file) });
        }
        let file = Arc::new(File::open(path)?);
        // Somebody may have replaced it in between.
        let key = key(&file.metadata()?);
        let (file, users) = open.entry(key).or_insert((file, 0));
        *users += 1;
        Ok(Self { key, file: Arc::clone(file) })
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }
}

impl Deref for Held {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, users)) = open.get_mut(&self.key) {
            *users -= 1;
            if *users == 0 {
                open.remove(&self.key);
            }
        }
    }
}
