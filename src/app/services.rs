//! The services that all actors share: database, clock, and the clients of both providers.

use std::sync::Arc;
use std::time::Duration;

use actors::calendar;
use actors::call_parts::Services;
use actors::call_trace::CallTraces;
use actors::carrier::BrowserLines;
use actors::chance::Chance;
use actors::clock::Clock;
use actors::cluster::{Cluster, LocalCluster, LocalHub, Node, NodeSettings, PostgresCluster};
use actors::introspection::Introspection;
use actors::journal::{Disk, DiskMode, Journal};
use actors::link::OpenAiConnector;
use actors::metrics::Metrics;
use actors::outbox::Outbox;
use actors::provider::SharedBreaker;
use actors::text_model::{TextEndpoint, TextModel};
use actors::twilio_rest::TwilioRest;
use actors::written::Messaging;
use entities::{Database, PoolSettings};
use migration::presence::{Presence, PresenceError};
use secrecy::SecretString;
use supervision::{Inbox, RestartPolicy};

use super::error::StartError;
use crate::config::Config;
use crate::database::{self, DatabaseError, DatabaseMode, Owner};
use crate::person_keeper::PersonKeeper;
use crate::platform::Platform;

/// How long a connection to either provider may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Where Realtime sessions are opened, and where the text model is.
#[derive(Debug, Clone)]
pub struct RealtimeEndpoint {
    /// Of Realtime sessions, without the model, which is added as a parameter.
    pub url: String,
    /// Of the text model: the whole address.
    pub text_url: String,
    /// For both.
    pub key: SecretString,
}

fn open_disk(config: &Config, mode: DatabaseMode) -> Result<Disk, StartError> {
    let folder = &config.server.state_dir;
    let mode = match mode {
        DatabaseMode::Live => DiskMode::Live,
        DatabaseMode::Simulated => DiskMode::Simulated,
    };
    let is_new = !folder.exists();
    let disk = Disk::open(folder, mode)
        .map_err(|error| StartError::StateDir { folder: folder.clone(), error })?;
    if is_new {
        tracing::info!(folder = %folder.display(), "server.state_dir was made: it was not there");
    }
    if disk.waiting() > 0 {
        tracing::info!(waiting = disk.waiting(), "records of the previous run wait on disk");
    }
    Ok(disk)
}

/// A new database would take none of the records that wait for the old one.
fn refuse_to_begin_anew(config: &Config, disk: &Disk) -> Result<(), StartError> {
    let file = entities::sqlite_file(config.database.url.expose()).filter(|path| !path.exists());
    match file {
        Some(file) if disk.waiting() > 0 => {
            let (folder, waiting) = (config.server.state_dir.clone(), disk.waiting());
            Err(StartError::FileGone { file, waiting, folder })
        }
        Some(_) | None => Ok(()),
    }
}

/// The daemon's on its database.
pub(super) async fn presence(config: &Config) -> Result<Presence, StartError> {
    let url = config.database.url.expose();
    match Presence::of_daemon(url).await {
        Err(error @ (PresenceError::Database(_) | PresenceError::TooSlow)) => {
            let cause = entities::why_postgres_is_away(url).await;
            Err(cause.map_or(error.into(), |cause| DatabaseError::Connect(cause).into()))
        }
        lives => Ok(lives?),
    }
}

/// This daemon among those on its database (RES-9). SQLite has one daemon only; `presence` sees to that.
fn node(
    config: &Config,
    database: &Database,
    hub: Option<LocalHub>,
    clock: Clock,
    chance: &Chance,
) -> Node {
    let database = database.clone();
    let cluster: Arc<dyn Cluster> = match hub {
        Some(hub) => Arc::new(LocalCluster::among(hub, database)),
        None if config.database.url.is_sqlite() => Arc::new(LocalCluster::alone(database)),
        None => Arc::new(PostgresCluster::new(database)),
    };
    let settings = NodeSettings {
        url: config.server.own_url().to_string(),
        max_calls: u32::try_from(config.server.max_calls.get()).unwrap_or(u32::MAX),
    };
    Node::new(settings, cluster, clock, chance)
}

fn text_endpoint(config: &Config, endpoint: &RealtimeEndpoint) -> TextEndpoint {
    TextEndpoint {
        url: endpoint.text_url.clone(),
        key: endpoint.key.clone(),
        model: config.openai.text_model.clone(),
    }
}

pub(super) async fn start(
    config: &Config,
    realtime: RealtimeEndpoint,
    platform: Platform,
    traces: CallTraces,
) -> Result<(Services, PersonKeeper), StartError> {
    let disk = if platform.has_disk { open_disk(config, platform.database)? } else { Disk::none() };
    refuse_to_begin_anew(config, &disk)?;
    let (pool, owner) = (PoolSettings::default(), Owner::Daemon);
    let database = match platform.opened {
        Some(opened) => opened,
        None => database::open_or_create(&config.database, pool, platform.database, owner).await?,
    };
    let keeper = PersonKeeper::open(&config.server, platform.has_disk, &platform.chance)?;
    let database = database.with_person_key(keeper.key().clone());
    if platform.hub.is_none() && config.database.url.is_sqlite() {
        // No other daemon is on this database: who held these claims has died.
        entities::conversations::release_all(&database).await?;
        entities::outbox::release_all(&database, platform.clock.wall()).await?;
    }
    let node = node(config, &database, platform.hub, platform.clock, &platform.chance);
    let dialer = platform.network.dialer(CONNECT_PATIENCE);
    let dialer = dialer.map_err(|error| StartError::Tls(error.to_string()))?;
    let twilio = TwilioRest::new(
        Arc::clone(&dialer),
        platform.network.http_connections(),
        &config.twilio.api_url.to_string(),
        config.twilio.account_sid.clone(),
        config.twilio.auth_token.clone(),
        platform.chance.clone(),
    );
    let supervision = &config.supervision;
    let (provider, metrics) = (SharedBreaker::default(), Arc::<Metrics>::default());
    let text_model = TextModel::new(
        Arc::clone(&dialer),
        platform.network.http_connections(),
        text_endpoint(config, &realtime),
        (platform.clock, platform.chance.clone()),
        provider.clone(),
        Arc::clone(&metrics),
    );
    let owner = node.id().0;
    let guarded =
        platform.network.guarded_dialer(CONNECT_PATIENCE, config.server.allow_private_webhooks);
    let guarded = guarded.map_err(|error| StartError::Tls(error.to_string()))?;
    let outbox = Outbox::new(owner, guarded, platform.network.http_connections());
    let services = Services {
        clock: platform.clock,
        chance: platform.chance,
        database,
        node,
        connector: Arc::new(OpenAiConnector::new(realtime.url, realtime.key, dialer)),
        provider,
        twilio,
        lines: BrowserLines::default(),
        journal: Journal::new(disk),
        calendar: Inbox::new(calendar::INBOX_CAPACITY),
        introspection: Introspection::on(&config.server.own_url().to_string()),
        messaging: Messaging::new(&config.server.public_url.to_string(), owner),
        outbox,
        text_model,
        metrics,
        traces,
        transcriptions: Arc::default(),
        restarts: RestartPolicy {
            intensity: supervision.intensity,
            period: supervision.period,
            backoff: supervision.backoff.clone(),
        },
    };
    Ok((services, keeper))
}
