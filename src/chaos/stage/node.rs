//! One daemon among several in the simulation's process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actors::call_parts::Services;
use actors::cluster::LocalHub;
use actors::supervisor::Calls;
use entities::{Database, DatabaseFault, FaultExtent};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::app::{App, RealtimeEndpoint, StartError, SuddenDeath};
use crate::chaos::error::ChaosError;
use crate::config::{Config, PublicUrl};
use crate::http::Listener;
use crate::network::Network;
use crate::network::memory::MemoryNetwork;
use crate::platform::Platform;
use crate::virtual_time::process::Process;

/// The source of the trace point at which a process is killed, and its text behind the process's number.
pub(in crate::chaos) const PROCESS: &str = "process";
pub(in crate::chaos) const KILLED: &str = " is killed";

/// What all daemons of a run have in common.
pub(super) struct Setting {
    pub(super) config: Config,
    pub(super) endpoint: RealtimeEndpoint,
    pub(super) platform: Platform,
    /// `None` if there is one daemon.
    pub(super) hub: Option<LocalHub>,
}

/// A daemon that runs. Clones are the same.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) services: Services,
    pub(super) calls: Calls,
    pub(super) network: MemoryNetwork,
    /// The key of its sessions.
    pub(super) key: String,
    /// Its admin listener.
    pub(super) admin: Option<SocketAddr>,
    process: Process,
    death: SuddenDeath,
    stop: CancellationToken,
    ended: CancellationToken,
    task: Arc<tokio::task::AbortHandle>,
    is_killed: Arc<AtomicBool>,
}

impl Setting {
    /// Starts a daemon as a process of its own. The handle on the database is its own; the disk is that of its
    /// predecessor.
    pub(super) async fn start(
        &self,
        process: Process,
        network: MemoryNetwork,
        listener: Listener,
        (database, disk): (Database, PathBuf),
    ) -> Result<Running, ChaosError> {
        let mut config = self.config.clone();
        config.server.state_dir = disk;
        let own = format!("http://{}", listener.address());
        let own = PublicUrl::parse(&own).map_err(|error| ChaosError::Address(error.to_string()))?;
        config.server.node_url = Some(own);
        let mut endpoint = self.endpoint.clone();
        let mut platform = self.platform.clone();
        let mut key = String::new();
        if process != Process::OUTSIDE {
            platform = platform.split(&format!("process {}", process.0));
            key = format!("practice-{}", process.0);
            endpoint.key = key.clone().into();
        }
        platform.network = Network::Memory(network.clone());
        platform.hub = self.hub.clone();
        platform.opened = Some(database);
        platform.has_disk = true;
        let (sender, starting) = oneshot::channel();
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let (told, ends) = (stop.clone(), ended.clone().drop_guard());
        let task = process.spawn(async move {
            let _ends = ends;
            let app = match App::start_on(listener, config, endpoint, platform).await {
                Ok(app) => app,
                Err(error) => return drop(sender.send(Err(error))),
            };
            let (calls, admin) = (app.calls().clone(), app.admin_address());
            let parts = (app.services().clone(), calls, app.sudden_death(), admin);
            if sender.send(Ok(parts)).is_ok() {
                app.serve_until(told.cancelled(), std::future::pending()).await;
            }
        });
        let started: Result<_, StartError> =
            starting.await.map_err(|_| ChaosError::DaemonFailed)?;
        let (services, calls, death, admin) =
            started.map_err(|error| ChaosError::Start(Box::new(error)))?;
        let task = Arc::new(task.abort_handle());
        let is_killed = Arc::default();
        Ok(Running {
            services,
            calls,
            network,
            key,
            admin,
            process,
            death,
            stop,
            ended,
            task,
            is_killed,
        })
    }
}

impl Running {
    /// As `kill -9` does. First the rest of the world loses it, so that nobody hears of how its parts fall.
    pub(super) fn kill(&self) {
        let process = self.process.0;
        actors::trace::point("", PROCESS, format_args!("{process}{KILLED}"));
        self.network.take_down();
        self.services.journal.disk().take_down();
        self.disturb(DatabaseFault::Gone, FaultExtent::Lasting);
        self.is_killed.store(true, Ordering::Relaxed);
        self.death.strike();
        self.task.abort();
    }

    /// The database is like this for this daemon.
    pub(super) fn disturb(&self, fault: DatabaseFault, extent: FaultExtent) {
        if let Some(faults) = self.services.database.faults() {
            faults.set(fault, extent);
        }
    }

    /// Ends such a fault. One that was killed never reaches the database again.
    pub(super) fn heal(&self, fault: DatabaseFault) {
        if let Some(faults) = self.services.database.faults()
            && !self.is_killed.load(Ordering::Relaxed)
        {
            faults.end(fault);
        }
    }

    /// As SIGTERM does.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
        self.services.journal.disk().take_down();
    }

    /// Whether nothing waits in its journal, nor on its disk.
    pub(super) fn has_written(&self) -> bool {
        let journal = &self.services.journal;
        journal.depth() == 0 && journal.disk().waiting() == 0
    }
}
