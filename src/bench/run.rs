//! Runs of a bench: the daemon and the relay by turns, with each number of calls.

use std::io;
use std::sync::atomic::AtomicBool;

use super::error::BenchError;
use super::findings::Coming;
use super::runs::{Plan, Report, Run};
use super::subject::Kind;
use super::trial::{Bench, Trial};

/// Measures. `told` hears of each run when it is done. When `stop` becomes true, the bench ends with its
/// processes, within some seconds.
///
/// # Errors
/// [`BenchError`] says what did not start, or ended before its time.
pub fn run(
    plan: &Plan,
    stop: &AtomicBool,
    mut told: impl FnMut(&Run) -> Result<(), io::Error>,
) -> Result<Report, BenchError> {
    let bench = Bench::new(plan.tls, plan.cold, stop)?;
    let mut runs = Vec::new();
    for calls in &plan.calls {
        for _ in 0..plan.pairs {
            for kind in Kind::those(plan.relay) {
                let (kind, calls, seconds) = (*kind, *calls, plan.seconds);
                let trial =
                    Trial { kind, calls, seconds, coming: Coming::Together, storm: plan.storm };
                let (run, _) = bench.measure(&trial, &mut |_| Ok(()))?;
                told(&run).map_err(BenchError::io("the report"))?;
                runs.push(run);
            }
        }
    }
    Ok(Report { plan: plan.clone(), pinning: bench.pinning, runs })
}
