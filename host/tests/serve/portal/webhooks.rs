//! The webhooks of a connection on its page, against the store of the sandbox.

use std::time::Instant;

use super::super::triggers::Scene;
use super::*;

const ACTIVE: &str = "its webhook is active";

/// A service, and a browser in which somebody is signed in.
fn open(scene: &Scene) -> (Served, Browser) {
    let served = scene.serve(&["--admin-token-file", &scene.place.file("admin", ADMIN)]);
    let mut browser = Browser::new(served.address);
    browser.submit("/sign-in", "/sign-in", &[("admin_token", ADMIN)]);
    (served, browser)
}

/// Reads the page again and again, until so many triggers have their webhook.
#[track_caller]
fn until_active(browser: &mut Browser, page: &str, count: usize) {
    let began = Instant::now();
    loop {
        let body = browser.get(page).body;
        if body.matches(ACTIVE).count() == count {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{body}");
    }
}

/// The events of all webhooks of the account.
fn events(scene: &Scene) -> Vec<String> {
    let told = scene.call("list-webhooks", "{}");
    let mut all: Vec<String> = told
        .as_array()
        .expect("a list")
        .iter()
        .map(|hook| hook["scope"].as_str().expect("an event").to_owned())
        .collect();
    all.sort();
    all
}

#[test]
fn a_trigger_that_is_chosen_on_the_page_gets_its_webhook_and_the_page_tells() {
    let scene = Scene::new(&["order-created"]);
    let (_served, mut browser) = open(&scene);
    let page = format!("/connections/{}", scene.id);
    until_active(&mut browser, &page, 1);
    let chosen = [("trigger", "order-created"), ("trigger", "customer-created")];
    let answer = browser.submit(&page, &format!("{page}/triggers"), &chosen);
    assert_eq!(answer.status, Some(303), "{answer:?}");
    until_active(&mut browser, &page, 2);
    let expected = [
        "store/app/uninstalled",
        "store/customer/created",
        "store/hook/deliveryException",
        "store/order/created",
    ];
    assert_eq!(events(&scene), expected);
}

#[test]
fn disconnecting_deletes_the_webhooks_at_the_vendor() {
    let scene = Scene::new(&["order-created"]);
    let (_served, mut browser) = open(&scene);
    let page = format!("/connections/{}", scene.id);
    until_active(&mut browser, &page, 1);
    let disconnect = format!("{page}/disconnect");
    let answer = browser.submit(&disconnect, &disconnect, &[]);
    assert!(answer.body.contains("no longer connected"), "{answer:?}");
    assert!(!answer.body.contains("role=\"alert\""), "{answer:?}");
    assert_eq!(events(&scene), Vec::<String>::new());
}
