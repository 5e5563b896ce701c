//! Prometheus' own opinion, where `promtool` is installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::page::RULES;
use super::scrape::scrape;
use crate::support::{brief, virtually, world};

/// What `promtool` finds fault with; `None` if it is not installed.
fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let mut tool = Command::new("promtool");
    tool.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = tool.spawn().ok()?;
    running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = running.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    Some((done.status.success(), said))
}

#[test]
fn ops_3_promtool_is_content() {
    virtually(async {
        let world = world(brief).await;
        let scraped = scrape(&world).await;
        if let Some(checked) = promtool(&["check", "metrics"], &scraped.text) {
            assert_eq!(checked, (true, String::new()));
        }
        world.close().await;
    });
    if let Some((content, said)) = promtool(&["check", "rules", RULES], "") {
        assert!(content, "{said}");
    }
}
