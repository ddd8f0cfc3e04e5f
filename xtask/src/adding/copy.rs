//! Copies of the tree and of the dependencies that are built already.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use xshell::{Shell, cmd};

/// Copies every file that git knows or would add, as it lies in the working tree, and commits the copy, so that git lists
/// what changes in it.
///
/// # Errors
/// If git fails, or a file cannot be copied.
pub(super) fn tree(shell: &Shell, to: &Path) -> anyhow::Result<()> {
    shell.remove_path(to).with_context(|| format!("cannot remove {}", to.display()))?;
    let listed = cmd!(shell, "git ls-files -z --cached --others --exclude-standard").quiet().read();
    let root = shell.current_dir();
    for path in listed.context("git cannot list the files")?.split('\0').filter(|path| !path.is_empty()) {
        let (from, to) = (root.join(path), to.join(path));
        // A file that was removed and not committed is listed as well.
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap_or(&to))?;
            fs::copy(&from, &to).with_context(|| format!("cannot copy {path}"))?;
        }
    }
    let inner = Shell::new()?;
    inner.change_dir(to);
    cmd!(inner, "git init --quiet").quiet().run()?;
    cmd!(inner, "git add --all").quiet().run()?;
    let identity =
        ["-c", "user.name=adding", "-c", "user.email=adding@localhost", "-c", "commit.gpgsign=false"];
    cmd!(inner, "git {identity...} commit --quiet --message=before").quiet().run()?;
    Ok(())
}

/// Links the files of built dependencies from one target folder into another. Cargo never writes into the files of a
/// dependency that is built. Files of `ours` are built anew: their names do not tell the trees apart.
///
/// # Errors
/// If a file can be neither linked nor copied.
pub(super) fn dependencies(from: &Path, to: &Path, ours: &[String]) -> anyhow::Result<()> {
    for inner in ["deps", "build", ".fingerprint"] {
        let (from, to) = (from.join("debug").join(inner), to.join("debug").join(inner));
        let Ok(entries) = fs::read_dir(&from) else { continue };
        fs::create_dir_all(&to)?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !is_ours(&name, ours) {
                link(&entry.path(), &to.join(&name))
                    .with_context(|| format!("cannot link {}", entry.path().display()))?;
            }
        }
    }
    Ok(())
}

/// Whether a file such as `libname-0123456789abcdef.rlib` belongs to one of these crates.
fn is_ours(file: &str, ours: &[String]) -> bool {
    let stem = file.split('.').next().unwrap_or_default();
    let Some((name, _hash)) = stem.rsplit_once('-') else { return false };
    let bare = name.strip_prefix("lib").unwrap_or(name);
    ours.iter().any(|ours| ours == name || ours == bare)
}

/// Links a file or everything in a folder; copies what cannot be linked. What is there stays.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            link(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => fs::copy(from, to).map(|_| ()),
    }
}

/// Makes the validator of the conformance tests, if it is installed, known in the copy.
///
/// # Errors
/// If the link cannot be made.
pub(super) fn validator(root: &Path, tree: &Path) -> anyhow::Result<()> {
    let installed: PathBuf = root.join("target/conformance");
    if !installed.is_dir() {
        return Ok(());
    }
    let link = tree.join("target/conformance");
    fs::create_dir_all(tree.join("target"))?;
    symlink(&installed, &link).with_context(|| format!("cannot link {}", link.display()))
}

#[cfg(unix)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(windows)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Vec<String> {
        ["connector_host", "connector-host", "it"].map(str::to_owned).to_vec()
    }

    #[test]
    fn files_of_our_crates_are_told_from_those_of_dependencies() {
        for name in
            ["libconnector_host-0a1b.rlib", "connector-host-0a1b", "it-0a1b.d", "connector_host-0a1b.d"]
        {
            assert!(is_ours(name, &ours()), "{name}");
        }
        for name in ["libitoa-0a1b.rlib", "serde-0a1b", "liblibc-0a1b.rmeta", ".lock", "iter_ext-0a1b.d"] {
            assert!(!is_ours(name, &ours()), "{name}");
        }
    }

    #[test]
    fn dependencies_are_linked_and_ours_are_not() {
        let folder = Shell::new().and_then(|shell| shell.create_temp_dir()).expect("a temporary folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for file in ["deps/libserde-1.rlib", "deps/it-2", ".fingerprint/serde-1/lib-serde"] {
            let path = from.join("debug").join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, file).expect("writable");
        }
        // A second run finds the links.
        for _ in 0..2 {
            dependencies(&from, &to, &ours()).expect("the files can be linked");
        }
        assert!(to.join("debug/deps/libserde-1.rlib").exists());
        assert!(to.join("debug/.fingerprint/serde-1/lib-serde").exists());
        assert!(!to.join("debug/deps/it-2").exists());
    }

    #[test]
    fn the_copy_has_what_git_knows_or_would_add_and_lists_what_changes() {
        let shell = Shell::new().expect("a folder to work in");
        let (from, to) = (
            shell.create_temp_dir().expect("a temporary folder"),
            shell.create_temp_dir().expect("a temporary folder"),
        );
        shell.change_dir(from.path());
        cmd!(shell, "git init --quiet").quiet().run().expect("git makes a repository");
        for (path, text) in [(".gitignore", "/target\n"), ("a/b.txt", "x"), ("target/c", "y")] {
            shell.write_file(path, text).expect("writable");
        }
        let copy = to.path().join("tree");
        tree(&shell, &copy).expect("the tree is copied");
        assert!(copy.join("a/b.txt").is_file() && !copy.join("target").exists());
        let inner = Shell::new().expect("a folder to work in");
        inner.change_dir(&copy);
        inner.write_file("a/b.txt", "z").expect("writable");
        let status = cmd!(inner, "git status --porcelain").quiet().read().expect("git lists changes");
        assert_eq!(status, " M a/b.txt");
    }
}
