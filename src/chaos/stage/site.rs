//! The daemons of a run and what is outside them, all in memory. Several daemons share one database, stand behind
//! a load balancer, and can be killed and started again.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actors::cluster::LocalHub;
use entities::{DatabaseFault, FaultExtent, PoolSettings};
use practice::openai::Options;
use practice::twilio::CallerHandle;
use protocol::business::BusinessSettings;
use protocol::ids::CallSid;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::disks::Disks;
use super::node::{Running, Setting};
use super::outside::{Outside, carrier, import, pause};
use crate::chaos::ended::Lived;
use crate::chaos::error::ChaosError;
use crate::chaos::operator;
use crate::chaos::proxy::Proxy;
use crate::chaos::story::{Caller, Story, WhichNode};
use crate::config::{Config, DatabaseUrl, HttpUrl, PublicUrl};
use crate::database::{self, DatabaseMode, Owner};
use crate::http::Listener;
use crate::network::Network;
use crate::network::memory::{MemoryNetwork, Route};
use crate::platform::Platform;
use crate::provider::RunningProvider;
use crate::virtual_time::process::Process;

/// How soon a load balancer sees that a node takes no more calls.
const HEALTH_CHECK: Duration = Duration::from_secs(2);
/// How long a node waits for its calls to end when it is told to stop. It is less than a run is watched.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How soon a daemon that could not start is started again, as systemd would.
const START_AGAIN: Duration = Duration::from_secs(1);
/// All daemons have the same.
const PERSON_KEY: &str = "the key of the simulation's daemons";

pub(super) struct Site {
    pub(super) outside: Outside,
    pub(super) network: MemoryNetwork,
    setting: Setting,
    balancer: Option<Proxy>,
    addresses: Vec<SocketAddr>,
    disks: Disks,
    nodes: Mutex<Vec<Node>>,
    lives: Mutex<Vec<Lived>>,
}

#[derive(Default)]
struct Node {
    /// `None` while it is dead, or ends.
    running: Option<Running>,
    /// How often it was started.
    runs: u32,
}

impl Site {
    pub(super) async fn open(
        story: &Story,
        businesses: &[BusinessSettings],
        platform: Platform,
    ) -> Result<Self, ChaosError> {
        let Network::Memory(network) = platform.network.clone() else {
            return Err(ChaosError::NoDatabase);
        };
        let businesses = &story.setting.applied_to(businesses);
        let is_shared = story.nodes > 1;
        let mut listeners = Vec::new();
        for _ in 0..story.nodes {
            let host = network.new_host();
            let own = Network::Memory(host.clone());
            let address = (Ipv4Addr::LOCALHOST, 0).into();
            listeners.push((host, Listener::bind(&own, "server.listen", address).await?));
        }
        let addresses: Vec<_> = listeners.iter().map(|(_, bound)| bound.address()).collect();
        let seed = platform.chance.seed_for("balancer");
        let balancer = if is_shared {
            let started = Proxy::start(&platform.network, addresses.clone(), seed).await;
            Some(started.map_err(ChaosError::Listen)?)
        } else {
            None
        };
        let door = balancer.as_ref().map_or(addresses[0], Proxy::address);
        let door = format!("http://{door}");
        let mut config = Config::default();
        config.database.url =
            DatabaseUrl::parse("sqlite::memory:").ok_or(ChaosError::NoDatabase)?;
        config.server.drain_timeout = DRAIN_TIMEOUT;
        config.admin.listen = (Ipv4Addr::LOCALHOST, 0).into();
        config.admin.token = Some(operator::TOKEN.into());
        config.server.person_key = Some(PERSON_KEY.into());
        if let Some(most) = story.setting.max_calls.and_then(|most| usize::try_from(most).ok()) {
            config.server.max_calls = NonZero::new(most).unwrap_or(NonZero::<usize>::MIN);
        }
        let token = secrecy::ExposeSecret::expose_secret(&config.twilio.auth_token).to_owned();
        let account = (config.twilio.account_sid.clone(), token.as_str());
        let carrier = carrier(&platform, account, businesses, &door).await?;
        let wrong = |error: crate::config::InvalidAddress| ChaosError::Address(error.to_string());
        config.server.public_url = PublicUrl::parse(&door).map_err(wrong)?;
        config.twilio.api_url = HttpUrl::parse(&carrier.api_url()).map_err(wrong)?;
        let openai = Options {
            behaviour: story.model.clone(),
            seed: platform.chance.seed_for("openai"),
            ..Options::default()
        };
        let openai_began = platform.clock.now();
        let provider =
            RunningProvider::start_with(&config.openai, openai, &platform.network).await?;
        let (pool, mode) = (PoolSettings::default(), DatabaseMode::Simulated);
        let database =
            database::open_or_create(&config.database, pool, mode, Owner::Command).await?;
        let businesses = import(&database, businesses, &platform).await?;
        if story.setting.paused {
            pause(&database, &businesses, &platform).await?;
        }
        let setting = Setting {
            config,
            endpoint: provider.endpoint(),
            platform: platform.clone(),
            hub: is_shared.then(LocalHub::default),
        };
        let clock = platform.clock;
        let outside = Outside { carrier, provider, businesses, database, clock, openai_began };
        outside.set_person(story.setting.person);
        let site = Self {
            outside,
            network,
            setting,
            balancer,
            nodes: Mutex::new((0..story.nodes).map(|_| Node::default()).collect()),
            addresses,
            disks: Disks::new(),
            lives: Mutex::default(),
        };
        for (index, (host, listener)) in listeners.into_iter().enumerate() {
            site.start_on(index, host, listener).await?;
        }
        Ok(site)
    }

    /// The connections to the daemons.
    pub(super) fn routes_in(&self) -> Vec<Route> {
        let door = self.balancer.as_ref().map(Proxy::address);
        self.addresses.iter().copied().chain(door).map(|to| self.network.route(to)).collect()
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The daemons that live and do not drain.
    pub(super) fn running(&self) -> Vec<Running> {
        self.nodes().iter().filter_map(|node| node.running.clone()).collect()
    }

    /// Every process of a daemon so far.
    pub(super) fn lived(&self) -> Vec<Lived> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A call's node is the one that runs it.
    pub(super) async fn find(
        &self,
        which: WhichNode,
        call: impl FnOnce(usize) -> Option<CallSid>,
    ) -> Option<usize> {
        let call = match which {
            WhichNode::Nth(node) => return Some(node),
            WhichNode::Of { call: place } => call(place)?,
        };
        let count = self.nodes().len();
        for index in 0..count {
            let running = self.nodes()[index].running.clone();
            let Some(running) = running else { continue };
            if running.calls.find(call.clone()).await.is_some() {
                return Some(index);
            }
        }
        None
    }

    /// The call begins: the caller dials, or the business does. `None` if it was not placed.
    pub(super) async fn begin(&self, caller: &Caller) -> Option<CallerHandle> {
        let Some((body, callee)) = self.outside.placing(caller) else {
            return Some(self.outside.dial(caller));
        };
        let placing = self.operator_asks(0, operator::CALLS, &body);
        // The answer can be lost, and the call placed all the same.
        let ((), callee) = tokio::join!(placing, timeout(operator::PLACED_WITHIN, callee));
        callee.ok()
    }

    /// An operator's request to one of the living daemons.
    pub(super) async fn operator_asks(&self, daemon: usize, path: &str, body: &Value) {
        let running = self.running();
        let asked = running.get(daemon % running.len().max(1));
        if let Some(admin) = asked.and_then(|running| running.admin) {
            operator::post(&Network::Memory(self.network.clone()), admin, path, body).await;
        }
    }

    /// Kills a daemon, and starts it again later.
    pub(super) async fn kill(&self, node: usize, back_after: Duration) {
        let Some(running) = self.take(node) else { return };
        running.kill();
        sleep(back_after).await;
        self.start(node).await;
    }

    /// Stops a daemon as SIGTERM does, and starts it again later.
    pub(super) async fn drain(&self, node: usize, back_after: Duration) {
        let Some(running) = self.take(node) else { return };
        running.stop();
        sleep(HEALTH_CHECK).await;
        let address = self.addresses[node];
        if let Some(balancer) = &self.balancer {
            balancer.set_target(address, false);
        }
        running.ended().await;
        running.network.take_down();
        sleep(back_after).await;
        if let Some(balancer) = &self.balancer {
            balancer.set_target(address, true);
        }
        self.start(node).await;
    }

    /// Cuts a daemon off from the database.
    pub(super) async fn cut_off(&self, node: usize, lasts: Duration) {
        let running = self.nodes()[node].running.clone();
        let Some(running) = running else { return };
        running.disturb(DatabaseFault::Gone, FaultExtent::Lasting);
        sleep(lasts).await;
        running.heal(DatabaseFault::Gone);
    }

    fn take(&self, node: usize) -> Option<Running> {
        self.nodes()[node].running.take()
    }

    async fn start(&self, node: usize) {
        loop {
            let host = self.network.new_host();
            let (own, address) = (Network::Memory(host.clone()), self.addresses[node]);
            if let Ok(listener) = Listener::bind(&own, "server.listen", address).await
                && self.start_on(node, host, listener).await.is_ok()
            {
                return;
            }
            sleep(START_AGAIN).await;
        }
    }

    async fn start_on(
        &self,
        node: usize,
        host: MemoryNetwork,
        listener: Listener,
    ) -> Result<(), ChaosError> {
        let process = {
            let mut nodes = self.nodes();
            let count = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
            let number = u32::try_from(node).unwrap_or(u32::MAX) + 1 + nodes[node].runs * count;
            nodes[node].runs += 1;
            // One daemon alone is not told from the rest of the simulation.
            if count > 1 { Process(number) } else { Process::OUTSIDE }
        };
        let database = self.outside.database.of_another_process();
        let place = (database, self.disks.of(node));
        let running = self.setting.start(process, host, listener, place).await?;
        let lived = Lived { key: running.key.clone(), id: running.services.node.id() };
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).push(lived);
        self.nodes()[node].running = Some(running);
        Ok(())
    }

    pub(super) async fn close(self) {
        self.outside.carrier.stop().await;
        let nodes = self.nodes.into_inner().unwrap_or_else(PoisonError::into_inner);
        for running in nodes.into_iter().filter_map(|node| node.running) {
            running.stop();
            running.ended().await;
        }
        // It is in memory, and goes with the last handle.
        let _ = self.outside.database.close().await;
    }
}
