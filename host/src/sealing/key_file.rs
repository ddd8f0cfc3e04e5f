//! Where the keys that seal secrets come from: a variable, a file that the operator names, or a file of our own in the
//! data folder, which is made at the first start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use connector_runtime::{ExposeSecret as _, SecretString};

use super::{KEY, KeyRing, NoKeyRing};
use crate::outside;
use crate::private_file;

/// The file of our own, in the data folder.
pub(crate) const OWN_FILE: &str = "sealing.keys";

/// Where the ring comes from.
#[derive(Clone)]
pub(crate) enum KeySource {
    /// The keys themselves, from a variable or standard input.
    Given(SecretString),
    /// A file that the operator keeps.
    Named(PathBuf),
    /// Our own file in this data folder.
    Own(PathBuf),
}

/// Why there is no ring.
#[derive(Debug)]
pub(crate) enum KeySourceError {
    /// The file cannot be read or made.
    File(PathBuf, io::Error),
    /// Our own file is not there, and something may be sealed with its keys.
    Missing(PathBuf),
    /// The text is no ring.
    Ring(String, NoKeyRing),
    /// Others of this machine can read our own file.
    Exposed(PathBuf),
    /// A key can be added to our own file alone.
    NotOwn,
}

impl std::fmt::Display for KeySourceError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(out, "the key file {} cannot be used: {error}", path.display())
            }
            Self::Missing(path) => {
                let path = path.display();
                write!(
                    out,
                    "cannot open the stored secrets: the key file {path} is missing: restore {path} from your copy of the keys"
                )
            }
            Self::Ring(place, fault) => write!(out, "{place}: {fault}"),
            Self::Exposed(path) => {
                let path = path.display();
                write!(out, "others can read the key file {path}: `chmod 600 {path}`, and add a new key")
            }
            Self::NotOwn => out.write_str("the keys are yours to change: add a new one where they are kept"),
        }
    }
}

impl KeySource {
    /// Reads the ring.
    ///
    /// # Errors
    /// When there is no ring to read.
    pub(crate) fn ring(&self) -> Result<KeyRing, KeySourceError> {
        match self {
            Self::Given(keys) => {
                let place = "cannot use the given sealing keys".to_owned();
                KeyRing::parse(keys).map_err(|fault| KeySourceError::Ring(place, fault))
            }
            Self::Named(path) => read(path),
            Self::Own(folder) => {
                let path = folder.join(OWN_FILE);
                if self.is_missing() {
                    return Err(KeySourceError::Missing(path));
                }
                if is_exposed(&path) {
                    return Err(KeySourceError::Exposed(path));
                }
                read(&path)
            }
        }
    }

    /// Whether our own file is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Own(folder) if !folder.join(OWN_FILE).exists())
    }

    /// Makes our own file with a first key if it is missing. Call it only if nothing is sealed yet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn make(&self, random: &dyn Fn() -> io::Result<[u8; KEY]>) -> Result<(), KeySourceError> {
        let Self::Own(folder) = self else { return Ok(()) };
        let path = folder.join(OWN_FILE);
        make(&path, random).map_err(|error| KeySourceError::File(path, error))
    }

    /// Adds a new key to our own file; it seals from now on.
    ///
    /// # Errors
    /// When the keys are not in our own file, or it cannot be written.
    pub(crate) fn add_key(&self, random: &dyn Fn() -> io::Result<[u8; KEY]>) -> Result<(), KeySourceError> {
        let Self::Own(folder) = self else { return Err(KeySourceError::NotOwn) };
        self.ring()?;
        let path = folder.join(OWN_FILE);
        let append = || {
            let text = outside::file(&path)?;
            let line = key_line(random)?;
            let whole =
                SecretString::from(format!("{}\n{line}", text.expose_secret().trim_end_matches('\n')));
            private_file::replace(&path, whole.expose_secret().as_bytes())
        };
        append().map_err(|error| KeySourceError::File(path.clone(), error))
    }
}

fn read(path: &Path) -> Result<KeyRing, KeySourceError> {
    let text = outside::file(path).map_err(|error| KeySourceError::File(path.to_owned(), error))?;
    KeyRing::parse(&text).map_err(|fault| {
        KeySourceError::Ring(format!("the key file {} cannot be used", path.display()), fault)
    })
}

fn key_line(random: &dyn Fn() -> io::Result<[u8; KEY]>) -> io::Result<String> {
    Ok(format!("{}\n", hex::encode(random()?)))
}

/// Makes the file with one key where there is none. Two programs that start at once agree on one: the file comes into
/// being whole, and the second to come finds it there.
fn make(path: &Path, random: &dyn Fn() -> io::Result<[u8; KEY]>) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let own = path.with_extension(format!("keys.{}", std::process::id()));
    // A process of the same id may have been killed here.
    match fs::remove_file(&own) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private_file::create(&own, key_line(random)?.as_bytes())?;
    let linked = match fs::hard_link(&own, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    fs::remove_file(&own)?;
    linked?;
    path.parent().map_or(Ok(()), private_file::sync_folder)
}

fn is_exposed(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NONCE, Place};
    use super::*;

    const SHOP: Place<'_> = Place { account: "abc123", kind: "connection" };

    fn key(byte: u8) -> impl Fn() -> io::Result<[u8; KEY]> {
        move || Ok([byte; KEY])
    }

    fn seal(ring: &KeyRing) -> Vec<u8> {
        ring.seal(SHOP, &SecretString::from("hush"), [7; NONCE]).unwrap()
    }

    #[test]
    fn the_file_of_our_own_is_made_once_for_nobody_else_and_takes_new_keys() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Own(folder.path().to_owned());
        source.make(&key(1)).unwrap();
        let first = seal(&source.ring().unwrap());
        source.make(&key(2)).unwrap();
        assert!(source.ring().unwrap().open(SHOP, &first).is_ok(), "the second start finds the first's");

        source.add_key(&key(3)).unwrap();
        let ring = source.ring().unwrap();
        assert!(ring.open(SHOP, &first).is_ok() && !ring.is_sealed_by_newest(&first));
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [OWN_FILE]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Own(folder.path().to_owned());
        source.make(&key(1)).unwrap();
        let path = folder.path().join(OWN_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = source.ring().unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn reading_makes_no_file_and_names_the_one_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Own(folder.path().to_owned());
        assert!(source.is_missing());
        for refused in [source.ring().map(drop), source.add_key(&key(1))] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("is missing: restore ") && refused.contains(OWN_FILE), "{refused}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_of_the_same_id_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Own(folder.path().to_owned());
        let left = folder.path().join(format!("{OWN_FILE}.{}", std::process::id()));
        fs::write(&left, "half a k").unwrap();
        source.make(&key(1)).unwrap();
        assert!(source.ring().is_ok() && !left.exists());
    }

    #[test]
    fn keys_of_the_operator_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        assert!(KeySource::Named(path.clone()).ring().is_err() && !path.exists());
        fs::write(&path, "ab".repeat(KEY)).unwrap();
        assert!(KeySource::Named(path.clone()).ring().is_ok());
        assert!(matches!(KeySource::Named(path).add_key(&key(1)), Err(KeySourceError::NotOwn)));
        assert!(KeySource::Given(SecretString::from("ab".repeat(KEY))).ring().is_ok());
    }
}
