//! `frontdesk serve`: the daemon, from its configuration to its last signal.

use super::{CliError, Exit, signals};
use crate::app::{App, Outcome};
use crate::config::Config;
use crate::provider::RunningProvider;

/// Answers calls until a signal comes.
pub(super) async fn run(config: Config) -> Result<Exit, CliError> {
    config.check().map_err(CliError::Inconsistent)?;
    // Before anything is started: a signal that comes meanwhile waits.
    let (first, second) = signals::listen().map_err(CliError::Signals)?;
    let provider = RunningProvider::start(&config.openai).await?;
    let app = App::start(config, provider.endpoint()).await?;
    if app.admin_address().is_none() {
        tracing::info!("no listener for the operator: admin.token is not set");
    }
    match app.serve_until(first, second).await {
        Outcome::Stopped => Ok(Exit::Clean),
        Outcome::GaveUp => Ok(Exit::GaveUp),
    }
}
