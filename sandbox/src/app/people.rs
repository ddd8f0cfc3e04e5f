//! The people who can sign in to the store.

use serde_json::{Value, json};

/// Somebody with an account at the store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// What they sign in with, which is their user name, too.
    pub(crate) email: &'static str,
    pub(crate) locale: &'static str,
}

/// The owner of the store.
pub(crate) static OWNER: User =
    User { id: 9_128, name: "Mara Keswick", email: "mara.keswick@example.com", locale: "en-US" };

/// Somebody who works there.
pub(crate) static STAFF: User =
    User { id: 9_451, name: "Jonas Albrecht", email: "jonas.albrecht@example.com", locale: "en-GB" };

/// Everybody, the owner first.
pub(crate) static EVERYBODY: [&User; 2] = [&OWNER, &STAFF];

impl User {
    /// The user with this id, the owner where none is named.
    pub(crate) fn named(id: Option<&str>) -> Option<&'static Self> {
        match id {
            None => Some(&OWNER),
            Some(id) => EVERYBODY.into_iter().find(|user| user.id.to_string() == id),
        }
    }

    /// The user as the answer to a token request names them.
    pub(crate) fn document(&self) -> Value {
        json!({"id": self.id, "username": self.email, "email": self.email})
    }
}
