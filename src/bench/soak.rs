//! A soak: calls come and go for long. Nothing may be lost, and memory stays flat.

use std::io;
use std::sync::atomic::AtomicBool;

use super::error::BenchError;
use super::findings::Coming;
use super::pinning::Pinning;
use super::runs::{Run, Sample};
use super::subject::Kind;
use super::trial::{Bench, Trial};

/// From sample to sample, in seconds. A short soak has 20 samples.
const SAMPLE: u32 = 10;
const SAMPLES: u32 = 20;
/// The share of the memory by which it may grow in a minute and be called flat.
const FLAT: f64 = 0.002;

/// What is soaked.
#[derive(Debug, Clone)]
pub struct SoakPlan {
    /// At once. Where one ends another begins.
    pub calls: u32,
    pub seconds: u32,
    /// The model speaks TLS.
    pub tls: bool,
    /// No calls warm a subject up, so what it needs once counts as a call's.
    pub cold: bool,
}

#[derive(Debug, Clone)]
pub struct Soak {
    pub plan: SoakPlan,
    pub pinning: Pinning,
    pub samples: Vec<Sample>,
    pub run: Run,
}

/// Soaks the daemon. `told` hears of each sample when it is taken. When `stop` becomes true, it ends with
/// its processes, within some seconds.
///
/// # Errors
/// [`BenchError`] says what did not start, or ended before its time.
pub fn soak(
    plan: &SoakPlan,
    stop: &AtomicBool,
    mut told: impl FnMut(&Sample) -> Result<(), io::Error>,
) -> Result<Soak, BenchError> {
    let bench = Bench::new(plan.tls, plan.cold, stop)?;
    let &SoakPlan { calls, seconds, .. } = plan;
    let sample = (seconds / SAMPLES).clamp(1, SAMPLE);
    let coming = Coming::AndGoing { sample };
    let trial = Trial { kind: Kind::Daemon, calls, seconds, coming, storm: 0 };
    let (run, samples) = bench.measure(&trial, &mut told)?;
    Ok(Soak { plan: plan.clone(), pinning: bench.pinning, samples, run })
}

impl Soak {
    /// KiB a minute by which memory without files grows in the second half: the line with the least
    /// squares. `None` with fewer than two samples in it.
    #[must_use]
    pub fn slope(&self) -> Option<f64> {
        let half = &self.samples[self.samples.len() / 2..];
        let number = half.len() as f64;
        let minutes = |sample: &Sample| f64::from(sample.at) / 60.0;
        let mean = |of: &dyn Fn(&Sample) -> f64| half.iter().map(of).sum::<f64>() / number;
        let (at, kib) = (mean(&minutes), mean(&|sample| sample.anonymous_kib));
        let both = mean(&|it| (minutes(it) - at) * (it.anonymous_kib - kib));
        let slope = both / mean(&|it| (minutes(it) - at).powi(2));
        slope.is_finite().then_some(slope)
    }

    #[must_use]
    pub fn is_flat(&self) -> bool {
        let last = self.samples.last().map_or(0.0, |sample| sample.anonymous_kib);
        self.slope().is_some_and(|slope| slope <= last * FLAT)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::report::tests::run;
    use super::*;
    use crate::bench::findings::Lately;

    pub(in super::super) fn soak(anonymous: impl Fn(u32) -> f64) -> Soak {
        let sample = |number: u32| Sample {
            at: number * 10,
            resident_kib: anonymous(number) + 20_000.0,
            anonymous_kib: anonymous(number),
            cpu_ms: 2.5,
            lately: Lately { calls: 200, ended: number, up_p99: 900, ..Lately::default() },
        };
        Soak {
            plan: SoakPlan { calls: 200, seconds: 1800, tls: false, cold: false },
            pinning: Pinning::Apart { subject: 0, load: 1 },
            samples: (1..=180).map(sample).collect(),
            run: run(Kind::Daemon, 2.5, 300.0),
        }
    }

    #[test]
    fn the_slope_is_that_of_the_second_half() {
        // 6 KiB more with each sample, 10 s apart.
        let grows = soak(|number| 80_000.0 + f64::from(number) * 60.0);
        assert!((grows.slope().unwrap() - 360.0).abs() < 0.001, "{:?}", grows.slope());
        assert!(!grows.is_flat());
        let settles = soak(|number| 80_000.0 + f64::from(number.min(90)) * 60.0);
        assert!(settles.slope().unwrap().abs() < 5.0 && settles.is_flat(), "{:?}", settles.slope());
        let falls = soak(|number| 80_000.0 - f64::from(number) * 60.0);
        assert!(falls.is_flat());
        assert_eq!(Soak { samples: Vec::new(), ..settles }.slope(), None);
    }
}
