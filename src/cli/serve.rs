//! `frontdesk serve`: runs the daemon until a signal stops it.

use super::error::CliError;
use super::exit::Exit;
use super::{signals, systemd};
use crate::app::{App, Outcome};
use crate::config::Config;
use crate::platform::Platform;
use crate::provider::RunningProvider;

pub(super) async fn run(config: Config, platform: Platform) -> Result<Exit, CliError> {
    config.check().map_err(CliError::Inconsistent)?;
    // First: a signal that comes during the start is then not lost.
    let (first, second) = signals::listen().map_err(CliError::Signals)?;
    let provider = RunningProvider::start(&config.openai).await?;
    let app = App::start(config, provider.endpoint(), platform).await?;
    if app.services().database.is_in_memory() {
        tracing::warn!(
            "database.url is a database in memory: businesses, leads and calls are gone when this process \
             ends"
        );
    }
    if app.admin_address().is_none() {
        tracing::info!("no admin listener: admin.token is not set");
    }
    systemd::ready(&app);
    systemd::watch(&app);
    let stopping = async {
        first.await;
        systemd::stopping();
    };
    match app.serve_until(stopping, second).await {
        Outcome::Stopped => Ok(Exit::Clean),
        Outcome::GaveUp => Ok(Exit::GaveUp),
    }
}
