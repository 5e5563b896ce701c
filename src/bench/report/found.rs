//! The report of a ceiling.

use serde_json::{Value, json};

use super::{cores, headed, millis, on, percent, spoken, warned};
use crate::bench::ceiling::{CeilingPlan, Ceilings};
use crate::bench::runs::busy;

/// The report for people.
#[must_use]
pub fn text(ceilings: &Ceilings) -> String {
    let CeilingPlan { seconds, tls, .. } = ceilings.plan;
    let (tls, on) = (spoken(tls), on(ceilings.pinning));
    let mut text = format!(
        "The most calls at p99 below 20 ms with nothing lost, {seconds} s each{tls};\n{on}\n\n"
    );
    let heading = ["SUBJECT", "CALLS", "CPU", "UP P99", "DOWN P99", "LOAD", "CARRIED"];
    let rows = ceilings.found.iter().flat_map(|ceiling| {
        ceiling.tries.iter().map(|tried| {
            let carried = match (tried.is_carried, tried.is_faithful) {
                (true, _) => "yes",
                (false, true) => "late",
                (false, false) => "not all",
            };
            vec![
                ceiling.subject.to_owned(),
                tried.calls.to_string(),
                format!("{:.2}", tried.cpu_ms),
                millis(tried.up_p99),
                millis(tried.down_p99),
                percent(tried.load_share),
                carried.to_owned(),
            ]
        })
    });
    text.push_str(&headed(&heading, rows));
    text.push('\n');
    for ceiling in &ceilings.found {
        let more = if ceiling.calls == ceilings.plan.most { " or more" } else { "" };
        text.push_str(&format!("{}: {} calls{more}\n", ceiling.subject, ceiling.calls));
    }
    if let Some(ratio) = ceilings.ratio() {
        text.push_str(&format!("daemon over relay: {ratio:.2}\n"));
    }
    text.push_str(&warned(&warnings(ceilings)));
    text
}

fn warnings(ceilings: &Ceilings) -> Vec<String> {
    let tries =
        ceilings.found.iter().flat_map(|it| it.tries.iter().map(|tried| (it.subject, tried)));
    let warned = tries.filter_map(|(subject, tried)| {
        Some(format!("{subject} {}: {}", tried.calls, busy(tried.load_share)?))
    });
    warned.collect()
}

/// The report for programs. Latencies are in microseconds.
#[must_use]
pub fn json(ceilings: &Ceilings) -> Value {
    let CeilingPlan { seconds, tls, .. } = ceilings.plan;
    json!({
        "seconds": seconds, "tls": tls, "cores": cores(ceilings.pinning),
        "ceilings": ceilings.found, "ratio": ceilings.ratio(), "warnings": warnings(ceilings),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::ceiling::{Ceiling, Try};
    use crate::bench::pinning::Pinning;

    #[test]
    fn the_report_has_each_try_the_ceilings_and_their_ratio() {
        let tried = |calls, is_carried| Try {
            calls,
            is_carried,
            up_p99: 21_000,
            down_p99: 900,
            cpu_ms: 2.25,
            load_share: 0.9,
            is_faithful: true,
        };
        let ceiling = |subject, calls| Ceiling {
            subject,
            calls,
            tries: vec![tried(calls, true), tried(calls * 2, false)],
        };
        let ceilings = Ceilings {
            plan: CeilingPlan {
                first: 100,
                most: 4000,
                seconds: 5,
                relay: true,
                tls: true,
                cold: false,
            },
            pinning: Pinning::Not,
            found: vec![ceiling("daemon", 300), ceiling("relay", 400)],
        };
        let text = text(&ceilings);
        assert!(text.contains("daemon   600    2.25  21.00   0.90      90%   late"), "{text}");
        assert!(text.contains("daemon: 300 calls\nrelay: 400 calls\ndaemon over relay: 0.75\n"));
        assert!(text.contains("warning: relay 800: the load took 90 %"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(json(&ceilings)["ratio"], 0.75);
    }
}
