use super::*;
use crate::bench::findings::Findings;
use crate::bench::runs::Run;
use crate::bench::subject::Kind;

pub(in super::super) fn run(subject: Kind, cpu: f64, memory: f64) -> Run {
    let latency =
        Latency { count: 1_000_000, p50: 290, p99: 123_456, p999: 1_234_567, max: 1_234_567 };
    let direction = Direction { latency, sent: 1_234_567, cut: 12_345, ..Direction::default() };
    Run {
        subject: subject.as_str(),
        at_once: 400,
        user_ms: cpu / 2.0,
        system_ms: cpu / 2.0,
        kib_a_call: memory,
        anonymous_kib_a_call: memory / 2.0,
        idle_kib: 20_000.0,
        load_share: 0.85,
        findings: Findings {
            calls: 400,
            refused: 2,
            up: direction.clone(),
            down: direction,
            greeting: latency,
            clear: if subject == Kind::Daemon { latency } else { Latency::default() },
            ..Findings::default()
        },
    }
}

pub(in super::super) fn report() -> Report {
    let pairs = [(4.0, 300.0), (6.0, 320.0), (5.0, 310.0)];
    let runs =
        pairs.map(|(cpu, memory)| [run(Kind::Daemon, cpu, memory), run(Kind::Relay, 2.0, 10.0)]);
    let plan = Plan {
        calls: vec![400],
        seconds: 30,
        pairs: 3,
        relay: true,
        storm: 0,
        tls: true,
        cold: false,
    };
    Report { plan, pinning: Pinning::Apart { subject: 0, load: 1 }, runs: runs.concat() }
}

#[test]
fn ratios_are_the_median_of_the_pairs() {
    let ratios = report().ratios(400);
    assert_eq!(ratios[0], ("CPU", Ratio { median: 2.5, min: 2.0, max: 3.0 }));
    assert_eq!(ratios[3], ("memory", Ratio { median: 31.0, min: 30.0, max: 32.0 }));
    let alone = Report { runs: vec![run(Kind::Daemon, 4.0, 1.0)], ..report() };
    assert_eq!(alone.ratios(400), []);
}

/// The same with 1,000 calls, of which each costs the daemon half.
pub(in super::super) fn scale() -> Report {
    let mut report = report();
    let more = report.runs.clone().into_iter().map(|run| {
        let share = if run.subject == Kind::Daemon.as_str() { 0.5 } else { 1.0 };
        let (user_ms, system_ms) = (run.user_ms * share, run.system_ms * share);
        Run { at_once: 1000, user_ms, system_ms, ..run }
    });
    report.runs.extend(more);
    report.plan.calls.push(1000);
    report
}

#[test]
fn each_number_of_calls_has_a_row() {
    let text = text(&scale());
    let (_, rows) = text.split_once("What a call costs").unwrap();
    let row = |calls: &str| {
        let row = rows.lines().find(|line| line.starts_with(calls)).unwrap();
        row.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("400")[..4], ["400", "5.00", "2.50", "310"]);
    assert_eq!(row("1000")[..4], ["1000", "2.50", "1.25", "310"]);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn the_report_fits_a_terminal_and_warns_of_a_busy_load_and_refused_calls() {
    let text = text(&report());
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(text.contains("run 1: the load took 85 % of its core"), "{text}");
    assert!(text.contains("run 6: 2 calls were refused"), "{text}");
    let unpinned = Report { pinning: Pinning::Not, ..report() };
    assert!(super::text(&unpinned).contains("could not be pinned"));
}

#[test]
fn a_program_finds_each_run_and_each_ratio() {
    let json = json(&report());
    assert_eq!(json["runs"][5]["subject"], "relay");
    assert_eq!(json["runs"][0]["up"]["latency"]["p50"], 290);
    assert_eq!(json["scales"][0]["calls"], 400);
    assert_eq!(json["scales"][0]["ratios"]["CPU"]["median"], 2.5);
    assert_eq!(json["cores"]["load"], 1);
}
