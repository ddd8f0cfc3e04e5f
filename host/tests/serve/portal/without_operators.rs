//! Pages of a service that has no address for operators.

use super::*;

/// What operators and workers would call.
const CALLS: &[(&str, &str)] = &[
    ("GET", "/metrics"),
    ("POST", "/activations/lease"),
    ("POST", "/connections/5f0e7c1b2a3948d6/actions/get-product"),
];

/// How many sockets a process listens on.
#[cfg(target_os = "linux")]
fn listening(process: u32) -> usize {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let open: Vec<String> = fs::read_dir(folder.join("fd"))
        .expect("a process")
        .filter_map(|entry| Some(fs::read_link(entry.ok()?.path()).ok()?.display().to_string()))
        .collect();
    let tables =
        ["tcp", "tcp6"].map(|name| fs::read_to_string(folder.join("net").join(name)).unwrap_or_default());
    let rows =
        tables.iter().flat_map(|table| table.lines()).map(|row| row.split_whitespace().collect::<Vec<_>>());
    // 0A is the state LISTEN; the tenth column is the inode.
    rows.filter(|row| row.get(3) == Some(&"0A"))
        .filter(|row| row.get(9).is_some_and(|inode| open.contains(&format!("socket:[{inode}]"))))
        .count()
}

#[test]
fn people_sign_in_with_the_admin_token_although_nobody_listens_for_operators() {
    let mut stage = Stage::new();
    assert_eq!(stage.served.stop().0, Some(0));
    let arguments = ["--config", &stage.config(), "--admin-listen", "none"];
    let file = stage.place.file("admin-token", &format!("{ADMIN}\n"));
    let from_file = [&arguments[..], &["--admin-token-file", &file]].concat();
    let variable = [("CONNECTOR_ADMIN_TOKEN", ADMIN)];
    for (arguments, variables) in [(&arguments[..], &variable[..]), (&from_file, &[])] {
        stage.served = stage.place.serve_with(arguments, variables);
        assert!(stage.served.announced.contains("metrics      none\n"), "{}", stage.served.announced);
        #[cfg(target_os = "linux")]
        assert_eq!(listening(stage.served.child.id()), 1, "webhooks and pages alone");

        let mut browser = stage.operator();
        assert_eq!(browser.get("/connections").status, Some(200));
        let wrong = stage.stranger().submit("/sign-in", "/sign-in", &[("admin_token", "guess")]);
        assert_eq!(wrong.status, Some(403), "{wrong:?}");
        assert!(!wrong.body.contains("Nobody can sign in"), "{}", wrong.body);
        for (method, path) in CALLS {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {ADMIN}\r\n\
                 Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
            );
            let answer = stage.served.exchange(request.as_bytes());
            assert_eq!(answer.status, Some(404), "{path}: {answer:?}");
        }
        assert_eq!(stage.served.stop().0, Some(0));
    }
    stage.served = stage.place.serve_with(&arguments, &variable);
    let id = stage.connect(&mut stage.operator(), "abc123");
    assert_eq!(stage.connections()[0]["id"], id.as_str(), "an account can be connected");
}
