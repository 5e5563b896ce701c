//! Draws what ends calls that would end otherwise: an operator, the longest duration, a person, an answering machine,
//! a caller who wants nothing, phrases, a part that keeps crashing, a daemon that is full.

use std::time::Duration;

use actors::introspection::ActorKind;
use practice::twilio::{LineQuality, Pickup};

use super::callers::{Called, asks_for_a_person, callee_number, declines};
use super::chance::Chance;
use crate::chaos::story::{Caller, Fault, Finally, Moment, Scene, Story, Trouble};

/// In so many runs of a hundred there is one of them.
const DRAWN: u64 = 40;
/// How often an actor crashes that keeps crashing, and after how many trace points again. A daemon gives up
/// before.
const CRASHES: u32 = 12;
const POINTS_APART: u32 = 3;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Operator,
    Longest,
    Phrases,
    Declines,
    Person,
    Placed,
    KeepsCrashing,
    Full,
}

const KINDS: [(u64, Kind); 8] = [
    (18, Kind::Operator),
    (12, Kind::Longest),
    (12, Kind::Phrases),
    (10, Kind::Declines),
    (16, Kind::Person),
    (14, Kind::Placed),
    (8, Kind::KeepsCrashing),
    (10, Kind::Full),
];

pub(super) fn draw(chance: &mut Chance, story: &mut Story, businesses: &[Called]) {
    if !chance.percent(DRAWN) {
        return;
    }
    let call = chance.index(story.callers.len());
    match chance.weighted(&KINDS) {
        Kind::Operator => {
            let at = moment(chance, call, &story.callers);
            let what = Fault::OperatorHangsUp { call, daemon: chance.index(4) };
            story.troubles.push(Trouble { at, what });
        }
        Kind::Longest => story.setting.max_duration = Some(chance.ms(25_000, 60_000)),
        Kind::Phrases => story.setting.phrases_decide = true,
        Kind::Declines => {
            let caller = &mut story.callers[call];
            caller.acts = declines(chance, businesses[caller.business]);
            caller.then = Finally::WaitsForTheEnd;
        }
        Kind::Person => {
            let Some(business) = businesses.iter().position(|it| it.transfers) else { return };
            let caller = &mut story.callers[call];
            caller.business = business;
            caller.acts = asks_for_a_person(chance, businesses[business]);
            caller.then = Finally::WaitsForTheEnd;
            let talks = chance.ms(200, 30_000);
            let person = Pickup::Person { talks };
            story.setting.person =
                chance.one_of(&[person, person, person, Pickup::Busy, Pickup::NoAnswer]);
        }
        Kind::Placed => {
            let Some(business) = businesses.iter().position(|it| it.detects_machines) else {
                return;
            };
            let machine = Pickup::Machine;
            let person = Pickup::Person { talks: Duration::ZERO };
            let answers = chance.one_of(&[machine, machine, machine, person, Pickup::Busy]);
            let caller = &mut story.callers[call];
            (caller.business, caller.number) = (business, callee_number(call));
            (caller.answers, caller.line) = (Some(answers), LineQuality::default());
            if answers == machine {
                caller.acts.clear();
                caller.then = Finally::WaitsForTheEnd;
            }
        }
        Kind::KeepsCrashing => {
            let kind = chance.one_of(&[ActorKind::TwilioIo, ActorKind::Realtime]);
            let first = u32::try_from(chance.from(20, 200)).unwrap_or(20);
            let at = |nth| Moment::TracePoint { call, kind, nth: first + nth * POINTS_APART };
            let crashes = (0..CRASHES).map(|nth| Trouble { at: at(nth), what: Fault::Crash });
            story.troubles.extend(crashes);
        }
        Kind::Full => {
            story.setting.max_calls = Some(1);
            let first = story.callers[0].dials_at;
            for (place, caller) in (0..).zip(&mut story.callers) {
                caller.dials_at = first + Duration::from_millis(700) * place;
            }
        }
    }
}

fn moment(chance: &mut Chance, call: usize, callers: &[Caller]) -> Moment {
    const SCENES: [Scene; 5] =
        [Scene::Greeting, Scene::Turn, Scene::Interruption, Scene::Booking, Scene::Closing];
    if chance.percent(70) {
        let (scene, plus) = (chance.one_of(&SCENES), chance.ms(0, 4_000));
        return Moment::Scene { call, scene, plus };
    }
    Moment::At(callers[call].dials_at + chance.ms(0, 30_000))
}
