use std::fs;
use std::path::Path;

use secrecy::ExposeSecret;

use super::*;

/// Reads `text` as a file, overridden by `variables`.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let shown = format!("{}/", folder.path().display());
    Config::load(Some(&path), variables).map_err(|error| error.to_string().replace(&shown, ""))
}

fn refusals(text: &str) -> Vec<String> {
    let problems = load(text, &[]).unwrap().check().err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.key).collect()
}

const REAL: &str = r#"
    server.public_url = "https://calls.example.com"
    openai.provider = "openai"
    openai.api_key = "sk-real"
    twilio.account_sid = "AC0123456789abcdef0123456789abcdef"
    twilio.auth_token = "a-token-of-ones-own"
"#;

#[test]
fn the_default_file_is_the_default_configuration() {
    let file = load(DEFAULT_FILE, &[]).unwrap();
    let default = Config::default();
    assert_eq!(format!("{file:#?}"), format!("{default:#?}"));
    assert_eq!(file.database.url.expose(), default.database.url.expose());
    assert_eq!(file.twilio.auth_token.expose_secret(), default.twilio.auth_token.expose_secret());
    assert!(default.openai.api_key.is_none() && default.admin.token.is_none());
}

#[test]
fn the_default_file_explains_every_key() {
    let mut explained = false;
    for (number, line) in DEFAULT_FILE.lines().enumerate() {
        assert!(explained || !line.contains(" = ") || line.starts_with('#'), "line {}", number + 1);
        explained = line.starts_with('#');
    }
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let config = Config::default();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((config.server.max_calls.get(), config.server.drain_timeout.as_secs()), (200, 300));
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:8081");
    assert!(!config.admin.allow_actor_kill && config.twilio.validate_signatures);
    assert_eq!(config.database.url.expose(), "sqlite://frontdesk.db?mode=rwc");
    assert_eq!(config.openai.provider, ModelProvider::Practice);
    assert_eq!(config.openai.realtime_url.to_string(), "wss://api.openai.com/v1/realtime");
    assert_eq!(config.openai.text_url.to_string(), "https://api.openai.com/v1/responses");
    assert_eq!(config.openai.text_model, "gpt-6-luna");
    assert_eq!(config.openai.upstream_patience.as_secs(), 10);
    assert_eq!(config.twilio.api_url.to_string().trim_end_matches('/'), "https://api.twilio.com");
    assert_eq!((config.supervision.intensity, config.supervision.period.as_secs()), (5, 60));
    assert_eq!(config.supervision.backoff.iter().map(|d| d.as_millis()).max(), Some(1000));
}

#[test]
fn an_error_in_the_file_is_one_line_with_its_place_its_key_and_what_was_expected() {
    for (text, expected) in [
        (
            "[server]\n\nlistn = \"127.0.0.1:1\"",
            "config.toml:3:1: server.listn: unknown key `listn`, expected one of `listen`, \
             `public_url`, `node_url`, `state_dir`, `person_key`, `allow_private_webhooks`, `max_calls`, `drain_timeout`",
        ),
        (
            "[server]\nlisten = \"8080\"",
            "config.toml:2:10: server.listen: \"8080\" is not an address to listen on: expected \
             an IP address and a port, as in \"127.0.0.1:8080\"",
        ),
        (
            "[server]\nmax_calls = 0",
            "config.toml:2:13: server.max_calls: is the whole number `0`, expected a whole \
             number, 1 or more",
        ),
        (
            "[server]\ndrain_timeout = \"5\"",
            "config.toml:2:17: server.drain_timeout: \"5\" is not a duration: expected a number \
             and its unit, as in \"300ms\", \"7s\", \"15m\", \"2h\" or \"90days\"; for seconds write \
             \"5s\"",
        ),
        (
            "[server]\ndrain_timeout = 5",
            "config.toml:2:17: server.drain_timeout: 5 is not a duration: expected a number and its \
             unit, as in \"300ms\", \"7s\", \"15m\", \"2h\" or \"90days\"; for seconds write \"5s\"",
        ),
        (
            "[server]\ndrain_timeout = true",
            "config.toml:2:17: server.drain_timeout: is `true`, expected a duration as text, as in \
             \"7s\"",
        ),
        (
            "[supervision]\nintensity = 5000000000",
            "config.toml:2:13: supervision.intensity: is the whole number `5000000000`, expected a \
             whole number from 0 to 4294967295",
        ),
        (
            "[server]\nmax_calls = 99999999999999999999",
            "config.toml:2:13: server.max_calls: is the whole number `99999999999999999999`, which \
             is larger than any key takes",
        ),
        (
            "server.max_calls = 0x1FFFFFFFFFFFFFFFFFFFF",
            "config.toml:1:20: server.max_calls: is the whole number `0x1FFFFFFFFFFFFFFFFFFFF`, \
             which is larger than any key takes",
        ),
        (
            "[supervision]\nbackoff = [\"1s\", 99999999999999999999]",
            "config.toml:2:18: supervision.backoff: is the whole number `99999999999999999999`, \
             which is larger than any key takes",
        ),
        (
            "[server]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"",
            "config.toml:3:1: the key `listen` is there twice",
        ),
        (
            "[server]\nmax_calls = 1\n[admin]\n[server]",
            "config.toml:4:2: the key `server` is there twice",
        ),
        (
            "[admin]\nallow_actor_kill = \"yes\"",
            "config.toml:2:20: admin.allow_actor_kill: is the text \"yes\", expected true or \
             false",
        ),
        (
            "[openai]\nprovider = \"azure\"",
            "config.toml:2:12: openai.provider: unknown value `azure`, expected `practice` or \
             `openai`",
        ),
        (
            "[openai]\nrealtime_url = \"https://api.openai.com\"",
            "config.toml:2:16: openai.realtime_url: \"https://api.openai.com\" is not the address \
             of a WebSocket: expected ws:// or wss:// and a host",
        ),
        (
            "[supervision]\nbackoff = [\"0ms\", \"1\"]",
            "config.toml:2:11: supervision.backoff[1]: \"1\" is not a duration: expected a number \
             and its unit, as in \"300ms\", \"7s\", \"15m\", \"2h\" or \"90days\"; for seconds write \
             \"1s\"",
        ),
    ] {
        assert_eq!(load(text, &[]).unwrap_err(), expected);
    }
}

#[test]
fn an_error_for_a_missing_or_broken_file_is_one_line_too() {
    let error = load("[server]\nlisten = 127.0.0.1", &[]).unwrap_err();
    assert!(error.starts_with("config.toml:2:") && !error.contains('\n'), "{error}");
    let missing = Path::new("no/such/config.toml");
    let error = Config::load(Some(missing), std::iter::empty()).unwrap_err().to_string();
    assert!(error.starts_with("no/such/config.toml: cannot be read: "), "{error}");
}

#[test]
fn every_key_of_the_file_can_be_given_in_the_environment() {
    let keys: toml::Table = DEFAULT_FILE.parse().unwrap();
    for (section, keys) in &keys {
        for (key, value) in keys.as_table().unwrap() {
            let variable = format!("FRONTDESK__{section}__{key}").to_ascii_uppercase();
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let config = load("", &[(&variable, &text)]).unwrap();
            assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()), "{variable}");
        }
    }
}

#[test]
fn a_variable_overrides_the_file_and_takes_the_type_of_its_key() {
    let config = load(
        "[server]\nmax_calls = 7\n[supervision]\nintensity = 9",
        &[
            ("FRONTDESK__SERVER__MAX_CALLS", "3"),
            ("FRONTDESK__ADMIN__TOKEN", "12345678901234567890"),
            ("FRONTDESK__ADMIN__ALLOW_ACTOR_KILL", "true"),
            ("FRONTDESK__SUPERVISION__BACKOFF", "5ms, 2s"),
            ("FRONTDESK_HOME", "none of ours"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!((config.server.max_calls.get(), config.supervision.intensity), (3, 9));
    assert_eq!(config.admin.token.unwrap().expose_secret(), "12345678901234567890");
    assert!(config.admin.allow_actor_kill);
    assert_eq!(config.supervision.backoff.iter().map(|d| d.as_millis()).sum::<u128>(), 2005);
}

#[test]
fn an_error_in_the_environment_names_the_variable_and_what_was_expected() {
    for (variable, value, expected) in [
        ("FRONTDESK__SERVER__LISTEN", "8080", "expected an IP address and a port"),
        ("FRONTDESK__SERVER__MAX_CALLS", "many", "\"many\" is not a whole number"),
        ("FRONTDESK__SERVER__MAX_CALLS", "-1", "expected a whole number, 1 or more"),
        ("FRONTDESK__SERVER__MAX_CALLS", "99999999999999999999", "is larger than any key takes"),
        ("FRONTDESK__SUPERVISION__INTENSITY", "5000000000", "from 0 to 4294967295"),
        ("FRONTDESK__SERVER__DRAIN_TIMEOUT", "5", "for seconds write \"5s\""),
        ("FRONTDESK__SUPERVISION__BACKOFF", "[1,2]", "for seconds write \"1s\""),
        ("FRONTDESK__SERVER__PUBLIC_URL", "http://\u{FFFD}", "is not UTF-8 text"),
        (
            "FRONTDESK__SERVER__PORT",
            "8080",
            "expected one of allow_private_webhooks, drain_timeout, listen, max_calls",
        ),
        (
            "FRONTDESK__SERVR__LISTEN",
            "",
            "expected one of admin, console, database, log, openai, server",
        ),
        ("FRONTDESK__SERVER", "", "expected FRONTDESK__SECTION__KEY"),
        ("FRONTDESK__ADMIN__ALLOW_ACTOR_KILL", "yes", "neither \"true\" nor \"false\""),
        ("FRONTDESK__SUPERVISION__BACKOFF", "1s,2", "\"2\" is not a duration"),
        ("FRONTDESK__SUPERVISION__BACKOFF", "[1s", "is not a list"),
        ("FRONTDESK__TWILIO__ACCOUNT_SID", "AC1", "\"AC\" and 32 hexadecimal digits"),
    ] {
        let error = load("", &[(variable, value)]).unwrap_err();
        assert!(error.starts_with(&format!("{variable}: ")), "{error}");
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn ops_6_no_secret_is_shown_by_debug_or_by_an_error() {
    let config = load(
        r#"
            admin.token = "SECRET-admin-token"
            database.url = "postgres://frontdesk:SECRET@db/frontdesk"
            openai.api_key = "SECRET"
            twilio.auth_token = "SECRET"
        "#,
        &[],
    )
    .unwrap();
    assert!(!format!("{config:?}").contains("SECRET"), "{config:?}");
    let problems = config.check();
    assert!(!format!("{problems:?}").contains("SECRET"), "{problems:?}");
    let error = load("database.url = \"mysql://frontdesk:SECRET@db\"", &[]).unwrap_err();
    assert!(error.contains("expected \"sqlite://") && !error.contains("SECRET"), "{error}");
}

#[test]
fn ops_6_without_a_token_there_is_no_admin_listener() {
    assert!(load("admin.token = \"\"", &[]).unwrap().admin.listener().is_none());
    let config = load("admin.token = \"0123456789abcdef\"", &[]).unwrap();
    let (listen, token) = config.admin.listener().unwrap();
    assert_eq!((listen.port(), token.expose_secret()), (8081, "0123456789abcdef"));
}

#[test]
fn prac_4_the_defaults_run_as_they_are_and_so_does_a_real_configuration() {
    assert_eq!(Config::default().check(), Ok(()));
    assert_eq!(load(REAL, &[]).unwrap().check(), Ok(()));
}

#[test]
fn prac_4_practice_settings_are_refused_once_anything_is_real() {
    let own_account = "twilio.account_sid = \"AC0123456789abcdef0123456789abcdef\"\n";
    let own_token = "twilio.auth_token = \"a-token-of-ones-own\"\n";
    let public = "server.public_url = \"https://calls.example.com\"\n";
    let openai = "openai.provider = \"openai\"\nopenai.api_key = \"sk-real\"\n";
    for (parts, refused) in [
        (vec![public, own_account, own_token], vec!["openai.provider"]),
        (vec![public, openai, own_account], vec!["twilio.auth_token"]),
        (vec![openai, own_account], vec!["twilio.auth_token"]),
        (vec![public, openai, own_token], vec!["twilio.account_sid"]),
        (vec![openai, own_account, own_token], vec!["server.public_url"]),
        (vec![public], vec!["openai.provider", "twilio.account_sid", "twilio.auth_token"]),
    ] {
        assert_eq!(refusals(&parts.concat()), refused, "{parts:?}");
    }
}

#[test]
fn ops_6_webhooks_without_a_signature_are_accepted_on_loopback_only() {
    let unchecked = "twilio.validate_signatures = false\n";
    assert_eq!(refusals(unchecked), Vec::<String>::new());
    let public = format!(
        "server.public_url = \"https://calls.example.com\"\n{unchecked}\
         twilio.account_sid = \"AC0123456789abcdef0123456789abcdef\"\n\
         twilio.auth_token = \"a-token-of-ones-own\"\n\
         openai.provider = \"openai\"\nopenai.api_key = \"sk-real\"\n"
    );
    assert_eq!(refusals(&public), ["twilio.validate_signatures"]);
}

#[test]
fn res_9_a_node_s_own_address_is_the_public_one_unless_it_is_set_and_twilio_can_reach_it() {
    let real = load(REAL, &[]).unwrap();
    assert_eq!(real.server.own_url(), &real.server.public_url);
    let set = |url: &str| format!("{REAL}\nserver.node_url = \"{url}\"\n");
    let own = load(&set("https://node-1.example.com"), &[]).unwrap();
    assert_eq!(own.server.own_url().to_string(), "https://node-1.example.com");
    assert_eq!(own.check(), Ok(()));
    assert_eq!(refusals(&set("http://127.0.0.1:8080")), ["server.node_url"]);
    let told = load("server.node_url = \"node-1.example.com\"", &[]).unwrap_err().to_string();
    assert!(told.contains("server.node_url") && told.contains("public address"), "{told}");
}

#[test]
fn a_gateway_on_this_machine_may_stand_for_both_providers() {
    let gateways = r#"
        openai.provider = "openai"
        openai.api_key = "any"
        openai.realtime_url = "ws://127.0.0.1:9000"
        twilio.api_url = "http://127.0.0.1:9001"
        twilio.auth_token = "a-token-of-ones-own"
    "#;
    assert_eq!(refusals(gateways), Vec::<String>::new());
}

#[test]
fn settings_that_cannot_work_are_refused_by_their_key() {
    for (text, key) in [
        ("admin.token = \"too-short\"", "admin.token"),
        ("twilio.auth_token = \"\"", "twilio.auth_token"),
        ("supervision.backoff = []", "supervision.backoff"),
        ("supervision.period = \"0s\"", "supervision.period"),
        ("supervision.period = \"25h\"", "supervision.period"),
        ("supervision.backoff = [\"0s\", \"2m\", \"1s\"]", "supervision.backoff"),
        ("server.drain_timeout = \"2days\"", "server.drain_timeout"),
        ("server.drain_timeout = \"90000000days\"", "server.drain_timeout"),
        ("openai.upstream_patience = \"6m\"", "openai.upstream_patience"),
        ("openai.upstream_patience = \"0s\"", "openai.upstream_patience"),
        ("openai.upstream_patience = \"999ms\"", "openai.upstream_patience"),
    ] {
        assert_eq!(refusals(text), [key]);
    }
    let told = load("server.drain_timeout = \"2days\"", &[]).unwrap().check().unwrap_err();
    assert_eq!(told[0].to_string(), "server.drain_timeout: must be at most 1days");
    let no_key = REAL.replace("openai.api_key = \"sk-real\"", "");
    assert_eq!(refusals(&no_key), ["openai.api_key"]);
}

#[test]
fn ops_5_a_url_that_the_driver_can_t_read_and_a_folder_without_a_name_are_refused_with_their_place()
{
    for url in [
        "sqlite://x.db?mode=rwx",
        "sqlite://x.db?mode=",
        "sqlite://x.db?cach=shared",
        "postgres://user:hunter2@host:99999/frontdesk",
        "postgres://user:hunter2@:x/y",
        "mysql://user:hunter2@host/frontdesk",
        "",
    ] {
        let error = load(&format!("[database]\nurl = {url:?}"), &[]).unwrap_err().to_string();
        let told = "config.toml:2:7: database.url: not the URL of a database: expected \"sqlite://";
        assert!(error.starts_with(told) && error.contains("mode"), "{error}");
        assert!(!error.contains("hunter2") && error.lines().count() == 1, "{error}");
    }
    for folder in ["", "  ", "a\\u0000b"] {
        let error = load(&format!("[server]\nstate_dir = \"{folder}\""), &[]).unwrap_err();
        let error = error.to_string();
        let told = "config.toml:2:13: server.state_dir: names no folder: expected one";
        assert!(error.starts_with(told), "{error}");
    }
    let error = load("", &[("FRONTDESK__SERVER__STATE_DIR", "")]).unwrap_err().to_string();
    assert!(error.starts_with("FRONTDESK__SERVER__STATE_DIR: names no folder"), "{error}");
}
