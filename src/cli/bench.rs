//! `frontdesk bench`, and the processes that it starts: `bench-load` and `bench-relay`.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::error::CliError;
use super::exit::Exit;
use super::signals;
use crate::bench::{self, BenchError, CeilingPlan, Plan, Sample, SoakPlan, TextsPlan, Try};
use crate::virtual_time::IS_REPLAYABLE;

#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("drawn").multiple(true))]
pub struct Options {
    /// How many calls at once; with a list, such as 10,100,400, one number after the other. --soak and
    /// --ceiling take the first.
    #[arg(long, value_name = "N", default_value = "100", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=i64::from(bench::MOST)))]
    calls: Vec<u32>,
    /// How long each run is measured, such as 30s.
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    within: Duration,
    /// How many runs; with --relay how many pairs of runs.
    #[arg(long, value_name = "P", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pairs: u32,
    /// Measure a bare relay after each run, and compare.
    #[arg(long, group = "drawn")]
    relay: bool,
    /// Let calls come and go for this time, and watch memory and losses.
    #[arg(long, value_name = "TIME", group = "drawn", conflicts_with_all = ["within", "pairs", "relay"], value_parser = humantime::parse_duration)]
    soak: Option<Duration>,
    /// Look for the most calls with p99 below 20 ms and nothing lost, from --calls on.
    #[arg(long, conflicts_with_all = ["pairs", "soak", "svg"])]
    ceiling: bool,
    /// The most calls that --ceiling tries.
    #[arg(long, value_name = "N", default_value_t = bench::MOST, requires = "ceiling", value_parser = clap::value_parser!(u32).range(1..=i64::from(bench::MOST)))]
    most: u32,
    /// Let so many people write at once, and once more, in place of calls.
    #[arg(long, value_name = "N", conflicts_with_all = ["within", "pairs", "relay", "soak", "ceiling", "storm", "tls", "cold", "svg"], value_parser = clap::value_parser!(u32).range(1..=i64::from(bench::MOST_TEXTS)))]
    texts: Option<u32>,
    /// Let so many calls a second ring besides, while the daemon is full, and be refused.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["relay", "soak", "ceiling"], value_parser = clap::value_parser!(u32).range(0..=1000))]
    storm: u32,
    /// Speak TLS with the model.
    #[arg(long)]
    tls: bool,
    /// Let no calls warm the subject up. That is quicker, but what it needs once counts as a call's.
    #[arg(long)]
    cold: bool,
    /// Print JSON. Latencies are in microseconds.
    #[arg(long)]
    json: bool,
    /// Draw the ratios, or the memory of a soak, into this file.
    #[arg(long, value_name = "FILE", requires = "drawn")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct Relay {
    /// Where callers come.
    listen: SocketAddr,
    /// Where sessions are opened.
    upstream: SocketAddr,
    /// Whom it trusts, in PEM. Without it there is no TLS.
    certificate: Option<PathBuf>,
}

/// With `tokio_unstable`, tokio makes a span for each task, timer and lock. Installed builds have none.
const SLOWED: &str = "warning: this build can replay simulations, which slows tokio down; \
                      measure one that is made by: RUSTFLAGS= cargo build --profile dist";

/// Measures, and tells the standard error meanwhile.
pub(super) async fn run(options: Options, out: &mut impl Write) -> Result<Exit, CliError> {
    // A debug build measures nothing anyway.
    if IS_REPLAYABLE && !cfg!(debug_assertions) {
        writeln!(io::stderr(), "{SLOWED}")?;
    }
    let stop = stop_with_a_signal()?;
    let done = off_the_runtime(move || match options.soak {
        Some(time) => soaked(&options, seconds(time), &stop),
        None if options.texts.is_some() => written(&options, &stop),
        None if options.ceiling => found(&options, &stop),
        None => measured(&options, &stop),
    });
    let Done { text, picture, is_faithful } = done.await?;
    if let Some((file, svg)) = picture {
        fs::write(file, svg)?;
    }
    write!(out, "{text}")?;
    Ok(if is_faithful { Exit::Clean } else { Exit::Failed })
}

/// What there is to print, to draw and to say.
struct Done {
    text: String,
    picture: Option<(PathBuf, String)>,
    is_faithful: bool,
}

fn measured(options: &Options, stop: &AtomicBool) -> Result<Done, BenchError> {
    let mut calls = options.calls.clone();
    calls.sort_unstable();
    calls.dedup();
    let seconds = seconds(options.within);
    let Options { pairs, relay, storm, tls, cold, .. } = *options;
    let plan = Plan { calls, seconds, pairs, relay, storm, tls, cold };
    let report = bench::run(&plan, stop, |run| {
        let (name, calls, cpu) = (run.subject, run.at_once, run.cpu_ms());
        writeln!(io::stderr(), "{name}: {calls} calls, {cpu:.2} ms of CPU for a second of a call")
    })?;
    Ok(Done {
        text: options.print(|| bench::text(&report), || bench::json(&report)),
        picture: options.svg.clone().zip(bench::svg(&report)),
        is_faithful: report.runs.iter().all(|run| run.findings.is_faithful()),
    })
}

fn soaked(options: &Options, seconds: u32, stop: &AtomicBool) -> Result<Done, BenchError> {
    let plan = SoakPlan { calls: options.first(), seconds, tls: options.tls, cold: options.cold };
    let soak = bench::soak(&plan, stop, |sample| {
        let Sample { at, anonymous_kib, lately, .. } = sample;
        let (calls, lost) = (lately.calls, lately.lost);
        writeln!(io::stderr(), "{at} s: {calls} calls, {anonymous_kib:.0} KiB, {lost} lost")
    })?;
    Ok(Done {
        text: options.print(|| bench::soak_text(&soak), || bench::soak_json(&soak)),
        picture: options.svg.clone().zip(bench::soak_svg(&soak)),
        is_faithful: soak.run.findings.is_faithful(),
    })
}

fn written(options: &Options, stop: &Arc<AtomicBool>) -> Result<Done, BenchError> {
    let plan = TextsPlan { texts: options.texts.unwrap_or(1) };
    let report = bench::texts(plan, stop)?;
    Ok(Done {
        text: options.print(|| bench::texts_text(&report), || bench::texts_json(&report)),
        picture: None,
        is_faithful: report.is_faithful(),
    })
}

/// What is lost above a ceiling is no failure.
fn found(options: &Options, stop: &AtomicBool) -> Result<Done, BenchError> {
    let seconds = seconds(options.within);
    let plan = CeilingPlan {
        first: options.first(),
        most: options.most,
        seconds,
        relay: options.relay,
        tls: options.tls,
        cold: options.cold,
    };
    let ceilings = bench::ceiling(&plan, stop, |name, Try { calls, is_carried, .. }| {
        let carried = if *is_carried { "carried" } else { "too many" };
        writeln!(io::stderr(), "{name}: {calls} calls, {carried}")
    })?;
    Ok(Done {
        text: options.print(|| bench::ceiling_text(&ceilings), || bench::ceiling_json(&ceilings)),
        picture: None,
        is_faithful: true,
    })
}

impl Options {
    fn first(&self) -> u32 {
        self.calls.first().copied().unwrap_or(1)
    }

    fn print(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Value) -> String {
        if self.json { format!("{:#}\n", json()) } else { text() }
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1)
}

/// Becomes true with a signal. Without this one that ends the bench would leave the daemon behind.
fn stop_with_a_signal() -> Result<Arc<AtomicBool>, CliError> {
    let (signal, _) = signals::listen().map_err(CliError::Signals)?;
    let stop = Arc::new(AtomicBool::new(false));
    let for_task = Arc::clone(&stop);
    tokio::spawn(async move {
        signal.await;
        for_task.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}

pub(super) async fn load() -> Result<Exit, CliError> {
    off_the_runtime(bench::load).await?;
    Ok(Exit::Clean)
}

pub(super) async fn relay(options: Relay) -> Result<Exit, CliError> {
    let Relay { listen, upstream, certificate } = options;
    let certificate = certificate.map(fs::read_to_string).transpose()?;
    off_the_runtime(move || bench::relay(listen, upstream, certificate.as_deref())).await?;
    Ok(Exit::Clean)
}

/// Processes and runtimes of its own need a thread of their own.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BenchError> + Send + 'static,
) -> Result<T, CliError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(io::Error::other)??)
}
