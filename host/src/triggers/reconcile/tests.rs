//! What happens until a new webhook has begun to tell, with a clock that a test moves and a store that tells nothing yet.

use std::sync::atomic::{AtomicI64, Ordering};

use bigcommerce_connector::CONNECTOR;
use bigcommerce_sandbox::{Sandbox, SandboxOptions, WebhookOptions};
use connector_runtime::pacing::Gates;
use connector_runtime::{Patience, SecretString};

use super::*;
use crate::clock::stepped::Steps;
use crate::connections::tests::{connection, row};
use crate::storage::{HookStorage as _, SqliteOptions, SqliteStorage, Storage as _};

#[tokio::test]
async fn what_happens_until_a_new_webhook_has_begun_is_found_by_a_search() {
    let webhooks = WebhookOptions { new_hook_delay: Duration::from_secs(60), ..WebhookOptions::default() };
    let options = SandboxOptions { webhooks, ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connector.sqlite");
    let storage = Arc::new(SqliteStorage::open(&path, SqliteOptions::default()).unwrap());
    let mut subscriber = connection("c1", sandbox.store_hash());
    subscriber.settings.base_url = Some(sandbox.origin());
    let token = SecretString::from(sandbox.access_token());
    subscriber.secrets.credentials = vec![("access_token".to_owned(), token)];
    let row = row(&subscriber, 1);
    storage.put_connection(row.clone()).await.unwrap();
    let keeper = Keeper {
        connector: &CONNECTOR,
        storage: storage.clone(),
        connections: storage.clone(),
        gates: Gates::new(),
        patience: Patience::Unlimited,
        public_url: "https://hooks.shop-engine.net".to_owned(),
        retired: crate::triggers::Retired::default(),
    };
    let now = Arc::new(AtomicI64::new(crate::clock::now_ms()));
    let read = Arc::clone(&now);
    let clock = Steps::reading(read).clock();
    let (counts, standings) = (ReconcileCounts::default(), Standings::default());
    let noted = Noted { counts: &counts, standings: &standings };
    let subject = Subject { row: &row, connection: &subscriber };
    let look = async || {
        assert!(reconcile(&keeper, subject, &clock, noted).await.unwrap());
        let (new, has_new) = fill(&keeper, subject, &clock).await;
        (new, has_new.unwrap())
    };
    assert_eq!(look().await, (0, true), "another look must follow");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let order = client.post(format!("{}/_sandbox/orders", sandbox.origin())).body("{}");
    assert!(order.send().await.unwrap().status().is_success());
    now.fetch_add(30_000, Ordering::SeqCst);
    assert_eq!(look().await, (0, true));
    now.fetch_add(40_000, Ordering::SeqCst);
    assert_eq!(look().await, (1, false), "now it has begun");
    now.fetch_add(900_000, Ordering::SeqCst);
    assert_eq!(look().await, (0, false));
}

#[test]
fn a_clock_that_was_set_back_while_the_service_was_away_is_an_outage() {
    let outage = |last_ms| outage(last_ms, 100_000, Duration::from_secs(60));
    let found = [40_000, 40_001, 100_000, 159_999, 160_000].map(|last_ms| outage(last_ms).is_some());
    assert_eq!(found, [true, false, false, false, true]);
}

#[tokio::test]
async fn a_watermark_from_the_future_hides_no_event() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connector.sqlite");
    let storage = Arc::new(SqliteStorage::open(&path, SqliteOptions::default()).unwrap());
    let mut subscriber = connection("c1", sandbox.store_hash());
    subscriber.settings.base_url = Some(sandbox.origin());
    let token = SecretString::from(sandbox.access_token());
    subscriber.secrets.credentials = vec![("access_token".to_owned(), token)];
    let row = row(&subscriber, 1);
    storage.put_connection(row.clone()).await.unwrap();
    let keeper = Keeper {
        connector: &CONNECTOR,
        storage: storage.clone(),
        connections: storage.clone(),
        gates: Gates::new(),
        patience: Patience::Unlimited,
        public_url: "https://hooks.shop-engine.net".to_owned(),
        retired: crate::triggers::Retired::default(),
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let order = client.post(format!("{}/_sandbox/orders", sandbox.origin())).body("{}");
    assert!(order.send().await.unwrap().status().is_success());
    let steps = Steps::at(crate::clock::now_ms());
    let clock = steps.clock();
    let subject = Subject { row: &row, connection: &subscriber };
    let trigger = searched(&CONNECTOR, &subscriber).find(|trigger| trigger.happens_once).unwrap();
    // A search while the clock runs ahead sets the watermark ahead.
    steps.step(24 * 3_600_000);
    storage.mend_clock(clock.now_ms()).await.unwrap();
    backfill::search(&keeper, subject, trigger, None, clock.now_ms()).await.unwrap();
    let mark = || async { storage.watermarks("c1").await.unwrap().remove(0) };
    assert!(mark().await.since_ms > clock.now_ms() - 3_600_000);
    steps.step(-24 * 3_600_000);
    storage.mend_clock(clock.now_ms()).await.unwrap();
    assert!(mark().await.has_gap);
    let (new, outcome) = fill(&keeper, subject, &clock).await;
    assert_eq!((new, outcome.unwrap()), (1, false));
    let mark = mark().await;
    assert!(!mark.has_gap && mark.since_ms <= clock.now_ms(), "{mark:?}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_whatever_comes_after_it() {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    // A search and the connection test after it; then something that would pass.
    let answers = ["401 Unauthorized", "401 Unauthorized", "500 Wrong", "500 Wrong"];
    drop(std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            let answer = format!("HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connector.sqlite");
    let storage = Arc::new(SqliteStorage::open(&path, SqliteOptions::default()).unwrap());
    let mut subscriber = connection("c1", "abc123");
    subscriber.settings.base_url = Some(origin);
    let found = CONNECTOR.triggers.iter().filter(|trigger| trigger.backfill.is_some());
    subscriber.settings.triggers = found.map(|trigger| trigger.id.to_owned()).collect();
    assert!(subscriber.settings.triggers.len() > 1);
    let row = row(&subscriber, 1);
    storage.put_connection(row.clone()).await.unwrap();
    for trigger in &subscriber.settings.triggers {
        let mark = Watermark { trigger: trigger.clone(), since_ms: 1, has_gap: true };
        storage.raise_watermark("c1", mark).await.unwrap();
    }
    let keeper = Keeper {
        connector: &CONNECTOR,
        storage: storage.clone(),
        connections: storage.clone(),
        gates: Gates::new(),
        patience: Patience::Surface,
        public_url: "https://hooks.shop-engine.net".to_owned(),
        retired: crate::triggers::Retired::default(),
    };
    let clock = Clock::system();
    let (_, outcome) = fill(&keeper, Subject { row: &row, connection: &subscriber }, &clock).await;
    assert!(outcome.as_ref().is_err_and(Unkept::is_revoked), "{outcome:?}");
}
