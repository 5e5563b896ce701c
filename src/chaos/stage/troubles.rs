//! Makes the story's troubles happen. Each ends by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use entities::{DatabaseFault, FaultExtent};
use practice::twilio::CallerHandle;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::chaos::story::{Fault, LinkTrouble, Moment, Peer, Scenes, Trouble};
use crate::network::Network;
use crate::network::memory::{Conditions, Dials, Flow, Route};
use crate::world::World;

/// Waits for the trouble's moment, and lets it happen until it is over. A crash at a trace point is the
/// observer's.
pub(super) async fn happen(
    world: Arc<World>,
    network: Network,
    trouble: Trouble,
    (dialled, mut scenes): (watch::Receiver<Vec<Option<CallerHandle>>>, watch::Receiver<Scenes>),
) {
    match trouble.at {
        Moment::At(at) => sleep(at).await,
        Moment::Scene { call, scene, plus } => {
            let begins = |scenes: &Scenes| scenes.began.contains_key(&(call, scene));
            let seen = scenes.wait_for(|scenes| scenes.are_over || begins(scenes)).await;
            if !seen.is_ok_and(|scenes| begins(&scenes)) {
                return;
            }
            sleep(plus).await;
        }
        Moment::TracePoint { .. } | Moment::Published { .. } | Moment::Ordered { .. } => return,
    }
    let of = |call: usize| dialled.borrow().get(call).cloned().flatten();
    match trouble.what {
        Fault::Crash => {}
        Fault::Network { to, trouble, lasts } => {
            if let Some(route) = route(&world, &network, to) {
                misbehave(&route, trouble, lasts).await;
            }
        }
        Fault::Sessions(fault) => with_model(&world, |faults| faults.fail_links(fault)),
        Fault::Refused { refusal, times } => {
            with_model(&world, |faults| faults.refuse_next(refusal, times));
        }
        Fault::NextResponse(fault) => {
            with_model(&world, |faults| faults.fault_next_response(fault))
        }
        Fault::SessionsExpire => with_model(&world, practice::openai::Faults::expire),
        Fault::Rest { kind, fault, times } => world.carrier.plan_fault(kind, fault, times),
        Fault::Callbacks(delivery) => world.carrier.set_delivery(delivery),
        Fault::CutOff { lasts } => {
            world.carrier.set_cut_off(true);
            sleep(lasts).await;
            world.carrier.set_cut_off(false);
        }
        Fault::MediaSocketCut { call } => {
            // Without an open socket there is nothing to cut.
            let _ = of(call).map(|call| call.cut_socket());
        }
        Fault::MediaSocketStalls { call, lasts } => {
            let Some(call) = of(call) else { return };
            if call.stall_reader(true).is_ok() {
                sleep(lasts).await;
                let _ = call.stall_reader(false);
            }
        }
        Fault::Database { fault, lasts } => disturb(&world, fault, lasts).await,
        Fault::WebhookAgain { call, times } => {
            if let Some(call) = of(call) {
                call.replay_webhook(times).await;
            }
        }
    }
}

/// The first can be a line of the transcript, which is written beside an appointment.
const COMMITS_LOST: u32 = 2;

async fn disturb(world: &World, fault: DatabaseFault, lasts: Duration) {
    let Some(faults) = world.app.services().database.faults() else { return };
    match fault {
        DatabaseFault::CommitLost => faults.set(fault, FaultExtent::Next(COMMITS_LOST)),
        DatabaseFault::Slow(_)
        | DatabaseFault::Locked
        | DatabaseFault::Gone
        | DatabaseFault::Full => {
            faults.set(fault, FaultExtent::Lasting);
            sleep(lasts).await;
            faults.end(fault);
        }
    }
}

async fn misbehave(route: &Route, trouble: LinkTrouble, lasts: Duration) {
    let passing = Conditions::default();
    let conditions = match trouble {
        LinkTrouble::Delay(delay) => Conditions { delay, ..passing },
        LinkTrouble::Stall => Conditions { flow: Flow::Stalled, ..passing },
        LinkTrouble::BlackHole => Conditions { flow: Flow::BlackHole, ..passing },
        LinkTrouble::Reset => {
            route.set_dials(Dials { refused: true, ..Dials::default() });
            route.reset();
            sleep(lasts).await;
            return route.set_dials(Dials::default());
        }
    };
    route.set_open(conditions);
    route.set_new(conditions);
    sleep(lasts).await;
    route.set_new(passing);
    route.set_open(passing);
}

fn with_model(world: &World, change: impl FnOnce(&practice::openai::Faults)) {
    if let Some(server) = world.openai() {
        change(&server.faults());
    }
}

fn route(world: &World, network: &Network, to: Peer) -> Option<Route> {
    let Network::Memory(network) = network else { return None };
    Some(network.route(address(world, to)?))
}

fn address(world: &World, peer: Peer) -> Option<SocketAddr> {
    match peer {
        Peer::OpenAi => world.openai()?.address(),
        Peer::TwilioApi => Some(world.carrier.api_address()),
        Peer::Daemon => Some(world.app.twilio_address()),
    }
}
