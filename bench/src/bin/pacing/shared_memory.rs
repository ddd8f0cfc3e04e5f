//! Windows that several gates share within one process, each gate as if it were in a process of its own that can die.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use connector_runtime::pacing::{Window, WindowStore, WindowStoreError};

/// One process's access to the shared windows.
#[derive(Clone, Default)]
pub(crate) struct SharedMemory {
    windows: Arc<Mutex<HashMap<String, Window>>>,
    is_dead: Arc<AtomicBool>,
}

impl SharedMemory {
    /// The access of another process to the same windows.
    pub(crate) fn another(&self) -> Self {
        Self { windows: Arc::clone(&self.windows), is_dead: Arc::default() }
    }

    /// From now on nothing of this process is heard: its requests are never settled.
    pub(crate) fn kill(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
    }
}

impl WindowStore for SharedMemory {
    fn update(&self, key: &str, change: &mut dyn FnMut(&mut Window)) -> Result<(), WindowStoreError> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_dead.load(Ordering::SeqCst) {
            return Err(WindowStoreError("the process is dead".into()));
        }
        change(windows.entry(key.to_owned()).or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_writes_another_reads_and_a_dead_one_changes_nothing() {
        let one = SharedMemory::default();
        let other = one.another();
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
