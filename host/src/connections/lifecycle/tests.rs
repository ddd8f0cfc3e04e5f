//! The life of a connection: each end once, whoever tells of it, and none that is not meant.

use std::sync::atomic::{AtomicI64, Ordering};

use super::super::tests::{connection, ring, row};
use super::super::{HostConnection, Random, granted_row};
use super::*;
use crate::clock::stepped::Steps;
use crate::connections::notices::revoked_row;
use crate::connections::{Granted, secrets};
use crate::storage::{SqliteOptions, SqliteStorage};
use connector_runtime::SecretString;

/// Far from zero, so that a minute before is a moment too.
const START: i64 = 1_764_000_000;

struct Office {
    lifecycle: Lifecycle,
    now: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connector.sqlite");
        let storage = Arc::new(SqliteStorage::open(&path, SqliteOptions::default()).unwrap());
        let now = Arc::new(AtomicI64::new(START * 1_000));
        let read = Arc::clone(&now);
        let clock = Steps::reading(read).clock();
        Self { lifecycle: Lifecycle::new(storage.clone(), storage, None, clock), now, _folder: folder }
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }

    /// A grant of the app, now.
    async fn grant(&self, token: &str) -> ConnectionRow {
        let granted = Granted {
            account: "abc123".to_owned(),
            app: Some("shop".to_owned()),
            fields: [("store_hash".to_owned(), "abc123".to_owned())].into(),
            secrets: secrets("access_token", SecretString::from(token)),
            scopes: None,
            user: None,
            label: None,
            base_url: None,
            code: None,
        };
        let known = self.lifecycle.storage.connections().await.unwrap().into_iter().next();
        let random = Random { webhook_key: [3; 20], nonce: [4; 24], now_ms: self.lifecycle.clock.now_ms() };
        let row = granted_row(known.as_ref(), &granted, &ring(), &random, [5; 8]).unwrap();
        self.lifecycle.storage.put_connection(row.clone()).await.unwrap();
        row
    }

    async fn callback(&self, id: &str, at: i64) -> Heard {
        let of = Whose::App { account: "abc123", app: "shop" };
        self.lifecycle.uninstalled(Uninstalled { of, callback: Some(id), at: Some(at) }).await.unwrap()
    }

    async fn webhook(&self, row: &ConnectionRow, at: i64) -> Heard {
        let of = Whose::Connection(&row.id);
        self.lifecycle.uninstalled(Uninstalled { of, callback: None, at: Some(at) }).await.unwrap()
    }

    async fn state(&self) -> ConnectionState {
        self.lifecycle.storage.connections().await.unwrap()[0].state
    }

    /// The words of the audit log, the oldest first.
    async fn audit(&self) -> Vec<String> {
        let entries = self.lifecycle.installs.audit(None, 100).await.unwrap();
        entries.into_iter().rev().map(|entry| entry.event).collect()
    }
}

#[tokio::test]
async fn an_uninstallation_is_noted_once_whichever_tells_of_it_first() {
    for webhook_first in [false, true] {
        let office = Office::new();
        let row = office.grant("hush-1").await;
        office.pass(3600);
        let at = START + 3600;
        let heard = match webhook_first {
            true => [office.webhook(&row, at).await, office.callback("j1", at + 2).await],
            false => [office.callback("j1", at + 2).await, office.webhook(&row, at).await],
        };
        assert_eq!(heard, [Heard::Ended, Heard::Known]);
        assert_eq!(office.callback("j1", at + 2).await, Heard::Known);
        assert_eq!(
            (office.state().await, office.audit().await),
            (ConnectionState::Revoked, vec!["uninstalled".to_owned()])
        );
    }
}

#[tokio::test]
async fn the_other_half_of_an_end_does_not_end_what_was_installed_since() {
    for webhook_first in [false, true] {
        let office = Office::new();
        let row = office.grant("hush-1").await;
        office.pass(3600);
        let at = START + 3600;
        if webhook_first {
            office.webhook(&row, at).await
        } else {
            office.callback("j1", at).await
        };
        office.pass(5);
        office.grant("hush-2").await;
        let late = if webhook_first {
            office.callback("j1", at + 1).await
        } else {
            office.webhook(&row, at + 1).await
        };
        assert_eq!((late, office.state().await), (Heard::Late, ConnectionState::Connected));
        // The next one, a moment later, is another.
        assert_eq!(office.callback("j2", at + 9).await, Heard::Ended);
        assert_eq!(office.state().await, ConnectionState::Revoked);
    }
}

#[tokio::test]
async fn a_notice_from_before_the_grant_ends_nothing_and_one_after_a_change_of_settings_does() {
    let office = Office::new();
    office.pass(3600);
    let row = office.grant("hush-1").await;
    assert_eq!(office.webhook(&row, START).await, Heard::Late);
    assert_eq!(office.callback("j1", START).await, Heard::Late);
    assert_eq!(office.state().await, ConnectionState::Connected);
    // That the row was changed later says nothing of the grant.
    office.pass(3600);
    assert!(office.lifecycle.refused(&row).await.unwrap());
    assert_eq!(office.webhook(&row, START + 3600).await, Heard::Ended);
    assert_eq!(office.audit().await, ["revoked", "uninstalled"]);
}

#[tokio::test]
async fn what_ended_has_no_secret_and_calls_say_what_to_do() {
    let office = Office::new();
    office.grant("hush-1").await;
    office.callback("j1", START).await;
    let row = office.lifecycle.storage.connections().await.unwrap().remove(0);
    assert!(row.sealed.is_empty());
    let opened = HostConnection::open(&row, &ring()).unwrap();
    assert!(opened.secrets.credentials.is_empty());
    let error = opened.connect(&bigcommerce_connector::CONNECTOR).unwrap_err();
    assert_eq!(error.class().as_str(), "auth.revoked");
    assert!(error.to_string().contains("connect the account again"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_noted_once_keeps_the_secrets_and_does_not_hit_a_newer_token() {
    let office = Office::new();
    let row = office.grant("hush-1").await;
    assert!(office.lifecycle.refused(&row).await.unwrap());
    assert!(!office.lifecycle.refused(&row).await.unwrap());
    let refused = office.lifecycle.storage.connection(&row.id).await.unwrap().unwrap();
    assert_eq!((refused.state, &refused.sealed), (ConnectionState::Refused, &row.sealed));
    let opened = HostConnection::open(&refused, &ring()).unwrap();
    assert_eq!(
        opened.connect(&bigcommerce_connector::CONNECTOR).unwrap_err().class().as_str(),
        "auth.revoked"
    );

    // A call that was under way with the token before.
    office.pass(1);
    let next = office.grant("hush-2").await;
    assert!(!office.lifecycle.refused(&row).await.unwrap());
    assert_eq!(office.state().await, ConnectionState::Connected);
    assert!(office.lifecycle.refused(&next).await.unwrap());
    let refused = office.lifecycle.storage.connection(&row.id).await.unwrap().unwrap();
    assert!(office.lifecycle.restored(&refused).await.unwrap());
    assert_eq!(office.audit().await, ["revoked", "revoked", "restored"]);
}

#[tokio::test]
async fn an_account_whose_token_was_refused_is_not_erased() {
    let office = Office::new();
    let row = office.grant("hush-1").await;
    let received = crate::storage::Activation {
        connection: row.id.clone(),
        account: row.account.clone(),
        ..crate::activation::tests::activation("e1")
    };
    office.lifecycle.storage.accept(vec![received.into()]).await.unwrap();
    office.lifecycle.refused(&row).await.unwrap();
    assert_eq!(office.lifecycle.erase_ended().await.unwrap(), 0);
    assert!(office.lifecycle.storage.find("e1").await.unwrap().is_some());
}

#[tokio::test]
async fn a_removal_that_was_cut_off_is_begun_anew_with_its_secrets() {
    let office = Office::new();
    let (lifecycle, before) = (&office.lifecycle, office.grant("hush-1").await);
    assert_eq!(lifecycle.begin_removal(&before.id).await.unwrap().unwrap(), before);
    assert_eq!(office.state().await, ConnectionState::Revoked);
    let again = lifecycle.begin_removal(&before.id).await.unwrap().unwrap();
    assert_eq!(again.sealed, before.sealed);
    lifecycle.removed(&again, "").await.unwrap();
    lifecycle.removed(&again, "").await.unwrap();
    assert_eq!(lifecycle.begin_removal(&before.id).await.unwrap(), None);
    assert_eq!(office.audit().await, ["disconnected"]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_no_notice_and_no_removal() {
    let day = 24 * 3_600;
    let office = Office::new();
    office.pass(day);
    let row = office.grant("hush-1").await;
    office.pass(-day);
    assert_eq!(office.webhook(&row, START + 5).await, Heard::Ended, "the grant is no later than now");

    let office = Office::new();
    let row = office.grant("hush-1").await;
    office.pass(day);
    office.lifecycle.begin_removal(&row.id).await.unwrap();
    office.pass(-day);
    let begun = office.lifecycle.begun(office.lifecycle.clock.now_ms() - 300_000).await.unwrap();
    assert_eq!(begun.len(), 1);
}

#[tokio::test]
async fn connections_with_secrets_of_their_own_end_alone() {
    let office = Office::new();
    let (one, two) = (row(&connection("c1", "abc123"), 1), row(&connection("c2", "abc123"), 2));
    for row in [&one, &two] {
        office.lifecycle.storage.put_connection(row.clone()).await.unwrap();
    }
    assert_eq!(office.webhook(&two, START).await, Heard::Ended);
    let states: Vec<_> =
        office.lifecycle.storage.connections().await.unwrap().iter().map(|row| row.state).collect();
    assert_eq!(states, [ConnectionState::Connected, ConnectionState::Revoked]);
}

#[tokio::test]
async fn a_connection_that_is_granted_anew_while_it_is_removed_stays() {
    let office = Office::new();
    let (lifecycle, row) = (&office.lifecycle, office.grant("hush-1").await);
    lifecycle.begin_removal(&row.id).await.unwrap();
    let anew = office.grant("hush-2").await;
    lifecycle.removed(&row, "").await.unwrap();
    assert_eq!(lifecycle.storage.connections().await.unwrap(), [anew]);
    assert_eq!(office.audit().await, Vec::<String>::new());
}

#[tokio::test]
async fn one_that_is_uninstalled_while_it_is_removed_is_removed() {
    let office = Office::new();
    let (lifecycle, row) = (&office.lifecycle, office.grant("hush-1").await);
    lifecycle.begin_removal(&row.id).await.unwrap();
    assert_eq!(office.callback("j1", START).await, Heard::Known);
    lifecycle.removed(&row, "").await.unwrap();
    assert_eq!(lifecycle.storage.connections().await.unwrap(), []);
}

#[tokio::test]
async fn what_another_process_changes_meanwhile_is_not_undone() {
    let office = Office::new();
    let (lifecycle, row) = (&office.lifecycle, office.grant("hush-1").await);
    let mut seen = Vec::new();
    let edited = |row: &ConnectionRow| {
        seen.push(row.state);
        if seen.len() == 1 {
            // What an uninstallation leaves of it.
            let ended = revoked_row(row, &settings(row).unwrap(), 7);
            let storage = Arc::clone(&lifecycle.storage);
            let put = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(storage.put_connection(ended)).unwrap();
            };
            std::thread::spawn(put).join().unwrap();
        }
        Ok::<_, StorageError>(Some(ConnectionRow { fields: "{}".to_owned(), ..row.clone() }))
    };
    lifecycle.change(&row.id, edited).await.unwrap().unwrap();
    let now = lifecycle.storage.connection(&row.id).await.unwrap().unwrap();
    assert_eq!(seen, [ConnectionState::Connected, ConnectionState::Revoked]);
    assert_eq!((now.state, now.sealed.len(), now.fields.as_str()), (ConnectionState::Revoked, 0, "{}"));
}

#[tokio::test]
async fn a_row_that_never_stands_still_is_given_up() {
    let office = Office::new();
    let (lifecycle, row) = (&office.lifecycle, office.grant("hush-1").await);
    // As if each time another had been first.
    let stale = |row: &ConnectionRow| {
        let (storage, other) = (Arc::clone(&lifecycle.storage), row.updated_ms + 1);
        let other = ConnectionRow { updated_ms: other, ..row.clone() };
        let put = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(storage.put_connection(other)).unwrap();
        };
        std::thread::spawn(put).join().unwrap();
        Ok::<_, StorageError>(Some(row.clone()))
    };
    let error = lifecycle.change(&row.id, stale).await.unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::Locked);
}
