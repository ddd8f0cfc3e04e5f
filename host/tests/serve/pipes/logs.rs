//! Logs that nobody reads, or whose reader has closed.

use super::*;

/// Deliveries with a wrong signature, which are logged and cost no commit; on one connection each.
fn forge(address: SocketAddr, path: &str, count: usize) {
    for _ in 0..count {
        let headers = signed(&BC_HEX, "wrong-secret-wrong-secret", now_ms(), ORDER.as_bytes());
        assert_eq!(exchange(address, &request(path, &headers, ORDER.as_bytes())).status, Some(401));
    }
}

#[test]
fn a_log_that_nobody_reads_delays_no_request_and_counts_what_it_drops() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (stdout, output) = pipe();
    let (mut log, errors) = pipe();
    let arguments = ["--log-level", "debug", "--log-format", "json", "--stop-within", "5s"];
    let mut served = Piped::start(&place, &arguments, output.into(), Some(errors.into()));
    let (webhooks, admin) = announced(stdout);
    let dropped = || {
        let metrics = get(admin, "/metrics", &[]).body;
        let line = metrics.lines().find_map(|line| line.strip_prefix("connector_log_lines_dropped_total "));
        line.expect("the metric is there").parse::<u64>().expect("a number")
    };
    assert_eq!(dropped(), 0);
    let mut sent = 0;
    while dropped() == 0 {
        forge(webhooks, &path, 200);
        sent += 200;
        assert!(sent < 20_000, "lines are kept without a limit");
    }
    deliver(webhooks, &path, ORDER);
    assert_eq!(get(admin, "/readyz", &[]).status, Some(200), "a log is no reason not to serve");
    // The log goes on when it is read again, and has the number.
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).map(|_| text)
    });
    until("the queue is written", String::new, || {
        forge(webhooks, &path, 1);
        let before = dropped();
        forge(webhooks, &path, 20);
        (dropped() == before).then_some(())
    });
    served.signal();
    assert_eq!(served.ends().code(), Some(0));
    let text = reading.join().expect("it reads").expect("text");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let told = lines.iter().find_map(|line| line["dropped"].as_u64()).expect("the drop is logged");
    assert!(told > 0, "{told}");
    assert_eq!(lines.last().expect("a line")["message"], "stopped");
}

#[test]
fn a_log_that_nobody_reads_keeps_no_service_from_its_end() {
    for signals in [1, 2] {
        let place = Place::new();
        let (stdout, output) = pipe();
        let (_log, errors) = full_pipe();
        let arguments = ["--stop-within", "1s"];
        let mut served = Piped::start(&place, &arguments, output.into(), Some(errors.into()));
        let (_, admin) = announced(stdout);
        // A request that does not end, so that the first signal does not end the service.
        let mut open = connect(admin);
        open.write_all(b"GET /healthz HTTP/1.1\r\n").expect("it is connected");
        let began = Instant::now();
        for _ in 0..signals {
            served.signal();
        }
        let ended = served.ends();
        assert!(ended.code().is_some(), "{ended:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

#[test]
fn a_log_whose_reader_has_closed_stops_no_request() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (stdout, output) = pipe();
    let (log, errors) = pipe();
    drop(log);
    let mut served = Piped::start(&place, &["--log-level", "debug"], output.into(), Some(errors.into()));
    let (webhooks, admin) = announced(stdout);
    for id in 0..20 {
        deliver(webhooks, &path, &order(id));
    }
    let metrics = get(admin, "/metrics", &[]).body;
    assert!(!metrics.contains("connector_log_lines_dropped_total 0"), "{metrics}");
    served.signal();
    assert_eq!(served.ends().code(), Some(0));
}

/// Each line of a log as JSON.
#[track_caller]
fn json_lines(text: &str) -> Vec<serde_json::Value> {
    let lines =
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.collect()
}

#[test]
fn a_log_of_json_is_json_from_its_first_line_to_its_last() {
    let place = Place::new();
    place.connect();
    let (stdout, output) = pipe();
    let arguments = ["--delivery-mode", "ndjson", "--log-format", "json"];
    let mut served = Piped::start(&place, &arguments, output.into(), None);
    until("it serves", || served.logged(), || served.logged().contains("\"serving\"").then_some(()));
    served.signal();
    assert_eq!(served.ends().code(), Some(0));
    drop(stdout);
    let lines = json_lines(&served.logged());
    let serving = lines.iter().find(|line| line["message"] == "serving").expect("a line");
    for member in ["listen", "public_url", "metrics", "delivery", "data", "connections", "unusable"] {
        assert!(!serving[member].is_null(), "{member}: {serving}");
    }
    assert_eq!(lines.last().expect("a line")["message"], "stopped");
}

#[test]
fn an_error_of_the_start_is_a_line_of_a_log_of_json() {
    let place = Place::new();
    let config = place.file("connector.toml", "[log]\nformat = \"json\"\nlevle = \"debug\"\n");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = listener.local_addr().expect("an address").to_string();
    for (arguments, variable, code, words) in [
        (&["--log-format", "json", "--nonsense"][..], None, 2, "--nonsense"),
        (&["--log-format=json", "--listen", "nowhere"], None, 2, "--listen"),
        (&["--listen", "nowhere"], Some("json"), 2, "--listen"),
        (&["--config", &config], None, 2, "log.levle"),
        (&["--log-format", "json", "--listen", &taken], None, 1, &taken),
    ] {
        let mut command = program();
        command.arg("serve").args(arguments).env("CONNECTOR_DATA", place.data());
        command.envs(variable.map(|value| ("CONNECTOR_LOG_FORMAT", value)));
        let output = command.output().expect("it starts");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let lines = json_lines(&String::from_utf8_lossy(&output.stderr));
        let last = lines.last().expect("a line");
        assert_eq!(last["level"], "ERROR", "{last}");
        assert!(last["message"].as_str().expect("a text").contains(words), "{last}");
        assert!(last["timestamp"].as_str().expect("a time").ends_with('Z'), "{last}");
        assert_eq!(last["error"]["message"], last["message"], "{last}");
    }
}
