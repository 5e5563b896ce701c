//! The report of a soak.

use serde_json::{Value, json};

use super::{arrivals, cores, costs, headed, millis, on, spoken, warned};
use crate::bench::soak::{Soak, SoakPlan};

/// Rows of samples in the table for people.
const ROWS: usize = 20;

/// Seconds after which the slope says more than what is done for the first time.
const LONG: u32 = 600;

/// The report for people.
#[must_use]
pub fn text(soak: &Soak) -> String {
    let SoakPlan { calls, seconds, tls, .. } = soak.plan;
    let (tls, on) = (spoken(tls), on(soak.pinning));
    let ended = soak.samples.last().map_or(0, |sample| sample.lately.ended);
    let heading =
        format!("{calls} calls that come and go for {seconds} s; {ended} ended{tls};\n{on}\n");
    let flat = match soak.slope() {
        None => "Too short to say whether memory is flat.\n".to_owned(),
        Some(slope) if seconds < LONG => {
            format!("Too short to say whether memory is flat: {slope:+.1} KiB a minute.\n")
        }
        Some(slope) => {
            let flat = if soak.is_flat() { "is flat" } else { "GROWS" };
            format!(
                "Memory {flat}: {slope:+.1} KiB a minute over the second half, without files.\n"
            )
        }
    };
    let run = || std::iter::once(&soak.run);
    let warnings: Vec<String> = soak.run.warnings().collect();
    [
        heading,
        "\nMilliseconds; CPU, and USER of it, for a second of a call; KIB for a call.\n\n"
            .to_owned(),
        costs(run()),
        "\n".to_owned(),
        arrivals(run()),
        "\nKiB: RSS, and ANON without files. CPU and P99 since the sample before; LOST to\n\
         WRONG of the calls that ended.\n\n"
            .to_owned(),
        samples(soak),
        format!("\n{flat}"),
        warned(&warnings),
    ]
    .concat()
}

/// Some of the samples, and the last.
fn samples(soak: &Soak) -> String {
    let heading = [
        "S", "CALLS", "ENDED", "RSS", "ANON", "CPU", "UP P99", "DOWN P99", "LOST", "TWICE", "WRONG",
    ];
    let every = soak.samples.len().div_ceil(ROWS).max(1);
    let from = soak.samples.len().saturating_sub(1) % every;
    let rows = soak.samples.iter().skip(from).step_by(every).map(|sample| {
        let lately = &sample.lately;
        vec![
            sample.at.to_string(),
            lately.calls.to_string(),
            lately.ended.to_string(),
            format!("{:.0}", sample.resident_kib),
            format!("{:.0}", sample.anonymous_kib),
            format!("{:.2}", sample.cpu_ms),
            millis(lately.up_p99),
            millis(lately.down_p99),
            lately.lost.to_string(),
            lately.doubled.to_string(),
            lately.altered.to_string(),
        ]
    });
    headed(&heading, rows)
}

/// The report for programs. Latencies are in microseconds.
#[must_use]
pub fn json(soak: &Soak) -> Value {
    let SoakPlan { calls, seconds, tls, .. } = soak.plan;
    json!({
        "calls": calls, "seconds": seconds, "tls": tls, "cores": cores(soak.pinning),
        "run": soak.run, "samples": soak.samples, "slope_kib_a_minute": soak.slope(),
        "is_flat": soak.is_flat(), "warnings": soak.run.warnings().collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::soak::tests::soak;

    #[test]
    fn the_report_fits_a_terminal_ends_with_the_last_sample_and_says_what_memory_does() {
        let flat = text(&soak(|_| 80_000.0));
        assert!(flat.lines().all(|line| line.chars().count() <= 80), "{flat}");
        let rows = flat.lines().filter(|line| line.contains("100000  80000")).count();
        assert_eq!((rows, flat.contains("\n1800  200    180")), (20, true), "{flat}");
        assert!(flat.contains("Memory is flat: +0.0 KiB a minute"), "{flat}");
        let grows = text(&soak(|number| 80_000.0 + f64::from(number) * 60.0));
        assert!(grows.contains("Memory GROWS: +360.0 KiB a minute"), "{grows}");
        let short = Soak { samples: Vec::new(), ..soak(|_| 0.0) };
        assert!(text(&short).contains("Too short"), "{}", text(&short));
    }
}
