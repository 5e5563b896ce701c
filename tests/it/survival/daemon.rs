//! `frontdesk serve` as a process that can be killed, and the world around it.

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

use crate::support::{number, pause, within};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What outlives the daemon: both providers, and the database.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    address: SocketAddr,
    carrier: Carrier,
    openai: Server,
    business: BusinessSettings,
    pub(super) business_id: BusinessId,
    pub(super) database: Database,
}

/// A daemon. It is killed when the test ends.
pub(super) struct Daemon(Child);

impl Daemon {
    /// `kill -9`.
    pub(super) fn kill(&mut self) {
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
    pub(super) async fn open(brain: Brain, change: impl FnOnce(&mut BusinessSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let daemon = format!("http://{address}");
        let mut business = Plan::locksmith().unwrap().business;
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
        change(&mut business);
        let account = AccountSid::parse(ACCOUNT).unwrap();
        let mut line = CarrierSettings::new(account, TOKEN, &format!("{daemon}/twilio/voice"));
        line.fallback_url = Some(format!("{daemon}/twilio/voice"));
        line.status_callback = Some(format!("{daemon}/twilio/status"));
        line.numbers = business.phone_numbers.iter().map(ToString::to_string).collect();
        let carrier = Carrier::start(line).await.unwrap();
        let openai = Server::on_loopback(Options { brain, ..Options::default() }).await.unwrap();

        let url = database_url(&folder);
        let database =
            Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
        database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
        let platform = Platform::live();
        let now = platform.clock.wall();
        let new_id = BusinessId(platform.chance.new_id(now));
        let imported = business::import(&database, &business, new_id, now).await.unwrap();
        let business_id = imported.id;
        Self { folder, address, carrier, openai, business, business_id, database }
    }

    /// Starts a daemon, and waits until it listens.
    pub(super) async fn start(&self) -> Daemon {
        let daemon = format!("http://{}", self.address);
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.arg("serve").current_dir(self.folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::inherit()).env("RUST_LOG", "warn");
        for (key, value) in [
            ("SERVER__LISTEN", self.address.to_string()),
            ("SERVER__PUBLIC_URL", daemon),
            ("DATABASE__URL", database_url(&self.folder)),
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
            while tokio::net::TcpStream::connect(self.address).await.is_err() {
                assert_eq!(daemon.0.try_wait().unwrap(), None, "the daemon ended by itself");
                pause().await;
            }
        };
        within("the listener", listens).await;
        daemon
    }

    pub(super) fn dial(&self) -> CallerHandle {
        let dial = Dial::new(number(1).as_str(), self.business.phone_numbers[0].as_str());
        self.carrier.dial(&dial)
    }

    pub(super) fn log(&self) -> &Log {
        self.openai.log()
    }

    /// The record of a call that is over.
    pub(super) async fn ended(&self, call: &CallSid) -> CallRecord {
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

    /// Waits until the call's snapshot has this word.
    pub(super) async fn has_written(&self, call: &CallSid, word: &str) {
        loop {
            let found = entities::call_snapshots::of_any_business(&self.database, call).await;
            let has = |text: &String| text.contains(word);
            if found
                .unwrap()
                .is_some_and(|found| has(&found.state) || found.entries.iter().any(has))
            {
                return;
            }
            pause().await;
        }
    }

    pub(super) async fn snapshot_is_gone(&self, call: &CallSid) -> bool {
        let looking = async {
            while entities::call_snapshots::of_any_business(&self.database, call)
                .await
                .unwrap()
                .is_some()
            {
                pause().await;
            }
        };
        within("the end of the snapshot", looking).await;
        true
    }
}

fn database_url(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}?mode=rwc", folder.path().join("frontdesk.db").display())
}
