//! A small disk of its own for a test: a tmpfs, which needs the right to mount.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set where these tests must not be left out.
const REQUIRED: &str = "CONNECTOR_TEST_DISK";

/// A mounted tmpfs, which is unmounted when it is dropped.
pub(crate) struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of so many MiB. `None`, with a note, where this process may not mount.
    pub(crate) fn mount(path: &Path, mebibytes: u32) -> Option<Self> {
        fs::create_dir_all(path).expect("a folder");
        let size = format!("size={mebibytes}m,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self { path: path.to_owned() }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and no disk can be mounted: {why}");
        drop(writeln!(io::stderr(), "left out, since no disk can be mounted: {why}"));
        None
    }

    /// Another program fills what is free with a file.
    pub(crate) fn fill(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        let mut file = File::create(&path).expect("a file");
        let error = io::copy(&mut io::repeat(1), &mut file).expect_err("the disk is small");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.path).status());
    }
}
