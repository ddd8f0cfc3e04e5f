//! The screens of an install, and where they lead.

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::{Fields, Maker, agree, install, install_path, manage_path, open, store, submit};

#[tokio::test]
async fn the_install_link_shows_the_app_and_every_scope_escaped() {
    let (maker, sandbox) = {
        let maker = Maker::start().await;
        let sandbox = store(&maker).await;
        (maker, sandbox)
    };
    let screen = open(&sandbox, &install_path(&sandbox)).await;
    assert_eq!((screen.status, screen.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for part in [
        "Orders &amp; &lt;Ledgers&gt;",
        "Hearth &amp; Trail",
        sandbox.store_hash(),
        "Products: read and change <code>store_v2_products</code>",
        "Orders: read <code>store_v2_orders_read_only</code>",
        ">Approve<",
        ">Cancel<",
    ] {
        assert!(screen.text.contains(part), "{part}\n{}", screen.text);
    }
    assert!(!screen.text.contains("<Ledgers>") && !screen.text.contains("<script"));
    assert!(maker.take().is_empty(), "nothing happens by a GET");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn who_agrees_is_sent_to_the_auth_callback_as_documented() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let welcome =
        submit(&sandbox, &install_path(&sandbox), &[("decision", "approve"), ("user", "9128")]).await;
    assert_eq!(welcome.text, "the app");
    let visit = maker.only();
    assert!(visit.query.starts_with("via=sandbox&code="), "{}", visit.query);
    for part in [
        "&scope=store_v2_products+store_v2_orders_read_only&",
        "&context=stores%2Fsandbox1&",
        "&external_install=",
    ] {
        assert!(visit.query.contains(part), "{part}: {}", visit.query);
    }
    let told = visit.fields();
    assert_eq!(told["account_uuid"].len(), 36);
    let names: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(names, ["account_uuid", "code", "context", "external_install", "scope", "via"]);
    assert_ne!(agree(&sandbox, &maker).await["code"], told["code"]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn who_cancels_ends_on_the_failed_page_and_the_app_hears_nothing() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let page = submit(&sandbox, &install_path(&sandbox), &[("decision", "cancel")]).await;
    assert!(page.status == 200 && page.text.contains("was not installed"), "{}", page.text);
    let page = open(&sandbox, &format!("{}/succeeded", install_path(&sandbox))).await;
    assert!(page.status == 200 && page.text.contains("was installed"), "{}", page.text);
    assert!(maker.take().is_empty());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_unknown_app_or_a_form_from_elsewhere_installs_nothing() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    for path in ["/app/unknown/install", "/app/unknown/install/succeeded", "/app/unknown/install/failed"] {
        assert_eq!(open(&sandbox, path).await.status, 404, "{path}");
    }
    assert_eq!(submit(&sandbox, "/app/unknown/install", &[("decision", "approve")]).await.status, 404);
    for fields in [&[][..], &[("decision", "maybe")], &[("decision", "approve"), ("user", "1")]] {
        assert_eq!(submit(&sandbox, &install_path(&sandbox), fields).await.status, 400, "{fields:?}");
    }
    assert!(maker.take().is_empty());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_app_without_an_auth_callback_cannot_be_installed() {
    let sandbox = crate::sandbox().await;
    let page = open(&sandbox, &install_path(&sandbox)).await;
    assert!(page.status == 409 && page.text.contains("Auth callback"), "{}", page.text);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_control_panel_installs_in_a_frame_and_not_externally() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let home = open(&sandbox, "/").await;
    assert!(home.text.contains(&manage_path(&sandbox, "/install")) && !home.text.contains("Launch"));
    assert_eq!(open(&sandbox, &manage_path(&sandbox, "")).await.status, 404, "the store does not have it");
    let page = submit(&sandbox, &manage_path(&sandbox, "/install"), &[("decision", "approve")]).await;
    let told = framed(&page.text);
    assert!(told.starts_with(&maker.address("auth?via=sandbox&code=")), "{told}");
    assert!(!told.contains("external_install"));
    sandbox.shutdown().await;
}

/// The address of the frame in a page.
pub(super) fn framed(page: &str) -> String {
    let (_, frame) = page.split_once("<iframe").expect("a frame");
    let (_, address) = frame.split_once("src=\"").expect("its address");
    address.split('"').next().expect("its end").replace("&amp;", "&")
}

/// An authorise URL that is right but for these changes, as a path.
fn authorise(changes: &[(&str, Option<&str>)], maker: &Maker, client_id: &str) -> String {
    let mut asked: Fields = [
        ("client_id", client_id),
        ("redirect_uri", &maker.address("auth?via=sandbox")),
        ("response_type", "code"),
        ("scope", "store_v2_products store_v2_orders_read_only"),
        ("state", "s&t=\"a<te"),
        ("context", "stores/sandbox1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in changes {
        asked.remove(*name);
        if let Some(value) = value {
            asked.insert((*name).to_owned(), (*value).to_owned());
        }
    }
    let mut address = Url::parse("https://login.example/oauth2/authorize").expect("an address");
    address.query_pairs_mut().extend_pairs(asked);
    format!("/oauth2/authorize?{}", address.query().expect("a query"))
}

#[tokio::test]
async fn the_authorise_url_brings_the_state_back() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let screen = open(&sandbox, &authorise(&[], &maker, sandbox.client_id())).await;
    assert!(screen.status == 200 && screen.text.contains("s&amp;t=&quot;a&lt;te"), "{}", screen.text);
    let asked =
        super::fields_of(authorise(&[], &maker, sandbox.client_id()).split_once('?').expect("a query").1);
    for (decision, told) in [("approve", "code"), ("cancel", "error")] {
        let mut sent: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (&**name, &**value)).collect();
        sent.push(("decision", decision));
        submit(&sandbox, "/oauth2/authorize", &sent).await;
        let fields = maker.only().fields();
        assert_eq!(fields["state"], "s&t=\"a<te");
        assert!(fields.contains_key(told) && !fields.contains_key("external_install"), "{fields:?}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_authorise_url_that_is_wrong_leads_nowhere() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let browser = Client::builder().tls_certs_only([]).redirect(Policy::none()).build().expect("a client");
    for change in [
        ("redirect_uri", Some("https://evil.example/")),
        ("redirect_uri", Some(&*maker.address("auth"))),
        ("redirect_uri", None),
        ("response_type", Some("token")),
        ("context", Some("stores/another1")),
        ("context", None),
        ("scope", Some("store_v2_products store_v2_customers")),
        ("client_id", Some("unknown")),
        ("account_uuid", Some("00000000-0000-4000-8000-000000000000")),
    ] {
        let path = authorise(&[change], &maker, sandbox.client_id());
        let answer = browser.get(format!("{}{path}", sandbox.origin())).send().await.expect("an answer");
        assert!(answer.status().is_client_error(), "{change:?}: {}", answer.status());
        let asked = super::fields_of(path.split_once('?').expect("a query").1);
        let mut sent: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (&**name, &**value)).collect();
        sent.push(("decision", "approve"));
        assert!(submit(&sandbox, "/oauth2/authorize", &sent).await.status >= 400, "{change:?}");
    }
    assert!(maker.take().is_empty());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_installed_app_can_be_installed_once_more() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let first = install(&sandbox, &maker).await;
    assert_ne!(install(&sandbox, &maker).await, first);
    sandbox.shutdown().await;
}
