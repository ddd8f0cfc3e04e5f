//! Activations that tell of own changes: marked, suppressed, waiting for the answer of a call, and not touched.

use super::*;
use crate::storage::{
    Cause, ChangeOutcome, ChangeQuestion, LeaseToken, NewChange, OwnChange, OwnChanges, StorageErrorKind,
    StorageFuture,
};

/// When what happens at the start happens, in seconds.
const EVENT: i64 = START / 1_000;

/// A call that changes a product, or makes one.
async fn call(post: &Post, product: Option<&str>) -> i64 {
    let cause = Cause {
        action: "update-product".to_owned(),
        by: Some("e0".to_owned()),
        workflow: None,
        at_ms: post.now.load(Ordering::SeqCst),
    };
    let change = NewChange {
        connection: "c1".to_owned(),
        account: "abc123".to_owned(),
        resource_type: "product".to_owned(),
        resource_id: product.map(str::to_owned),
        makes: product.is_none(),
        answer_within: Duration::from_secs(35),
        cause,
    };
    post.delivery.loops.changes.begin_change(change).await.unwrap()
}

async fn settle(post: &Post, number: i64, outcome: ChangeOutcome) {
    post.delivery.loops.changes.settle_change(number, outcome, START).await.unwrap();
}

/// One about a product, received and happened now.
fn updated(post: &Post, id: &str, product: &str) -> Activation {
    let received_ms = post.now.load(Ordering::SeqCst);
    Activation {
        trigger: "product-updated".to_owned(),
        resource_type: Some("product".to_owned()),
        event_time: Some(received_ms / 1_000),
        received_ms,
        ..about(id, product)
    }
}

fn suppressing() -> HostConnection {
    let mut connection = connection("c1", "abc123");
    connection.settings.suppress_own = vec!["product-updated".to_owned()];
    connection
}

#[tokio::test]
async fn an_own_change_is_marked_and_a_foreign_one_is_not() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    let number = call(&post, Some("111")).await;
    settle(&post, number, ChangeOutcome::Stands(None)).await;
    post.start(local(&receiver));
    post.accept(&[updated(&post, "own", "111"), updated(&post, "other", "112")]).await;
    for _ in 0..2 {
        assert_eq!(post.next().await, Ending::Delivered);
    }
    let events = [receiver.next().await.json(), receiver.next().await.json()];
    let of = |id: &str| events.iter().find(|event| event["id"] == id).unwrap();
    assert_eq!(
        (&of("own")["causedby"], &of("own")["causedaction"]),
        (&"e0".into(), &"update-product".into())
    );
    assert_eq!(of("own")["data"]["caused"]["by"], "e0");
    assert!(of("other").get("causedaction").is_none() && of("other")["data"].get("caused").is_none());
}

#[tokio::test]
async fn a_suppressed_one_is_not_sent_and_its_resource_goes_on() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[suppressing()], false).await;
    let number = call(&post, Some("111")).await;
    settle(&post, number, ChangeOutcome::Stands(None)).await;
    post.start(local(&receiver));
    let own = updated(&post, "own", "111");
    post.accept(&[own]).await;
    assert_eq!(post.next().await, Ending::Suppressed);
    assert_eq!(post.state("own").await, ActivationState::Suppressed);
    // After the configured time a change of the same product is somebody's.
    post.pass(Duration::from_secs(601));
    post.accept(&[updated(&post, "later", "111")]).await;
    assert_eq!(post.next().await, Ending::Delivered);
    // Whoever replays it wants it.
    assert!(post.delivery.storage.replay("own", START).await.unwrap());
    post.delivery.wake.notify_one();
    assert_eq!(post.next().await, Ending::Delivered);
    assert_eq!(receiver.next().await.json()["id"], "later");
    let replayed = receiver.next().await.json();
    assert_eq!((&replayed["id"], &replayed["causedaction"]), (&"own".into(), &"update-product".into()));
}

#[tokio::test]
async fn an_event_waits_for_the_answer_of_the_call_that_it_may_tell_of() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[suppressing()], false).await;
    let made = call(&post, None).await;
    post.start(local(&receiver));
    post.accept(&[updated(&post, "made", "500"), updated(&post, "foreign", "501")]).await;
    for _ in 0..2 {
        assert_eq!(post.next().await, Ending::Postponed("own_call"));
    }
    settle(&post, made, ChangeOutcome::Stands(Some("500".to_owned()))).await;
    post.pass(Duration::from_secs(1));
    let mut endings = [post.next().await, post.next().await];
    endings.sort_by_key(|ending| ending.words());
    assert_eq!(endings, [Ending::Delivered, Ending::Suppressed]);
    let foreign = receiver.next().await.json();
    assert!(foreign["id"] == "foreign" && foreign.get("causedaction").is_none(), "{foreign}");

    // A call that was refused hides nothing, and one whose answer never comes holds nothing up for long.
    let refused = call(&post, Some("502")).await;
    post.accept(&[updated(&post, "after-refusal", "502")]).await;
    assert_eq!(post.next().await, Ending::Postponed("own_call"));
    settle(&post, refused, ChangeOutcome::Nothing).await;
    post.pass(Duration::from_secs(1));
    assert_eq!(post.next().await, Ending::Delivered);
    call(&post, None).await;
    post.accept(&[updated(&post, "after-kill", "503")]).await;
    assert_eq!(post.next().await, Ending::Postponed("own_call"));
    post.pass(Duration::from_secs(36));
    assert_eq!(post.next().await, Ending::Delivered);
}

#[tokio::test]
async fn an_own_change_is_known_however_late_its_event_comes() {
    let mut post = Post::new(&[suppressing()], false).await;
    let receiver = Receiver::start().await;
    let number = call(&post, Some("111")).await;
    settle(&post, number, ChangeOutcome::Stands(None)).await;
    post.start(local(&receiver));
    // A webhook is tried for two days, and a search finds what an outage has hidden.
    post.pass(Duration::from_secs(49 * 3600));
    let loops = &post.delivery.loops;
    loops.changes.forget_changes(post.now.load(Ordering::SeqCst), loops.remember).await.unwrap();
    let happened = |id: &str, time| Activation { event_time: Some(time), ..updated(&post, id, "111") };
    let own = happened("own", EVENT + 600);
    let foreign = happened("foreign", EVENT + 601);
    post.accept(&[own]).await;
    assert_eq!(post.next().await, Ending::Suppressed);
    post.accept(&[foreign]).await;
    assert_eq!(post.next().await, Ending::Delivered);
}

/// Storage that has no room for a mark.
struct NoRoom(Arc<dyn OwnChanges>);

impl OwnChanges for NoRoom {
    fn begin_change(&self, change: NewChange) -> StorageFuture<'_, i64> {
        self.0.begin_change(change)
    }

    fn settle_change(&self, number: i64, outcome: ChangeOutcome, now_ms: i64) -> StorageFuture<'_, ()> {
        self.0.settle_change(number, outcome, now_ms)
    }

    fn changes_of(&self, question: ChangeQuestion) -> StorageFuture<'_, Vec<OwnChange>> {
        self.0.changes_of(question)
    }

    fn mark_own(&self, _: &str, _: LeaseToken, _: Cause) -> StorageFuture<'_, bool> {
        Box::pin(async { Err(StorageError::new(StorageErrorKind::Full)) })
    }

    fn suppress(&self, id: &str, lease: LeaseToken, cause: Cause, now_ms: i64) -> StorageFuture<'_, bool> {
        self.0.suppress(id, lease, cause, now_ms)
    }

    fn forget_changes(&self, now_ms: i64, remember: Duration) -> StorageFuture<'_, u64> {
        self.0.forget_changes(now_ms, remember)
    }
}

#[tokio::test]
async fn without_any_room_left_an_own_change_is_delivered_and_says_so() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    let delivery = Arc::get_mut(&mut post.delivery).unwrap();
    delivery.loops.changes = Arc::new(NoRoom(Arc::clone(&delivery.loops.changes)));
    let number = call(&post, Some("111")).await;
    settle(&post, number, ChangeOutcome::Stands(None)).await;
    post.accept(&[updated(&post, "own", "111")]).await;
    post.start(local(&receiver));
    assert_eq!(post.next().await, Ending::Delivered);
    assert_eq!(receiver.next().await.json()["causedaction"], "update-product");
}

#[tokio::test]
async fn waiting_for_an_answer_uses_up_no_attempt_of_the_receiver() {
    let receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    Arc::get_mut(&mut post.delivery).unwrap().settings.limits.attempts = 2;
    let call = call(&post, Some("111")).await;
    receiver.will_answer(500, &[]);
    post.accept(&[updated(&post, "own", "111")]).await;
    post.start(local(&receiver));
    for _ in 0..30 {
        assert_eq!(post.next().await, Ending::Postponed("own_call"));
        post.pass(Duration::from_secs(1));
    }
    settle(&post, call, ChangeOutcome::Stands(None)).await;
    post.pass(Duration::from_secs(1));
    assert_eq!(post.next().await, Ending::Failed("server_error"), "it was the first attempt");
    let failed = post.find("own").await;
    let first_wait = post.now.load(Ordering::SeqCst) + 5_000;
    assert_eq!((failed.attempts, failed.due_ms), (1, Some(first_wait)));
    post.pass(Duration::from_secs(5));
    assert_eq!(post.next().await, Ending::Delivered);
}

#[test]
fn the_longer_a_call_takes_the_more_seldom_its_answer_is_looked_for() {
    let waits = [-5, 0, 999, 1_000, 29_000, 600_000, i64::MAX].map(super::super::own::wait);
    assert_eq!(waits.map(|wait| wait.as_millis()), [250, 250, 250, 1_000, 1_000, 20_000, 60_000]);
}

#[tokio::test]
async fn an_event_from_before_the_call_is_not_marked_however_late_it_comes() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[suppressing()], false).await;
    let number = call(&post, Some("111")).await;
    settle(&post, number, ChangeOutcome::Stands(None)).await;
    post.start(local(&receiver));
    let late = Activation { event_time: Some(EVENT - 1), ..updated(&post, "late", "111") };
    post.accept(&[late]).await;
    assert_eq!(post.next().await, Ending::Delivered);
    assert!(receiver.next().await.json().get("causedaction").is_none());
}
