//! Every door through which text from outside comes in: a byte order mark is dropped, another encoding is refused with its
//! place, and so is a secret with a line break, NUL or another control character inside.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::acting::Works;
use super::acting::{ADMIN, metric};
use super::*;

/// What no message may show.
const SECRET: &str = "hush-door-51c7-7";

/// How a door takes a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// In a file that a flag or a setting names.
    File,
    /// On standard input, which a flag or a setting names by `-`.
    Input,
    /// In a variable.
    Variable,
    /// In a flag.
    Flag,
}

/// A door for a secret.
#[derive(Clone)]
struct Door {
    /// The flag or variable, and for flags the words of the command before it.
    name: String,
    command: Vec<String>,
    kind: Kind,
    /// A secret that the command takes.
    sound: &'static str,
    /// What a run says on standard error that has taken the secret: nothing where it goes well.
    taken: &'static str,
}

/// What a secret may not be, and what is said of it.
const UNSOUND: [(&[u8], &str); 9] = [
    (b"hush-door-51c7-7\nx", "a line break at byte 16"),
    (b"hush-door-51c7-7\n\n", "a line break at byte 16"),
    (b"\xEF\xBB\xBF\r\nhush-door-51c7-7", "a line break at byte "),
    (b"hush-door-51c7-7\0", "a NUL at byte 16"),
    (b"hush\x1b[2Jhush-door-51c7-7", "a control character at byte 4"),
    (b"hush-door-51c7-7\xEF\xBB\xBF", "a byte order mark at byte 16"),
    (b"\xEF\xBB\xBF\r\n", "it is empty"),
    (b"hush-door-51c7-7\xFF", "the text is not UTF-8 at byte 16: convert it to UTF-8"),
    (b"\xFF\xFEh\0u\0s\0h\0", "the text is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`"),
];

/// A last setting that is refused once all before it were taken, so that no service has to be stopped.
const REFUSED_LAST: [&str; 2] = ["--log-level", "nonsense"];

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|word| (*word).to_owned()).collect()
}

/// The variables of the documentation's table that hold a secret.
fn secret_variables() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serve.md");
    let page = fs::read_to_string(page).expect("the documentation");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| – | – | `"));
    let rows = rows.filter_map(|row| row.split_once("` | TEXT |"));
    rows.map(|(name, _)| name.replace("_ID_", "_SHOP_")).collect()
}

fn doors(connection: &str) -> Vec<Door> {
    let mut all = Vec::new();
    let variables = secret_variables();
    assert_eq!(variables.len(), 5, "{variables:?}");
    for variable in variables {
        let sound = if variable.contains("DELIVERY") { SIGNING_SECRET } else { SECRET };
        for (name, kind) in [(variable.clone(), Kind::Variable), (format!("{variable}_FILE"), Kind::File)] {
            let command = words(&[&["serve"][..], &REFUSED_LAST].concat());
            all.push(Door { name, command, kind, sound, taken: "CONNECTOR_LOG_LEVEL: " });
        }
    }
    let add = ["connections", "add", "--store-hash", "abc123", "--app", "shop", "--no-test"];
    for flag in ["--client-secret-file", "--previous-client-secret-file", "--access-token-file"] {
        all.push(Door {
            name: flag.to_owned(),
            command: words(&add),
            kind: Kind::File,
            sound: SECRET,
            taken: "",
        });
    }
    let rotate = words(&["connections", "rotate", connection]);
    all.push(Door {
        name: "--client-secret-file".to_owned(),
        command: rotate,
        kind: Kind::File,
        sound: SECRET,
        taken: "",
    });
    for (name, kind) in [("--access-token", Kind::Flag), ("CONNECTOR_ACCESS_TOKEN", Kind::Variable)] {
        all.push(Door { name: name.to_owned(), command: words(&add), kind, sound: SECRET, taken: "" });
    }
    #[cfg(feature = "demo")]
    for (name, kind) in [
        ("--access-token-file", Kind::File),
        ("--client-secret-file", Kind::File),
        ("--store-account-token-file", Kind::File),
        ("--store-account-secret-file", Kind::File),
        ("CONNECTOR_SANDBOX_ACCESS_TOKEN", Kind::Variable),
        ("CONNECTOR_SANDBOX_CLIENT_SECRET", Kind::Variable),
    ] {
        let command = words(&["sandbox", "--quota", "0"]);
        all.push(Door {
            name: name.to_owned(),
            command,
            kind,
            sound: SECRET,
            taken: "allow at least one request",
        });
    }
    let files = all.iter().filter(|door| door.kind == Kind::File);
    let inputs: Vec<Door> = files.map(|door| Door { kind: Kind::Input, ..door.clone() }).collect();
    all.extend(inputs);
    all
}

impl Door {
    /// Runs the command with this text at the door: exit code and standard error.
    fn run(&self, place: &Place, bytes: &[u8]) -> (i32, String) {
        let mut command = program();
        command.env("CONNECTOR_DATA", place.data());
        command.args(&self.command);
        // Whatever else the commands want.
        for (name, value) in [
            ("CONNECTOR_APPS", "shop"),
            ("CONNECTOR_APPS_SHOP_CLIENT_SECRET", APP_SECRET),
            ("CONNECTOR_DELIVERY_MODE", "http"),
            ("CONNECTOR_DELIVERY_URL", "https://engine.example/events"),
            ("CONNECTOR_DELIVERY_SECRET", SIGNING_SECRET),
        ] {
            // The file of a secret counts only without its variable.
            if self.name.strip_suffix("_FILE") != Some(name) {
                command.env(name, value);
            }
        }
        let file = || {
            let path = place.folder.path().join("door");
            fs::write(&path, bytes).expect("it can be written");
            path
        };
        match (self.kind, self.name.starts_with("--")) {
            (Kind::File, true) => _ = command.arg(&self.name).arg(file()),
            (Kind::File, false) => _ = command.env(&self.name, file()),
            (Kind::Input, is_flag) => {
                command.stdin(File::open(file()).expect("it is there"));
                match is_flag {
                    true => _ = command.args([&self.name, "-"]),
                    false => _ = command.env(&self.name, "-"),
                }
            }
            (Kind::Flag, _) => _ = command.arg(&self.name).arg(OsString::from_vec(bytes.to_vec())),
            (Kind::Variable, _) => _ = command.env(&self.name, OsString::from_vec(bytes.to_vec())),
        }
        let other = match self.name.as_str() {
            "--store-account-token-file" => Some("--store-account-secret-file"),
            "--store-account-secret-file" => Some("--store-account-token-file"),
            _ => None,
        };
        if let Some(other) = other {
            command.args([other, &place.file("other", "hush-other")]);
        }
        let output = command.output().expect("it starts");
        let text = String::from_utf8(output.stderr).expect("the errors are UTF-8");
        (output.status.code().expect("no signal ended it"), text)
    }

    /// Whether the system can hand over such a text.
    fn can_carry(&self, bytes: &[u8]) -> bool {
        let is_text = std::str::from_utf8(bytes).is_ok();
        matches!(self.kind, Kind::File | Kind::Input)
            || (!bytes.contains(&0) && (is_text || self.kind == Kind::Variable))
    }
}

#[test]
fn no_door_takes_what_is_no_secret() {
    let place = Place::new();
    let (id, _) = place.connect();
    for door in doors(&id) {
        for (bytes, what) in UNSOUND.iter().filter(|(bytes, _)| door.can_carry(bytes)) {
            let (code, text) = door.run(&place, bytes);
            let about = format!("{:?} {}: {text}", door.command, door.name);
            assert_eq!(code, 2, "{about}");
            assert!(text.contains(what), "{what} is missing: {about}");
            let named = match door.kind {
                Kind::File => "/door",
                Kind::Input => "from standard input",
                Kind::Variable | Kind::Flag => door.name.as_str(),
            };
            assert!(text.contains(named), "{named} is missing: {about}");
            assert!(!text.contains("hush-door") && !text.contains('\u{1b}'), "{about}");
        }
    }
    let listed = place.ok(&["connections", "list", "--json"]);
    assert_eq!(listed.matches(r#""id""#).count(), 1, "nothing was added: {listed}");
}

#[test]
fn every_door_takes_a_secret_with_a_byte_order_mark_and_one_line_break() {
    for mark in ["", "\u{feff}"] {
        for end in ["", "\n", "\r\n"] {
            let place = Place::new();
            let (id, _) = place.connect();
            for door in doors(&id) {
                let (code, text) = door.run(&place, format!("{mark}{}{end}", door.sound).as_bytes());
                let is_taken = match door.taken {
                    "" => code == 0 && text.lines().all(|line| line.starts_with("warning: the account ")),
                    taken => code == 2 && (text.contains(taken) || text.contains("--log-level: ")),
                };
                assert!(is_taken, "{mark:?} {end:?} {:?} {}: {code} {text}", door.command, door.name);
            }
        }
    }
}

/// A text as editors of another system write it.
fn marked(text: &str) -> String {
    format!("\u{feff}{text}\r\n")
}

#[test]
fn webhooks_are_verified_with_a_secret_from_a_file_with_a_byte_order_mark() {
    let place = Place::new();
    let current = place.file("current", &marked(CLIENT_SECRET));
    let previous = place.file("previous", &marked(PREVIOUS_SECRET));
    let app = place.file("app", &marked(APP_SECRET));
    let config =
        place.file("connector.toml", &marked(&format!("[apps.shop]\nclient_secret_file = {app:?}\n")));
    let (_, own) = place.add(&["--client-secret-file", &current, "--previous-client-secret-file", &previous]);
    let (_, of_app) = place.add(&["--app", "shop", "--config", &config]);
    let admin = place.file("admin", &marked(ADMIN));
    let served = place.serve_with(
        &["--config", &config, "--admin-token-file", &admin],
        &[("CONNECTOR_APPS_SHOP_PREVIOUS_CLIENT_SECRET", &format!("\u{feff}{PREVIOUS_SECRET}"))],
    );
    for (path, secret) in
        [(&own, CLIENT_SECRET), (&own, PREVIOUS_SECRET), (&of_app, APP_SECRET), (&of_app, PREVIOUS_SECRET)]
    {
        let answer = served.deliver_signed(path, secret, order(unique()).as_bytes());
        assert_eq!(answer.status, Some(200), "{answer:?} {}", served.logged());
        // The signature is of the bytes as they came, and the event is read without the mark.
        let body = format!("\u{feff}{}", order(unique()));
        assert_eq!(served.deliver_signed(path, secret, body.as_bytes()).status, Some(200));
    }
    assert_eq!(metric(&served, "connector_activations_accepted_total{kind=\"new\"}"), 8);
    let lease = acting::post(&served, "/activations/lease", &[], "\u{feff}{\"limit\": 100, \"seconds\": 60}");
    assert_eq!(lease.status, Some(200), "{lease:?}");
    let envelopes = |form: &str| lease.body.matches(form).count();
    assert_eq!((envelopes(r#""envelope":{"#), envelopes(r#""envelope":""#)), (8, 0), "{}", lease.body);
}

#[test]
fn an_app_secret_that_is_none_ends_the_service_at_its_start() {
    let place = Place::new();
    let app = place.file("app", "hush-door-51c7-7\nhush-door-51c7-7");
    let config = place.file("connector.toml", &format!("[apps.shop]\nclient_secret_file = {app:?}\n"));
    // A service that took the secret would end as well, at the setting that is refused last.
    let (code, stdout, stderr) = place.run([&["serve", "--config", &config][..], &REFUSED_LAST].concat());
    assert_eq!((code, stdout.as_str()), (2, ""));
    let what = format!(
        "cannot use the secret in the file with the client secret {app}: it has a line break at byte 16"
    );
    assert!(stderr.contains(&what) && stderr.contains("on one line"), "{stderr}");
    assert!(!stderr.contains("hush-door"), "{stderr}");
}

#[test]
fn sealing_keys_may_begin_with_a_byte_order_mark() {
    let place = Place::new();
    let key = "ab".repeat(32);
    let keys = place.file("keys", &format!("\u{feff}{key}\r\n{}\n", "cd".repeat(32)));
    let secret = place.file("secret", CLIENT_SECRET);
    let add = ["connections", "add", "--store-hash", "abc123", "--client-secret-file", &secret];
    place.ok(&[&add[..], &["--sealing-keys-file", &keys]].concat());
    for (bytes, what) in
        [(&b"\xFF\xFEa\0"[..], "the text is UTF-16"), (b"abab\xFF", "the text is not UTF-8 at byte 4")]
    {
        fs::write(&keys, bytes).expect("it can be written");
        let (code, _, stderr) = place.run([&add[..], &["--sealing-keys-file", &keys]].concat());
        assert!(code != 0 && stderr.contains(what) && stderr.contains(&keys), "{stderr}");
    }
}

#[test]
fn settings_and_credentials_in_another_encoding_are_refused_with_the_file() {
    let place = Place::new();
    let path = place.file("text", "");
    for command in [
        &["serve", "--config", &path][..],
        &["connections", "list", "--config", &path],
        &["connections", "add", "--credentials", &path],
        &["call", "get-product", "--product-id", "1", "--credentials", &path],
        &["call", "get-product", "--input", &path, "--store-hash", "abc123", "--access-token", "x"],
        &["serve", "--tls-certificate", &path, "--tls-key", &path],
    ] {
        for (bytes, what) in [
            (&b"\xFF\xFE{\0"[..], "the text is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`"),
            (b"\xEF\xBB\xBF{\"a\xFF", "the text is not UTF-8 at byte 6: convert it to UTF-8"),
        ] {
            fs::write(&path, bytes).expect("it can be written");
            let (code, _, stderr) = place.run(command);
            assert_eq!(code, 2, "{command:?} {stderr}");
            let is_named = stderr.contains(&path) || command.contains(&"--input");
            assert!(stderr.contains(what) && is_named, "{command:?} {stderr}");
        }
    }
}

#[test]
fn credentials_and_settings_may_begin_with_a_byte_order_mark() {
    let place = Place::new();
    let file = |token: &str| marked(&format!(r#"{{"store_hash": "abc123", "access_token": "{token}"}}"#));
    let (path, secret) = (place.file("credentials", &file(SECRET)), place.file("secret", CLIENT_SECRET));
    let config = place.file("connector.toml", &marked("[retention]\ndelivered = \"2d\""));
    let files = ["--credentials", &path, "--client-secret-file", &secret, "--config", &config];
    let add = [&["connections", "add", "--no-test"][..], &files].concat();
    place.ok(&add);
    assert_eq!(place.run([&add[..], &["--store-hash", "\u{feff}abc123"]].concat()).0, 0);
    // A member is read as a secret, too.
    for (token, what) in [
        ("hush-door\\u0000", "a NUL at byte 9"),
        ("hush-door\\nhush-door", "a line break at byte 9"),
        ("", "it is empty"),
    ] {
        fs::write(&path, file(token)).expect("it can be written");
        let (code, _, stderr) = place.run(&add);
        assert!(code == 2 && stderr.contains(what) && stderr.contains("access_token"), "{stderr}");
        assert!(!stderr.contains("hush-door"), "{stderr}");
    }
}

#[test]
fn tls_files_may_begin_with_a_byte_order_mark() {
    let place = Place::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let chain = place.file("chain.pem", &marked(&made.cert.pem()));
    let key = place.file("key.pem", &marked(&made.signing_key.serialize_pem()));
    let served = place.serve_with(&["--tls-certificate", &chain, "--tls-key", &key], &[]);
    assert!(served.announced.contains("https://"), "{}", served.announced);
}

#[test]
fn the_input_of_an_action_may_begin_with_a_byte_order_mark() {
    let works = Works::new(&[]);
    works.api.will_answer(200, &[], r#"{"data": {"id": 111}, "meta": {}}"#);
    assert_eq!(works.act("get-product", &[], "\u{feff}{\"product_id\": 111}").status, Some(200));
    works.api.will_answer(200, &[], "\u{feff}{\"time\": 1}");
    let answer = works.act("get-time", &[], "\u{feff}");
    assert!(answer.status == Some(200) && answer.body.starts_with(r#"{"data":{"time": 1}"#), "{answer:?}");
}
