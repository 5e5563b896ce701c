//! The report of a bench, for people and for programs.

use serde::Serialize;
use serde_json::{Value, json};

use super::findings::{Direction, Latency};
use super::pinning::Pinning;
use super::run::{Plan, Run};
use super::subject::Kind;
use crate::table::table;

/// The load's share of its core above which figures may be its own.
const BUSY: f64 = 0.8;

/// All runs of a bench, in order.
#[derive(Debug, Clone)]
pub struct Report {
    pub plan: Plan,
    pub pinning: Pinning,
    pub runs: Vec<Run>,
}

/// The daemon's figure over the relay's, pair by pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

/// What is compared, and how it is read.
type Figure = (&'static str, fn(&Run) -> f64);

const FIGURES: [Figure; 10] = [
    ("CPU", |run| run.cpu_ms()),
    ("CPU user", |run| run.user_ms),
    ("CPU system", |run| run.system_ms),
    ("memory a call", |run| run.kib_a_call),
    ("up p50", |run| run.findings.up.latency.p50 as f64),
    ("up p99", |run| run.findings.up.latency.p99 as f64),
    ("up p99.9", |run| run.findings.up.latency.p999 as f64),
    ("down p50", |run| run.findings.down.latency.p50 as f64),
    ("down p99", |run| run.findings.down.latency.p99 as f64),
    ("down p99.9", |run| run.findings.down.latency.p999 as f64),
];

impl Report {
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.subject == kind.as_str())
    }

    /// Each figure's ratio; none without a relay.
    #[must_use]
    pub fn ratios(&self) -> Vec<(&'static str, Ratio)> {
        let ratio = |(name, figure): &Figure| {
            let pairs = self.of(Kind::Daemon).zip(self.of(Kind::Relay));
            let ratios = pairs.map(|(daemon, relay)| figure(daemon) / figure(relay));
            Some((*name, Ratio::of(ratios.filter(|it| it.is_finite()).collect())?))
        };
        FIGURES.iter().filter_map(ratio).collect()
    }

    /// What the reader must know before believing a figure.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.pinning == Pinning::Not {
            warnings.push("subject and load shared their cores: they could not be pinned".to_owned());
        }
        for (number, run) in self.runs.iter().enumerate() {
            let (number, found) = (number + 1, &run.findings);
            if run.load_share > BUSY {
                let share = run.load_share * 100.0;
                warnings.push(format!(
                    "run {number}: the load took {share:.0} % of its core; figures may be its own"
                ));
            }
            for (count, what) in [
                (found.refused, "calls were refused"),
                (found.sessions_again, "sessions were opened again"),
                (found.streams_lost, "streams were lost"),
            ] {
                if count > 0 {
                    warnings.push(format!("run {number}: {count} {what}"));
                }
            }
        }
        warnings
    }
}

impl Ratio {
    fn of(mut ratios: Vec<f64>) -> Option<Self> {
        ratios.sort_by(f64::total_cmp);
        let median = *ratios.get(ratios.len() / 2)?;
        Some(Self { median, min: *ratios.first()?, max: *ratios.last()? })
    }
}

/// The report for people, at most 80 columns wide.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = heading(report);
    text.push_str("\nMilliseconds; CPU and its parts for a second of a call, memory for a call.\n\n");
    text.push_str(&costs(report));
    text.push('\n');
    text.push_str(&arrivals(report));
    let ratios = report.ratios();
    if !ratios.is_empty() {
        text.push_str("\nDaemon over relay, the median of the pairs:\n\n");
        text.push_str(&table(&Vec::from_iter(ratios.iter().map(|(name, ratio)| {
            let Ratio { median, min, max } = ratio;
            vec![(*name).to_owned(), format!("{median:.2}"), format!("{min:.2} to {max:.2}")]
        }))));
    }
    let warnings = report.warnings();
    if !warnings.is_empty() {
        text.push('\n');
    }
    warnings.iter().for_each(|warning| text.push_str(&format!("warning: {warning}\n")));
    text
}

fn heading(report: &Report) -> String {
    let Plan { calls, seconds, pairs, tls, .. } = &report.plan;
    let tls = if *tls { ", TLS to the model" } else { "" };
    let runs = if *pairs == 1 { "once".to_owned() } else { format!("{pairs} times") };
    let cores = match report.pinning {
        Pinning::Apart { subject, load } => format!("core {subject}, its load on core {load}"),
        Pinning::Not => "no core of its own".to_owned(),
    };
    format!("{calls} calls for {seconds} s, {runs}{tls}; on {cores}\n")
}

fn costs(report: &Report) -> String {
    let heading = [
        "RUN", "CPU", "USER", "SYSTEM", "KIB", "UP P50", "P99", "DOWN P50", "P99", "GREET", "CLEAR",
        "LOAD",
    ];
    let rows = report.runs.iter().map(|run| {
        let found = &run.findings;
        vec![
            run.subject.to_owned(),
            format!("{:.2}", run.cpu_ms()),
            format!("{:.2}", run.user_ms),
            format!("{:.2}", run.system_ms),
            format!("{:.0}", run.kib_a_call),
            millis(found.up.latency.p50),
            millis(found.up.latency.p99),
            millis(found.down.latency.p50),
            millis(found.down.latency.p99),
            p99(found.greeting),
            p99(found.clear),
            format!("{:.0}%", run.load_share * 100.0),
        ]
    });
    let heading = heading.map(str::to_owned).to_vec();
    table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}

fn arrivals(report: &Report) -> String {
    let heading =
        ["RUN", "", "PIECES", "P99.9", "MAX", "LOST", "DOUBLE", "ORDER", "ALTERED", "CUT", "STALE"];
    let rows = report.runs.iter().flat_map(|run| {
        let row = |name: &str, direction: &Direction| {
            vec![
                run.subject.to_owned(),
                name.to_owned(),
                direction.sent.to_string(),
                millis(direction.latency.p999),
                millis(direction.latency.max),
                direction.lost.to_string(),
                direction.doubled.to_string(),
                direction.reordered.to_string(),
                direction.altered.to_string(),
                direction.cut.to_string(),
                direction.stale.to_string(),
            ]
        };
        [row("up", &run.findings.up), row("down", &run.findings.down)]
    });
    let heading = heading.map(str::to_owned).to_vec();
    table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}

fn p99(latency: Latency) -> String {
    if latency.count == 0 { "-".to_owned() } else { millis(latency.p99) }
}

fn millis(micros: u64) -> String {
    format!("{:.2}", micros as f64 / 1000.0)
}

/// The report for programs. Latencies are in microseconds.
#[must_use]
pub fn json(report: &Report) -> Value {
    let Plan { calls, seconds, pairs, tls, .. } = report.plan;
    let cores = match report.pinning {
        Pinning::Apart { subject, load } => json!({"subject": subject, "load": load}),
        Pinning::Not => Value::Null,
    };
    let ratios: serde_json::Map<String, Value> =
        report.ratios().into_iter().map(|(name, ratio)| (name.to_owned(), json!(ratio))).collect();
    json!({
        "calls": calls, "seconds": seconds, "pairs": pairs, "tls": tls, "cores": cores,
        "runs": report.runs, "ratios": ratios, "warnings": report.warnings(),
    })
}

#[cfg(test)]
mod tests;
