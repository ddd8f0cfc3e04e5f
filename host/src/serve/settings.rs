//! Every setting of the service, once: flags, variables, keys of the file, `--help` and the table in the documentation
//! all come from this list.

/// A setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its place in the file, sections parted by dots; flag and variable follow from it. `ID` stands for an app's.
    pub(crate) key: &'static str,
    /// What kind of value it takes.
    pub(crate) value: &'static str,
    /// What holds where nobody sets it.
    pub(crate) default: Fallback,
    /// What it does.
    pub(crate) meaning: &'static str,
    /// Where it may be set.
    pub(crate) reach: Reach,
}

/// What holds where nobody sets something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// This value.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
}

/// Where a setting may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// File, variable and flag.
    Everywhere,
    /// File and variable: it belongs to one of several apps.
    App,
    /// A variable alone, since it is a secret: files and command lines are looked at, copied and kept.
    Secret,
}

use Fallback::{Value, Words};
use Reach::{App, Everywhere, Secret};

/// The file that holds settings; a flag and a variable alone, and the first to be looked at.
pub(crate) const CONFIG: Setting = Setting {
    key: "config",
    value: "FILE",
    default: Words("none"),
    meaning: "The file with settings, in TOML",
    reach: Everywhere,
};

const fn setting(
    key: &'static str,
    value: &'static str,
    default: Fallback,
    meaning: &'static str,
) -> Setting {
    Setting { key, value, default, meaning, reach: Everywhere }
}

const fn reaching(setting: Setting, reach: Reach) -> Setting {
    Setting { reach, ..setting }
}

/// All settings.
pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        "ADDRESS",
        Value("127.0.0.1:8080"),
        "Where webhooks are received; port 0 is any that is free",
    ),
    setting(
        "public_url",
        "URL",
        Words("the address it listens on"),
        "What others call this host by; required behind a proxy and for addresses such as 0.0.0.0",
    ),
    setting(
        "behind_proxy",
        "true|false",
        Value("false"),
        "A proxy in front does TLS, so that plain HTTP may be served to other machines",
    ),
    setting(
        "trusted_proxy",
        "CIDR,…",
        Words("none"),
        "Addresses of proxies whose header names the client; only `limits.connections_per_address` uses the client",
    ),
    setting(
        "trusted_proxy_header",
        "x-forwarded-for|forwarded",
        Words("`x-forwarded-for`"),
        "The header in which the trusted proxies add the address of their client",
    ),
    setting("tls.certificate", "FILE", Words("no TLS"), "The certificate chain in PEM; SIGHUP reads it anew"),
    setting("tls.key", "FILE", Words("no TLS"), "Its private key in PEM; SIGHUP reads it anew"),
    setting(
        "data",
        "FOLDER",
        Words("`connector` in the state folder of the user, or what systemd gives"),
        "Where the database and the sealing keys are kept",
    ),
    setting(
        "apps",
        "ID,…",
        Words("those that have a section in the file"),
        "Ids of apps that variables describe; a file has a section `apps.ID` for each",
    ),
    reaching(setting("apps.ID.client_id", "TEXT", Words("none"), "The client id of the app"), App),
    reaching(
        setting(
            "apps.ID.client_secret_file",
            "FILE",
            Words("none"),
            "A file that holds the client secret of the app and nothing else",
        ),
        App,
    ),
    reaching(
        setting("apps.ID.client_secret", "TEXT", Words("none"), "The client secret of the app itself"),
        Secret,
    ),
    reaching(
        setting(
            "apps.ID.previous_client_secret_file",
            "FILE",
            Words("none"),
            "The same for the secret before, as long as webhooks signed with it may come",
        ),
        App,
    ),
    reaching(
        setting("apps.ID.previous_client_secret", "TEXT", Words("none"), "The secret before itself"),
        Secret,
    ),
    reaching(
        setting(
            "apps.ID.authorize",
            "true|false",
            Words("`false`"),
            "Begin at the authorization endpoint, which the vendor may not document, and not at the link that installs",
        ),
        App,
    ),
    reaching(
        setting(
            "apps.ID.base_url",
            "URL",
            Words("the vendor's servers"),
            "A sandbox or proxy in place of the vendor's servers, for all connections of the app",
        ),
        App,
    ),
    setting(
        "signatures.tolerance",
        "profile|strict|DURATION",
        Value("profile"),
        "How old a signature may be: as the connector's profile says, 5 minutes each way, or this long and 5 minutes \
         ahead",
    ),
    setting(
        "sealing.keys_file",
        "FILE",
        Words("`sealing.keys` in the data folder, made at the first start"),
        "The keys that seal secrets, 64 hexadecimal digits on each line, the newest last",
    ),
    reaching(
        setting("sealing.keys", "KEY,…", Words("none"), "Those keys themselves, in place of a file"),
        Secret,
    ),
    setting(
        "limits.connections",
        "NUMBER",
        Value("1024"),
        "Requests at a time at each address that is listened on; a request beyond them closes the connection that has waited \
         longest for its client, or is answered 503",
    ),
    setting(
        "limits.webhook_connections",
        "NUMBER",
        Value("256"),
        "Further requests at a time, reserved for webhooks of connections that are known",
    ),
    setting(
        "limits.heads",
        "NUMBER",
        Value("1024"),
        "Connections at a time without a complete request head: in the TLS handshake, with a part of a head, or idle; the oldest is \
         closed for another",
    ),
    setting(
        "limits.connections_per_address",
        "NUMBER|none",
        Value("256"),
        "Connections of one client address (an IPv6 /64) without a complete head, and as many with requests; without effect \
         with `behind_proxy` unless `trusted_proxy` is set",
    ),
    setting("limits.headers", "NUMBER", Value("256"), "Headers of a request"),
    setting("limits.header_bytes", "NUMBER", Value("16384"), "Bytes of a request's head; at least 8192"),
    setting(
        "limits.header_timeout",
        "DURATION",
        Value("15s"),
        "How long a request's head may take, and how long a connection may be idle",
    ),
    setting("limits.body_timeout", "DURATION", Value("15s"), "How long a request's body may take"),
    setting(
        "limits.write_timeout",
        "DURATION",
        Value("10s"),
        "How long a client may read nothing of its answer before the connection is closed",
    ),
    setting(
        "limits.queue",
        "NUMBER",
        Value("4096"),
        "Changes that may wait for the disk at a time; webhooks beyond them are answered 503",
    ),
    setting(
        "limits.database_mib",
        "NUMBER",
        Words("as large as the disk allows"),
        "How large the database may become, in MiB; at this size webhooks are answered 503, and deliveries go on",
    ),
    setting(
        "stop_within",
        "DURATION",
        Value("25s"),
        "How long requests may take to end when the service is stopped",
    ),
    setting(
        "retention.delivered",
        "DURATION",
        Value("1d"),
        "How long payloads are kept after their delivery; their ids stay for 72 h in any case",
    ),
    setting("retention.dead", "DURATION", Value("30d"), "How long payloads of dead letters are kept"),
    setting(
        "triggers.reconcile",
        "DURATION|never",
        Value("15m"),
        "How often the webhooks of every connection are looked at and put in order; `never`, and missed events are not \
         looked for either",
    ),
    setting(
        "triggers.after_outage",
        "DURATION",
        Value("10m"),
        "After an absence of the service of this length missed events are looked for",
    ),
    setting(
        "loops.remember",
        "DURATION",
        Value("10m"),
        "How long after a change that was made through a connection an event may have happened that is marked or suppressed for it; `0s`, and none is",
    ),
    setting(
        "admin.listen",
        "ADDRESS|none",
        Value("127.0.0.1:9464"),
        "Where `/metrics`, `/healthz`, `/readyz`, actions and the API for workers are served; with `none` they are not \
         served, and the pages keep their admin token",
    ),
    setting(
        "admin.token_file",
        "FILE",
        Words("no token"),
        "A file with the token that people sign in to the pages with, and that `/metrics`, actions and workers' calls \
         want as `Authorization: Bearer …`; required off loopback and for workers",
    ),
    reaching(setting("admin.token", "TEXT", Words("no token"), "That token itself"), Secret),
    setting(
        "delivery.mode",
        "http|ndjson|pull",
        Value("pull"),
        "How activations reach workflows: sent to an address, written to standard output, or fetched by workers",
    ),
    setting(
        "delivery.url",
        "URL",
        Words("none"),
        "Where activations are sent whose connection has no address of its own",
    ),
    setting(
        "delivery.secret_file",
        "FILE",
        Words("none"),
        "A file with the secret that signs what is sent, `whsec_` and base64 of at least 24 bytes; required for `http`",
    ),
    reaching(setting("delivery.secret", "TEXT", Words("none"), "That secret itself"), Secret),
    setting(
        "delivery.previous_secret_file",
        "FILE",
        Words("none"),
        "A file with the secret before, which signs as well until every receiver has the new one",
    ),
    reaching(setting("delivery.previous_secret", "TEXT", Words("none"), "That secret itself"), Secret),
    setting(
        "delivery.form",
        "structured|binary",
        Value("structured"),
        "Whether the attributes of an event stand in the body or in headers",
    ),
    setting(
        "delivery.full_resource",
        "true|false",
        Value("false"),
        "Read the whole resource first, for connections that do not say",
    ),
    setting(
        "delivery.allowed_networks",
        "CIDR,…",
        Words("none"),
        "Networks that are not public and may be sent to all the same, in the clear as well",
    ),
    setting("delivery.timeout", "DURATION", Value("15s"), "How long a receiver may take to answer"),
    setting(
        "delivery.attempts",
        "NUMBER",
        Value("200"),
        "Attempts after which an activation is a dead letter",
    ),
    setting(
        "delivery.give_up_after",
        "DURATION",
        Value("48h"),
        "The age at which an activation is a dead letter, after a dozen attempts at least",
    ),
    setting("delivery.concurrency", "NUMBER", Value("64"), "Deliveries at a time"),
    setting("delivery.per_connection", "NUMBER", Value("16"), "Deliveries of one connection at a time"),
    setting("log.format", "text|json", Value("text"), "How log lines are written, on standard error"),
    setting(
        "log.level",
        "error|warn|info|debug",
        Value("info"),
        "What is logged; `debug` has a line for every webhook",
    ),
];

impl Setting {
    /// The flag without its dashes, where there is one.
    pub(crate) fn flag(&self) -> Option<String> {
        (self.reach == Everywhere).then(|| self.key.replace(['.', '_'], "-"))
    }

    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        variable(self.key)
    }

    /// Whether a file may set it.
    pub(crate) fn is_in_file(&self) -> bool {
        self.reach != Secret
    }

    /// Whether there is one for each app.
    pub(crate) fn is_of_app(&self) -> bool {
        self.key.starts_with("apps.ID.")
    }
}

/// The environment variable of a key.
pub(crate) fn variable(key: &str) -> String {
    format!("CONNECTOR_{}", key.replace(['.', '-'], "_").to_uppercase())
}

/// The setting of a key as it stands in a file, where an app's own id stands for `ID`.
pub(crate) fn of_key(key: &str) -> Option<&'static Setting> {
    let general = match key.split('.').collect::<Vec<_>>()[..] {
        ["apps", _, name] => format!("apps.ID.{name}"),
        _ => key.to_owned(),
    };
    SETTINGS.iter().find(|setting| setting.key == general)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The table of the documentation.
    fn markdown_table() -> String {
        let mut table =
            "| file | flag | variable | value | default | what it does |\n|---|---|---|---|---|---|\n"
                .to_owned();
        for setting in [&CONFIG].into_iter().chain(SETTINGS) {
            let key = match setting.is_in_file() && setting.key != CONFIG.key {
                true => format!("`{}`", setting.key),
                false => "–".to_owned(),
            };
            let flag = setting.flag().map_or_else(|| "–".to_owned(), |flag| format!("`--{flag}`"));
            let value = setting.value.replace('|', " or ");
            let default = match setting.default {
                Value(value) => format!("`{value}`"),
                Words(words) => words.to_owned(),
            };
            let meaning = setting.meaning;
            table.push_str(&format!(
                "| {key} | {flag} | `{}` | {value} | {default} | {meaning} |\n",
                setting.variable()
            ));
        }
        table
    }

    #[test]
    fn the_documentation_has_the_table_of_this_list() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serve.md");
        let page = std::fs::read_to_string(path).unwrap();
        let table = markdown_table();
        assert!(page.contains(&table), "docs/serve.md must hold this table:\n\n{table}");
    }

    #[test]
    fn no_two_settings_share_a_flag_or_a_variable() {
        let all = || [&CONFIG].into_iter().chain(SETTINGS);
        let flags: BTreeSet<String> = all().filter_map(Setting::flag).collect();
        assert_eq!(flags.len(), all().filter(|setting| setting.flag().is_some()).count());
        let variables: BTreeSet<String> = all().map(Setting::variable).collect();
        assert_eq!(variables.len(), all().count());
    }

    #[test]
    fn no_secret_has_a_flag_or_a_place_in_the_file() {
        for setting in SETTINGS {
            let name = setting.key.rsplit('.').next().unwrap();
            let is_secret =
                ["client_secret", "previous_client_secret", "token", "keys", "secret", "previous_secret"]
                    .contains(&name);
            assert_eq!(setting.reach == Secret, is_secret, "{}", setting.key);
        }
    }
}
