//! What the actors stand on: database, clocks, and the ways to both providers.

use std::sync::Arc;
use std::time::Duration;

use actors::call_parts::Services;
use actors::clock::Clock;
use actors::introspection::Introspection;
use actors::link::{OpenAiConnector, tls_config};
use actors::twilio_rest::TwilioRest;
use actors::{calendar, journal};
use entities::PoolSettings;
use sea_orm::DatabaseConnection;
use secrecy::SecretString;
use supervision::{Inbox, RestartPolicy};

use super::StartError;
use crate::config::Config;

/// How long a connection to Twilio's REST API may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Where Realtime sessions are opened, without the model, and the key they are opened with.
#[derive(Debug, Clone)]
pub struct RealtimeEndpoint {
    pub url: String,
    pub key: SecretString,
}

/// Opens the database, and brings it up to date where that may be done unasked: on SQLite (OPS-5).
pub(super) async fn database(config: &Config) -> Result<DatabaseConnection, StartError> {
    let url = &config.database.url;
    let database = entities::connect(url.expose(), PoolSettings::default()).await?;
    if url.is_sqlite() {
        migration::up(&database, None).await?;
    } else {
        let pending = migration::pending(&database).await?;
        if !pending.is_empty() {
            return Err(StartError::StaleSchema(pending.len()));
        }
    }
    Ok(database)
}

pub(super) async fn start(
    config: &Config,
    realtime: RealtimeEndpoint,
) -> Result<Services, StartError> {
    let database = database(config).await?;
    let tls = tls_config().map_err(|error| StartError::Tls(error.to_string()))?;
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.as_ref().clone())
        .connect_timeout(CONNECT_PATIENCE)
        .build()
        .map_err(|error| StartError::Tls(error.to_string()))?;
    let twilio = TwilioRest::new(
        http,
        &config.twilio.api_url.to_string(),
        config.twilio.account_sid.clone(),
        config.twilio.auth_token.clone(),
    );
    let supervision = &config.supervision;
    Ok(Services {
        clock: Clock::start(),
        database,
        connector: Arc::new(OpenAiConnector::new(realtime.url, realtime.key, tls)),
        twilio,
        journal: Inbox::new(journal::WAITING),
        calendar: Inbox::new(calendar::WAITING),
        introspection: Introspection::default(),
        restarts: RestartPolicy {
            intensity: supervision.intensity,
            period: supervision.period,
            backoff: supervision.backoff.clone(),
        },
    })
}
