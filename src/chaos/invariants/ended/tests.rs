//! A run that holds, and runs with one thing wrong each.

mod ending;
mod fixture;
mod greeting;
mod providers;
mod rows;
mod tenures;
mod written;

use actors::introspection::ActorKind;
use practice::openai::LinkFault;

use super::*;
use crate::chaos::story::{Fault, Moment, Trouble};
use fixture::*;

type Change = fn(&mut Ended);

/// The invariants that are broken after a change of what holds.
fn broken_by(change: Change, story: &Story) -> Vec<u8> {
    let mut ended = ended();
    change(&mut ended);
    let mut numbers: Vec<_> =
        check(story, &ended).into_iter().map(|broken| broken.invariant.0).collect();
    numbers.dedup();
    numbers
}

/// Each change breaks this invariant alone.
fn each_breaks(invariant: u8, changes: &[(&str, Change)]) {
    assert_eq!(check(&story(), &ended()), [], "as it is, it holds");
    for (what, change) in changes {
        assert_eq!(broken_by(*change, &story()), [invariant], "{what}");
    }
}

/// The trouble excuses the change, and calm does not.
fn is_excused(what: Fault, change: Change) {
    assert!(!broken_by(change, &story()).is_empty(), "{what:?} is needed");
    let story = troubled(what);
    let broken = broken_by(change, &story);
    assert!(broken.is_empty(), "{broken:?}: {story:?}");
}

fn killed(kind: ActorKind) -> Story {
    let at = Moment::TracePoint { call: 0, kind, nth: 1 };
    Story { troubles: vec![Trouble { at, what: Fault::Crash }], ..story() }
}

fn at(from: f64, what: Fault) -> Trouble {
    Trouble { at: Moment::At(secs(from)), what }
}

fn record(ended: &mut Ended) -> &mut entities::calls::CallRecord {
    ended.calls[0].record.as_mut().unwrap()
}

fn end_reason(ended: &mut Ended, reason: &str, by: &str) {
    record(ended).end_reason = Some(reason.to_owned());
    record(ended).ended_by = Some(by.to_owned());
}

#[test]
fn invariant_9_what_is_left_is_detected() {
    each_breaks(
        9,
        &[
            ("an actor", |it| it.left.actors = 1),
            ("a connection", |it| it.connections = 1),
            ("a task", |it| it.tasks.after = tasks(10)),
            ("a session", |it| it.left.sessions = 1),
        ],
    );
    is_excused(Fault::Sessions(LinkFault::BlackHole), |it| {
        it.left.sessions = 1;
        it.left.requests = 1;
    });
    let story = troubled(Fault::Sessions(LinkFault::BlackHole));
    assert_eq!(broken_by(|it| it.left.actors = 1, &story), [9], "an actor is ours");
}
