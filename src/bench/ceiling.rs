//! The ceiling: the most calls at which nothing is lost and hardly any audio is late.

use std::io;
use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::error::BenchError;
use super::findings::Coming;
use super::pinning::Pinning;
use super::runs::Run;
use super::subject::Kind;
use super::trial::{Bench, Trial};

/// The p99 of either direction above which calls are too many, in microseconds.
const TOO_LATE: u64 = 20_000;
/// The most calls that are tried.
pub const MOST: u32 = 4000;

/// How a ceiling is looked for.
#[derive(Debug, Clone)]
pub struct CeilingPlan {
    /// The number of calls to begin with. It is doubled, and halved.
    pub first: u32,
    /// No more are tried.
    pub most: u32,
    /// How long each number is tried.
    pub seconds: u32,
    /// Look for the relay's too.
    pub relay: bool,
    /// The model speaks TLS.
    pub tls: bool,
    /// No calls warm a subject up, so what it needs once counts as a call's.
    pub cold: bool,
}

/// A subject's ceiling.
#[derive(Debug, Clone, Serialize)]
pub struct Ceiling {
    pub subject: &'static str,
    /// 0 if it carried none of the numbers that were tried.
    pub calls: u32,
    pub tries: Vec<Try>,
}

/// A number of calls that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Try {
    pub calls: u32,
    pub is_carried: bool,
    pub up_p99: u64,
    pub down_p99: u64,
    pub cpu_ms: f64,
    /// The load's share of a core.
    pub load_share: f64,
    pub is_faithful: bool,
}

#[derive(Debug, Clone)]
pub struct Ceilings {
    pub plan: CeilingPlan,
    pub pinning: Pinning,
    pub found: Vec<Ceiling>,
}

/// Looks for the ceilings. `told` hears of each number that was tried, and of whom it was tried with. When
/// `stop` becomes true, it ends with its processes, within some seconds.
///
/// # Errors
/// [`BenchError`] says what did not start, or ended before its time.
pub fn ceiling(
    plan: &CeilingPlan,
    stop: &AtomicBool,
    mut told: impl FnMut(&str, &Try) -> Result<(), io::Error>,
) -> Result<Ceilings, BenchError> {
    let bench = Bench::new(plan.tls, plan.cold, stop)?;
    let mut found = Vec::new();
    for kind in Kind::those(plan.relay) {
        let mut tries = Vec::new();
        let calls = search(plan.first..=plan.most, |calls| {
            let (kind, seconds) = (*kind, plan.seconds);
            let trial = Trial { kind, calls, seconds, coming: Coming::Together, storm: 0 };
            let tried = match bench.measure(&trial, &mut |_| Ok(())) {
                Ok((run, _)) => Try::of(&run),
                Err(BenchError::NoCalls(_)) => Try::none(calls),
                Err(error) => return Err(error),
            };
            told(kind.as_str(), &tried).map_err(BenchError::io("the report"))?;
            tries.push(tried);
            Ok(tried.is_carried)
        })?;
        found.push(Ceiling { subject: kind.as_str(), calls, tries });
    }
    Ok(Ceilings { plan: plan.clone(), pinning: bench.pinning, found })
}

impl Try {
    fn of(run: &Run) -> Self {
        let found = &run.findings;
        let (up_p99, down_p99) = (found.up.latency.p99, found.down.latency.p99);
        let is_faithful = found.is_faithful();
        Self {
            calls: run.at_once,
            is_carried: is_faithful && up_p99.max(down_p99) < TOO_LATE,
            up_p99,
            down_p99,
            cpu_ms: run.cpu_ms(),
            load_share: run.load_share,
            is_faithful,
        }
    }

    /// No call was connected.
    fn none(calls: u32) -> Self {
        Self {
            calls,
            is_carried: false,
            up_p99: 0,
            down_p99: 0,
            cpu_ms: 0.0,
            load_share: 0.0,
            is_faithful: false,
        }
    }
}

impl Ceilings {
    /// The daemon's ceiling over the relay's.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let of = |kind: Kind| self.found.iter().find(|it| it.subject == kind.as_str());
        let (daemon, relay) = (of(Kind::Daemon)?, of(Kind::Relay)?);
        let ratio = f64::from(daemon.calls) / f64::from(relay.calls);
        ratio.is_finite().then_some(ratio)
    }
}

/// Doubles until a number is too much, then halves the gap, until it is a twentieth.
fn search<E>(
    range: RangeInclusive<u32>,
    mut carries: impl FnMut(u32) -> Result<bool, E>,
) -> Result<u32, E> {
    let (first, most) = range.into_inner();
    let (mut carried, mut too_much) = (0, most + 1);
    let mut next = first.min(most);
    while too_much - carried > (carried / 20).max(1) {
        if carries(next)? {
            carried = next;
        } else {
            too_much = next;
        }
        let middle = carried + (too_much - carried) / 2;
        next = if too_much > most { (carried * 2).min(most) } else { middle };
    }
    Ok(carried)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn searched(first: u32, limit: u32) -> (u32, Vec<u32>) {
        let mut tried = Vec::new();
        let found = search(first..=MOST, |calls| {
            tried.push(calls);
            Ok::<_, Infallible>(calls <= limit)
        });
        (found.unwrap(), tried)
    }

    #[test]
    fn a_ceiling_is_found_within_a_twentieth_from_anywhere() {
        for first in [1, 10, 100, 4000] {
            for limit in [1, 3, 97, 100, 640, 3999] {
                let (found, tried) = searched(first, limit);
                assert!(found <= limit && limit - found <= limit / 20 + 1, "{first} {limit}");
                assert!(tried.len() < 20, "{first} {limit}: {tried:?}");
            }
        }
        assert_eq!(searched(100, 460), (450, vec![100, 200, 400, 800, 600, 500, 450, 475, 462]));
    }

    #[test]
    fn no_more_is_tried_than_there_may_be_and_no_fewer_than_one() {
        assert_eq!(searched(1000, u32::MAX), (MOST, vec![1000, 2000, 4000]));
        assert_eq!(searched(4, 0), (0, vec![4, 2, 1]));
    }
}
