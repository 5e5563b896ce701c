//! `frontdesk serve` as processes that can be killed, and the world around them.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use entities::calls::CallRecord;
use entities::{Database, OpenMode, PoolSettings};
use frontdesk::app::business;
use frontdesk::platform::Platform;
use frontdesk::world::Plan;
use practice::openai::{Brain, Log, Options, Server};
use practice::twilio::{CallerHandle, Carrier, CarrierSettings, Dial};
use protocol::business::{BusinessSettings, TimeSpan};
use protocol::ids::{AccountSid, BusinessId, CallSid};

use crate::booking::Schema;
use crate::front::Front;
use crate::support::{number, pause, within};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Twilio gives up a webhook after 15 s. A daemon of a slow machine may need longer to start.
const WEBHOOK_PATIENCE: u32 = 8;

/// Where the call goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// In the same daemon, started again on its SQLite database.
    Restarted,
    /// In another daemon, which runs already, on the same PostgreSQL database.
    OtherNode,
}

/// Where two daemons are reached.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Where they listen.
    pub(crate) daemons: [SocketAddr; 2],
    /// Their `server.node_url`.
    pub(crate) nodes: [String; 2],
    /// Their `server.public_url`.
    pub(crate) public: String,
}

impl Places {
    /// Free ports. Webhooks go to the first daemon.
    pub(crate) fn free() -> Self {
        let bound = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let daemons = bound.map(|listener| listener.local_addr().unwrap());
        let nodes = daemons.map(|address| format!("http://{address}"));
        Self { daemons, public: nodes[0].clone(), nodes }
    }
}

/// What outlives the daemons: both providers, the database, and a load balancer.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    places: Places,
    balancer: Option<Front>,
    schema: Option<Schema>,
    carrier: Carrier,
    openai: Server,
    business: BusinessSettings,
    pub(crate) business_id: BusinessId,
    pub(crate) database: Database,
}

/// A daemon. It is killed when the test ends.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    /// `None` if it takes a PostgreSQL server, and the tests have none.
    pub(crate) async fn open(
        next: Next,
        brain: Brain,
        change: impl FnOnce(&mut BusinessSettings),
    ) -> Option<Self> {
        let mut places = Places::free();
        let balancer = Front::to(places.daemons[0]).await;
        places.public = format!("http://{}", balancer.address);
        let schema = match next {
            Next::Restarted => None,
            Next::OtherNode => Some(Schema::new().await?),
        };
        let stage = Self::at(places, schema, brain, change).await;
        Some(Self { balancer: Some(balancer), ..stage })
    }

    /// Without `schema`, the database is a SQLite file.
    pub(crate) async fn at(
        places: Places,
        schema: Option<Schema>,
        brain: Brain,
        change: impl FnOnce(&mut BusinessSettings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = places.public.clone();
        let mut business = Plan::locksmith().unwrap().business;
        open_always(&mut business);
        change(&mut business);
        let account = AccountSid::parse(ACCOUNT).unwrap();
        let mut line = CarrierSettings::new(account, TOKEN, &format!("{daemon}/twilio/voice"));
        line.fallback_url = Some(format!("{daemon}/twilio/voice"));
        line.status_callback = Some(format!("{daemon}/twilio/status"));
        line.webhook_patience = WEBHOOK_PATIENCE;
        line.numbers = business.phone_numbers.iter().map(ToString::to_string).collect();
        let carrier = Carrier::start(line).await.unwrap();
        let openai = Server::on_loopback(Options { brain, ..Options::default() }).await.unwrap();

        let url = schema.as_ref().map_or_else(|| sqlite(&folder), |schema| schema.url.clone());
        let database =
            Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
        if schema.is_none() {
            database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
        }
        let platform = Platform::live();
        let now = platform.clock.wall();
        let new_id = BusinessId(platform.chance.new_id(now));
        let imported = business::import(&database, &business, new_id, now).await.unwrap();
        let business_id = imported.id;
        let balancer = None;
        Self { folder, places, balancer, schema, carrier, openai, business, business_id, database }
    }

    /// Webhooks go to this daemon from now on.
    pub(crate) fn turn_to(&self, which: usize) {
        if let Some(balancer) = &self.balancer {
            balancer.turn(self.places.daemons[which]);
        }
    }

    /// Webhooks wait until there is a daemon. How long one takes to start is the machine's affair.
    pub(crate) fn hold(&self) {
        if let Some(balancer) = &self.balancer {
            balancer.hold();
        }
    }

    /// Starts a daemon, the first one or the second, and waits until it listens.
    pub(crate) async fn start(&self, which: usize) -> Daemon {
        let Places { daemons, nodes, public } = &self.places;
        let address = daemons[which];
        let state_dir = self.folder.path().join(format!("state-{which}"));
        let database =
            self.schema.as_ref().map_or_else(|| sqlite(&self.folder), |schema| schema.url.clone());
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.arg("serve").current_dir(self.folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::inherit()).env("RUST_LOG", "warn");
        for (key, value) in [
            ("SERVER__LISTEN", address.to_string()),
            ("SERVER__PUBLIC_URL", public.clone()),
            ("SERVER__NODE_URL", nodes[which].clone()),
            ("SERVER__STATE_DIR", state_dir.display().to_string()),
            ("DATABASE__URL", database),
            ("OPENAI__PROVIDER", "openai".to_owned()),
            ("OPENAI__REALTIME_URL", self.openai.url()),
            ("OPENAI__API_KEY", "practice".to_owned()),
            ("TWILIO__API_URL", self.carrier.api_url()),
            ("TWILIO__ACCOUNT_SID", ACCOUNT.to_owned()),
            ("TWILIO__AUTH_TOKEN", TOKEN.to_owned()),
        ] {
            command.env(format!("FRONTDESK__{key}"), value);
        }
        let mut daemon = Daemon(command.spawn().unwrap());
        let listens = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                assert_eq!(daemon.0.try_wait().unwrap(), None, "the daemon ended by itself");
                pause().await;
            }
        };
        within("the listener", listens).await;
        daemon
    }

    pub(crate) fn dial(&self) -> CallerHandle {
        let dial = Dial::new(number(1).as_str(), self.business.phone_numbers[0].as_str());
        self.carrier.dial(&dial)
    }

    pub(crate) fn log(&self) -> &Log {
        self.openai.log()
    }

    /// The record of a call that is over.
    pub(crate) async fn ended(&self, call: &CallSid) -> CallRecord {
        let reading = async {
            loop {
                let found = entities::calls::get(&self.database, self.business_id, call).await;
                let whole =
                    |record: &CallRecord| record.ended_at.is_some() && record.duration.is_some();
                if let Some(record) = found.unwrap().filter(whole) {
                    return record;
                }
                pause().await;
            }
        };
        within("the record", reading).await
    }

    /// Removes the schema.
    pub(crate) async fn close(self) {
        if let Some(schema) = self.schema {
            self.database.close().await.unwrap();
            schema.drop().await;
        }
    }
}

/// Waits until the call's snapshot has this word.
pub(super) async fn has_written(db: &Database, call: &CallSid, word: &str) {
    loop {
        let found = entities::call_snapshots::of_any_business(db, call).await;
        let has = |text: &String| text.contains(word);
        if found.unwrap().is_some_and(|found| has(&found.state) || found.entries.iter().any(has)) {
            return;
        }
        pause().await;
    }
}

/// Waits until nothing is left of the call's snapshot.
pub(super) async fn snapshot_is_gone(db: &Database, call: &CallSid) {
    while entities::call_snapshots::of_any_business(db, call).await.unwrap().is_some() {
        pause().await;
    }
}

/// The business takes appointments at any time.
pub(super) fn open_always(business: &mut BusinessSettings) {
    let hours = &mut business.appointments.hours;
    for day in [
        &mut hours.sunday,
        &mut hours.monday,
        &mut hours.tuesday,
        &mut hours.wednesday,
        &mut hours.thursday,
        &mut hours.friday,
        &mut hours.saturday,
    ] {
        *day = vec![TimeSpan::parse("00:00-24:00").unwrap()];
    }
    business.appointments.days_off.clear();
}

fn sqlite(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}?mode=rwc", folder.path().join("frontdesk.db").display())
}
