//! Erases what accounts have sent whose connections have all ended, as soon as nothing of it is on its way any more: what was
//! answered 200 is delivered or given up first.

use std::collections::BTreeMap;

use crate::storage::{
    ActivationFilter, ActivationState, ConnectionRow, ConnectionState, Storage, StorageError,
};

/// Erases them; how many activations there were. The ended connections stay, to be told of; what one has sent that somebody
/// disconnects is kept.
///
/// # Errors
/// When storage cannot be read or written; what is left is erased the next time.
pub(crate) async fn erase_ended(storage: &dyn Storage) -> Result<u64, StorageError> {
    let mut accounts = BTreeMap::<String, Vec<ConnectionRow>>::new();
    for row in storage.connections().await? {
        accounts.entry(row.account.clone()).or_default().push(row);
    }
    let mut erased = 0;
    for (account, rows) in accounts {
        let has_ended =
            rows.iter().all(|row| row.state == ConnectionState::Revoked && !row.is_being_removed());
        if has_ended && has_only_the_past(storage, &account).await? {
            erased += storage.erase_finished(&account).await?;
        }
    }
    Ok(erased)
}

/// Whether an account has activations, none of which is still to be delivered.
async fn has_only_the_past(storage: &dyn Storage, account: &str) -> Result<bool, StorageError> {
    let has = async |state| {
        let filter = ActivationFilter {
            state,
            account: Some(account.to_owned()),
            limit: 1,
            ..ActivationFilter::default()
        };
        Ok::<_, StorageError>(!storage.list(&filter).await?.is_empty())
    };
    Ok(has(None).await?
        && !has(Some(ActivationState::Waiting)).await?
        && !has(Some(ActivationState::Leased)).await?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::connections::tests::{connection, row};
    use crate::storage::{Activation, LeaseRequest, Origin, SqliteOptions, SqliteStorage};

    fn activation(id: &str, connection: &str, account: &str) -> Activation {
        Activation {
            id: id.to_owned(),
            connection: connection.to_owned(),
            account: account.to_owned(),
            trigger: "order-created".to_owned(),
            resource_type: Some("order".to_owned()),
            resource_id: Some(id.to_owned()),
            event_time: None,
            received_ms: 1,
            origin: Origin::Webhook,
            envelope: Bytes::from_static(b"{}"),
        }
    }

    #[tokio::test]
    async fn an_account_that_ended_is_erased_after_its_last_delivery_and_no_other_is() {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&folder.path().join("a.sqlite"), SqliteOptions::default()).unwrap();
        let (ended, lasting) = (row(&connection("c1", "gone"), 1), row(&connection("c2", "here"), 2));
        for row in [&ended, &lasting] {
            storage.put_connection(row.clone()).await.unwrap();
        }
        let both = vec![activation("e1", "c1", "gone").into(), activation("e2", "c2", "here").into()];
        storage.accept(both).await.unwrap();
        let removing = ConnectionRow { state: ConnectionState::Revoked, ..ended };
        let revoked = ConnectionRow { sealed: Vec::new(), ..removing.clone() };
        storage.put_connection(revoked.clone()).await.unwrap();
        assert_eq!(erase_ended(&storage).await.unwrap(), 0, "it is still to be delivered");

        let request =
            LeaseRequest { limit: 9, per_connection: 9, duration: Duration::from_secs(9), now_ms: 2 };
        let leased = storage.lease(request).await.unwrap();
        assert_eq!(leased.len(), 2);
        assert_eq!(erase_ended(&storage).await.unwrap(), 0, "it is on its way");
        for one in leased {
            storage.acknowledge(&one.activation.id, one.lease, 3).await.unwrap();
        }
        // Somebody disconnects it: what it has sent is kept, as the page promises.
        storage.put_connection(removing).await.unwrap();
        assert_eq!(erase_ended(&storage).await.unwrap(), 0, "it is being removed");
        storage.put_connection(revoked.clone()).await.unwrap();
        assert_eq!(erase_ended(&storage).await.unwrap(), 1);
        assert_eq!(storage.find("e1").await.unwrap(), None);
        assert!(storage.find("e2").await.unwrap().is_some());
        assert_eq!(storage.connections().await.unwrap(), [revoked, lasting]);
        assert_eq!(erase_ended(&storage).await.unwrap(), 0);
    }
}
