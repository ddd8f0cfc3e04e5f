//! Seals the secrets of rows that the storage keeps: XChaCha20-Poly1305 under a ring of keys, each text bound to its
//! account and its kind of row, so that it opens nowhere else.
//!
//! Sealed bytes are a version, the id of the key, a nonce and the text of the cipher. Old keys open, the newest seals.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use connector_runtime::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

mod key_file;

pub(crate) use key_file::{KeySource, KeySourceError, OWN_FILE};

/// The version of the form that sealed bytes have.
const VERSION: u8 = 1;
const KEY: usize = 32;
const KEY_ID: usize = 8;
const NONCE: usize = 24;

/// Randomness for one sealing; never use one twice.
pub(crate) type Nonce = [u8; NONCE];

/// What a sealed text belongs to. It opens for the same account and kind only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The account, bare.
    pub(crate) account: &'a str,
    /// The kind of row.
    pub(crate) kind: &'a str,
}

/// The keys, oldest first.
pub(crate) struct KeyRing {
    keys: Vec<Key>,
}

struct Key {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
}

/// Why sealed bytes cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// They are not in a form that we write.
    Malformed,
    /// The key they were sealed with is not in the ring.
    UnknownKey,
    /// They were changed, or belong to another account or kind of row.
    Forged,
}

impl fmt::Display for Unopened {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Malformed => "the sealed secrets are in no form that this version knows",
            Self::UnknownKey => "the key that sealed the secrets is not in the key ring",
            Self::Forged => "the sealed secrets were changed, or belong to another account",
        })
    }
}

/// Why a text is no ring of keys. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKeyRing {
    /// There is no key.
    Empty,
    /// This line, counted from 1, is no key.
    Line(usize),
}

impl fmt::Display for NoKeyRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("there is no key: write one as 64 hexadecimal digits"),
            Self::Line(line) => write!(out, "line {line} is no key of 64 hexadecimal digits"),
        }
    }
}

impl KeyRing {
    /// Reads a ring: a key of 64 hexadecimal digits on each line, the newest last. Commas part keys as well, for
    /// variables; empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// When there is no key, or a line is none.
    pub(crate) fn parse(text: &SecretString) -> Result<Self, NoKeyRing> {
        let mut keys = Vec::new();
        for (index, line) in text.expose_secret().lines().enumerate() {
            let words = line.split(',').map(str::trim);
            for word in words.filter(|word| !word.is_empty() && !line.trim_start().starts_with('#')) {
                keys.push(Key::parse(word).ok_or(NoKeyRing::Line(index + 1))?);
            }
        }
        if keys.is_empty() { Err(NoKeyRing::Empty) } else { Ok(Self { keys }) }
    }

    /// Seals a text with the newest key.
    ///
    /// # Errors
    /// When the text is longer than the cipher takes, which is beyond all memory.
    pub(crate) fn seal(
        &self,
        place: Place<'_>,
        text: &SecretString,
        nonce: Nonce,
    ) -> Result<Vec<u8>, Unopened> {
        let key = self.keys.last().ok_or(Unopened::UnknownKey)?;
        let mut sealed = vec![VERSION];
        sealed.extend(key.id);
        let bound = associated(place, &sealed);
        let payload = Payload { msg: text.expose_secret().as_bytes(), aad: &bound };
        let text = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Unopened::Malformed)?;
        sealed.extend(nonce);
        sealed.extend(text);
        Ok(sealed)
    }

    /// Opens what one of the keys has sealed for this place.
    ///
    /// # Errors
    /// See [`Unopened`].
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString, Unopened> {
        let (head, rest) = sealed.split_at_checked(1 + KEY_ID).ok_or(Unopened::Malformed)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(Unopened::Malformed)?;
        let Some((&VERSION, id)) = head.split_first() else { return Err(Unopened::Malformed) };
        let key = self.keys.iter().find(|key| key.id == id).ok_or(Unopened::UnknownKey)?;
        let bound = associated(place, head);
        let opened = key
            .cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &bound })
            .map_err(|_| Unopened::Forged)?;
        // From here on the only copy is in a type that wipes it.
        String::from_utf8(opened).map(SecretString::from).map_err(|_| Unopened::Malformed)
    }

    /// Whether the newest key has sealed this.
    pub(crate) fn is_sealed_by_newest(&self, sealed: &[u8]) -> bool {
        self.keys.last().is_some_and(|key| sealed.get(1..=KEY_ID) == Some(&key.id))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeyRing").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Key {
    fn parse(word: &str) -> Option<Self> {
        let mut bytes = [0; KEY];
        hex::decode_to_slice(word, &mut bytes).ok()?;
        let digest = Sha256::new_with_prefix("connector sealing key id").chain_update(bytes).finalize();
        let id = *digest.first_chunk()?;
        let cipher = XChaCha20Poly1305::new(&bytes.into());
        Some(Self { id, cipher })
    }
}

/// What is authenticated beside the text: the head of the sealed bytes, the kind of row and the account. The length
/// keeps kind and account apart.
fn associated(place: Place<'_>, head: &[u8]) -> Vec<u8> {
    let length = u64::try_from(place.kind.len()).unwrap_or(u64::MAX).to_be_bytes();
    [head, &length, place.kind.as_bytes(), place.account.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: Place<'_> = Place { account: "abc123", kind: "connection" };

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(&SecretString::from(text)).unwrap()
    }

    fn old() -> String {
        "0f".repeat(KEY)
    }

    fn new() -> String {
        "a1".repeat(KEY)
    }

    fn sealed(ring: &KeyRing) -> Vec<u8> {
        ring.seal(SHOP, &SecretString::from("hush"), [7; NONCE]).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_for_its_account_and_kind_alone() {
        let ring = ring(&new());
        let sealed = sealed(&ring);
        assert!(!sealed.windows(4).any(|window| window == b"hush"));
        assert_eq!(ring.open(SHOP, &sealed).unwrap().expose_secret(), "hush");
        for (account, kind) in [("abc124", "connection"), ("abc123", "session"), ("nabc123", "connectio")] {
            let opened = ring.open(Place { account, kind }, &sealed);
            assert_eq!(opened.unwrap_err(), Unopened::Forged, "{account} {kind}");
        }
    }

    #[test]
    fn every_bit_is_authenticated() {
        let ring = ring(&new());
        let sealed = sealed(&ring);
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(ring.open(SHOP, &changed).is_err(), "bit {at}");
        }
        for length in 0..sealed.len() {
            assert!(ring.open(SHOP, &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn old_keys_open_and_the_newest_seals() {
        let (before, during, after) = (ring(&old()), ring(&format!("{}\n{}\n", old(), new())), ring(&new()));
        let first = sealed(&before);
        assert_eq!(during.open(SHOP, &first).unwrap().expose_secret(), "hush");
        assert!(!during.is_sealed_by_newest(&first));
        assert_eq!(after.open(SHOP, &first).unwrap_err(), Unopened::UnknownKey);

        let second = sealed(&during);
        assert!(during.is_sealed_by_newest(&second));
        assert_eq!(after.open(SHOP, &second).unwrap().expose_secret(), "hush");
        assert_eq!(before.open(SHOP, &second).unwrap_err(), Unopened::UnknownKey);
    }

    #[test]
    fn rings_come_as_lines_or_with_commas_and_say_where_they_are_wrong() {
        let both = format!("{},{}", old(), new());
        assert_eq!(ring(&both).keys.len(), 2);
        assert_eq!(ring(&format!("# made in November\n\n{}\n", old())).keys.len(), 1);
        let wrong = |text: &str| KeyRing::parse(&SecretString::from(text)).unwrap_err();
        assert_eq!(wrong("\n# nothing\n"), NoKeyRing::Empty);
        assert_eq!(wrong(&format!("{}\nabc", old())), NoKeyRing::Line(2));
        assert!(!format!("{:?} {}", ring(&both), wrong("secret")).contains("0f0f"));
    }
}
