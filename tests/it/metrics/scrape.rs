//! A scrape, and a strict reader of Prometheus' text format.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use frontdesk::world::World;

use crate::api::operator::TOKEN;
use crate::support::{http_client, within};

/// What one `GET /metrics` has answered.
pub(crate) struct Scrape {
    pub(crate) text: String,
    pub(crate) families: Vec<Family>,
    samples: BTreeMap<String, f64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) help: String,
    /// Names of labels, in order, without a bucket's.
    pub(crate) labels: Vec<String>,
}

pub(crate) async fn scrape(world: &World) -> Scrape {
    let url = format!("http://{}/metrics", world.app.admin_address().unwrap());
    let http = http_client(world);
    let answer = within("the metrics", http.get(&url).bearer_auth(TOKEN).send()).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.status);
    Scrape::read(answer.text())
}

impl Scrape {
    /// Every sample follows its own HELP and TYPE, and none comes twice.
    fn read(text: String) -> Self {
        let (mut families, mut samples) = (Vec::<Family>::new(), BTreeMap::new());
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(families.iter().all(|family| family.name != name), "{name} comes twice");
                let (name, help) = (name.to_owned(), help.to_owned());
                families.push(Family { name, kind: String::new(), help, labels: Vec::new() });
                continue;
            }
            let family = families.last_mut().unwrap();
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, family.name);
                family.kind = kind.to_owned();
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = labels_of(series);
            let part = name.strip_prefix(&*family.name).unwrap_or_else(|| panic!("{line}"));
            let parts: &[&str] =
                if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(parts.contains(&part), "{line}");
            family.labels = labels.into_iter().filter(|label| label != "le").collect();
            let value = if value == "inf" { f64::INFINITY } else { value.parse().unwrap() };
            assert!(samples.insert(series.to_owned(), value).is_none(), "{series} comes twice");
        }
        Self { text, families, samples }
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(String::as_str).collect()
    }

    /// The labels and values of a name's samples that are not 0.
    pub(crate) fn not_zero(&self, name: &str) -> Vec<(&str, f64)> {
        self.of(name).filter(|(_, value)| *value != 0.0).collect()
    }

    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.of(name).map(|(_, value)| value).sum()
    }

    /// Asserts that the histogram has one observation, and which.
    pub(crate) fn has_once(&self, name: &str, label: &str, seconds: f64) {
        let labels = if label.is_empty() { String::new() } else { format!("{{{label}}}") };
        assert_eq!(self[&*format!("{name}_count{labels}")], 1.0, "{name}");
        let sum = self[&*format!("{name}_sum{labels}")];
        assert!((sum - seconds).abs() < 2e-6, "{name}: {sum}, not {seconds}");
        let comma = if label.is_empty() { "" } else { "," };
        let mut buckets = 0;
        for (series, value) in &self.samples {
            let start = format!("{name}_bucket{{{label}{comma}le=\"");
            let Some(bound) = series.strip_prefix(&start) else { continue };
            let bound = bound.trim_end_matches("\"}");
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
            assert_eq!(*value == 1.0, seconds <= bound, "{series} {value}");
            buckets += 1;
        }
        assert!(buckets > 5, "{name} has {buckets} buckets");
    }

    /// Asserts that no counter and no histogram has become less.
    pub(crate) fn grew_since(&self, before: &Self) {
        let grows = self.families.iter().filter(|family| family.kind != "gauge");
        let names: Vec<&str> = grows.map(|family| family.name.as_str()).collect();
        for (series, now) in &self.samples {
            if names.iter().any(|name| series.starts_with(name)) {
                let then = before.samples[series];
                assert!(*now >= then, "{series} was {then} and is {now}");
            }
        }
    }

    fn of(&self, name: &str) -> impl Iterator<Item = (&str, f64)> {
        let samples = self.samples.iter().filter_map(move |(series, value)| {
            let labels = series.strip_prefix(name)?;
            (labels.is_empty() || labels.starts_with('{')).then_some((labels, *value))
        });
        assert!(samples.clone().count() > 0, "there is no {name}");
        samples
    }
}

impl Index<&str> for Scrape {
    type Output = f64;

    fn index(&self, series: &str) -> &f64 {
        self.samples.get(series).unwrap_or_else(|| panic!("no {series} in\n{}", self.text))
    }
}

/// The name of a sample, and the names of its labels.
fn labels_of(series: &str) -> (&str, Vec<String>) {
    let Some((name, labels)) = series.split_once('{') else { return (series, Vec::new()) };
    let labels = labels.strip_suffix('}').unwrap().split("\",").map(|label| {
        let (label, value) = label.split_once("=\"").unwrap();
        assert!(!value.contains(['\\', '{']), "{series}");
        label.to_owned()
    });
    (name, labels.collect())
}
