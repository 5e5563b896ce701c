//! The report of a bench, for people and for programs.

pub(super) mod found;
pub(super) mod soaked;

use serde_json::{Value, json};

use super::findings::{Direction, Latency};
use super::pinning::Pinning;
use super::runs::{Plan, Ratio, Report, Run};
use crate::table::table;

/// The report for people, at most 80 columns wide.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = heading(report);
    text.push_str("\nMilliseconds; CPU, and USER of it, for a second of a call; KIB for a call.\n");
    for calls in &report.plan.calls {
        if report.plan.calls.len() > 1 {
            text.push_str(&format!("\n{calls} calls\n"));
        }
        text.push_str(&format!("\n{}\n", costs(report.at(*calls))));
        text.push_str(&arrivals(report.at(*calls)));
        let shed: u32 = report.at(*calls).map(|run| run.findings.shed).sum();
        if shed > 0 {
            text.push_str(&format!("\nMeanwhile {shed} calls too many heard the apology.\n"));
        }
        text.push_str(&ratios(&report.ratios(*calls)));
    }
    if report.plan.calls.len() > 1 {
        text.push_str("\nWhat a call costs the daemon, and as a multiple (x) of the relay:\n\n");
        text.push_str(&scale(report));
    }
    text.push_str(&warned(&report.warnings()));
    text
}

fn heading(report: &Report) -> String {
    let Plan { calls, seconds, pairs, tls, .. } = &report.plan;
    let calls: Vec<String> = calls.iter().map(u32::to_string).collect();
    let calls = calls.join(", ");
    let runs = if *pairs == 1 { "once".to_owned() } else { format!("{pairs} times") };
    let (tls, cores) = (spoken(*tls), on(report.pinning));
    format!("{calls} calls for {seconds} s, {runs}{tls};\n{cores}\n")
}

/// What the heading says of TLS.
pub(super) fn spoken(tls: bool) -> &'static str {
    if tls { ", TLS to the model" } else { "" }
}

pub(super) fn on(pinning: Pinning) -> String {
    match pinning {
        Pinning::Apart { subject, load } => format!("on core {subject}, its load on core {load}"),
        Pinning::Not => "on no core of its own".to_owned(),
    }
}

pub(super) fn warned(warnings: &[String]) -> String {
    let lines = warnings.iter().map(|warning| format!("warning: {warning}\n"));
    if warnings.is_empty() { String::new() } else { format!("\n{}", lines.collect::<String>()) }
}

pub(super) fn costs<'a>(runs: impl Iterator<Item = &'a Run>) -> String {
    let heading =
        ["RUN", "CPU", "USER", "KIB", "UP P50", "P99", "DOWN P50", "P99", "GREET", "CLEAR", "LOAD"];
    let rows = runs.map(|run| {
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
            percent(run.load_share),
        ]
    });
    headed(&heading, rows)
}

pub(super) fn arrivals<'a>(runs: impl Iterator<Item = &'a Run>) -> String {
    let heading =
        ["RUN", "", "PIECES", "P99.9", "MAX", "LOST", "TWICE", "LATE", "WRONG", "CUT", "STALE"];
    let rows = runs.flat_map(|run| {
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
    headed(&heading, rows)
}

fn ratios(ratios: &[(&str, Ratio)]) -> String {
    let rows = ratios.iter().map(|(name, ratio)| {
        let Ratio { median, min, max } = ratio;
        vec![(*name).to_owned(), format!("{median:.2}"), format!("{min:.2} to {max:.2}")]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\nDaemon over relay, the median of the pairs:\n\n{}", table(&rows))
}

/// A row for each number of calls.
fn scale(report: &Report) -> String {
    let heading =
        ["CALLS", "CPU", "x", "KIB", "x", "UP P50", "x", "P99", "x", "DOWN P99", "x", "LOST"];
    let rows = report.plan.calls.iter().map(|calls| {
        let ratios = report.ratios(*calls);
        let times = |name: &str| {
            let found = ratios.iter().find(|(it, _)| *it == name);
            found.map_or_else(|| "-".to_owned(), |(_, ratio)| format!("{:.2}", ratio.median))
        };
        let ms = |figure: fn(&Run) -> f64| {
            format!("{:.2}", report.median(*calls, figure).unwrap_or(0.0))
        };
        let kib = report.median(*calls, |run| run.kib_a_call).unwrap_or(0.0);
        let lost = report.at(*calls).map(|run| run.findings.up.lost + run.findings.down.lost);
        vec![
            calls.to_string(),
            ms(Run::cpu_ms),
            times("CPU"),
            format!("{kib:.0}"),
            times("memory"),
            ms(|run| run.findings.up.latency.p50 as f64 / 1000.0),
            times("up p50"),
            ms(|run| run.findings.up.latency.p99 as f64 / 1000.0),
            times("up p99"),
            ms(|run| run.findings.down.latency.p99 as f64 / 1000.0),
            times("down p99"),
            lost.sum::<u64>().to_string(),
        ]
    });
    headed(&heading, rows)
}

pub(super) fn headed(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let heading = heading.iter().map(|it| (*it).to_owned()).collect();
    table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}

fn p99(latency: Latency) -> String {
    if latency.count == 0 { "-".to_owned() } else { millis(latency.p99) }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

pub(super) fn millis(micros: u64) -> String {
    format!("{:.2}", micros as f64 / 1000.0)
}

/// The report for programs. Latencies are in microseconds.
#[must_use]
pub fn json(report: &Report) -> Value {
    let Plan { calls, seconds, pairs, tls, .. } = &report.plan;
    let scale = |calls: &u32| {
        let ratios = report.ratios(*calls).into_iter();
        let ratios = ratios.map(|(name, ratio)| (name.to_owned(), json!(ratio)));
        json!({"calls": calls, "ratios": ratios.collect::<serde_json::Map<_, _>>()})
    };
    json!({
        "seconds": seconds, "pairs": pairs, "tls": tls, "cores": cores(report.pinning),
        "runs": report.runs, "scales": calls.iter().map(scale).collect::<Vec<_>>(),
        "warnings": report.warnings(),
    })
}

pub(super) fn cores(pinning: Pinning) -> Value {
    match pinning {
        Pinning::Apart { subject, load } => json!({"subject": subject, "load": load}),
        Pinning::Not => Value::Null,
    }
}

#[cfg(test)]
pub(super) mod tests;
