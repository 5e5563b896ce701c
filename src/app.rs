//! The daemon. Its parts are started in order and stopped in reverse.

pub mod business;
mod cluster;
mod erasures;
mod error;
mod listeners;
mod orphans;
mod reload;
mod retention;
mod services;

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actors::call_parts::Services;
use actors::supervisor::{CallLimit, Calls, Supervisor, SupervisorArgs, SupervisorMsg};
use migration::presence::Presence;
use ractor::ActorRef;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{self, Config};
use crate::http::{Listener, Readiness};
use crate::live_settings::LiveSettings;
use crate::person_keeper::PersonKeeper;
use crate::platform::Platform;
use crate::telemetry::Telemetry;
use orphans::{Carrier, Orphans, Sweep};

pub use error::StartError;
pub use reload::Reloader;
pub use services::RealtimeEndpoint;

/// How long the actors may take to stop, once every call is over or out of time.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How long a call that Twilio is being asked for may hold up a stop: as long as one request may take.
const PLACING_PATIENCE: Duration = Duration::from_secs(10);
/// How long calls that a drain asks to end may take: the last answer, the closing line, and the hang-up.
const FAREWELL_PATIENCE: Duration = Duration::from_secs(30);
/// How often a drain checks whether calls are left.
const DRAIN_POLL: Duration = Duration::from_millis(100);

/// How a daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was told to stop.
    Stopped,
    /// A shared actor could not be kept alive.
    GaveUp,
}

/// Ends a daemon within its process as the death of the process would: nothing is said, and nothing written. Its
/// surroundings must have forsaken it before: what its parts still do as they fall must reach nobody.
#[derive(Debug, Clone)]
pub struct SuddenDeath {
    root: ActorRef<SupervisorMsg>,
    stop: CancellationToken,
}

impl SuddenDeath {
    pub fn strike(&self) {
        self.stop.cancel();
        self.root.kill();
    }
}

/// A daemon that answers. It goes on until [`serve_until`](Self::serve_until) or [`stop`](Self::stop).
pub struct App {
    services: Services,
    calls: Calls,
    root: ActorRef<SupervisorMsg>,
    root_task: JoinHandle<()>,
    readiness: Readiness,
    /// What it was started with.
    config: Config,
    live: LiveSettings,
    limit: CallLimit,
    twilio_address: SocketAddr,
    admin_address: Option<SocketAddr>,
    console_address: Option<SocketAddr>,
    /// Stops the listeners, and the connections that are not calls.
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Calls that Twilio is being asked for.
    placing: TaskTracker,
    /// No call is left to tell of.
    calls_are_gone: CancellationToken,
    /// On the database, until the end (OPS-11).
    _presence: Presence,
}

impl App {
    /// Starts database, actors and listeners. The configuration must have passed its check.
    ///
    /// # Errors
    /// [`StartError`] says what to do.
    pub async fn start(
        config: Config,
        realtime: RealtimeEndpoint,
        platform: Platform,
    ) -> Result<Self, StartError> {
        let listener =
            Listener::bind(&platform.network, "server.listen", config.server.listen).await?;
        Self::start_on(listener, config, realtime, platform).await
    }

    /// As [`start`](Self::start), with a bound listener for Twilio.
    ///
    /// # Errors
    /// [`StartError`] says what to do.
    pub async fn start_on(
        listener: Listener,
        config: Config,
        realtime: RealtimeEndpoint,
        platform: Platform,
    ) -> Result<Self, StartError> {
        let network = platform.network.clone();
        // First: a daemon that may not live there must not touch its rows.
        let presence = services::presence(&config).await?;
        let (telemetry, traces) = Telemetry::of(&config.telemetry, &platform)?;
        let (services, keeper) = services::start(&config, realtime, platform, traces).await?;
        // The others on the database are known before the first call comes.
        services.node.beat(0).await?;
        keeper.apply(&services.database, services.clock.wall()).await?;
        // Read before any new call can be among them.
        let orphans = Orphans::find(&services, &BTreeSet::new()).await?;
        let limit = CallLimit::new(config.server.max_calls.get());
        let args = SupervisorArgs { services: services.clone(), limit: limit.clone() };
        let (root, root_task) = Supervisor::start(args).await?;
        let readiness = Readiness::new(&services);
        let mut app = Self {
            services,
            calls: Calls::new(root.clone()),
            root,
            root_task,
            readiness,
            live: LiveSettings::new(&config),
            limit,
            config: config.clone(),
            twilio_address: listener.address(),
            admin_address: None,
            console_address: None,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            placing: TaskTracker::new(),
            calls_are_gone: CancellationToken::new(),
            _presence: presence,
        };
        app.serve_twilio(listener, &config);
        let state = app.console_state(&config);
        app.admin_address = app.serve_admin(&network, &config, &state).await?;
        app.console_address = app.serve_console(&network, &config, state).await?;
        let (twilio_address, admin_address) = (app.twilio_address, app.admin_address);
        let console_address = app.console_address;
        tracing::info!(%twilio_address, ?admin_address, ?console_address, "listening");
        app.join_cluster();
        app.keep_up(orphans, keeper, &config.twilio);
        let (metrics, last) = (Arc::clone(&app.services.metrics), app.calls_are_gone.clone());
        app.tasks.spawn(telemetry.export(metrics, last));
        Ok(app)
    }

    fn join_cluster(&self) {
        let (services, calls) = (self.services.clone(), self.calls.clone());
        let member = cluster::Member { services, calls, live: self.live.clone() };
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled(member.run()).await });
    }

    /// Starts what the daemon does by itself.
    fn keep_up(&self, orphans: Orphans, keeper: PersonKeeper, twilio: &config::Twilio) {
        let carrier = if twilio.has_a_carrier() { Carrier::Twilio } else { Carrier::Practice };
        let (services, calls) = (self.services.clone(), self.calls.clone());
        // Boxed: they are large, and spawning copies a task on the stack.
        let retention = Box::pin(retention::run(services.clone()));
        let erasures = Box::pin(erasures::run(services.clone(), keeper));
        let sweep = Sweep { services, calls, carrier };
        let sweep = Box::pin(async move { sweep.run(orphans).await });
        let work = async move { tokio::join!(sweep, retention, erasures) };
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled(work).await });
    }

    /// As bound: with the port that the system chose for port 0.
    #[must_use]
    pub fn twilio_address(&self) -> SocketAddr {
        self.twilio_address
    }

    /// As bound. `None` without a token: then there is no operator's listener.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// As bound. `None`: the console has no listener of its own.
    #[must_use]
    pub fn console_address(&self) -> Option<SocketAddr> {
        self.console_address
    }

    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// For simulations in which a daemon is killed.
    #[must_use]
    pub fn sudden_death(&self) -> SuddenDeath {
        SuddenDeath { root: self.root.clone(), stop: self.stop.clone() }
    }

    /// Gives this daemon a new configuration while it runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader {
            running: self.config.clone(),
            live: self.live.clone(),
            limit: self.limit.clone(),
            connector: Arc::clone(&self.services.connector),
            text_model: self.services.text_model.clone(),
            node: self.services.node.clone(),
        }
    }

    /// Runs until `stop`. Then it takes no new calls, and the running ones go on for the drain timeout. Those
    /// that are left end politely. It stops as soon as there is none, or at `now` (RES-6).
    pub async fn serve_until(
        mut self,
        stop: impl Future<Output = ()>,
        now: impl Future<Output = ()>,
    ) -> Outcome {
        let gave_up = tokio::select! {
            // Without the root there is nothing to drain.
            biased;
            _ = &mut self.root_task => true,
            () = stop => false,
        };
        if gave_up {
            tracing::error!("the root supervisor gave up");
            return Outcome::GaveUp;
        }
        tracing::info!("stopping: no new calls");
        self.readiness.start_draining();
        self.services.node.start_draining();
        self.calls.refuse_new();
        tokio::select! {
            biased;
            () = self.calls_are_over() => {}
            () = now => tracing::warn!("told to stop again: running calls are cut off now"),
            () = self.end_running_calls() => {
                tracing::warn!("calls are still running: they are cut off now");
            }
        }
        self.stop().await;
        Outcome::Stopped
    }

    /// Stops at once, in reverse order of the start.
    pub async fn stop(self) {
        self.readiness.start_draining();
        self.stop.cancel();
        // A call that Twilio places now needs the journal.
        self.placing.close();
        if tokio::time::timeout(PLACING_PATIENCE, self.placing.wait()).await.is_err() {
            tracing::error!(
                "Twilio may have placed a call that has no record: see its list of calls"
            );
        }
        self.root.stop(None);
        if self.root.wait(Some(STOP_PATIENCE * 2)).await.is_err() {
            tracing::warn!("the actors did not stop in time");
            self.root.kill();
        }
        self.calls_are_gone.cancel();
        cluster::leave(&self.services).await;
        self.tasks.close();
        let _ = tokio::time::timeout(STOP_PATIENCE, self.tasks.wait()).await;
        match tokio::time::timeout(STOP_PATIENCE, self.services.database.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database did not close cleanly"),
            Err(_) => tracing::warn!("the database did not close in time"),
        }
    }

    /// Returns when the running calls have had their time, and time to end politely after it.
    async fn end_running_calls(&self) {
        tokio::time::sleep(self.live.drain_timeout()).await;
        tracing::info!("stopping: running calls are asked to end");
        self.calls.drain();
        tokio::time::sleep(FAREWELL_PATIENCE).await;
    }

    /// Ends at once, as a process that is killed: nothing more is sent or written, and nobody is told. The
    /// simulation takes network and database away before.
    #[cfg(feature = "practice")]
    pub(crate) fn abandon(&self) {
        self.stop.cancel();
        self.root.kill();
    }

    async fn calls_are_over(&self) {
        while !self.placing.is_empty() || !self.calls.list().await.is_empty() {
            tokio::time::sleep(DRAIN_POLL).await;
        }
    }
}
