//! Walks the table of docs/response-gate.md: every event in every state. The words of a cell are
//! carried out on a copy of the gate, which must then equal the gate that was told of the event.
//! `rows` has the events.

mod rows;

use super::*;
use crate::response_gate::state::{Busy, Request};
use rows::{Event, Row};

const DOCUMENT: &str = include_str!("../../../../docs/response-gate.md");
const SOURCE: &str = include_str!("../../response_gate.rs");

type Reach = fn(Instant) -> ResponseGate;
type Act = fn(&mut ResponseGate, &Event, Instant);

/// The columns, and how a gate gets into each state.
const COLUMNS: [(&str, Reach); 5] = [
    ("Idle", idle),
    ("Requested", requested),
    ("Requested, to be cancelled", to_be_cancelled),
    ("Active", active),
    ("Cancelling", cancelling),
];

/// The words of a cell, and what each does to the gate.
const WORDS: [(&str, Act); 34] = [
    ("–", |_, _, _| {}),
    ("waits", |gate, event, _| gate.waiting.push(event.ask())),
    ("waits again", |gate, _, _| {
        let request = take_request(gate);
        gate.waiting.splice(0..0, request.asks);
    }),
    ("goes behind", |gate, _, _| {
        let State::Busy(ours) = std::mem::take(&mut gate.state) else { panic!("the gate is idle") };
        gate.behind = Some(ours);
    }),
    ("behind: waits again", |gate, _, _| {
        let behind = gate.behind.take().unwrap();
        gate.waiting.splice(0..0, behind.request.asks);
    }),
    ("behind: given up", |gate, _, _| gate.given_up.extend(gate.behind.clone())),
    ("behind: undecided", |gate, _, _| {
        let asks = &gate.behind.as_ref().unwrap().request.asks;
        gate.undecided.extend(asks.iter().map(|ask| (ask.number, ask.urgency())));
    }),
    ("behind: `Ended`", |gate, event, _| {
        let asks = gate.behind.take().unwrap().request.numbers();
        let outcome = event.outcome();
        gate.outputs.push_back(GateOutput::Ended { response: None, asks, outcome });
    }),
    ("behind: remembered", |gate, _, _| {
        let stage = Stage::Requested { cancel_when_created: true };
        gate.behind.as_mut().unwrap().stage = stage;
    }),
    ("behind → Requested", |gate, _, now| {
        let behind = gate.behind.take().unwrap();
        gate.state = State::Busy(Busy { heard_at: now, ..behind });
    }),
    ("fire", fire),
    ("`Covered`", |gate, event, _| {
        gate.outputs
            .push_back(GateOutput::Covered { ask: event.ask().number, response: resp("r0") });
    }),
    ("`Dropped`", |gate, event, _| {
        gate.outputs.push_back(GateOutput::Dropped(event.ask().number));
    }),
    ("noted", |gate, _, _| gate.turns.uncovered.push(item("u9"))),
    ("covers", covers),
    ("`Started` → Active", |gate, event, now| {
        let request = take_request(gate);
        start(gate, event.response(), request, now);
    }),
    ("given up", |gate, _, _| {
        let mut late = busy(gate).clone();
        if late.is_cancelled() {
            late.request.asks.clear();
        }
        gate.given_up.push_back(late);
    }),
    ("comes after all", |gate, _, _| {
        let late = gate.given_up.pop_back().unwrap();
        let asks = late.request.numbers();
        gate.waiting.retain(|ask| !asks.contains(&ask.number));
        gate.undecided.clear();
        gate.state = State::Busy(late);
    }),
    ("comes instead", |gate, _, _| {
        let late = gate.given_up.pop_back().unwrap();
        gate.behind = Some(std::mem::replace(busy(gate), late));
        gate.waiting.clear();
        gate.undecided.clear();
    }),
    ("another's → Active", |gate, event, now| {
        start(gate, event.response(), Request::default(), now);
    }),
    ("`Cancel` → Cancelling", |gate, _, now| {
        let response = gate.running().unwrap().clone();
        gate.outputs.push_back(GateOutput::Cancel(response.clone()));
        let busy = busy(gate);
        (busy.stage, busy.heard_at) = (Stage::Cancelling { response }, now);
    }),
    ("`Ended` → Idle", |gate, event, _| {
        let (response, outcome) = (gate.running().cloned(), event.outcome());
        let asks = take_request(gate).numbers();
        gate.outputs.push_back(GateOutput::Ended { response, asks, outcome });
    }),
    ("`Ended` as cancelled → Idle", |gate, _, _| {
        let response = gate.running().cloned();
        let (asks, outcome) = (take_request(gate).numbers(), Outcome::Cancelled);
        gate.outputs.push_back(GateOutput::Ended { response, asks, outcome });
    }),
    ("undecided", |gate, _, _| {
        let asks = &busy(gate).request.asks;
        let undecided: Vec<_> = asks.iter().map(|ask| (ask.number, ask.urgency())).collect();
        gate.undecided.extend(undecided);
    }),
    ("decided", |gate, _, _| gate.undecided.clear()),
    ("covers no more", |gate, event, _| {
        let covered = std::mem::take(&mut gate.turns.covered);
        let (seen, kept): (VecDeque<_>, _) =
            covered.into_iter().partition(|(_, by)| *by == event.response());
        gate.turns.covered = kept;
        gate.turns.uncovered.extend(seen.into_iter().map(|(turn, _)| turn));
    }),
    ("goes on", |gate, event, now| {
        let busy = busy(gate);
        busy.request.spoke |= matches!(event, Event::Progressed { audio: true });
        busy.heard_at = now;
    }),
    ("held", |gate, _, now| gate.held = Some(now)),
    ("hold ends", |gate, _, _| gate.held = None),
    ("remembered", |gate, _, _| {
        let Stage::Requested { cancel_when_created } = &mut busy(gate).stage else { panic!() };
        *cancel_when_created = true;
    }),
    ("answers wait", |gate, _, _| gate.tools_run = true),
    ("answers go", |gate, _, _| gate.tools_run = false),
    ("`Stalled`", |gate, _, _| {
        busy(gate).stalled = true;
        gate.outputs.push_back(GateOutput::Stalled);
    }),
    ("forgotten", |gate, event, _| {
        if let Event::Withdraw(ask) = event {
            gate.waiting.retain(|waiting| waiting.number != *ask);
        } else {
            let (last_request, held) = (gate.last_request, gate.held);
            *gate = ResponseGate { last_request, held, ..ResponseGate::default() };
        }
    }),
];

/// A gate whose response `r0` has answered the turn `u0`.
fn idle(now: Instant) -> ResponseGate {
    let mut gate = ResponseGate::default();
    gate.turn_committed(item("u0"));
    gate.trigger(answer(1, "u0"), now);
    gate.created(resp("r0"), None, now);
    gate.done(&resp("r0"), None, Outcome::Called, now);
    gate
}

fn requested(now: Instant) -> ResponseGate {
    let mut gate = idle(now);
    gate.turn_committed(item("u1"));
    gate.trigger(answer(2, "u1"), now);
    gate
}

/// Without its hold, which has rows of its own.
fn to_be_cancelled(now: Instant) -> ResponseGate {
    let mut gate = requested(now);
    gate.cancel(now);
    ResponseGate { held: None, ..gate }
}

fn active(now: Instant) -> ResponseGate {
    let mut gate = requested(now);
    gate.created(resp("r1"), Some(rows::OURS), now);
    gate
}

fn cancelling(now: Instant) -> ResponseGate {
    let mut gate = active(now);
    gate.cancel(now);
    ResponseGate { held: None, ..gate }
}

/// What is asked for or runs.
fn busy(gate: &mut ResponseGate) -> &mut Busy {
    let State::Busy(busy) = &mut gate.state else { panic!("the gate is idle") };
    busy
}

/// Takes what is asked for or runs. The gate is idle then.
fn take_request(gate: &mut ResponseGate) -> Request {
    let State::Busy(busy) = std::mem::take(&mut gate.state) else { panic!("the gate is idle") };
    busy.request
}

fn start(gate: &mut ResponseGate, response: ResponseId, request: Request, now: Instant) {
    let asks = request.numbers();
    gate.outputs.push_back(GateOutput::Started { response: response.clone(), asks });
    let stage = Stage::Active { response };
    gate.state = State::Busy(Busy { request, stage, heard_at: now, stalled: false });
}

/// The response sees every turn committed so far, and carries the asks about them.
fn covers(gate: &mut ResponseGate, event: &Event, _: Instant) {
    let State::Busy(busy) = &mut gate.state else { panic!("nothing was asked for") };
    let of_a_turn = |ask: &mut Ask| matches!(ask.want, Want::Answer(Reply::Turn(_)));
    busy.request.asks.extend(gate.waiting.extract_if(.., of_a_turn));
    let seen = gate.turns.uncovered.drain(..).map(|turn| (turn, event.response()));
    gate.turns.covered.extend(seen);
}

/// Everything that waits in these rows has one urgency. A cell that says `fire` must have something
/// that waits.
fn fire(gate: &mut ResponseGate, _: &Event, now: Instant) {
    assert!(!gate.waiting.is_empty(), "nothing waits that could be asked for");
    let asks = std::mem::take(&mut gate.waiting);
    let line = match &asks[0].want {
        Want::Line { text, wording, .. } => Some((text.clone(), wording.clone())),
        Want::Answer(_) => None,
    };
    let manner = asks[0].manner;
    gate.last_request += 1;
    let number = RequestNumber(gate.last_request);
    gate.outputs.push_back(GateOutput::Create { request: number, line, manner });
    let request = Request { number, asks, spoke: false };
    let stage = Stage::Requested { cancel_when_created: false };
    gate.state = State::Busy(Busy { request, stage, heard_at: now, stalled: false });
}

/// The lines of the table: the event's name, and a cell for each state.
fn documented() -> Vec<Vec<&'static str>> {
    let (_, section) = DOCUMENT.split_once("\n## The table\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    lines
        .filter(|line| !line.starts_with("---"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect()
}

/// Walks one cell. The error names the difference.
fn walk(row: &Row, event: &Event, column: usize, cell: &str) -> Result<(), String> {
    let (state, reach) = COLUMNS[column];
    let start = base();
    let mut gate = reach(start);
    (row.before)(&mut gate, start);
    drain(&mut gate);
    let mut expected = gate.clone();
    let now = start + row.after;
    event.tell(&mut gate, now);
    event.note(&mut expected);
    for word in cell.split("; ") {
        let Some((_, act)) = WORDS.iter().find(|(known, _)| *known == word) else {
            return Err(format!("{}, {state}: no such word: {word}", row.name));
        };
        act(&mut expected, event, now);
    }
    let (expected, gate) = (format!("{expected:#?}"), format!("{gate:#?}"));
    if expected == gate {
        return Ok(());
    }
    let differ = expected.lines().zip(gate.lines()).find(|(expected, gate)| expected != gate);
    Err(format!("{}, {state}: `{cell}` is not what {event:?} does: {differ:?}", row.name))
}

#[test]
fn pipe_3_every_event_in_every_state_does_what_the_documented_table_says() {
    let documented = documented();
    let rows = rows::rows();
    let mut wrong = Vec::new();
    for line in &documented[1..] {
        let Some(row) = rows.iter().find(|row| row.name == line[0]) else {
            wrong.push(format!("{} is documented and not walked", line[0]));
            continue;
        };
        assert_eq!(line.len(), COLUMNS.len() + 1, "{line:?}");
        for event in &row.events {
            for (column, cell) in line[1..].iter().enumerate() {
                wrong.extend(walk(row, event, column, cell).err());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pipe_3_the_documented_table_has_every_state_and_every_event_once() {
    let documented = documented();
    let states = COLUMNS.iter().map(|(state, _)| *state);
    let head: Vec<_> = std::iter::once("event").chain(states).collect();
    assert_eq!(documented[0], head);
    let names: Vec<_> = documented[1..].iter().map(|line| line[0]).collect();
    let walked: Vec<_> = rows::rows().iter().map(|row| row.name).collect();
    assert_eq!(names, walked, "documented, walked");

    let told = SOURCE.split("\n    pub fn ").skip(1).filter_map(|method| {
        let (name, rest) = method.split_once('(')?;
        rest.trim_start().starts_with("&mut self").then_some(name)
    });
    let events: Vec<_> = told.filter(|name| *name != "poll_output").collect();
    assert!(events.contains(&"trigger") && events.contains(&"done"), "{events:?}");
    for event in &events {
        let name = format!("`{event}`");
        assert!(names.iter().any(|row| row.starts_with(&name)), "{event} is not documented");
    }
    for row in rows::rows() {
        for event in &row.events {
            let name = format!("`{}`", event.name());
            assert!(row.name.starts_with(&name), "{} is walked with {event:?}", row.name);
            assert!(events.contains(&event.name()), "{event:?} is not the gate's");
        }
    }
    for (word, _) in WORDS {
        let used = documented[1..]
            .iter()
            .any(|line| line[1..].iter().any(|cell| cell.split("; ").any(|used| used == word)));
        assert!(used, "no cell says {word}");
    }
}
