//! Files of the data folder that somebody replaces, removes or truncates under the running service: 503, and not ready.

use super::*;

/// What somebody does to the files of a service.
type Harm = fn(&Place);

#[track_caller]
fn assert_refused(served: &Served, path: &str, id: u64, what: &str) {
    let answer = served.deliver_signed(path, CLIENT_SECRET, order(id).as_bytes());
    assert_eq!(answer.status, Some(503), "{what}: {answer:?}");
    let ready = get(served.address, "/readyz", &[]);
    let told = (ready.status, ready.body.as_str());
    assert_eq!(told, (Some(503), "the storage takes no webhooks: replaced\n"), "{what}");
    let metrics = served.metrics();
    let counted = r#"connector_webhooks_total{outcome="unavailable",reason="replaced"} "#;
    assert!(metrics.contains(counted) && metrics.contains("connector_storage_up 0"), "{what}\n{metrics}");
}

#[test]
fn a_database_that_is_removed_replaced_or_truncated_is_answered_503() {
    let restored = |place: &Place| {
        let (copy, database) = (place.folder.path().join("copy"), place.data().join("connector.sqlite"));
        place.ok(&["backup", &copy.display().to_string()]);
        fs::rename(copy, database).expect("it is replaced");
    };
    let removed =
        |place: &Place| fs::remove_file(place.data().join("connector.sqlite")).expect("it is there");
    let truncated =
        |place: &Place| drop(File::create(place.data().join("connector.sqlite")).expect("it is cut"));
    let without_log =
        |place: &Place| fs::remove_file(place.data().join("connector.sqlite-wal")).expect("it is there");
    let harms: [(&str, Harm); 4] = [
        ("restored", restored),
        ("removed", removed),
        ("truncated", truncated),
        ("log removed", without_log),
    ];
    for (what, harm) in harms {
        let place = Place::new();
        let (_, path) = place.connect();
        let served = place.serve();
        assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(1).as_bytes()).status, Some(200));
        assert_eq!(get(served.address, "/readyz", &[]).status, Some(200));
        harm(&place);
        assert_refused(&served, &path, 2, what);
        assert_refused(&served, &path, 3, what);
    }
}

#[test]
fn readiness_sees_it_without_any_webhook_and_a_file_that_is_put_back_serves_again() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let (database, away) = (place.data().join("connector.sqlite"), place.folder.path().join("away"));
    fs::rename(&database, &away).expect("it is moved");
    assert_eq!(get(served.address, "/readyz", &[]).body, "the storage takes no webhooks: replaced\n");
    fs::rename(&away, &database).expect("it is moved back");
    assert_eq!(get(served.address, "/readyz", &[]).body, "ready\n");
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(1).as_bytes()).status, Some(200));
}

#[test]
fn keys_that_are_removed_are_not_made_anew() {
    let place = Place::new();
    place.connect();
    let mut served = place.serve();
    fs::remove_file(place.data().join("sealing.keys")).expect("it is there");
    // The connection that is new has to be opened.
    let secret = place.file("client-secret", CLIENT_SECRET);
    let add = ["connections", "add", "--store-hash", "xyz789", "--no-test", "--client-secret-file", &secret];
    let (code, _, stderr) = place.run(add);
    assert!(code == 1 && stderr.contains("sealing.keys is missing: restore "), "{stderr}");
    assert_eq!(served.stop().0, Some(0));
    assert!(!place.data().join("sealing.keys").exists());
}
