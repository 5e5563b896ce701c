//! Draws what becomes of nodes, if a run has several.

use std::time::Duration;

use super::chance::Chance;
use crate::chaos::story::{Caller, Fault, Moment, Scene, Trouble, WhichNode};

/// How many of them one run has.
const COUNTS: [(u64, u64); 4] = [(10, 0), (40, 1), (30, 2), (20, 4)];
/// They come until so long after the call was dialled.
const LASTS: Duration = Duration::from_secs(40);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Dies,
    CutOff,
    Drains,
    /// A node is cut off, and a call of its is taken over.
    TakenOver,
}

const KINDS: [(u64, Kind); 4] =
    [(50, Kind::Dies), (15, Kind::CutOff), (15, Kind::Drains), (20, Kind::TakenOver)];

const SCENES: [Scene; 6] = [
    Scene::Greeting,
    Scene::Interruption,
    Scene::Booking,
    Scene::Closing,
    Scene::Closing,
    Scene::Turn,
];

/// Draws a moment in the middle of this call, most of the time.
pub(super) type DrawMoment = fn(&mut Chance, usize, &[Caller]) -> Moment;

pub(super) fn draw(
    chance: &mut Chance,
    nodes: usize,
    callers: &[Caller],
    moment: DrawMoment,
) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for _ in 0..chance.weighted(&COUNTS) {
        let (kind, call) = (chance.weighted(&KINDS), chance.index(callers.len()));
        let node = if chance.percent(70) {
            WhichNode::Of { call }
        } else {
            WhichNode::Nth(chance.index(nodes))
        };
        let at = moment(chance, call, callers);
        let mut add = |at, what| troubles.push(Trouble { at, what });
        match kind {
            Kind::Dies => {
                let back_after = chance.ms(500, 20_000);
                add(at, Fault::NodeDies { node, back_after });
            }
            Kind::CutOff => add(at, Fault::NodeCutOff { node, lasts: chance.ms(500, 40_000) }),
            Kind::Drains => {
                let back_after = chance.ms(500, 10_000);
                add(at, Fault::NodeDrains { node, back_after });
            }
            Kind::TakenOver => {
                let lasts = chance.ms(5_000, 40_000);
                add(at, Fault::NodeCutOff { node: WhichNode::Of { call }, lasts });
                let plus = chance.ms(0, 4_000);
                add(later(at, plus), Fault::MediaSocketCut { call });
            }
        }
    }
    troubles
}

pub(super) fn in_a_scene(chance: &mut Chance, call: usize, callers: &[Caller]) -> Moment {
    if chance.percent(70) {
        let (scene, plus) = (chance.one_of(&SCENES), chance.ms(0, 4_000));
        return Moment::Scene { call, scene, plus };
    }
    at_a_time(chance, call, callers)
}

pub(super) fn at_a_time(chance: &mut Chance, call: usize, callers: &[Caller]) -> Moment {
    let begins = callers[call].dials_at;
    Moment::At(begins + chance.ms(0, u64::try_from(LASTS.as_millis()).unwrap_or(0)))
}

fn later(at: Moment, by: Duration) -> Moment {
    match at {
        Moment::At(at) => Moment::At(at + by),
        Moment::Scene { call, scene, plus } => Moment::Scene { call, scene, plus: plus + by },
        Moment::TracePoint { .. } | Moment::Published { .. } | Moment::Ordered { .. } => at,
    }
}
