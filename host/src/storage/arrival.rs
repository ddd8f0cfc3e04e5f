//! What arrives to be stored, and how storage recognises that it was stored before.

use sha2::{Digest as _, Sha256};

use super::Activation;

/// An activation that a delivery or a search brings, before storage knows whether it is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The activation. Storage replaces its id under [`Identity::Signed`].
    pub activation: Activation,
    /// How a repeat is recognised.
    pub identity: Identity,
    /// The id that earlier versions gave to the activation, if it is another one. For 72 hours after an upgrade, an
    /// activation under this id makes the arrival a repeat.
    pub former_id: Option<String>,
}

/// How storage recognises that an activation repeats another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The activation's id alone decides.
    Id,
    /// The event happens once to a resource: any activation of the same connection, trigger and resource is the same.
    Once,
    /// A key that several events can share, and the time of signing. See [`Storage::accept`](super::Storage::accept).
    Signed {
        /// The SHA-256 of the connector's key.
        key: [u8; 32],
        /// The signed time, in milliseconds since the epoch.
        signed_ms: i64,
    },
}

/// What became of an arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The id of the activation: the new one, or the one that was known.
    pub id: String,
    /// Whether it was stored now.
    pub is_new: bool,
}

impl From<Activation> for Arrival {
    /// An arrival whose id decides.
    fn from(activation: Activation) -> Self {
        Self { activation, identity: Identity::Id, former_id: None }
    }
}

/// The id of an activation by what is the same for every delivery of its event, and for no other event. Neither a
/// connection's id nor a trigger's contains the zero byte that separates them.
#[must_use]
pub fn activation_id(connection: &str, trigger: &str, key: &str) -> String {
    id_of(&[connection.as_bytes(), &[0], trigger.as_bytes(), &[0], key.as_bytes()])
}

/// The id of the activation of an event that happens to a resource once.
#[must_use]
pub fn once_id(connection: &str, trigger: &str, resource_id: &str) -> String {
    id_of(&[connection.as_bytes(), &[0], trigger.as_bytes(), b"\0once\0", resource_id.as_bytes()])
}

/// The id of an activation by a key that several events share, and its number among them, from 0.
#[must_use]
pub fn generation_id(connection: &str, trigger: &str, key: &[u8; 32], generation: i64) -> String {
    let number = generation.to_be_bytes();
    id_of(&[connection.as_bytes(), &[0], trigger.as_bytes(), b"\0generation\0", key, &number])
}

fn id_of(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    hex::encode(&digest.finalize()[..16])
}
