//! The report of a bench, for people and for programs.

use serde_json::{Value, json};

use super::findings::{Direction, Latency};
use super::pinning::Pinning;
use super::runs::{Plan, Ratio, Report};
use crate::table::table;

/// The report for people, at most 80 columns wide.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = heading(report);
    text.push_str(
        "\nMilliseconds; CPU, and USER of it, for a second of a call; KIB for a call.\n\n",
    );
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
    let heading =
        ["RUN", "CPU", "USER", "KIB", "UP P50", "P99", "DOWN P50", "P99", "GREET", "CLEAR", "LOAD"];
    let rows = report.runs.iter().map(|run| {
        let found = &run.findings;
        vec![
            run.subject.to_owned(),
            format!("{:.2}", run.cpu_ms()),
            format!("{:.2}", run.user_ms),
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
        ["RUN", "", "PIECES", "P99.9", "MAX", "LOST", "TWICE", "LATE", "WRONG", "CUT", "STALE"];
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
