//! Calls that fail: class, exit code, and what people and programs are told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bigcommerce_sandbox::{Fault, ManualClock, SandboxOptions};

use super::{ACTION, Invocation, Outcome, Store, TOKEN, assert_contains};

#[test]
fn a_missing_product_is_not_found() {
    let store = Store::start();
    let text = store.call().args(["--product-id", "999999999"]).run().failed_with(5);
    assert_contains(
        &text,
        &["error[not_found]: get-product: ", "404", "the API says: ", "request id: ", "next: "],
    );
    assert!(!text.contains('\u{1b}'), "no colours without a terminal");

    let error = store.call().args(["--product-id", "999999999", "--json"]).run().error(5);
    assert_eq!(error["class"], "not_found");
    assert_eq!(error["status"], 404);
    assert_eq!(error["retryable"], false);
    assert!(error["retry_after_ms"].is_null());
    assert!(error["request_id"].is_string() && error["api_message"].is_string(), "{error}");
}

#[test]
fn a_wrong_token_is_auth_revoked() {
    let store = Store::start();
    let call =
        store.call().args(["--product-id", "111", "--json"]).env("CONNECTOR_ACCESS_TOKEN", "another-token");
    let outcome = call.run();
    assert!(!outcome.stderr.contains("another-token"), "{outcome:?}");
    assert_eq!(outcome.error(4)["class"], "auth.revoked");
}

#[test]
fn a_spent_quota_is_surfaced_with_its_wait() {
    // The clock stands still, so that the window neither ends nor shrinks.
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_700_000_000)));
    let window = Duration::from_millis(7_000);
    let store = Store::with(SandboxOptions { quota: 1, window, clock, ..SandboxOptions::default() });
    store.call().args(["--product-id", "111"]).run().ok();

    let error = store.call().args(["--product-id", "111", "--json"]).run().error(7);
    assert_eq!(error["class"], "rate_limited.window");
    assert_eq!(error["status"], 429);
    assert_eq!(error["retryable"], true);
    assert_eq!(error["retry_after_ms"], 7_000);

    let text = store.call().args(["--product-id", "111"]).run().failed_with(7);
    assert_contains(&text, &["error[rate_limited.window]", "retry after: 7.0 s", "next: wait that long"]);
    assert_eq!(store.sandbox().requests().len(), 3, "nothing was sent again unasked");
}

#[test]
fn every_way_to_fail_has_its_class_and_exit_code() {
    let store = Store::start();
    let expected = [
        (Fault::OverloadedWithoutHeaders, "rate_limited.overload", 7, true),
        (Fault::InternalServerError, "server", 8, true),
        (Fault::BadGatewayPage, "server", 8, true),
        (Fault::StoreSuspended, "unavailable", 8, true),
        (Fault::Forbidden, "auth.scope", 4, false),
        (Fault::HtmlPage, "decode", 10, false),
        (Fault::TruncatedBody, "transport.unknown_outcome", 9, true),
    ];
    for (fault, class, code, retryable) in expected {
        store.sandbox().inject(fault, 1);
        let error = store.call().args(["--product-id", "111", "--json"]).run().error(code);
        assert_eq!(
            (&error["class"], &error["retryable"]),
            (&class.into(), &retryable.into()),
            "{fault:?}: {error}"
        );
    }
    store.sandbox().inject(Fault::Forbidden, 1);
    let text = store.call().args(["--product-id", "111"]).run().failed_with(4);
    assert_contains(&text, &["one of these scopes: store_v2_products_read_only"]);
}

#[test]
fn a_store_that_does_not_answer_is_given_up_after_the_timeout() {
    let store = Store::start();
    store.sandbox().inject(Fault::Hang, 1);
    let text = store.call().args(["--product-id", "111", "--timeout", "0.2"]).run().failed_with(9);
    assert_contains(&text, &["error[transport.unknown_outcome]", "took too long"]);
}

#[test]
fn an_address_where_nobody_listens_is_unsent_and_says_why() {
    // A freed port could be taken by the store of another test; port 1 is nobody's.
    let origin = "http://127.0.0.1:1";
    let call = Invocation::new().args(["call", ACTION, "--product-id", "111", "--base-url", origin]);
    let text = call.args(["--store-hash", "abc123", "--access-token", TOKEN]).run().failed_with(9);
    assert_contains(
        &text,
        &["error[transport.unsent]", "no connection came about", "cause: ", "this attempt was not sent"],
    );
}

/// Makes a product in a store that meets `fault`, and returns what people are told.
fn creation(fault: Fault, code: i32) -> String {
    let store = Store::start();
    store.sandbox().inject(fault, 1);
    let flags = ["--name", "Cup", "--type", "physical", "--price", "1", "--weight", "1"];
    let create = Invocation::new().args(["call", "create-product"]).args(flags);
    create.connected_to(&store).run().failed_with(code)
}

#[test]
fn a_creation_that_may_have_been_carried_out_says_what_to_check_first() {
    for (fault, code) in [
        (Fault::HtmlPage, 10),
        (Fault::TruncatedBody, 9),
        (Fault::InternalServerError, 8),
        (Fault::StoreSuspended, 8),
    ] {
        let text = creation(fault, code);
        assert_contains(&text, &["carried out", "Look for the product", "`list-products` by its `sku`"]);
    }
    let store = Store::start();
    store.sandbox().inject(Fault::HtmlPage, 1);
    let text = store.call().args(["--product-id", "111"]).run().failed_with(10);
    assert!(text.contains("check the address") && !text.contains("carried out"), "{text}");
}

#[test]
fn a_conflict_is_told_in_words_that_hold_for_each() {
    let store = Store::start();
    let create = |flags: &[&str]| {
        let product = ["call", "create-product", "--type", "physical", "--price", "1", "--weight", "1"];
        Invocation::new().args(product).args(flags).connected_to(&store).run().failed_with(6)
    };
    for flags in
        [["--name", "Cup", "--categories", "987654"].as_slice(), &["--name", "Copper Pour-Over Kettle"]]
    {
        let text = create(flags);
        assert_contains(
            &text,
            &["error[conflict]", "a name or number may be taken, or what it refers to be missing"],
        );
    }
}

/// The text and the JSON of the second of two identical calls, after `lost` for the first.
fn repeated(lost: Fault, first_code: i32, json: bool) -> Outcome {
    let store = Store::start();
    let create = |json: bool| {
        let customer = [
            "call",
            "create-customer",
            "--email",
            "ann@example.com",
            "--first-name",
            "Ann",
            "--last-name",
            "Example",
        ];
        let flags: &[&str] = if json { &["--json"] } else { &[] };
        Invocation::new().args(customer).args(flags).connected_to(&store).run()
    };
    store.sandbox().inject(lost, 1);
    create(false).failed_with(first_code);
    let second = create(json);
    assert_eq!(store.sandbox().requests().len(), 2, "nothing was sent again unasked");
    second
}

#[test]
fn a_refused_repetition_of_a_lost_create_points_to_the_earlier_call() {
    for (lost, first_code) in [(Fault::TruncatedBody, 9), (Fault::GatewayTimeout, 8)] {
        let text = repeated(lost, first_code, false).failed_with(3);
        assert_contains(
            &text,
            &[
                "error[validation]: create-customer: the API answered 422",
                "if an earlier identical call ended with transport.unknown_outcome, decode, server or unavailable",
                "that call may have been carried out: Look for the customer: `list-customers`",
            ],
        );
        for untrue in ["nothing was", "nothing has", "no change"] {
            assert!(!text.contains(untrue), "{untrue:?} is in {text}");
        }
        let error = repeated(lost, first_code, true).error(3);
        assert_eq!((&error["class"], &error["status"]), (&"validation".into(), &422.into()));
        assert!(error["check_first"].as_str().expect("a hint").contains("`list-customers`"), "{error}");
        assert_eq!(error["earlier_attempt_may_have_been_executed"], false);
    }
}

#[test]
fn an_input_that_is_refused_before_sending_has_nothing_to_check() {
    let store = Store::start();
    let call = Invocation::new().args(["call", "create-customer", "--email", "", "--json"]);
    let error = call.connected_to(&store).run().error(3);
    assert!(error["status"].is_null() && error["check_first"].is_null(), "{error}");
}

#[test]
fn an_error_after_a_lost_attempt_of_the_same_call_reports_the_attempt() {
    let store = Store::start();
    let update = |flags: &[&str]| {
        let update = ["call", "update-product", "--product-id", "111", "--name", "Cup", "--wait"];
        store.sandbox().inject(Fault::GatewayTimeout, 1);
        store.sandbox().inject(Fault::Forbidden, 1);
        Invocation::new().args(update).args(flags).connected_to(&store).run()
    };
    let text = update(&["--quiet"]).failed_with(4);
    assert_contains(
        &text,
        &["error[auth.scope]", "an earlier attempt of this call may have been carried out: Read the product"],
    );
    let error = update(&["--quiet", "--json"]).error(4);
    assert_eq!(error["earlier_attempt_may_have_been_executed"], true, "{error}");
    assert!(error["check_first"].is_string(), "{error}");
}

/// A server that gives every request the same answer, and the number of the requests.
fn answering(head: &str, body: &[u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = [head.as_bytes(), b"X-Request-Id: r-7\r\nConnection: close\r\n\r\n", body].concat();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut reader = BufReader::new(&stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).expect("a head") > 2 {
                let lower = line.to_ascii_lowercase();
                let given = lower.strip_prefix("content-length:");
                length = given.map_or(length, |given| given.trim().parse().expect("a length"));
                line.clear();
            }
            std::io::copy(&mut reader.take(length), &mut std::io::sink()).expect("a body");
            // A client that has read enough closes the connection.
            stream.write_all(&answer).unwrap_or_default();
        }
    });
    (origin, requests)
}

#[test]
fn an_answer_that_cannot_be_read_is_decode_and_is_asked_for_once() {
    let gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";
    let truncated = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a".as_slice();
    let large = "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n";
    for (head, body, what) in [
        (gzip, br#"{"data":{}}"#.as_slice(), "its body is not valid gzip"),
        (gzip, truncated, "its body is not valid gzip"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n", b"{}", "its content coding is not gzip"),
        (large, b"", "its body is larger than the limit of 64 MiB"),
    ] {
        for wait in [["--wait", "60"].as_slice(), &["--no-wait"]] {
            let connection =
                |origin: &str| ["--base-url", origin, "--store-hash", "abc123", "--json"].map(str::to_owned);
            let (origin, requests) = answering(head, body);
            let call = Invocation::new().args(["call", ACTION, "--product-id", "111"]).args(wait);
            let call = call.args(connection(&origin)).env("CONNECTOR_ACCESS_TOKEN", TOKEN);
            let error = call.run().error(10);
            assert_eq!((&error["class"], &error["status"]), (&"decode".into(), &200.into()), "{error}");
            assert_eq!(
                (&error["retryable"], &error["request_id"]),
                (&false.into(), &"r-7".into()),
                "{error}"
            );
            assert_eq!(error["message"], format!("get-product: cannot read the answer: {what}"));
            assert!(error["check_first"].is_null(), "{error}");
            assert_eq!(requests.load(Ordering::SeqCst), 1, "{what}");

            let (origin, requests) = answering(head, body);
            let flags = ["--name", "Cup", "--type", "physical", "--price", "1", "--weight", "1"];
            let call = Invocation::new().args(["call", "create-product"]).args(flags).args(wait);
            let call = call.args(connection(&origin)).env("CONNECTOR_ACCESS_TOKEN", TOKEN);
            let error = call.run().error(10);
            assert_eq!((&error["class"], &error["status"]), (&"decode".into(), &200.into()), "{error}");
            assert_eq!(error["retryable"], false, "{error}");
            let text =
                format!("create-product: cannot read the answer: {what}; the request may have been executed");
            assert_eq!(error["message"], text);
            assert!(error["check_first"].as_str().expect("a text").contains("list-products"), "{error}");
            assert_eq!(requests.load(Ordering::SeqCst), 1, "{what}");
        }
    }
}

#[test]
fn a_refusal_whose_body_cannot_be_read_is_that_refusal() {
    for (status, class, code) in [("429 Slow", "rate_limited.window", 7), ("404 None", "not_found", 5)] {
        let head = format!("HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nX-Retry-After: 9\r\n");
        let (origin, _) = answering(&head, b"no gzip");
        let call = Invocation::new().args(["call", ACTION, "--product-id", "111", "--json", "--no-wait"]);
        let call = call.args(["--base-url", &origin, "--store-hash", "abc123"]);
        let error = call.env("CONNECTOR_ACCESS_TOKEN", TOKEN).run().error(code);
        assert_eq!(error["class"], class, "{error}");
    }
}
