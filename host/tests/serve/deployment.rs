//! The files for deployment name flags and variables that there are.

use super::*;

fn deployed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    fs::read_to_string(path).expect("it is there")
}

/// The words of a text that begin like this.
fn words<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let words = lines.flat_map(|line| line.split(move |letter| !is_part(letter)));
    words.filter(|word| word.starts_with(begin)).collect()
}

#[test]
fn flags_and_variables_of_the_unit_and_the_image_are_settings() {
    let help = Place::new().ok(&["serve", "--help"]);
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serve.md");
    let table = fs::read_to_string(table).expect("the table of settings");
    let (unit, image) = (deployed("connector.service"), deployed("Containerfile"));
    let start = unit.lines().find(|line| line.starts_with("ExecStart=")).expect("it starts something");
    let flags = words(start, "--");
    assert!(flags.contains(&"--config"), "{start}");
    for flag in flags {
        assert!(help.contains(&format!("{flag} <")) || help.contains(&format!("{flag}[")), "{flag}");
    }
    let variables = [words(&unit, "CONNECTOR_"), words(&image, "CONNECTOR_")].concat();
    assert!(variables.len() >= 6, "{variables:?}");
    for variable in variables {
        // Those of an app stand in the table with `ID` in place of its own.
        let general = variable.replace("_SHOP_", "_ID_");
        assert!(table.contains(&format!("`{general}`")), "{variable}");
    }
}

#[test]
fn the_image_starts_and_asks_with_commands_that_there_are() {
    let image = deployed("Containerfile");
    let place = Place::new();
    for command in ["serve", "health"] {
        assert!(image.contains(&format!("\"{command}\"]")), "{command}");
        place.ok(&[command, "--help"]);
    }
    assert!(image.contains("USER 65532"), "it runs as nobody");
    let toolchain = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../rust-toolchain.toml"));
    let toolchain = toolchain.expect("the toolchain");
    let version = image.split("rust:").nth(1).and_then(|rest| rest.split('-').next()).expect("a version");
    assert!(toolchain.contains(&format!("\"{version}")), "{version} is not the version of {toolchain}");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn systemd_takes_the_unit_where_it_is_present() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return eprintln!("left out: systemd-analyze is not present");
    }
    let place = Place::new();
    let unit =
        deployed("connector.service").replace("/usr/local/bin/connector", env!("CARGO_BIN_EXE_connector"));
    let unit = place.file("connector.service", &unit);
    let verified =
        Command::new("systemd-analyze").args(["verify", "--man=no", &unit]).output().expect("it runs");
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("connector.service")).collect();
    assert!(verified.status.success() && about_it.is_empty(), "{said}");
}
