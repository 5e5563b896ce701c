//! Nodes that are cut off, and nodes that die (RES-9). Real sockets, PostgreSQL and processes.

use std::net::SocketAddr;
use std::time::Duration;

use frontdesk::config::DatabaseUrl;
use frontdesk::world::World;
use tokio::time::sleep;

use super::{greeted, know_each_other};
use crate::booking::Schema;
use crate::front::Front;
use crate::support::{brief, ended_record, nothing_left, pause, plan, practice, within};

/// The user, the server and the rest of a URL.
async fn parts(url: &str) -> (String, SocketAddr, String) {
    let (_, rest) = url.split_once("//").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let (user, server) = authority.split_once('@').unwrap();
    let server = tokio::net::lookup_host(server).await.unwrap().next().unwrap();
    (user.to_owned(), server, path.to_owned())
}

/// A node whose way to the database can be cut.
async fn far(schema: &Schema) -> (World, Front, SocketAddr) {
    let (user, server, path) = parts(&schema.url).await;
    let front = Front::to(server).await;
    let url = format!("postgres://{user}@{}/{path}", front.address);
    let mut plan = plan();
    brief(&mut plan);
    plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
    (World::open(plan).await.unwrap(), front, server)
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let coming = async {
        while !is_so() {
            pause().await;
        }
    };
    within(what, coming).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn res_9_a_node_cut_off_from_the_database_for_30_s_goes_on_with_its_call_and_writes_later() {
    let Some(schema) = Schema::new().await else { return };
    let (one, front, server) = far(&schema).await;
    let mut other = plan();
    brief(&mut other);
    other.config.database.url = DatabaseUrl::parse(&schema.url).unwrap();
    let two = World::open(other).await.unwrap();
    know_each_other(&one, &two).await;
    let caller = greeted(&one).await;
    front.cut();
    let node = &one.app.services().node;
    within("words", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    until("the node to see that it is cut off", || !node.is_in_touch()).await;
    until("the other to count it as dead", || !two.app.services().node.is_alive(node.id())).await;
    sleep(Duration::from_secs(15)).await;
    within("words", caller.say("כן")).await.unwrap();
    within("the answer", caller.hears("כן")).await.unwrap();
    assert_eq!(practice(&one).log().look(|record| record.most_alive), 1);

    front.turn(server);
    until("the node to be in touch again", || node.is_in_touch()).await;
    // Nobody took the call.
    caller.hang_up();
    within("the end", caller.ended()).await;
    let record = ended_record(&one, &caller).await;
    assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
    let db = &two.app.services().database;
    let turns = entities::call_turns::of_call(db, one.business_id, caller.call_sid());
    let texts: Vec<_> = turns.await.unwrap().into_iter().filter_map(|turn| turn.text).collect();
    assert_eq!(texts, ["שלום", "בתל אביב", "בתל אביב", "כן", "כן"]);
    nothing_left(&one).await;
    two.close().await;
    one.close().await;
    schema.drop().await;
}
