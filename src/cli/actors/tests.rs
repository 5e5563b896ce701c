//! The actors of a daemon, and the errors where it does not answer.

use secrecy::SecretString;

use super::*;
use crate::cli::daemon::local_address;
use crate::cli::tests::{OnDisk, server};

const TOKEN: &str = "0123456789abcdef";

fn options(address: &str, token: Option<&str>) -> Options {
    Options {
        watch: false,
        json: false,
        daemon: DaemonOptions {
            url: Some(format!("http://{address}/")),
            token: token.map(SecretString::from),
        },
    }
}

async fn shown(options: Options) -> Result<String, CliError> {
    let mut out = Vec::new();
    run(options, &OnDisk::default().config(), &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn daemon(head: &str) -> (u16, String) {
    let body = r#"{"actors":[{"id":1,"name":"supervisor","kind":"supervisor","parent":null,
        "call_sid":null,"state":"running","generation":0,"restarts":0,"mailbox_depth":0,
        "handled":4,"last_message_age_ms":null,"uptime_ms":2000,"last_error":null,
        "node":"https://voice.example.net"}]}"#;
    let asked = head.starts_with("GET /introspect/actors HTTP/1.1");
    let authorized = head.to_lowercase().contains(&format!("authorization: bearer {TOKEN}"));
    match (asked, authorized) {
        (true, true) => (200, body.to_owned()),
        (true, false) => (401, String::new()),
        (false, _) => (404, String::new()),
    }
}

#[tokio::test]
async fn ops_2_the_running_daemons_actors_are_drawn() {
    let address = server(daemon).await;
    let drawn = shown(options(&address, Some(TOKEN))).await.unwrap();
    assert!(drawn.lines().nth(1).unwrap().starts_with("supervisor  running"), "{drawn}");
}

#[tokio::test]
async fn ops_2_what_keeps_them_from_being_shown_is_told_with_what_to_do() {
    let address = server(daemon).await;
    let refused = shown(options(&address, Some("another-token-16"))).await.unwrap_err();
    assert!(refused.to_string().contains("refused the token"), "{refused}");
    let refused = shown(options(&address, None)).await.unwrap_err();
    assert!(refused.to_string().contains("give --token"), "{refused}");
    let other = server(|_| (200, "<html>".to_owned())).await;
    let refused = shown(options(&other, Some(TOKEN))).await.unwrap_err();
    assert!(refused.to_string().contains("something else than actors"), "{refused}");
    // Nobody listens on port 1.
    let refused = shown(options("127.0.0.1:1", Some(TOKEN))).await.unwrap_err();
    assert!(refused.to_string().contains("Is `frontdesk serve` running"), "{refused}");
}

#[test]
fn a_listener_on_every_address_is_asked_on_this_machine() {
    let near = |listen: &str| local_address(listen.parse().unwrap()).to_string();
    assert_eq!(near("0.0.0.0:8081"), "127.0.0.1:8081");
    assert_eq!(near("[::]:8081"), "[::1]:8081");
    assert_eq!(near("10.0.0.7:8081"), "10.0.0.7:8081");
}
