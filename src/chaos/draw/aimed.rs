//! Draws troubles that meet something under way: a greeting, a booking, the end of a call, a command that is not
//! delivered yet. At any other moment most troubles find nothing to spoil.

use entities::DatabaseFault;
use practice::twilio::{RestFault, RestKind};

use super::chance::Chance;
use super::troubles::{link_fault, response};
use crate::chaos::story::{Fault, Moment, Order, Scene, Trouble};

/// How many of them one run has.
const COUNTS: [(u64, u64); 3] = [(25, 0), (45, 1), (30, 2)];
/// The most events of CallActor before it is killed. A call of a minute has about 200.
const EVENTS: u64 = 120;
/// In so many runs of a hundred CallActor is killed before it has delivered a command that matters.
const UNDELIVERED: u64 = 40;

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// What CallActor has published is delivered by its successor.
    Undelivered,
    Greeting,
    Interruption,
    Booking,
    Closing,
    HangUp,
}

const KINDS: [(u64, Kind); 6] = [
    (20, Kind::Undelivered),
    (15, Kind::Greeting),
    (8, Kind::Interruption),
    (20, Kind::Booking),
    (20, Kind::Closing),
    (17, Kind::HangUp),
];

pub(super) fn draw(chance: &mut Chance, calls: usize) -> Vec<Trouble> {
    let mut troubles: Vec<_> = (0..chance.weighted(&COUNTS))
        .map(|_| {
            let (kind, call) = (chance.weighted(&KINDS), chance.index(calls));
            trouble(chance, kind, call)
        })
        .collect();
    if chance.percent(UNDELIVERED) {
        troubles.push(undelivered(chance, calls));
    }
    troubles
}

fn undelivered(chance: &mut Chance, calls: usize) -> Trouble {
    let (call, order) = (chance.index(calls), chance.one_of(&Order::ALL));
    let most = match order {
        Order::Ask | Order::Record => 8,
        Order::ToolsDone | Order::UseCalendar | Order::UpdateLead => 2,
        Order::SetLeadStatus | Order::HangUp | Order::Apologise | Order::Finish => 1,
    };
    let nth = u32::try_from(chance.from(1, most)).unwrap_or(1);
    Trouble { at: Moment::Ordered { call, order, nth }, what: Fault::Crash }
}

fn trouble(chance: &mut Chance, kind: Kind, call: usize) -> Trouble {
    let (scene, plus, what) = match kind {
        Kind::Undelivered => {
            let nth = u32::try_from(chance.from(1, EVENTS)).unwrap_or(1);
            return Trouble { at: Moment::Published { call, nth }, what: Fault::Crash };
        }
        Kind::Greeting => {
            (Scene::Greeting, chance.ms(0, 2_500), Fault::Sessions(link_fault(chance)))
        }
        Kind::Interruption => {
            (Scene::Interruption, chance.ms(0, 800), Fault::NextResponse(response(chance)))
        }
        Kind::Booking => (Scene::Booking, chance.ms(0, 0), booking(chance)),
        Kind::Closing => (Scene::Closing, chance.ms(0, 3_000), Fault::Sessions(link_fault(chance))),
        Kind::HangUp => (Scene::Closing, chance.ms(0, 0), hang_up(chance)),
    };
    Trouble { at: Moment::Scene { call, scene, plus }, what }
}

fn booking(chance: &mut Chance) -> Fault {
    let lasts = chance.ms(100, 3_000);
    let faults = [DatabaseFault::CommitLost, DatabaseFault::CommitLost, DatabaseFault::Gone];
    Fault::Database { fault: chance.one_of(&faults), lasts }
}

fn hang_up(chance: &mut Chance) -> Fault {
    let fault = chance.one_of(&[
        RestFault::TooManyRequests,
        RestFault::ServerError,
        RestFault::AcceptedThenError,
        RestFault::AcceptedThenSilence,
        RestFault::AcceptedThenSilence,
    ]);
    Fault::Rest { kind: RestKind::HangUp, fault, times: 1 }
}
