//! Which statements the voice webhook runs before it answers (CALL-1).

use std::sync::atomic::AtomicU64;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entities::leads::{self, Caller};
use entities::{Database, OpenMode, PoolSettings};
use frontdesk::config::{Config, DatabaseUrl, Patience, PublicUrl, Twilio};
use frontdesk::http::Listener;
use frontdesk::http::twilio::{Directory, TwilioState, serve};
use frontdesk::live_settings::LiveSettings;
use frontdesk::network::Network;
use frontdesk::world::World;
use protocol::ids::{CallSid, LeadId};
use protocol::twilio::signature::Signatures;
use protocol::twilio::token::StreamTokens;
use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::{
    brief, call_form, http_client, nothing_left, number, signature, within, world,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CALL: &str = "CA00000000000000000000000000000007";

/// The statements that were run, in order.
type Statements = Arc<Mutex<Vec<String>>>;

/// A second Twilio listener of the daemon, on a database connection that records its statements. The
/// actors keep the daemon's own connection, so a call's later writes are not counted.
fn watched(world: &World, public_url: PublicUrl) -> (TwilioState, Statements) {
    let seen = Statements::default();
    let mut services = world.app.services().clone();
    let statements = Arc::clone(&seen);
    services.database = services.database.observed(move |statement| {
        statements.lock().unwrap().push(statement.sql.clone());
    });
    let side = TwilioState {
        handshakes: AtomicU64::default(),
        node_url: public_url.clone(),
        public_url,
        signatures: Some(Signatures::new([Twilio::PRACTICE_TOKEN.to_owned()])),
        tokens: StreamTokens::new(Twilio::PRACTICE_TOKEN),
        calls: world.app.calls().clone(),
        services,
        live: LiveSettings::new(&Config::default()),
        // No stream comes. The call is over soon, but not before the answer.
        patience: Patience { stream: Duration::from_secs(2), ..Patience::default() },
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        unstarted: Arc::new(Semaphore::new(1)),
        readiness: world.app.readiness().clone(),
        directory: Directory::default(),
        door_transfers: frontdesk::http::twilio::DoorTransfers::default(),
    };
    (side, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_1_a_webhook_is_answered_after_one_read_and_waits_for_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("calls.db").display());
    let world = world(|plan| {
        brief(plan);
        plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
        // Events for other systems cost it nothing (OPS-13).
        let keys = serde_json::json!({ "url": "https://hooks.invalid/", "secret": SECRET });
        plan.business.webhooks = Some(serde_json::from_value(keys).unwrap());
    })
    .await;
    // A person who has called before: the read includes a lead.
    let (services, person) = (world.app.services(), number(99));
    let (id, now) = (LeadId(services.new_id()), services.clock.wall());
    let (caller, before) =
        (Caller::Known(&person), CallSid::parse(&CALL.replace('7', "6")).unwrap());
    let db = &services.database;
    leads::ensure_for_call(db, world.business_id, caller, &before, id, now).await.unwrap();

    let free = (Ipv4Addr::LOCALHOST, 0).into();
    let listener = Listener::bind(&Network::Tcp, "server.listen", free).await.unwrap();
    let base = format!("http://{}", listener.address());
    let (side, seen) = watched(&world, PublicUrl::parse(&base).unwrap());
    let (side, stop) = (Arc::new(side), CancellationToken::new());
    let answer = move |request| serve(Arc::clone(&side), request);
    let serving = tokio::spawn(listener.serve(answer, TaskTracker::new(), stop.clone()));

    // While another connection holds the write lock, an answer that waits for a write would not come.
    let elsewhere =
        Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let writing = elsewhere.connection().begin_with_options(immediate).await.unwrap();
    let form = call_form(&world, CALL, "ringing");
    let url = format!("{base}/twilio/voice");
    let http = http_client(&world);
    let request = http.post(&url).form(&form);
    let sent = request.header("x-twilio-signature", &signature(&url, &form)).send();
    let twiml = within("the answer", sent).await.unwrap().text();
    let call = CallSid::parse(CALL).unwrap();
    let row = entities::calls::get(db, world.business_id, &call).await.unwrap();
    let statements = seen.lock().unwrap().clone();
    writing.rollback().await.unwrap();

    assert!(twiml.contains("<Connect><Stream "), "{twiml}");
    assert_eq!(row, None, "the call's row is written after the answer");
    assert_eq!(statements.len(), 1, "{statements:#?}");
    assert!(statements[0].starts_with("SELECT "), "{statements:#?}");
    nothing_left(&world).await;
    stop.cancel();
    within("the end of the listener", serving).await.unwrap();
    elsewhere.close().await.unwrap();
    world.close().await;
}
