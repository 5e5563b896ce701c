use actors::clock::Clock;

use super::*;
use crate::config::DatabaseUrl;
use crate::database::DatabaseMode;
use crate::network::memory::MemoryNetwork;

#[tokio::test(start_paused = true)]
async fn res_8_a_call_over_a_network_in_memory_hears_the_greeting_and_leaves_no_connection_open() {
    let network = MemoryNetwork::default();
    let mut plan = Plan::locksmith().unwrap();
    plan.config.database.url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    plan.platform.clock = Clock::starting_at("2026-11-23T08:00:00Z".parse().unwrap());
    plan.platform.database = DatabaseMode::Simulated;
    plan.platform.network = Network::Memory(network.clone());
    let world = World::open(plan).await.unwrap();
    let caller = world.dial(&PhoneNumber::parse("+972501000001").unwrap());
    caller.hears_audio().await.unwrap();
    // The media socket and the session.
    assert_eq!(network.open_connections(), 2);
    caller.hang_up();
    let outcome = caller.ended().await;
    assert_eq!(outcome.view.violations, []);
    world.close().await;
    // The provider's tasks are aborted, not awaited.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(network.open_connections(), 0);
}
