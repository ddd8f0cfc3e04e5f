//! Tests of where values come from and what is said of wrong ones.

use std::ffi::OsString;
use std::io;

use super::*;
use crate::serve::config::Config;

struct Given<'a> {
    file: Option<&'a str>,
    variables: &'a [(&'a str, &'a str)],
    flags: &'a [(&'static str, &'a str)],
}

const NOTHING: Given<'_> = Given { file: None, variables: &[], flags: &[] };

/// Calls `with` with the configuration that was given, or with what is said of it.
fn configured<T>(given: &Given<'_>, with: impl FnOnce(Result<Config, String>) -> T) -> T {
    let variable = |name: &str| {
        let config = given.file.is_some() && name == "CONNECTOR_CONFIG";
        let found = given.variables.iter().find(|(known, _)| *known == name);
        config.then(|| "c.toml".into()).or_else(|| found.map(|(_, value)| OsString::from(value)))
    };
    let read = |path: &Path| match (path.to_str(), given.file) {
        (Some("c.toml"), Some(text)) => Ok(SecretString::from(text)),
        (Some("secret"), _) => Ok(SecretString::from("hush-file-hush-file\n")),
        (Some("short"), _) => Ok(SecretString::from("hush-hush-hush\n")),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let sources = Sources { variable: &variable, files: &read };
    let flags = Flags(given.flags.iter().map(|(key, text)| (*key, (*text).to_owned())).collect());
    let home = |name: &str| if name == "HOME" { Some("/me".into()) } else { variable(name) };
    let config = Values::read(&flags, &sources).and_then(|values| Config::read(&values, &home));
    with(config.map_err(|failure| match failure {
        Failure::Usage { message, .. } => message,
        other => panic!("{other:?}"),
    }))
}

#[track_caller]
fn refused(given: &Given<'_>) -> String {
    configured(given, |config| config.err().unwrap())
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let stop = |given: &Given<'_>| configured(given, |config| config.unwrap().stop_within.as_secs());
    let file = Some("stop_within = \"7s\"");
    let variables: &[_] = &[("CONNECTOR_STOP_WITHIN", "8s")];
    assert_eq!(stop(&NOTHING), 25);
    assert_eq!(stop(&Given { file, ..NOTHING }), 7);
    assert_eq!(stop(&Given { file, variables, ..NOTHING }), 8);
    assert_eq!(stop(&Given { file, variables, flags: &[("stop_within", "9s")] }), 9);
    // A script that sets nothing sets an empty text.
    assert_eq!(stop(&Given { file, variables: &[("CONNECTOR_STOP_WITHIN", "")], ..NOTHING }), 7);
}

#[test]
fn what_is_no_setting_is_refused_with_its_line_and_what_was_meant() {
    let of_file = |text| refused(&Given { file: Some(text), ..NOTHING });
    assert_eq!(
        of_file("[limits]\n\nconections = 5\n"),
        "c.toml:3: there is no setting limits.conections; did you mean limits.connections?"
    );
    assert_eq!(of_file("[limit]\n"), "c.toml:1: there is no setting limit; did you mean limits?");
    assert_eq!(of_file("xyzzy = 1\n"), "c.toml:1: there is no setting xyzzy");
    assert!(of_file("listen = \"127.0.0.1:1\"\nlisten = \"x\"").starts_with("c.toml:2: no TOML"));
    assert!(of_file("[apps.Shop]\n").starts_with("c.toml:1: \"Shop\" is no id of an app"));
    assert_eq!(of_file("xyzzy = 1\n"), "c.toml:1: there is no setting xyzzy");
    assert!(of_file("listen = [1]\n").starts_with("c.toml:1: listen takes ADDRESS"));
    assert_eq!(
        of_file("[apps.shop]\nclient_id = \"x\"\nclient_secret = \"hush\"\n"),
        "c.toml:3: apps.shop.client_secret is a secret and has no place here: set \
         CONNECTOR_APPS_SHOP_CLIENT_SECRET, or apps.shop.client_secret_file to a file that holds it"
    );
}

#[test]
fn a_wrong_value_is_told_with_where_it_stands() {
    let of_file = refused(&Given { file: Some("\nstop_within = \"soon\""), ..NOTHING });
    assert!(of_file.starts_with("c.toml:2: \"soon\" is not a length of time"), "{of_file}");
    let of_variable = refused(&Given { variables: &[("CONNECTOR_LIMITS_HEADER_BYTES", "100")], ..NOTHING });
    assert_eq!(
        of_variable,
        "CONNECTOR_LIMITS_HEADER_BYTES: \"100\" is not a whole number of 8192 to 1048576"
    );
    let of_flag = refused(&Given { flags: &[("log.level", "loud")], ..NOTHING });
    assert_eq!(of_flag, "--log-level: \"loud\" is not error, warn, info or debug");
}

#[test]
fn webhooks_are_not_served_in_the_clear_to_other_machines() {
    let open: &[_] = &[("listen", "0.0.0.0:80")];
    let text = refused(&Given { flags: open, ..NOTHING });
    assert!(text.starts_with("--listen: 0.0.0.0:80") && text.contains("--behind-proxy"), "{text}");
    let behind: &[_] = &[open[0], ("behind_proxy", "true")];
    assert!(refused(&Given { flags: behind, ..NOTHING }).contains("--public-url"));
    let named: &[_] = &[behind[0], behind[1], ("public_url", "https://hooks.example/in/")];
    configured(&Given { flags: named, ..NOTHING }, |config| {
        assert_eq!(config.unwrap().public_url.as_deref(), Some("https://hooks.example/in"));
    });
    for wrong in
        ["hooks.example", "ftp://hooks.example", "https://hooks.example/?a=b", "https://me@x.example"]
    {
        let flags: &[_] = &[("public_url", wrong)];
        assert!(refused(&Given { flags, ..NOTHING }).contains("is not a web address"), "{wrong}");
    }
    let half: &[_] = &[("tls.key", "key.pem")];
    assert!(refused(&Given { flags: half, ..NOTHING }).contains("--tls-certificate"));
    let admin: &[_] = &[("admin.listen", "0.0.0.0:9")];
    assert!(refused(&Given { flags: admin, ..NOTHING }).contains("CONNECTOR_ADMIN_TOKEN"));
}

#[test]
fn the_admin_token_does_not_depend_on_an_address_for_operators() {
    let token = |listen: &str, variables: &[(&str, &str)]| {
        let flags: &[_] = &[("admin.listen", listen), ("admin.token_file", "secret")];
        configured(&Given { flags, variables, ..NOTHING }, |config| {
            let config = config.unwrap();
            let token = config.admin_token.map(|token| token.expose_secret().to_owned());
            (config.admin_listen.is_some(), token)
        })
    };
    assert_eq!(token("127.0.0.1:1", &[]), (true, Some("hush-file-hush-file".to_owned())));
    assert_eq!(token("none", &[]), (false, Some("hush-file-hush-file".to_owned())));
    let variable = [("CONNECTOR_ADMIN_TOKEN", "hush-variable-hush")];
    assert_eq!(token("none", &variable), (false, Some("hush-variable-hush".to_owned())));
    // A file that cannot be read is a fault, although nobody listens for operators.
    let flags: &[_] = &[("admin.listen", "none"), ("admin.token_file", "missing")];
    assert!(refused(&Given { flags, ..NOTHING }).contains("missing cannot be read"));
}

#[test]
fn an_admin_token_that_could_be_guessed_is_refused_with_its_place() {
    let refused = |flags: &[(&'static str, &str)], variables: &[(&str, &str)]| {
        let text = refused(&Given { flags, variables, ..NOTHING });
        assert!(text.contains("fewer than 16 characters") && text.contains("openssl rand"), "{text}");
        assert!(!text.contains("hush"), "{text}");
        text
    };
    let text = refused(&[], &[("CONNECTOR_ADMIN_TOKEN", "hush-hush-hush-")]);
    assert!(text.starts_with("CONNECTOR_ADMIN_TOKEN: "), "{text}");
    let text = refused(&[("admin.token_file", "short"), ("admin.listen", "none")], &[]);
    assert!(text.starts_with("--admin-token-file: "), "{text}");
    let long = [("CONNECTOR_ADMIN_TOKEN", "hush-hush-hush-h")];
    configured(&Given { variables: &long, ..NOTHING }, |config| assert!(config.is_ok()));
}

#[test]
fn a_signing_secret_that_is_too_short_is_refused_with_its_place() {
    let http = ("CONNECTOR_DELIVERY_MODE", "http");
    let (short, long) = ("whsec_aHVzaC1odXNo", "whsec_aHVzaC1zaWduaW5nLWh1c2gtc2lnbmluZy1odXNo");
    for (current, previous, place) in [
        (short, long, "CONNECTOR_DELIVERY_SECRET"),
        (long, short, "CONNECTOR_DELIVERY_PREVIOUS_SECRET"),
        (&short["whsec_".len()..], long, "CONNECTOR_DELIVERY_SECRET"),
        (long, &short["whsec_".len()..], "CONNECTOR_DELIVERY_PREVIOUS_SECRET"),
    ] {
        let variables =
            [http, ("CONNECTOR_DELIVERY_SECRET", current), ("CONNECTOR_DELIVERY_PREVIOUS_SECRET", previous)];
        let text = refused(&Given { variables: &variables, ..NOTHING });
        assert!(text.contains(&format!("{place}: ")), "{text}");
        assert!(text.contains("fewer than 24 bytes") && text.contains("openssl rand -base64 32"), "{text}");
        assert!(!text.contains("aHVzaC1"), "{text}");
    }
    for (secret, says) in [(short, "fewer than 24 bytes"), ("whsec_hush hush", "not `whsec_` and base64")] {
        let variables = [("CONNECTOR_APPS", "shop"), ("CONNECTOR_APPS_SHOP_CLIENT_SECRET", secret)];
        let text = refused(&Given { variables: &variables, ..NOTHING });
        assert!(text.contains("variable CONNECTOR_APPS_SHOP_CLIENT_SECRET: "), "{text}");
        assert!(text.contains(says) && !text.contains("aHVz") && !text.contains("hush"), "{text}");
    }
}

#[test]
fn settings_of_an_app_that_nothing_would_use_are_refused() {
    for (name, value) in [("authorize", "true"), ("base_url", "\"https://x.example\"")] {
        let file = format!("[apps.shop]\nclient_secret_file = \"secret\"\n{name} = {value}\n");
        let text = refused(&Given { file: Some(&file), ..NOTHING });
        assert!(text.starts_with("c.toml:3: ") && text.ends_with("set apps.shop.client_id"), "{text}");
        let file = format!("{file}client_id = \"abc\"\n");
        configured(&Given { file: Some(&file), ..NOTHING }, |config| assert!(config.is_ok(), "{name}"));
    }
}

#[test]
fn secrets_of_apps_come_from_files_or_variables() {
    let file = Some(
        "[apps.shop]\nclient_secret_file = \"secret\"\n[apps.other]\nclient_secret_file = \"missing\"\n\
         previous_client_secret_file = \"secret\"",
    );
    let variables: &[_] = &[("CONNECTOR_APPS_OTHER_CLIENT_SECRET", "hush-variable-hush ")];
    configured(&Given { file, variables, ..NOTHING }, |config| {
        let apps = config.unwrap().base.apps;
        let of = |id: &str| -> Vec<&str> { apps[id].iter().map(|secret| secret.expose_secret()).collect() };
        assert_eq!(of("shop"), ["hush-file-hush-file"]);
        assert_eq!(of("other"), ["hush-variable-hush", "hush-file-hush-file"]);
    });
    assert!(refused(&Given { file, ..NOTHING }).contains("missing cannot be read"));

    let named: &[_] = &[("CONNECTOR_APPS", "shop"), ("CONNECTOR_APPS_SHOP_CLIENT_SECRET", "hush")];
    configured(&Given { variables: named, ..NOTHING }, |config| {
        assert!(config.unwrap().base.apps.contains_key("shop"))
    });
    let text = refused(&Given { variables: &named[..1], ..NOTHING });
    assert!(text.contains("set apps.shop.client_secret_file or CONNECTOR_APPS_SHOP_CLIENT_SECRET"), "{text}");
}

#[test]
fn lengths_of_time_have_units() {
    let seconds = |text| duration(text).map(|length| length.as_secs_f64());
    assert_eq!(seconds("500ms"), Some(0.5));
    assert_eq!(seconds("2m"), Some(120.0));
    assert_eq!(seconds("48h"), Some(172_800.0));
    assert_eq!(seconds("7d"), Some(604_800.0));
    for wrong in ["", "5", "s", "-5s", "1.5s", "5 s", "5S", "99999999999999999999s", "18446744073709551615d"]
    {
        assert_eq!(duration(wrong), None, "{wrong}");
    }
}

#[test]
fn the_tolerance_of_signatures_is_the_profiles_or_the_operators() {
    let age = |text| {
        let flags: &[_] = &[("signatures.tolerance", text)];
        configured(&Given { flags, ..NOTHING }, |config| {
            config.unwrap().tolerance.map(|one| one.max_age.as_secs())
        })
    };
    assert_eq!(age("profile"), None);
    assert_eq!(age("strict"), Some(300));
    assert_eq!(age("24h"), Some(86_400));
}

#[test]
fn clients_behind_a_proxy_are_told_apart_by_proxies_that_are_trusted() {
    let with = |flags: &[(&'static str, &str)]| {
        configured(&Given { flags, ..NOTHING }, |config| {
            config.map(|config| (config.limits.clients.trusted.len(), config.limits.per_address))
        })
    };
    let proxy = ("trusted_proxy", "10.0.0.0/8, fd00::1");
    assert_eq!(with(&[]), Ok((0, Some(256))));
    assert_eq!(with(&[proxy, ("trusted_proxy_header", "forwarded")]), Ok((2, Some(256))));
    assert_eq!(with(&[("limits.connections_per_address", "none")]), Ok((0, None)));
    let refused = |flags: &[(&'static str, &str)]| with(flags).unwrap_err();
    assert!(
        refused(&[("trusted_proxy", "10.0.0.0/40")])
            .starts_with("--trusted-proxy: \"10.0.0.0/40\" is no network")
    );
    assert!(refused(&[("trusted_proxy_header", "forwarded")]).contains("set trusted_proxy"));
    assert!(refused(&[proxy, ("trusted_proxy_header", "via")]).contains("x-forwarded-for or forwarded"));
    let none = refused(&[("limits.connections_per_address", "0")]);
    assert!(none.starts_with("--limits-connections-per-address:") && none.contains("or none"), "{none}");
}
