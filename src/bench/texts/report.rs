//! The report of a bench of written conversations.

use std::time::Duration;

use serde_json::{Value, json as value};

use super::{Round, TextsPlan, TextsReport};
use crate::bench::report::on;
use crate::table::table;

/// The report for people.
#[must_use]
pub fn text(report: &TextsReport) -> String {
    let TextsPlan { texts } = report.plan;
    let mut text = format!(
        "{texts} people write at once, and once more;\n{}\n\n\
         Milliseconds of CPU for a message; KIB for a conversation at once, and kept;\n\
         milliseconds that the daemon adds to settling and to the model\'s time.\n\n",
        on(report.pinning)
    );
    let heading =
        ["TEXT", "ANSWERED", "WITHIN", "CPU", "KIB MOST", "KIB KEPT", "ADDED P50", "ADDED P99"];
    let rows = report.rounds.iter().zip(["first", "second"]).map(|(round, name)| {
        let Costs { cpu_ms, most_kib, kept_kib } = report.costs(round);
        vec![
            name.to_owned(),
            format!("{} of {texts}", round.answered),
            format!("{:.1} s", round.took.as_secs_f64()),
            format!("{cpu_ms:.2}"),
            format!("{most_kib:.1}"),
            format!("{kept_kib:.1}"),
            millis(round.added.p50),
            millis(round.added.p99),
        ]
    });
    let heading = heading.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    text.push_str(&table(&rows));
    let idle = report.idle as f64 / 1024.0;
    text.push_str(&format!("\nidle, the daemon has {idle:.0} KiB without files\n"));
    if !report.is_faithful() {
        text.push_str("warning: not everybody got one answer\n");
    }
    text
}

/// The report for programs. Times are in microseconds, memory is in bytes.
#[must_use]
pub fn json(report: &TextsReport) -> Value {
    let round = |round: &Round| {
        value!({
            "answered": round.answered, "took_us": micros(round.took), "cpu_us": micros(round.cpu),
            "most_bytes": round.most, "after_bytes": round.after, "added_us": round.added,
        })
    };
    value!({
        "texts": report.plan.texts,
        "idle_bytes": report.idle,
        "rounds": report.rounds.iter().map(round).collect::<Vec<_>>(),
        "is_faithful": report.is_faithful(),
    })
}

/// What one message and one conversation cost.
struct Costs {
    cpu_ms: f64,
    most_kib: f64,
    kept_kib: f64,
}

impl TextsReport {
    fn costs(&self, round: &Round) -> Costs {
        let people = f64::from(self.plan.texts.max(1));
        let kib = |bytes: u64| bytes.saturating_sub(self.idle) as f64 / 1024.0 / people;
        Costs {
            cpu_ms: round.cpu.as_secs_f64() * 1000.0 / people,
            most_kib: kib(round.most),
            kept_kib: kib(round.after),
        }
    }
}

fn millis(micros: u64) -> String {
    format!("{:.0}", micros as f64 / 1000.0)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::findings::Latency;
    use crate::bench::pinning::Pinning;

    #[test]
    fn wa_5_costs_are_told_for_a_message_and_a_conversation() {
        let added = Latency { count: 4, p50: 12_400, p99: 80_000, p999: 80_000, max: 80_000 };
        let round = Round {
            answered: 4,
            took: Duration::from_millis(2_700),
            cpu: Duration::from_millis(10),
            most: 140 * 1024,
            after: 120 * 1024,
            added,
        };
        let plan = TextsPlan { texts: 4 };
        let rounds = vec![round, Round { answered: 3, ..round }];
        let report = TextsReport { plan, pinning: Pinning::Not, idle: 100 * 1024, rounds };
        let told = text(&report);
        let first = told.lines().find(|line| line.starts_with("first")).unwrap();
        let words: Vec<&str> = first.split_whitespace().collect();
        assert_eq!(words[1..], ["4", "of", "4", "2.7", "s", "2.50", "10.0", "5.0", "12", "80"]);
        assert!(told.contains("not everybody got one answer"), "{told}");
        assert_eq!(json(&report)["rounds"][1]["answered"], 3);
    }
}
