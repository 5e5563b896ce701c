//! What a bench measures, run by run, and what follows from that.

use serde::Serialize;

use super::findings::{Findings, Lately};
use super::pinning::Pinning;
use super::subject::Kind;

/// The load's share of its core above which figures may be its own.
const BUSY: f64 = 0.8;

/// What is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// At once: each of these numbers after the other.
    pub calls: Vec<u32>,
    /// How long each run is measured, in seconds.
    pub seconds: u32,
    /// How often the daemon is measured, and the relay after it.
    pub pairs: u32,
    pub relay: bool,
    /// Calls a second that ring besides, and are too many for the daemon.
    pub storm: u32,
    /// The model speaks TLS.
    pub tls: bool,
    /// No calls warm a subject up, so what it needs once counts as a call's.
    pub cold: bool,
}

/// A run of one subject.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    pub subject: &'static str,
    /// Calls at once.
    pub at_once: u32,
    /// Of a second of a call, in milliseconds.
    pub user_ms: f64,
    pub system_ms: f64,
    /// For each call, over what the subject takes when idle.
    pub kib_a_call: f64,
    /// The same without code and other files.
    pub anonymous_kib_a_call: f64,
    pub idle_kib: f64,
    /// The load's share of a core.
    pub load_share: f64,
    #[serde(flatten)]
    pub findings: Findings,
}

impl Run {
    #[must_use]
    pub fn cpu_ms(&self) -> f64 {
        self.user_ms + self.system_ms
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let found = &self.findings;
        let counts = [
            (found.refused, "calls were refused"),
            (found.not_shed, "calls too many were not told so"),
            (found.sessions_again, "sessions were opened again"),
            (found.streams_lost, "streams were lost"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        busy(self.load_share).into_iter().chain(counts.map(|(count, it)| format!("{count} {it}")))
    }
}

/// A warning of a load that has too much to do.
pub(super) fn busy(load_share: f64) -> Option<String> {
    let share = load_share * 100.0;
    let text = || format!("the load took {share:.0} % of its core; figures may be its own");
    (load_share > BUSY).then(text)
}

/// What was read at one time of a soak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// Seconds since the first calls were settled.
    pub at: u32,
    pub resident_kib: f64,
    pub anonymous_kib: f64,
    /// Of a second of a call, in milliseconds, since the sample before.
    pub cpu_ms: f64,
    #[serde(flatten)]
    pub lately: Lately,
}

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

const FIGURES: [Figure; 11] = [
    ("CPU", |run| run.cpu_ms()),
    ("CPU user", |run| run.user_ms),
    ("CPU system", |run| run.system_ms),
    ("memory", |run| run.kib_a_call),
    ("memory without code", |run| run.anonymous_kib_a_call),
    ("up p50", |run| run.findings.up.latency.p50 as f64),
    ("up p99", |run| run.findings.up.latency.p99 as f64),
    ("up p99.9", |run| run.findings.up.latency.p999 as f64),
    ("down p50", |run| run.findings.down.latency.p50 as f64),
    ("down p99", |run| run.findings.down.latency.p99 as f64),
    ("down p99.9", |run| run.findings.down.latency.p999 as f64),
];

impl Report {
    fn of(&self, kind: Kind, calls: u32) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.subject == kind.as_str() && run.at_once == calls)
    }

    /// The runs with this number of calls.
    pub(super) fn at(&self, calls: u32) -> impl Iterator<Item = &Run> + Clone {
        self.runs.iter().filter(move |run| run.at_once == calls)
    }

    /// The daemon's figure in the middle, of its runs with this number of calls.
    pub(super) fn median(&self, calls: u32, figure: fn(&Run) -> f64) -> Option<f64> {
        Some(Ratio::of(self.of(Kind::Daemon, calls).map(figure).collect())?.median)
    }

    /// Each figure's ratio with this number of calls; none without a relay.
    #[must_use]
    pub fn ratios(&self, calls: u32) -> Vec<(&'static str, Ratio)> {
        let ratio = |(name, figure): &Figure| {
            let pairs = self.of(Kind::Daemon, calls).zip(self.of(Kind::Relay, calls));
            let ratios = pairs.map(|(daemon, relay)| figure(daemon) / figure(relay));
            Some((*name, Ratio::of(ratios.filter(|it| it.is_finite()).collect())?))
        };
        FIGURES.iter().filter_map(ratio).collect()
    }

    /// What the reader must know before believing a figure.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.pinning == Pinning::Not {
            warnings
                .push("subject and load shared their cores: they could not be pinned".to_owned());
        }
        for (number, run) in self.runs.iter().enumerate() {
            let number = number + 1;
            warnings.extend(run.warnings().map(|warning| format!("run {number}: {warning}")));
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
