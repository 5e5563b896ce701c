//! The daemons of a run with real processes, and what stands around them: the practice world, a load balancer, a
//! database, and for each daemon a way to the database that can be cut.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration;

use entities::{Database, OpenMode, PoolSettings};
use practice::openai::Options;
use practice::twilio::CallerHandle;
use protocol::business::BusinessSettings;
use protocol::ids::{AccountSid, CallSid, NodeId};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::daemon::{Daemon, DaemonPlan};
use crate::chaos::ended::Lived;
use crate::chaos::error::ChaosError;
use crate::chaos::operator;
use crate::chaos::plant::Plant;
use crate::chaos::proxy::Proxy;
use crate::chaos::stage::outside::{Outside, carrier, import};
use crate::chaos::story::{Caller, Story, WhichNode};
use crate::config::OpenAi;
use crate::network::Network;
use crate::platform::Platform;
use crate::provider::RunningProvider;

const ACCOUNT: &str = "AC000000000000000000000000000c4a05";
const AUTH_TOKEN: &str = "a-token-for-chaos-alone";
/// How soon a load balancer sees that a daemon takes no more calls.
const HEALTH_CHECK: Duration = Duration::from_secs(2);
/// How long a daemon that is told to stop waits for its calls.
const DRAIN_SECS: u64 = 20;
/// How long it may take to end after that.
const ENDS_WITHIN: Duration = Duration::from_secs(DRAIN_SECS + 30);

/// How often it is looked for a started daemon among the nodes, and the pause between.
const LOOKS: u32 = 200;
const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Hall {
    pub(super) outside: Outside,
    folder: PathBuf,
    balancer: Proxy,
    nodes: Vec<Node>,
    lived: StdMutex<Vec<Lived>>,
}

struct Node {
    plan: DaemonPlan,
    /// `None` while it is dead, or ends.
    daemon: Mutex<Option<Daemon>>,
    to_database: Proxy,
    runs: StdMutex<u32>,
}

impl Hall {
    pub(super) async fn open(
        story: &Story,
        businesses: &[BusinessSettings],
        (url, folder): (&str, PathBuf),
        plant: Plant,
        platform: &Platform,
    ) -> Result<Self, ChaosError> {
        let network = Network::Tcp;
        let pool = PoolSettings::default();
        let database = Database::connect(url, pool, OpenMode::Existing).await;
        let database = database.map_err(crate::database::DatabaseError::from)?;
        database.change_schema(|db| async move { migration::up(&db, None).await }).await?;
        let businesses = import(&database, businesses, platform).await?;
        let settings: Vec<_> = businesses.iter().map(|(_, settings)| settings.clone()).collect();

        let mut addresses = Vec::new();
        for _ in 0..story.nodes {
            addresses.push(free_address()?);
        }
        let balancer = Proxy::start(&network, addresses.clone(), story.seed).await;
        let balancer = balancer.map_err(ChaosError::Listen)?;
        let door = format!("http://{}", balancer.address());
        let account =
            AccountSid::parse(ACCOUNT).map_err(|error| ChaosError::Address(error.to_string()))?;
        let carrier = carrier(platform, (account, AUTH_TOKEN), &settings, &door).await?;
        let openai_began = platform.clock.now();
        let options = Options { behaviour: story.model.clone(), ..Options::default() };
        let provider = RunningProvider::start_with(&OpenAi::default(), options, &network).await?;

        let server = server_of(url)?;
        let mut nodes = Vec::new();
        for (place, address) in addresses.into_iter().enumerate() {
            let to_database = Proxy::start(&network, vec![server], 0).await;
            let to_database = to_database.map_err(ChaosError::Listen)?;
            let own = folder.join(format!("daemon-{}", place + 1));
            std::fs::create_dir_all(&own)
                .map_err(|cause| ChaosError::Process { what: "a daemon's folder", cause })?;
            let admin = free_address()?;
            let settings = vec![
                ("SERVER__LISTEN", address.to_string()),
                ("ADMIN__LISTEN", admin.to_string()),
                ("ADMIN__TOKEN", operator::TOKEN.to_owned()),
                ("SERVER__PUBLIC_URL", door.clone()),
                ("SERVER__NODE_URL", format!("http://{address}")),
                ("SERVER__STATE_DIR", own.join("state").display().to_string()),
                ("SERVER__DRAIN_TIMEOUT", format!("{DRAIN_SECS}s")),
                ("DATABASE__URL", through(url, to_database.address())?),
                ("OPENAI__PROVIDER", "openai".to_owned()),
                ("OPENAI__REALTIME_URL", provider.endpoint().url),
                ("TWILIO__API_URL", carrier.api_url()),
                ("TWILIO__ACCOUNT_SID", ACCOUNT.to_owned()),
                ("TWILIO__AUTH_TOKEN", AUTH_TOKEN.to_owned()),
            ];
            let number = place + 1;
            let plan = DaemonPlan { number, address, admin, folder: own, settings, plant };
            let (daemon, runs) = (Mutex::default(), StdMutex::default());
            nodes.push(Node { plan, daemon, to_database, runs });
        }
        let clock = platform.clock;
        let outside = Outside { carrier, provider, businesses, database, clock, openai_began };
        let hall = Self { outside, folder, balancer, nodes, lived: StdMutex::default() };
        for node in &hall.nodes {
            hall.start(node).await?;
        }
        Ok(hall)
    }

    /// Every process of a daemon so far.
    pub(super) fn lived(&self) -> Vec<Lived> {
        self.lived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The ends of the logs.
    pub(super) fn last_words(&self) -> Vec<String> {
        self.nodes.iter().flat_map(|node| node.plan.last_words()).collect()
    }

    /// A call's node is the one whose lease it has.
    pub(super) async fn find(
        &self,
        which: WhichNode,
        call: impl FnOnce(usize) -> Option<CallSid>,
    ) -> Option<usize> {
        let call = match which {
            WhichNode::Nth(node) => return Some(node),
            WhichNode::Of { call: place } => call(place)?,
        };
        let lease = entities::calls::lease_of_live(&self.outside.database, &call).await;
        let owner = lease.ok().flatten()?.lease?.node;
        let lived = self.lived();
        let key = &lived.iter().find(|lived| lived.id == owner)?.key;
        self.nodes.iter().position(|node| key.starts_with(&key_of(node.plan.number, "")))
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
        let mut living = Vec::new();
        for node in &self.nodes {
            living.extend(node.daemon.lock().await.is_some().then_some(node.plan.admin));
        }
        if let Some(admin) = living.get(daemon % living.len().max(1)) {
            operator::post(&Network::Tcp, *admin, path, body).await;
        }
    }

    /// SIGKILL, and a start so long after.
    pub(super) async fn kill(&self, node: usize, back_after: Duration) -> Result<(), ChaosError> {
        let node = &self.nodes[node];
        let Some(mut daemon) = node.daemon.lock().await.take() else { return Ok(()) };
        daemon.kill();
        sleep(back_after).await;
        self.start(node).await
    }

    /// SIGTERM, and a start so long after its end.
    pub(super) async fn drain(&self, node: usize, back_after: Duration) -> Result<(), ChaosError> {
        let node = &self.nodes[node];
        let Some(mut daemon) = node.daemon.lock().await.take() else { return Ok(()) };
        let health_check = async {
            sleep(HEALTH_CHECK).await;
            self.balancer.set_target(node.plan.address, false);
        };
        let (ended, ()) = tokio::join!(daemon.stop(ENDS_WITHIN), health_check);
        if !ended {
            let log = node.plan.log().display().to_string();
            return Err(ChaosError::NotEnded { number: node.plan.number, log });
        }
        sleep(back_after).await;
        let started = self.start(node).await;
        self.balancer.set_target(node.plan.address, true);
        started
    }

    /// Cuts a daemon off from the database.
    pub(super) async fn cut_off(&self, node: usize, lasts: Duration) {
        let node = &self.nodes[node];
        node.to_database.set_cut(true);
        sleep(lasts).await;
        node.to_database.set_cut(false);
    }

    async fn start(&self, node: &Node) -> Result<(), ChaosError> {
        // One that can't reach the database would not start.
        node.to_database.set_cut(false);
        let before: Vec<NodeId> = self.registered(node).await?;
        let run = {
            let mut runs = node.runs.lock().unwrap_or_else(PoisonError::into_inner);
            *runs += 1;
            runs.to_string()
        };
        let key = key_of(node.plan.number, &run);
        let daemon = node.plan.start(&key).await?;
        *node.daemon.lock().await = Some(daemon);
        for _ in 0..LOOKS {
            let now = self.registered(node).await?;
            if let Some(id) = now.into_iter().find(|id| !before.contains(id)) {
                let mut lived = self.lived.lock().unwrap_or_else(PoisonError::into_inner);
                lived.push(Lived { key, id });
                return Ok(());
            }
            sleep(LOOK).await;
        }
        let log = node.plan.log().display().to_string();
        Err(ChaosError::NotStarted { number: node.plan.number, log })
    }

    /// The processes that were ever registered at this daemon's address.
    async fn registered(&self, node: &Node) -> Result<Vec<NodeId>, ChaosError> {
        let own = format!("http://{}", node.plan.address);
        let all = entities::nodes::all(&self.outside.database).await?;
        let its = all.into_iter().filter(|row| row.url.trim_end_matches('/') == own);
        Ok(its.map(|row| row.id).collect())
    }

    /// Stops everything. The logs stay if they are wanted.
    pub(super) async fn close(self, keeps_logs: bool) {
        let Self { outside, folder, nodes, .. } = self;
        outside.carrier.stop().await;
        for node in &nodes {
            let daemon = node.daemon.lock().await.take();
            if let Some(mut daemon) = daemon {
                daemon.stop(ENDS_WITHIN).await;
            }
        }
        // It has no rows that anybody wants.
        let _ = outside.database.close().await;
        if !keeps_logs {
            // What can't be removed stays among the temporary files.
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

/// The key of a daemon's sessions: it tells its process from the others.
fn key_of(number: usize, run: &str) -> String {
    format!("practice-{number}-{run}")
}

/// A free address of this machine, for a process that is told where to listen.
fn free_address() -> Result<SocketAddr, ChaosError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener.and_then(|listener| listener.local_addr()).map_err(ChaosError::Listen)
}

/// The host and the port of a URL, behind the user and before the path.
fn authority(url: &str) -> Option<(usize, usize)> {
    let begins = url.find("://")? + 3;
    let ends = url[begins..].find(['/', '?']).map_or(url.len(), |at| begins + at);
    let begins = url[begins..ends].rfind('@').map_or(begins, |at| begins + at + 1);
    Some((begins, ends))
}

/// Where a PostgreSQL server listens.
fn server_of(url: &str) -> Result<SocketAddr, ChaosError> {
    let (begins, ends) = authority(url).ok_or(ChaosError::NoPostgres)?;
    let host = &url[begins..ends];
    let with_port = if host.rsplit(']').next().unwrap_or(host).contains(':') {
        host.to_owned()
    } else {
        format!("{host}:5432")
    };
    let found = with_port.to_socket_addrs().map_err(ChaosError::Listen)?.next();
    found.ok_or(ChaosError::NoPostgres)
}

/// The same database, by another way.
fn through(url: &str, way: SocketAddr) -> Result<String, ChaosError> {
    let (begins, ends) = authority(url).ok_or(ChaosError::NoPostgres)?;
    Ok(format!("{}{way}{}", &url[..begins], &url[ends..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn res_9_a_database_is_reached_by_another_way_with_the_same_user_and_schema() {
        let way = "127.0.0.1:9".parse().unwrap();
        for (url, same) in [
            ("postgres://a:b@127.0.0.1:5432/d?x=y", "postgres://a:b@127.0.0.1:9/d?x=y"),
            ("postgres://127.0.0.1/d", "postgres://127.0.0.1:9/d"),
            ("postgres://u@127.0.0.1", "postgres://u@127.0.0.1:9"),
        ] {
            assert_eq!(through(url, way).unwrap(), same);
            assert_eq!(server_of(url).unwrap(), "127.0.0.1:5432".parse().unwrap());
        }
    }
}
