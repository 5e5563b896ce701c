//! Arguments, exit statuses, and helpers for the commands' tests.

mod lists;

use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::config::Config;

/// A configuration whose database is a file in a temporary folder.
pub(super) struct OnDisk {
    folder: TempDir,
}

impl Default for OnDisk {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
}

impl OnDisk {
    pub(super) fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.folder.path().join("test.db").display())
    }

    pub(super) fn config(&self) -> Config {
        self.config_with(&[])
    }

    /// The defaults, with some keys set as in the environment.
    pub(super) fn config_with(&self, keys: &[(&str, &str)]) -> Config {
        let url = self.url();
        let variables = [("DATABASE__URL", url.as_str())].into_iter().chain(keys.iter().copied());
        let variables: Environment =
            variables.map(|(key, value)| (format!("FRONTDESK__{key}"), value.to_owned())).collect();
        Config::load(None, variables.variables()).unwrap()
    }

    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// A business file of the examples.
pub(super) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/businesses/{name}.toml"))
}

/// Starts a server that answers each request, by its head, with a status and a body. Returns its
/// address.
pub(super) async fn server(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            let (status, body) = answer(std::str::from_utf8(&head).unwrap());
            let length = body.len();
            let response = format!(
                "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            socket.write_all(response.as_bytes()).await.unwrap();
        }
    });
    address.to_string()
}

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split_whitespace())
}

#[test]
fn clap_accepts_the_definition_of_the_arguments() {
    Arguments::command().debug_assert();
}

#[test]
fn ops_5_the_configuration_may_be_named_before_the_command_or_after() {
    for line in ["frontdesk --config a.toml serve", "frontdesk serve --config a.toml"] {
        assert_eq!(parse(line).unwrap().config, Some(PathBuf::from("a.toml")), "{line}");
    }
    assert_eq!(parse("frontdesk check").unwrap().config, None);
}

#[test]
fn ops_5_every_command_is_there() {
    for line in [
        "frontdesk serve",
        #[cfg(feature = "practice")]
        "frontdesk demo --wav call.wav",
        #[cfg(feature = "practice")]
        "frontdesk simulate examples/scenarios/click.toml examples/scenarios/cough.toml --calls 50",
        #[cfg(feature = "practice")]
        "frontdesk simulate --chaos --seed 1..=100 --calls 5 --for 10m --shrink",
        #[cfg(feature = "practice")]
        "frontdesk simulate --chaos --seed 17 --leave-out c2,t1 --trace trace.txt",
        "frontdesk migrate up",
        "frontdesk migrate down --all",
        "frontdesk migrate status",
        "frontdesk migrate fresh --yes",
        "frontdesk backup monday.db",
        "frontdesk restore monday.db --yes",
        "frontdesk business import examples/businesses/tel-aviv-locks.toml",
        "frontdesk business export tel-aviv-locks",
        "frontdesk business list",
        "frontdesk prompt show tel-aviv-locks --number +972501234567 --direction outbound",
        "frontdesk calls list tel-aviv-locks --since 24h --reason user_goodbye --status completed --csv",
        "frontdesk calls show …89abcdef --json",
        "frontdesk calls hangup CA0123456789abcdef0123456789abcdef --url http://127.0.0.1:8081",
        "frontdesk leads list --until 2026-12-31 --phone +972501234567 --status complete --json",
        "frontdesk leads show tel-aviv-locks +972501234567",
        "frontdesk appointments list tel-aviv-locks --status booked --limit 10",
        "frontdesk completions bash",
        "frontdesk check",
        "frontdesk actors --watch --url http://127.0.0.1:8081 --token 0123456789abcdef",
    ] {
        if let Err(error) = parse(line) {
            panic!("{line}: {error}");
        }
    }
}

/// Every command, with those below it.
fn every(command: &clap::Command) -> Vec<clap::Command> {
    let below = command.get_subcommands().flat_map(every);
    std::iter::once(command.clone()).chain(below).collect()
}

#[test]
fn ops_14_the_help_of_every_command_fits_a_terminal() {
    let mut root = Arguments::command().term_width(80);
    root.build();
    for mut command in every(&root) {
        for help in [command.render_help(), command.render_long_help()] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
        }
    }
}

#[test]
fn ops_14_the_help_and_the_errors_of_a_filter_name_its_words() {
    let mut root = Arguments::command();
    root.build();
    let calls = root.find_subcommand_mut("calls").unwrap();
    let help = calls.find_subcommand_mut("list").unwrap().render_help().to_string();
    assert!(help.contains("upstream_failed") && help.contains("no-answer"), "{help}");
    let refused = parse("frontdesk webhooks list x --type call.began").unwrap_err().to_string();
    assert!(refused.contains("call.ended, call.failed"), "{refused}");
    let neither = parse("frontdesk webhooks resend x").unwrap_err().to_string();
    assert!(neither.contains("ID|--all"), "{neither}");
}

#[test]
fn ops_15_the_configuration_of_the_package_is_one_that_serve_takes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/config.toml");
    let config = load(Some(&file), &Environment::default()).unwrap();
    assert_eq!(config.check(), Ok(()));
    assert_eq!(config.server.state_dir, Path::new("/var/lib/frontdesk"));
    assert_eq!(config.database.url.shown(), "/var/lib/frontdesk/frontdesk.db");
}

#[test]
fn arguments_that_cannot_be_used_are_refused_with_status_2() {
    for (line, kind) in [
        ("frontdesk prompt show x --number 0501234567", ErrorKind::ValueValidation),
        ("frontdesk prompt show x --direction sideways", ErrorKind::InvalidValue),
        ("frontdesk calls list --reason bored", ErrorKind::InvalidValue),
        ("frontdesk leads list --status bored", ErrorKind::InvalidValue),
        ("frontdesk webhooks list x --type call.began", ErrorKind::InvalidValue),
        ("frontdesk webhooks resend x", ErrorKind::MissingRequiredArgument),
        ("frontdesk webhooks resend x abcd --all", ErrorKind::ArgumentConflict),
        ("frontdesk calls list --since yesterday", ErrorKind::ValueValidation),
        ("frontdesk calls list --json --csv", ErrorKind::ArgumentConflict),
        ("frontdesk calls show %", ErrorKind::ValueValidation),
        ("frontdesk business export Not_A_Slug", ErrorKind::ValueValidation),
        #[cfg(feature = "practice")]
        ("frontdesk simulate", ErrorKind::MissingRequiredArgument),
        #[cfg(feature = "practice")]
        ("frontdesk simulate a.toml --chaos", ErrorKind::ArgumentConflict),
        #[cfg(feature = "practice")]
        ("frontdesk simulate --chaos --seed 5..=4", ErrorKind::ValueValidation),
        #[cfg(feature = "practice")]
        ("frontdesk simulate --chaos --leave-out 2", ErrorKind::ValueValidation),
        #[cfg(feature = "practice")]
        ("frontdesk simulate --chaos --for soon", ErrorKind::ValueValidation),
        #[cfg(feature = "practice")]
        ("frontdesk simulate --chaos --real-time", ErrorKind::ArgumentConflict),
        #[cfg(feature = "practice")]
        ("frontdesk simulate a.toml --calls 0", ErrorKind::ValueValidation),
        ("frontdesk answer", ErrorKind::InvalidSubcommand),
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "{line}");
    }
}

#[test]
fn ops_6_a_token_given_on_the_command_line_is_not_shown() {
    let arguments = parse("frontdesk actors --token 0123456789abcdef").unwrap();
    assert!(!format!("{arguments:?}").contains("0123456789abcdef"));
}

#[tokio::test]
async fn prac_4_serve_refuses_practice_with_a_public_url_and_says_so_with_status_2() {
    let public = [("SERVER__PUBLIC_URL", "https://calls.example.com")];
    let source = Source { file: None, environment: Environment::default() };
    let refused = serve::run(
        OnDisk::default().config_with(&public),
        source,
        Platform::live(),
        &mut Vec::new(),
    )
    .await
    .unwrap_err();
    assert_eq!(refused.code(), BAD_CONFIGURATION);
    let lines = refused.lines();
    assert!(lines.contains("openai.provider is \"practice\""), "{lines}");
    assert!(lines.lines().count() > 1 && lines.lines().all(|line| line.starts_with("error: ")));
}

#[test]
fn an_error_in_the_configuration_file_names_its_place_and_has_status_2() {
    let file = OnDisk::default();
    let file = file.file("config.toml", "[server]\nlisten = 8080\n");
    let refused = load(Some(&file), &Environment::default()).unwrap_err();
    assert_eq!(refused.code(), BAD_CONFIGURATION);
    assert!(refused.lines().contains("config.toml:2:"), "{}", refused.lines());
}
