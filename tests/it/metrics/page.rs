//! `docs/metrics.md` and `docs/grafana.json` are of the metrics that there are.

use std::collections::BTreeSet;

use super::scrape::scrape;
use crate::support::{brief, virtually, world};

pub(super) const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/alerts.yml");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/grafana.json");

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn ops_3_the_page_lists_every_metric_as_it_is_exposed() {
    virtually(async {
        let world = world(brief).await;
        let scraped = scrape(&world).await;
        let page = read(PAGE);
        let rows = page
            .lines()
            .filter(|line| line.starts_with("| `frontdesk_") || line.starts_with("| `process_"));
        let listed: Vec<String> = rows.map(str::to_owned).collect();
        let exposed: Vec<String> = (scraped.families.iter())
            .map(|family| {
                let labels: Vec<_> =
                    family.labels.iter().map(|label| format!("`{label}`")).collect();
                let (name, labels) = (&family.name, labels.join(", "));
                format!("| `{name}` | {} | {labels} | {} |", family.kind, family.help)
            })
            .collect();
        assert_eq!(listed, exposed, "the page should have:\n{}", exposed.join("\n"));
        world.close().await;
    });
}

#[test]
fn ops_3_rules_and_dashboard_ask_for_metrics_that_exist() {
    virtually(async {
        let world = world(brief).await;
        let scraped = scrape(&world).await;
        let exist: BTreeSet<&str> =
            scraped.families.iter().map(|family| family.name.as_str()).collect();
        let (rules, dashboard) = (read(RULES), read(DASHBOARD));
        let parsed: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
        assert!(parsed["panels"].as_array().unwrap().len() > 8);
        for text in [&rules, &dashboard] {
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let words = text.split(|letter| !is_part(letter));
            let asked: BTreeSet<&str> =
                words.filter(|word| word.starts_with("frontdesk_")).collect();
            assert!(asked.len() > 4, "{asked:?}");
            for name in asked {
                let mut families = ["", "_bucket", "_sum", "_count"]
                    .iter()
                    .filter_map(|part| name.strip_suffix(part));
                assert!(families.any(|family| exist.contains(family)), "there is no {name}");
            }
        }
        world.close().await;
    });
}
