//! Makes the story's troubles happen. Each ends by itself.

use std::sync::Arc;
use std::time::Duration;

use entities::{DatabaseFault, FaultExtent};
use practice::twilio::CallerHandle;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use super::site::Site;
use crate::chaos::operator;
use crate::chaos::story::{Fault, LinkTrouble, Moment, Peer, Scenes, Trouble};
use crate::network::memory::{Conditions, Dials, Flow, Route};

/// Waits for the trouble's moment, and lets it happen until it is over. A crash at a trace point is the
/// observer's.
pub(super) async fn happen(
    site: Arc<Site>,
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
    let sid = |call: usize| of(call).map(|call| call.call_sid().clone());
    match trouble.what {
        Fault::Crash => {}
        Fault::Network { to, trouble, lasts } => {
            misbehave(&routes(&site, to), trouble, lasts).await;
        }
        Fault::Sessions(fault) => with_model(&site, |faults| faults.fail_links(fault)),
        Fault::Refused { refusal, times } => {
            with_model(&site, |faults| faults.refuse_next(refusal, times));
        }
        Fault::NextResponse(fault) => with_model(&site, |faults| faults.fault_next_response(fault)),
        Fault::SessionsExpire => with_model(&site, practice::openai::Faults::expire),
        Fault::Rest { kind, fault, times } => site.outside.carrier.plan_fault(kind, fault, times),
        Fault::Text(fault) => {
            if let Some(model) = site.outside.provider.text_server() {
                model.faults().next([fault]);
            }
        }
        Fault::Undelivered(code) => site.outside.carrier.fail_next_delivery(code),
        Fault::Callbacks(delivery) => site.outside.carrier.set_delivery(delivery),
        Fault::CutOff { lasts } => {
            site.outside.carrier.set_cut_off(true);
            sleep(lasts).await;
            site.outside.carrier.set_cut_off(false);
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
        Fault::Database { fault, lasts } => disturb(&site, fault, lasts).await,
        Fault::WebhookAgain { call, times } => {
            if let Some(call) = of(call) {
                call.replay_webhook(times).await;
            }
        }
        Fault::OperatorHangsUp { call, daemon } => {
            let Some(call) = sid(call) else { return };
            site.operator_asks(daemon, &operator::hang_up_of(&call), &Value::Null).await;
        }
        Fault::NodeDies { node, back_after } => {
            if let Some(node) = site.find(node, sid).await {
                site.kill(node, back_after).await;
            }
        }
        Fault::NodeCutOff { node, lasts } => {
            if let Some(node) = site.find(node, sid).await {
                site.cut_off(node, lasts).await;
            }
        }
        Fault::NodeDrains { node, back_after } => {
            if let Some(node) = site.find(node, sid).await {
                site.drain(node, back_after).await;
            }
        }
    }
}

/// The first can be a line of the transcript, which is written beside an appointment.
const COMMITS_LOST: u32 = 2;

/// The database is one for all daemons.
async fn disturb(site: &Site, fault: DatabaseFault, lasts: Duration) {
    let all = site.running();
    let begin = |extent| all.iter().for_each(|daemon| daemon.disturb(fault, extent));
    match fault {
        DatabaseFault::CommitLost => begin(FaultExtent::Next(COMMITS_LOST)),
        DatabaseFault::Slow(_)
        | DatabaseFault::Locked
        | DatabaseFault::Gone
        | DatabaseFault::Full => {
            begin(FaultExtent::Lasting);
            sleep(lasts).await;
            all.iter().for_each(|daemon| daemon.heal(fault));
        }
    }
}

async fn misbehave(routes: &[Route], trouble: LinkTrouble, lasts: Duration) {
    let passing = Conditions::default();
    let conditions = match trouble {
        LinkTrouble::Delay(delay) => Conditions { delay, ..passing },
        LinkTrouble::Stall => Conditions { flow: Flow::Stalled, ..passing },
        LinkTrouble::BlackHole => Conditions { flow: Flow::BlackHole, ..passing },
        LinkTrouble::Reset => {
            for route in routes {
                route.set_dials(Dials { refused: true, ..Dials::default() });
                route.reset();
            }
            sleep(lasts).await;
            return routes.iter().for_each(|route| route.set_dials(Dials::default()));
        }
    };
    for route in routes {
        route.set_open(conditions);
        route.set_new(conditions);
    }
    sleep(lasts).await;
    for route in routes {
        route.set_new(passing);
        route.set_open(passing);
    }
}

fn with_model(site: &Site, change: impl FnOnce(&practice::openai::Faults)) {
    if let Some(server) = site.outside.openai() {
        change(&server.faults());
    }
}

fn routes(site: &Site, to: Peer) -> Vec<Route> {
    let one = match to {
        Peer::Daemon => return site.routes_in(),
        Peer::OpenAi => site.outside.openai().and_then(practice::openai::Server::address),
        Peer::TwilioApi => Some(site.outside.carrier.api_address()),
    };
    one.map(|address| site.network.route(address)).into_iter().collect()
}
