//! `frontdesk serve`: runs the daemon until a signal stops it.

mod welcome;

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;

use tokio::signal::unix::Signal;

use super::error::CliError;
use super::exit::Exit;
use super::source::Source;
use super::{logging, signals, systemd};
use crate::app::{App, Outcome, Reloader};
use crate::config::{Changes, Config};
use crate::platform::Platform;
use crate::provider::RunningProvider;

pub(super) async fn run(
    config: Config,
    source: Source,
    platform: Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    config.check().map_err(CliError::Inconsistent)?;
    set_log_filter(&config, &source);
    // First: a signal that comes during the start is then not lost.
    let (first, second) = signals::listen().map_err(CliError::Signals)?;
    let hang_ups = signals::hang_ups().map_err(CliError::Signals)?;
    let provider = RunningProvider::start(&config.openai).await?;
    let app = App::start(config.clone(), provider.endpoint(), platform).await?;
    if app.services().database.is_in_memory() {
        tracing::warn!(
            "database.url is a database in memory: businesses, leads and calls are gone when this process \
             ends"
        );
    }
    match welcome::lines(&app, &config).await {
        // A reader who has gone is no reason not to answer calls.
        Ok(lines) => drop(out.write_all(lines.as_bytes()).and_then(|()| out.flush())),
        Err(error) => tracing::warn!(%error, "the businesses could not be read"),
    }
    systemd::ready(app.twilio_address());
    systemd::watch(&app);
    let reloads = reload_at(hang_ups, source, app.reloader(), app.twilio_address());
    let stopping = async {
        tokio::select! {
            biased;
            () = first => {}
            never = reloads => match never {},
        }
        systemd::stopping();
    };
    match app.serve_until(stopping, second).await {
        Outcome::Stopped => Ok(Exit::Clean),
        Outcome::GaveUp => Ok(Exit::GaveUp),
    }
}

/// Reads the configuration again at each SIGHUP. One that is wrong changes nothing.
async fn reload_at(
    mut hang_ups: Signal,
    source: Source,
    mut reloader: Reloader,
    address: SocketAddr,
) -> Infallible {
    loop {
        if hang_ups.recv().await.is_none() {
            // No signal can come any more, and that is no reason to stop.
            std::future::pending::<()>().await;
        }
        systemd::reloading();
        match source.read() {
            Ok(new) => {
                let changes = reloader.reload(&new);
                set_log_filter(reloader.running(), &source);
                tell(&changes);
            }
            Err(error) => {
                let wrong = error.to_string().replace('\n', "; ");
                tracing::error!(
                    "the configuration was not reloaded, and nothing has changed: {wrong}"
                );
            }
        }
        systemd::ready(address);
    }
}

fn tell(changes: &Changes) {
    let Changes { reloaded, need_restart } = changes;
    let none = |keys: &[&str]| if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    let (reloaded_keys, waiting) = (none(reloaded), none(need_restart));
    if need_restart.is_empty() {
        tracing::info!(changed = reloaded_keys, "the configuration was reloaded");
    } else {
        tracing::warn!(
            changed = reloaded_keys,
            need_restart = waiting,
            "the configuration was reloaded, but for keys that count from the next start on"
        );
    }
}

/// The configuration has passed its check, which includes the filter.
fn set_log_filter(config: &Config, source: &Source) {
    if let Err(error) = logging::set_filter(&source.environment, &config.log.filter) {
        tracing::warn!(%error, "log.filter could not be set");
    }
}
