//! The daemon's process is killed with -9 while its receiver takes nothing, and started again.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use entities::leads::{Caller, ensure_for_call};
use entities::{Database, OpenMode, PoolSettings};
use frontdesk::app::business;
use frontdesk::network::Network;
use frontdesk::platform::Platform;
use frontdesk::receiver::Reply;
use frontdesk::world::Plan;
use http::StatusCode;
use protocol::ids::{BusinessId, CallSid, LeadId};

use super::Hooks;
use crate::booking::Schema;
use crate::support::{number, pause, within};

/// A daemon. It is killed when the test ends.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn start(address: SocketAddr, folder: &tempfile::TempDir, url: &str) -> Daemon {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.arg("serve").current_dir(folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::inherit()).env("RUST_LOG", "off");
    for (key, value) in [
        ("SERVER__LISTEN", address.to_string()),
        ("SERVER__PUBLIC_URL", format!("http://{address}")),
        ("SERVER__ALLOW_PRIVATE_WEBHOOKS", "true".to_owned()),
        ("DATABASE__URL", url.to_owned()),
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

/// The daemon is killed twice while it sends, and started again.
async fn sends_each_event(folder: &tempfile::TempDir, url: &str) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hooks = Hooks::open(&Network::Tcp).await;
    let database = Database::connect(url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
    let mut settings = Plan::locksmith().unwrap().business;
    settings.webhooks = Some(hooks.settings());
    let platform = Platform::live();
    let now = platform.clock.wall();
    let new_id = || platform.chance.new_id(now);
    let imported = business::import(&database, &settings, BusinessId(new_id()), now).await.unwrap();
    for (n, reply) in [(1, Reply::Status(StatusCode::SERVICE_UNAVAILABLE)), (2, Reply::Hang)] {
        hooks.answer(reply);
        let phone = number(n);
        let call = CallSid::parse(&format!("CA{n:032x}")).unwrap();
        let (caller, id) = (Caller::Known(&phone), LeadId(new_id()));
        ensure_for_call(&database, imported.id, caller, &call, id, now).await.unwrap();
        let daemon = start(address, folder, url).await;
        let tried = async {
            let filter = entities::outbox::OutboxFilter::default();
            loop {
                let events = entities::outbox::list(&database, imported.id, filter, None, 9).await;
                if events.unwrap().items.iter().any(|event| event.tries > 0) {
                    return;
                }
                pause().await;
            }
        };
        within("the first try", tried).await;
        drop(daemon);
    }
    assert_eq!(hooks.taken().len(), 0);
    hooks.answer(Reply::Status(StatusCode::NO_CONTENT));
    let _last = start(address, folder, url).await;
    let both = async {
        while hooks.taken().len() < 2 {
            pause().await;
        }
    };
    within("both events", both).await;
    assert_eq!(hooks.kinds(), ["lead.created"; 2]);
    let ids: std::collections::BTreeSet<_> =
        hooks.taken().into_iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_13_a_process_killed_while_its_receiver_takes_nothing_sends_each_event_after_its_restart()
 {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("frontdesk.db").display());
    sends_each_event(&folder, &url).await;
}

/// Nobody else tells that the process has died: its successor does not wait for the end of its claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_13_on_postgres_a_process_killed_while_it_sends_sends_each_event_soon_after_its_restart()
 {
    let Some(schema) = Schema::new().await else { return };
    let folder = tempfile::tempdir().unwrap();
    sends_each_event(&folder, &schema.url).await;
    schema.drop().await;
}
