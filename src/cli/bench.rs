//! `frontdesk bench`, and the processes that it starts: `bench-load` and `bench-relay`.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::signals;
use crate::bench::{self, BenchError, Plan};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many calls at once.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=4000))]
    calls: u32,
    /// How long each run is measured, such as 30s.
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    within: Duration,
    /// How many runs; with --relay how many pairs of runs.
    #[arg(long, value_name = "P", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pairs: u32,
    /// Measure a bare relay after each run, and compare.
    #[arg(long)]
    relay: bool,
    /// Speak TLS with the model.
    #[arg(long)]
    tls: bool,
    /// Print JSON. Latencies are in microseconds.
    #[arg(long)]
    json: bool,
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

/// Measures, and tells the standard error of each run.
pub(super) async fn run(options: Options, out: &mut impl Write) -> Result<Exit, CliError> {
    let plan = Plan {
        calls: options.calls,
        seconds: u32::try_from(options.within.as_secs()).unwrap_or(u32::MAX).max(1),
        pairs: options.pairs,
        relay: options.relay,
        tls: options.tls,
    };
    let stop = stop_with_a_signal()?;
    let report = off_the_runtime(move || {
        bench::run(&plan, &stop, |run| {
            let (name, cpu) = (run.subject, run.cpu_ms());
            writeln!(io::stderr(), "{name}: {cpu:.2} ms of CPU for a second of a call")
        })
    });
    let report = report.await?;
    if options.json {
        writeln!(out, "{:#}", bench::json(&report))?;
    } else {
        write!(out, "{}", bench::text(&report))?;
    }
    let is_faithful = report.runs.iter().all(|run| run.findings.is_faithful());
    Ok(if is_faithful { Exit::Clean } else { Exit::Failed })
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
