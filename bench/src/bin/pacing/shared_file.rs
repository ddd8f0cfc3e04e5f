//! Windows that several gates share through a file, each gate as if it were in a process of its own that can die.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connector_host::QuotaStore;
use connector_runtime::pacing::{SystemClock, Window, WindowStore, WindowStoreError};

/// One process's access to the shared windows: a connection of its own to the file.
#[derive(Clone)]
pub(crate) struct SharedFile {
    store: Arc<QuotaStore>,
    is_dead: Arc<AtomicBool>,
}

impl SharedFile {
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let store = QuotaStore::open(path, Arc::new(SystemClock::new()))?;
        Ok(Self { store: Arc::new(store), is_dead: Arc::default() })
    }

    /// From now on nothing of this process is heard: its requests are never settled.
    pub(crate) fn kill(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
    }
}

impl WindowStore for SharedFile {
    fn update(&self, key: &str, change: &mut dyn FnMut(&mut Window)) -> Result<(), WindowStoreError> {
        if self.is_dead.load(Ordering::SeqCst) {
            return Err(WindowStoreError("the process is dead".into()));
        }
        self.store.update(key, change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_writes_another_reads_and_a_dead_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let open = || SharedFile::open(&folder.path().join("quota.sqlite")).unwrap();
        let (one, other) = (open(), open());
        let changed = Window::from_text(&Window::default().to_text().replacen("null", "150", 1)).unwrap();
        one.update("a", &mut |window| window.clone_from(&changed)).unwrap();
        let mut seen = None;
        other.update("a", &mut |window| seen = window.quota()).unwrap();
        assert_eq!(seen, Some(150));
        one.kill();
        assert!(one.update("a", &mut |window| *window = Window::default()).is_err());
        other.update("a", &mut |window| seen = window.quota()).unwrap();
        assert_eq!(seen, Some(150));
    }
}
