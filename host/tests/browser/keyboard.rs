//! The way to a connection by the keyboard alone, with the focus in sight all along.

use thirtyfour::Key;

use crate::town::{ADMIN, ALL_SCOPES};
use crate::{Person, Scripts, Town};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_begins_a_connection_by_the_keyboard_alone() {
    let Some(person) = Person::new("keyboard", Scripts::On).await else { return };
    let town = Town::open(&ALL_SCOPES, "").await;
    person.open(&format!("{}/connections", town.service)).await;
    tab_to(&person, "Admin token").await;
    person.types(ADMIN).await;
    tab_to(&person, "Sign in").await;
    person.key(Key::Enter).await;
    person.sees("No account is connected yet.").await;

    // The first stop of each page leads past the ways to the others.
    assert_eq!(next(&person).await, "Skip to the content");
    person.key(Key::Enter).await;
    tab_to(&person, "Connect an account").await;
    person.key(Key::Enter).await;
    person.sees("Paste the credentials").await;
    tab_to(&person, "Install the app shop").await;
    person.key(Key::Enter).await;
    person.sees("Store hash").await;
    tab_to(&person, "Store hash").await;
    person.types("abc123").await;
    // Enter in the field sends the form.
    person.key(Key::Enter).await;
    person.sees("wants to connect to").await;
    assert!(person.address().await.starts_with(&town.store));
}

/// The next stop, which must be in sight.
async fn next(person: &Person) -> String {
    person.key(Key::Tab).await;
    let (name, is_seen) = person.focus().await;
    assert!(is_seen, "the focus on {name:?} cannot be seen");
    name
}

async fn tab_to(person: &Person, name: &str) {
    let mut passed = Vec::new();
    while passed.len() < 20 {
        let stop = next(person).await;
        if stop == name {
            return;
        }
        passed.push(stop);
    }
    panic!("the keyboard does not lead to {name:?}, but to {passed:?}");
}
