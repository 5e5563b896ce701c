//! PostgreSQL that is locked, slow or shared: webhooks are answered, work ends by itself, and daemons
//! know of each other (CAL-8, OPS-11).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use entities::leads::LeadFilter;
use entities::{RecordsError, Trouble, appointments, leads};
use frontdesk::world::World;
use http::StatusCode;
use migration::presence::{Presence, PresenceError};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::api::operator::TOKEN;
use crate::booking::{Schema, lead, world_on};
use crate::support::{call_form, http_client, pause, post_as_twilio, within};

const CALL: &str = "CA00000000000000000000000000000007";
const NEXT_CALL: &str = "CA00000000000000000000000000000008";

/// Locks a table against everything, for as long as the transaction lives.
async fn lock(schema: &Schema, table: &str) -> DatabaseTransaction {
    let transaction = schema.admin.connection().begin().await.unwrap();
    let sql = format!(
        "SET LOCAL idle_in_transaction_session_timeout = 0; \
         LOCK TABLE {}.{table} IN ACCESS EXCLUSIVE MODE",
        schema.name
    );
    transaction.execute_unprepared(&sql).await.unwrap();
    transaction
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_1_a_webhook_is_answered_with_the_apology_while_the_businesses_are_locked() {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let locked = lock(&schema, "businesses").await;
    let form = call_form(&world, CALL, "ringing");
    // More than there are connections.
    for _ in 0..3 {
        let answers = (0..5).map(|_| post_as_twilio(&world, "/twilio/voice", &form));
        for answer in within("the answers", futures_util::future::join_all(answers)).await {
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.text().contains("<Say"), "{}", answer.text());
        }
    }
    locked.rollback().await.unwrap();
    // The caller who heard the apology rings again: that call is over.
    connects(&world, &call_form(&world, NEXT_CALL, "ringing")).await;
    world.close().await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_1_calls_are_answered_while_everybody_waits_for_the_appointments() {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let locked = lock(&schema, "appointments").await;
    let (db, business) = (world.app.services().database.clone(), world.business_id);
    let mut waiting = JoinSet::new();
    for _ in 0..10 {
        let db = db.clone();
        waiting.spawn(async move {
            let now = jiff::Timestamp::UNIX_EPOCH;
            appointments::between(&db, business, now, now).await
        });
    }
    sleep(Duration::from_millis(200)).await;
    // The webhook reads appointments too, so its caller hears the apology; others are not held up.
    let form = call_form(&world, CALL, "ringing");
    let answer = post_as_twilio(&world, "/twilio/voice", &form).await;
    assert!(answer.text().contains("<Say"), "{}", answer.text());
    for waited in within("the end of those who wait", waiting.join_all()).await {
        let error = waited.unwrap_err().to_string();
        assert!(error.contains("lock timeout"), "{error}");
    }
    leads::list(&db, business, LeadFilter::default(), None, 10).await.unwrap();
    locked.rollback().await.unwrap();
    // The caller who heard the apology rings again: that call is over.
    connects(&world, &call_form(&world, NEXT_CALL, "ringing")).await;
    world.close().await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_9_readyz_says_that_the_tables_of_calls_are_locked_and_when_they_are_free_again() {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let url = format!("http://{}/readyz", world.app.twilio_address());
    let now = || world.app.services().clock.now();
    let ready = async || {
        let (asked, answer) = (now(), http_client(&world).get(&url).send().await);
        assert!(now() - asked < Duration::from_millis(3500), "{:?}", now() - asked);
        answer.unwrap().text()
    };
    for (table, why) in [
        ("businesses", "database_unreachable"),
        ("leads", "database_unreachable"),
        ("early_statuses", "database_unreachable"),
        ("call_turns", "database_busy"),
    ] {
        let locked = lock(&schema, table).await;
        let begin = now();
        while !ready().await.contains(why) {
            assert!(now() - begin < Duration::from_secs(9), "{table}: {}", ready().await);
            pause().await;
        }
        locked.rollback().await.unwrap();
        let freed = now();
        while !ready().await.contains("true") {
            pause().await;
        }
        assert!(now() - freed < Duration::from_secs(2), "{table}: {:?}", now() - freed);
    }
    world.close().await;
    schema.drop().await;
}

/// Waits until the voice webhook connects a stream.
async fn connects(world: &World, form: &[(String, String)]) {
    let connected = async {
        while !post_as_twilio(world, "/twilio/voice", form).await.text().contains("<Connect>") {
            pause().await;
        }
    };
    within("a stream", connected).await;
}

/// Passes bytes on to `server`, its answers half a second late.
async fn slow_proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 16 * 1024];
                while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                    sleep(Duration::from_millis(500)).await;
                    if to_client.write_all(&bytes[..length]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_8_clients_that_go_away_leave_no_transaction_and_no_broken_connection() {
    let Some(schema) = Schema::new().await else { return };
    let (user, server, path) = parts(&schema.url).await;
    let proxy = slow_proxy(server).await;
    let name = &schema.name;
    let far = format!("postgres://{user}@{proxy}/{path}&application_name={name}");
    let world = world_on(&far).await;
    let lead = lead(&world, world.business_id, 1).await;
    let slug = world.business.slug.clone();
    let address = world.app.admin_address().unwrap();
    let url = format!("http://{address}/api/leads/{}?business={slug}", lead.0);
    let patch = async |name: String| {
        let (client, body) = (http_client(&world), json!({ "full_name": name }));
        let request = client.request(http::Method::PATCH, &url).bearer_auth(TOKEN).json(&body);
        request.send().await.unwrap()
    };
    let going = (0..50_u64)
        .map(|n| timeout(Duration::from_millis(200 + n * 56), patch(format!("name {n}"))));
    for answer in futures_util::future::join_all(going).await.into_iter().flatten() {
        assert!(!answer.text().contains("25P02"), "{}", answer.text());
    }
    let answered = async {
        loop {
            let answer = patch("the last".to_owned()).await;
            assert!(!answer.text().contains("25P02"), "{}", answer.text());
            if answer.status == StatusCode::OK {
                return;
            }
        }
    };
    within("an answer", answered).await;
    let idle = async {
        while connections_that_are(&schema, "idle in transaction%").await > 0 {
            pause().await;
        }
    };
    // Units of work that still run hold transactions, and end them.
    within("the end of every transaction", idle).await;
    world.close().await;
    schema.drop().await;
}

/// Passes bytes on to `server`. Connections that exist when it is told so are silent from then on: nothing
/// comes, and nothing ends.
async fn muting_proxy(server: SocketAddr) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let muted = Arc::new(AtomicU64::new(0));
    let epoch = Arc::clone(&muted);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, made) = (TcpStream::connect(server).await.unwrap(), epoch.load(SeqCst));
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            for (mut from, mut to) in [(from_client, to_server), (from_server, to_client)] {
                let epoch = Arc::clone(&epoch);
                tokio::spawn(async move {
                    let mut bytes = vec![0; 16 * 1024];
                    while let Ok(length @ 1..) = from.read(&mut bytes).await {
                        if epoch.load(SeqCst) == made
                            && to.write_all(&bytes[..length]).await.is_err()
                        {
                            break;
                        }
                    }
                });
            }
        }
    });
    (address, muted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_8_connections_that_fall_silent_are_dropped_and_new_ones_are_made() {
    let Some(schema) = Schema::new().await else { return };
    let (user, server, path) = parts(&schema.url).await;
    let (proxy, muted) = muting_proxy(server).await;
    let url = format!("postgres://{user}@{proxy}/{path}&application_name={}", schema.name);
    let world = world_on(&url).await;
    let (db, business) = (world.app.services().database.clone(), world.business_id);
    // As many as may work at once.
    let mut sleeping = JoinSet::new();
    for _ in 0..8 {
        let (db, sleep) = (db.clone(), "SELECT pg_sleep(10)");
        let work = async move |db: DatabaseConnection| db.execute_unprepared(sleep).await;
        sleeping.spawn(async move { db.read(work).await.map_err(RecordsError::from) });
    }
    let at_work = async {
        while connections_that_are(&schema, "active").await < 8 {
            pause().await;
        }
    };
    within("all of them", at_work).await;
    muted.fetch_add(1, SeqCst);
    for refused in within("the end of those who wait", sleeping.join_all()).await {
        assert_eq!(refused.unwrap_err().trouble(), Some(Trouble::Away));
    }
    let answered = async {
        while leads::list(&db, business, LeadFilter::default(), None, 10).await.is_err() {
            pause().await;
        }
    };
    within("an answer on a new connection", answered).await;
    world.close().await;
    schema.drop().await;
}

/// The user, the address and the rest of a URL of PostgreSQL.
async fn parts(url: &str) -> (String, SocketAddr, String) {
    let (_, rest) = url.split_once("//").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let (user, server) = authority.split_once('@').unwrap();
    let server = tokio::net::lookup_host(server).await.unwrap().next().unwrap();
    (user.to_owned(), server, path.to_owned())
}

/// How many of the schema's connections are in this state.
async fn connections_that_are(schema: &Schema, state: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state LIKE $2";
    let values = [schema.name.clone().into(), state.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let found = schema.admin.connection().query_one_raw(statement).await;
    found.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_11_daemons_share_postgresql_and_nobody_takes_it_apart_under_them() {
    let Some(schema) = Schema::new().await else { return };
    let first = world_on(&schema.url).await;
    let second = Presence::of_daemon(&schema.url).await.unwrap();
    let alone = async || Presence::alone(&schema.url).await;
    assert!(matches!(alone().await, Err(PresenceError::Taken)));
    first.close().await;
    assert!(matches!(alone().await, Err(PresenceError::Taken)), "one is left");
    drop(second);
    let free = async {
        loop {
            if let Ok(alone) = alone().await {
                return alone;
            }
            pause().await;
        }
    };
    let alone = within("nobody", free).await;
    assert!(matches!(Presence::of_daemon(&schema.url).await, Err(PresenceError::Taken)));
    // Another schema is another database.
    let other = Schema::new().await.unwrap();
    Presence::of_daemon(&other.url).await.unwrap();
    drop(alone);
    other.drop().await;
    schema.drop().await;
}

/// The URL with a name by which [`terminate`] finds its connections.
fn named(schema: &Schema, who: &str) -> String {
    format!("{}&application_name={who}_{}", schema.url, schema.name)
}

/// Ends the connections of those who are called so, as a restart of the server does. Returns how many.
async fn terminate(schema: &Schema, who: &str) -> i64 {
    let sql = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid, 5000) \
               FROM pg_stat_activity WHERE application_name = $1) AS ended";
    let values = [format!("{who}_{}", schema.name).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let found = schema.admin.connection().query_one_raw(statement).await;
    found.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_11_daemons_whose_locks_were_lost_are_noticed_and_take_them_again() {
    let Some(schema) = Schema::new().await else { return };
    let url = named(&schema, "daemon");
    let first = Presence::of_daemon(&url).await.unwrap();
    let second = Presence::of_daemon(&url).await.unwrap();
    for round in 0..2 {
        assert_eq!(terminate(&schema, "daemon").await, 2, "round {round}");
        let refused = Presence::alone(&schema.url).await;
        assert!(matches!(refused, Err(PresenceError::Taken)), "{refused:?}");
    }
    // One of them is enough.
    drop(first);
    terminate(&schema, "daemon").await;
    let refused = Presence::alone(&schema.url).await;
    assert!(matches!(refused, Err(PresenceError::Taken)), "{refused:?}");
    drop(second);
    within("nobody", async { while Presence::alone(&schema.url).await.is_err() {} }).await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_11_nobody_is_alone_whose_own_lock_was_lost_meanwhile() {
    let Some(schema) = Schema::new().await else { return };
    let url = named(&schema, "command");
    let alone = tokio::spawn(async move { Presence::alone(&url).await });
    within("the command's lock", async { while terminate(&schema, "command").await == 0 {} }).await;
    assert!(matches!(alone.await.unwrap(), Err(PresenceError::Database(_))));
    schema.drop().await;
}
