//! The daemon: everything is started in order and stopped in the reverse.

pub mod business;
mod services;
mod sweep;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actors::call_parts::Services;
use actors::supervisor::{Calls, Supervisor, SupervisorArgs, SupervisorMsg};
use protocol::twilio::signature::Signatures;
use protocol::twilio::token::StreamTokens;
use ractor::{Actor, ActorRef};
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::http::admin::{self, AdminState, AdminToken};
use crate::http::twilio::{self, TwilioState};
use crate::http::{ListenError, Listener, Readiness};
use sweep::Carrier;

pub use services::RealtimeEndpoint;

/// How long the tree may take to stop once every call is over or out of time.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How often a drain looks whether calls are left.
const DRAIN_LOOK: Duration = Duration::from_millis(100);

/// Why the daemon did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database can't be opened.
    #[error("database.url: {0}")]
    Database(#[from] entities::ConnectError),
    /// The calls that were live could not be read.
    #[error("the calls of the daemon before could not be read: {0}")]
    Records(#[from] entities::RecordsError),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be migrated: {0}")]
    Migrate(#[from] migration::MigrateError),
    /// The schema is older than this program.
    #[error(
        "the database's schema is {0} migrations behind: run `frontdesk migrate up`, then start again"
    )]
    StaleSchema(usize),
    /// An address is taken.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// TLS can't be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
    /// The tree could not be started.
    #[error("the actors could not be started: {0}")]
    Actors(#[from] ractor::SpawnErr),
}

/// How a daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it was told to.
    Stopped,
    /// A shared actor could not be kept alive: exit status 70.
    GaveUp,
}

/// A running daemon.
pub struct App {
    services: Services,
    calls: Calls,
    root: ActorRef<SupervisorMsg>,
    root_task: JoinHandle<()>,
    readiness: Readiness,
    drain_timeout: Duration,
    twilio_address: SocketAddr,
    admin_address: Option<SocketAddr>,
    /// Ends the listeners and the connections that are not calls.
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Starts everything: database, actors, listeners. The configuration is taken to be checked.
    ///
    /// # Errors
    /// [`StartError`] says what to do.
    pub async fn start(config: Config, realtime: RealtimeEndpoint) -> Result<Self, StartError> {
        let listener = Listener::bind(config.server.listen).await?;
        Self::start_on(listener, config, realtime).await
    }

    /// As [`start`](Self::start), for Twilio on a listener that is bound already.
    ///
    /// # Errors
    /// [`StartError`] says what to do.
    pub async fn start_on(
        listener: Listener,
        config: Config,
        realtime: RealtimeEndpoint,
    ) -> Result<Self, StartError> {
        let services = services::start(&config, realtime).await?;
        // Before any new call can be among them.
        let left = entities::calls::live_all(&services.database).await?;
        let max_calls = config.server.max_calls.get();
        let args = SupervisorArgs { services: services.clone(), max_calls };
        let (root, root_task) = Actor::spawn(None, Supervisor, args).await?;
        let calls = Calls::new(root.clone());
        let (readiness, stop, tasks) =
            (Readiness::default(), CancellationToken::new(), TaskTracker::new());

        let twilio_address = listener.address();
        let token = config.twilio.auth_token.expose_secret();
        let state = Arc::new(TwilioState {
            public_url: config.server.public_url.clone(),
            signatures: (config.twilio.validate_signatures)
                .then(|| Signatures::new([token.to_owned()])),
            tokens: StreamTokens::new(token),
            calls: calls.clone(),
            services: services.clone(),
            upstream_patience: config.openai.upstream_patience,
            patience: config.server.patience,
            handshakes: AtomicU64::new(0),
            tasks: tasks.clone(),
            readiness: readiness.clone(),
        });
        let handler = move |request| twilio::serve(Arc::clone(&state), request);
        tasks.spawn(listener.serve(handler, tasks.clone(), stop.clone()));

        let admin_address = match config.admin.listener() {
            None => None,
            Some((address, token)) => {
                let listener = Listener::bind(address).await?;
                let address = listener.address();
                let state = Arc::new(AdminState {
                    token: AdminToken::new(token.expose_secret()),
                    allow_actor_kill: config.admin.allow_actor_kill,
                    calls: calls.clone(),
                    max_calls,
                    services: services.clone(),
                    public_url: config.server.public_url.clone(),
                    readiness: readiness.clone(),
                });
                let handler = move |request| admin::serve(Arc::clone(&state), request);
                tasks.spawn(listener.serve(handler, tasks.clone(), stop.clone()));
                Some(address)
            }
        };
        tracing::info!(%twilio_address, ?admin_address, "listening");
        let carrier = match config.twilio.has_practice_account() {
            true => Carrier::Practice,
            false => Carrier::Twilio,
        };
        let sweep = sweep::sweep(services.clone(), left, carrier);
        let until = stop.clone();
        tasks.spawn(async move { until.run_until_cancelled(sweep).await });
        Ok(Self {
            services,
            calls,
            root,
            root_task,
            readiness,
            drain_timeout: config.server.drain_timeout,
            twilio_address,
            admin_address,
            stop,
            tasks,
        })
    }

    /// Where Twilio reaches it.
    #[must_use]
    pub fn twilio_address(&self) -> SocketAddr {
        self.twilio_address
    }

    /// Where the operator reaches it, if there is a token.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// The tree of calls.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What calls stand on.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Whether new calls are taken.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Runs until `stop`; then takes no new calls, lets the running ones end politely within the drain
    /// timeout, and stops. `now` ends the waiting (RES-6).
    pub async fn serve_until(
        mut self,
        stop: impl Future<Output = ()>,
        now: impl Future<Output = ()>,
    ) -> Outcome {
        let gave_up = tokio::select! {
            () = stop => false,
            _ = &mut self.root_task => true,
        };
        if gave_up {
            tracing::error!("the root supervisor gave up");
            return Outcome::GaveUp;
        }
        tracing::info!("stopping: no new calls");
        self.readiness.start_draining();
        self.calls.drain();
        tokio::select! {
            () = self.calls_are_over() => {}
            () = tokio::time::sleep(self.drain_timeout) => {
                tracing::warn!("calls are still running: they are ended now");
            }
            () = now => tracing::warn!("told again: running calls are ended now"),
        }
        self.stop().await;
        Outcome::Stopped
    }

    /// Stops at once, last started first.
    pub async fn stop(self) {
        self.readiness.start_draining();
        self.stop.cancel();
        self.root.stop(None);
        if self.root.wait(Some(STOP_PATIENCE * 2)).await.is_err() {
            tracing::warn!("the actors did not stop in time");
            self.root.kill();
        }
        self.tasks.close();
        let _ = tokio::time::timeout(STOP_PATIENCE, self.tasks.wait()).await;
        if let Err(error) = self.services.database.close().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    async fn calls_are_over(&self) {
        while !self.calls.list().await.is_empty() {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    }
}
