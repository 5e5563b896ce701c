//! A world per test, and waiting with one generous limit.

use std::future::Future;
use std::time::Duration;

use frontdesk::config::DatabaseUrl;
use frontdesk::practice::world::{Plan, World};
use protocol::ids::PhoneNumber;

/// The limit of every wait: a test that hits it has failed, however slow the machine.
const LIMIT: Duration = Duration::from_secs(12);

/// A plan with a database of its own in memory.
pub(crate) fn plan() -> Plan {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer();
    // Another test of this process may have set it up.
    let _ = log.try_init();
    let mut plan = Plan::locksmith().unwrap();
    plan.config.database.url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    plan.config.admin.allow_actor_kill = true;
    plan
}

/// A world as planned.
pub(crate) async fn world(change: impl FnOnce(&mut Plan)) -> World {
    let mut plan = plan();
    change(&mut plan);
    World::open(plan).await.unwrap()
}

/// Waits for what must come.
pub(crate) async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, coming).await {
        Ok(came) => came,
        Err(_) => panic!("{what} did not come within {LIMIT:?}"),
    }
}

/// A caller's number.
pub(crate) fn number(last: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+97250{last:07}")).unwrap()
}
