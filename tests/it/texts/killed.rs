//! The daemon's process is killed with -9 between a text and its answer, and started again: one message reaches the
//! person (WA-2). Twilio and OpenAI are the practice ones, in this process.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use entities::messages::{self, MessageRecord};
use entities::{Database, OpenMode, PoolSettings};
use frontdesk::app::business;
use frontdesk::platform::Platform;
use frontdesk::world::Plan;
use practice::openai::{Brain, TextFault, TextOptions, TextServer};
use practice::twilio::{Carrier, CarrierSettings, RestFault, RestKind};
use protocol::business::BusinessSettings;
use protocol::ids::{AccountSid, BusinessId};

use crate::booking::Schema;
use crate::support::{number, pause, within};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const TEXT: &str = "מתי אתם פתוחים?";

/// When the process dies.
#[derive(Debug, Clone, Copy)]
enum Dies {
    /// The webhook is answered, and the text settles.
    Settling,
    /// The text model works on the answer.
    Asking,
    /// Twilio has the message, and has not said so.
    Sending,
    /// Twilio has said so.
    Sent,
}

/// What outlives the daemon: both providers, and the database.
struct Stage {
    folder: tempfile::TempDir,
    address: SocketAddr,
    carrier: Carrier,
    model: TextServer,
    business: BusinessSettings,
    business_id: BusinessId,
    database: Database,
    database_url: String,
}

/// A daemon. It is killed when the test ends.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    /// On PostgreSQL if its URL is given.
    async fn open(postgres: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let daemon = format!("http://{address}");
        let mut business = Plan::locksmith().unwrap().business;
        business.whatsapp_number = business.phone_numbers.first().cloned();
        let account = AccountSid::parse(ACCOUNT).unwrap();
        let mut line = CarrierSettings::new(account, TOKEN, &format!("{daemon}/twilio/voice"));
        line.message_url = Some(format!("{daemon}/twilio/whatsapp"));
        let carrier = Carrier::start(line).await.unwrap();
        let options = TextOptions { brain: Brain::Echo, ..TextOptions::default() };
        let model = TextServer::on_loopback(options).await.unwrap();
        let file = folder.path().join("frontdesk.db");
        let sqlite = || format!("sqlite://{}?mode=rwc", file.display());
        let database_url = postgres.map_or_else(sqlite, str::to_owned);
        let (pool, mode) = (PoolSettings::default(), OpenMode::Create);
        let database = Database::connect(&database_url, pool, mode).await.unwrap();
        database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
        let platform = Platform::live();
        let now = platform.clock.wall();
        let new_id = BusinessId(platform.chance.new_id(now));
        let imported = business::import(&database, &business, new_id, now).await.unwrap();
        let business_id = imported.id;
        Self { folder, address, carrier, model, business, business_id, database, database_url }
    }

    /// Starts a daemon, and waits until it listens.
    async fn start(&self) -> Daemon {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.arg("serve").current_dir(self.folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::inherit()).env("RUST_LOG", "warn");
        for (key, value) in [
            ("SERVER__LISTEN", self.address.to_string()),
            ("SERVER__PUBLIC_URL", format!("http://{}", self.address)),
            ("DATABASE__URL", self.database_url.clone()),
            ("OPENAI__PROVIDER", "openai".to_owned()),
            ("OPENAI__TEXT_URL", self.model.url()),
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

    async fn rows(&self) -> Vec<MessageRecord> {
        messages::conversation(&self.database, self.business_id, &number(1), 50).await.unwrap()
    }

    fn sent(&self) -> Vec<String> {
        let sent = self.carrier.sent_messages();
        let sent = sent.borrow();
        sent.iter().map(|message| message.body.clone().unwrap_or_default()).collect()
    }

    async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let coming = async {
            while !is_so(self).await {
                pause().await;
            }
        };
        within(what, coming).await;
    }

    /// Waits for the moment at which the process dies.
    async fn comes_to(&self, dies: Dies) {
        match dies {
            Dies::Settling => {}
            Dies::Asking => {
                let asked = async |stage: &Self| stage.model.log().look(|log| log.open > 0);
                self.until("the question", asked).await;
            }
            Dies::Sending => {
                self.until("the message", async |stage| !stage.sent().is_empty()).await;
            }
            Dies::Sent => {
                let known = |row: &MessageRecord| row.body == TEXT && row.provider_sid.is_some();
                let both = async |stage: &Self| {
                    stage.rows().await.iter().filter(|row| known(row)).count() == 2
                };
                self.until("its name", both).await;
            }
        }
    }
}

async fn dies(dies: Dies) {
    let stage = Stage::open(None).await;
    answers_once(&stage, dies).await;
}

/// Nobody else tells that the process has died: its own successor does not wait for the end of its claim.
async fn dies_on_postgres(dies: Dies) {
    let Some(schema) = Schema::new().await else { return };
    let stage = Stage::open(Some(&schema.url)).await;
    answers_once(&stage, dies).await;
    stage.database.close().await.unwrap();
    schema.drop().await;
}

async fn answers_once(stage: &Stage, dies: Dies) {
    if matches!(dies, Dies::Asking) {
        stage.model.faults().next([TextFault::Late(Duration::from_secs(20))]);
    }
    if matches!(dies, Dies::Sending) {
        stage.carrier.plan_fault(RestKind::CreateMessage, RestFault::AcceptedThenSilence, 1);
        stage.carrier.set_delivery(practice::twilio::CallbackDelivery::Lost);
    }
    let first = stage.start().await;
    let to = stage.business.whatsapp_number.clone().unwrap();
    let message = stage.carrier.message(number(1).as_str(), to.as_str(), TEXT);
    stage.carrier.receive_message(&message).await.unwrap();
    stage.comes_to(dies).await;
    drop(first);
    let began = stage.sent().len();
    assert_eq!(began, usize::from(matches!(dies, Dies::Sending | Dies::Sent)));
    let _second = stage.start().await;
    let answered = async |stage: &Stage| {
        let rows = stage.rows().await;
        rows.len() == 2 && rows.iter().all(|row| row.handled && row.provider_sid.is_some())
    };
    stage.until("the answer's name", answered).await;
    // A second message would be sent by now.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.sent(), [TEXT], "{dies:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_a_process_killed_while_a_text_settles_answers_it_after_its_restart() {
    dies(Dies::Settling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_a_process_killed_while_the_model_answers_sends_one_message_after_its_restart() {
    dies(Dies::Asking).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_a_process_killed_while_it_sends_finds_the_message_after_its_restart() {
    dies(Dies::Sending).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_a_process_killed_after_it_has_sent_sends_nothing_more_after_its_restart() {
    dies(Dies::Sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_on_postgres_a_process_killed_while_a_text_settles_answers_it_soon_after_its_restart()
{
    dies_on_postgres(Dies::Settling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_on_postgres_a_process_killed_while_the_model_answers_sends_one_message_soon_after() {
    dies_on_postgres(Dies::Asking).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wa_2_on_postgres_a_process_killed_while_it_sends_finds_the_message_soon_after() {
    dies_on_postgres(Dies::Sending).await;
}
