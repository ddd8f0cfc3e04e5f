//! Space of the disk that is kept for deliveries: a file of allocated blocks next to the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs4::FileExt as _;

use super::schema::beside;

/// The reserve is allocated and given up in steps of this many bytes, so that other programs take as little as possible.
const STEP: u64 = 1024 * 1024;

/// The file that keeps the space.
pub(super) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve of a database; nothing is allocated yet.
    pub(super) fn new(database: &Path) -> Self {
        Self { path: beside(database, "-reserve") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are allocated now.
    pub(super) fn held(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| allocated(&file))
    }

    /// Allocates what is missing of `size` bytes, at most `spare` more. It adds whole steps.
    ///
    /// # Errors
    /// When the disk has no room, or the file cannot be written; then it holds what it held before.
    pub(super) fn fill(&self, size: u64, spare: u64) -> io::Result<()> {
        let held = self.held();
        let wanted = held.saturating_add(spare / STEP * STEP).min(size);
        if wanted <= held {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        // A copy of the folder may have left a file without blocks.
        file.set_len(held)?;
        let outcome = match file.allocate(wanted) {
            Err(error) if cannot_allocate(&error) => write_zeros(&mut file, held, wanted),
            outcome => outcome,
        };
        if outcome.is_err() {
            file.set_len(held)?;
        }
        outcome
    }

    /// Gives a step back to the disk; false when nothing is left.
    pub(super) fn give_up(&self) -> bool {
        let held = self.held();
        held > 0 && self.shrink_to(held.saturating_sub(STEP)).is_ok()
    }

    /// Gives back what it holds beyond `size` bytes.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn shrink_to(&self, size: u64) -> io::Result<()> {
        match self.held() > size {
            true => OpenOptions::new().write(true).open(&self.path)?.set_len(size),
            false => Ok(()),
        }
    }
}

#[cfg(unix)]
fn allocated(file: &fs::Metadata) -> u64 {
    /// What `st_blocks` counts in.
    const BLOCK: u64 = 512;
    file.len().min(std::os::unix::fs::MetadataExt::blocks(file).saturating_mul(BLOCK))
}

#[cfg(not(unix))]
fn allocated(file: &fs::Metadata) -> u64 {
    file.len()
}

/// Whether the file system has no such call. Then the blocks are written.
fn cannot_allocate(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

fn write_zeros(file: &mut File, from: u64, to: u64) -> io::Result<()> {
    io::Seek::seek(file, io::SeekFrom::Start(from))?;
    io::copy(&mut io::repeat(0).take(to - from), file)?;
    file.flush()?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_allocated_in_steps_and_given_back_in_steps() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(&folder.path().join("storage"));
        assert!(reserve.held() == 0 && !reserve.give_up());
        reserve.fill(3 * STEP, 2 * STEP + 5).unwrap();
        assert_eq!(reserve.held(), 2 * STEP);
        reserve.fill(3 * STEP, u64::MAX).unwrap();
        assert_eq!(reserve.held(), 3 * STEP);
        assert!(reserve.give_up());
        assert_eq!(reserve.held(), 2 * STEP);
        reserve.shrink_to(2 * STEP).unwrap();
        assert_eq!(reserve.held(), 2 * STEP);
        reserve.shrink_to(STEP).unwrap();
        assert_eq!(reserve.held(), STEP);
    }

    #[cfg(unix)]
    #[test]
    fn a_sparse_file_holds_nothing_and_is_filled_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(&folder.path().join("storage"));
        File::create(reserve.path()).unwrap().set_len(2 * STEP).unwrap();
        assert_eq!(reserve.held(), 0);
        fs::remove_file(reserve.path()).unwrap();
        reserve.fill(2 * STEP, u64::MAX).unwrap();
        assert_eq!(reserve.held(), 2 * STEP);
        assert_eq!(fs::metadata(reserve.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn blocks_are_written_where_they_cannot_be_allocated() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(&folder.path().join("storage"));
        let mut file = File::create(reserve.path()).unwrap();
        write_zeros(&mut file, 0, STEP).unwrap();
        assert_eq!(reserve.held(), STEP);
        reserve.fill(2 * STEP, u64::MAX).unwrap();
        assert_eq!(reserve.held(), 2 * STEP);
    }
}
