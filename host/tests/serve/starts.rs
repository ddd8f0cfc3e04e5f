//! Which files a start needs, makes and misses; commands that read make none.

use super::*;

const DATABASE: &str = "connector.sqlite";
const KEYS: &str = "sealing.keys";

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    // The reserve holds nothing.
    let mut names: Vec<String> = names.filter(|name| !name.ends_with("-reserve")).collect();
    names.sort();
    names
}

/// Runs the service to its end; one that starts is a failure.
#[track_caller]
fn serve(place: &Place) -> (i32, String, String) {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.env("CONNECTOR_DATA", place.data()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    while output.read_line(&mut stdout).expect("the output is text") > 0 {
        if stdout.contains("Ctrl-C") {
            drop(child.kill());
        }
    }
    child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("the errors are text");
    (child.wait().expect("it ends").code().unwrap_or(-1), stdout, stderr)
}

/// What a start that is refused writes, and that it leaves the files as they are.
#[track_caller]
fn refused(place: &Place) -> String {
    let before = names(&place.data());
    let mut all = String::new();
    let secret = place.file("client-secret", CLIENT_SECRET);
    let add = ["connections", "add", "--store-hash", "xyz789", "--no-test", "--client-secret-file", &secret];
    for (code, stdout, stderr) in [serve(place), place.run(add)] {
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        all += &stderr;
    }
    assert_eq!(names(&place.data()), before);
    all
}

#[test]
fn a_database_that_is_missing_or_empty_next_to_keys_is_not_begun_anew() {
    for empty in [false, true] {
        let place = Place::new();
        place.connect();
        let database = place.data().join(DATABASE);
        fs::remove_file(&database).expect("it is there");
        if empty {
            File::create(&database).expect("an empty file");
        }
        let told = refused(&place);
        let wanted = format!(
            "cannot open {0}: the file is missing or empty, and {1} of an earlier start is there: restore {0}",
            database.display(),
            place.data().join(KEYS).display()
        );
        assert_eq!(told.matches(&wanted).count(), 2, "{told}");
    }
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let place = Place::new();
    fs::create_dir(place.data()).expect("a folder");
    let log = place.data().join("connector.sqlite-wal");
    fs::write(&log, "frames").expect("it is written");
    assert!(refused(&place).contains("connector.sqlite-wal of an earlier start is there"));
    assert_eq!(fs::read(&log).expect("it is there"), b"frames");
}

#[test]
fn keys_that_are_missing_next_to_sealed_rows_are_not_made_anew() {
    let place = Place::new();
    place.connect();
    fs::remove_file(place.data().join(KEYS)).expect("it is there");
    let told = refused(&place);
    let path = place.data().join(KEYS).display().to_string();
    assert_eq!(told.matches(&format!("the key file {path} is missing: restore {path}")).count(), 2, "{told}");
    let listed = place.ok(&["connections", "list"]);
    assert!(listed.contains("is missing: restore"), "{listed}");
    assert!(!place.data().join(KEYS).exists());
}

#[test]
fn a_kill_between_the_database_and_the_keys_blocks_no_later_start() {
    let place = Place::new();
    // The first start makes both; whoever is killed in between has made the database.
    drop(place.serve());
    fs::remove_file(place.data().join(KEYS)).expect("it is there");
    let served = place.serve();
    assert!(place.data().join(KEYS).exists());
    drop(served);
    let (_, path) = place.connect();
    let served = place.serve();
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));

    // Killed when the database had no table yet.
    let place = Place::new();
    fs::create_dir(place.data()).expect("a folder");
    File::create(place.data().join(DATABASE)).expect("an empty file");
    place.connect();
}

#[test]
fn commands_that_read_make_no_folder_no_database_and_no_keys() {
    let commands: [&[&str]; 12] = [
        &["connections", "list"],
        &["connections", "audit"],
        &["connections", "remove", "0123456789abcdef"],
        &["connections", "reseal"],
        &["connections", "reseal", "--new-key"],
        &["activations", "list"],
        &["activations", "show", "x"],
        &["activations", "replay", "x"],
        &["triggers", "plan", "--public-url", "https://hooks.example.com"],
        &["triggers", "status", "--public-url", "https://hooks.example.com"],
        &["backfill", "--connection", "0123456789abcdef"],
        &["backup", "copy"],
    ];
    for command in commands {
        let place = Place::new();
        let (code, stdout, stderr) = place.run(command);
        assert_eq!((code, stdout.as_str()), (2, ""), "{command:?}\n{stderr}");
        assert!(stderr.contains("there is no database in ") && stderr.contains("see --data"), "{stderr}");
        assert!(!place.data().exists(), "{command:?}");
    }
    for command in commands {
        let place = Place::new();
        drop(place.serve());
        fs::remove_file(place.data().join(KEYS)).expect("it is there");
        let before = names(&place.data());
        place.run(
            command
                .iter()
                .map(|word| word.replace("copy", &place.folder.path().join("copy").display().to_string())),
        );
        let new = |name: &String| !before.contains(name);
        let made: Vec<String> = names(&place.data()).into_iter().filter(new).collect();
        let wanted: &[&str] = if command.contains(&"--new-key") { &[KEYS] } else { &[] };
        assert_eq!(made, wanted, "{command:?}");
    }
}
