//! The gate against a model of OpenAI's side: one active response, and events that cross on the
//! wire.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

/// Responses that are late at once. For each the gate can give up a second request: errors have no names,
/// and one may be taken for that of a later request.
const MOST_LATE: usize = MOST_GIVEN_UP / 2 - 1;

/// OpenAI's side: one active response. Its events are delivered later, in order.
#[derive(Default)]
struct Server {
    active: Option<(ResponseId, RequestNumber)>,
    /// The active response came after an error that seemed to stand in its place: another may be asked for beside it.
    is_unexpected: bool,
    /// Requests that were answered with an error, and whose responses begin later all the same.
    late: VecDeque<RequestNumber>,
    made: u64,
    inbox: VecDeque<GateOutput>,
    outbox: VecDeque<Answer>,
    collisions: usize,
}

enum Answer {
    Created(ResponseId, RequestNumber),
    Done(ResponseId, RequestNumber, Outcome),
    NotActive,
    AlreadyActive(ResponseId, RequestNumber),
    /// An error without a name.
    Error,
}

/// What the server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Works,
    Fails,
    WorksAfterAnError,
    WorksLater,
}

impl Server {
    fn work(&mut self, mood: Mood) {
        if self.active.is_none()
            && mood == Mood::Works
            && let Some(request) = self.late.pop_front()
        {
            return self.make(request, true);
        }
        match self.inbox.pop_front() {
            Some(GateOutput::Create { request, .. })
                if self.active.is_some() && self.is_unexpected =>
            {
                let (active, _) = self.active.clone().unwrap();
                self.outbox.push_back(Answer::AlreadyActive(active, request));
            }
            Some(GateOutput::Create { request, .. })
                if mood == Mood::WorksLater && self.late.len() < MOST_LATE =>
            {
                self.late.push_back(request);
                self.outbox.push_back(Answer::Error);
            }
            Some(GateOutput::Create { .. }) if mood == Mood::Fails && self.late.is_empty() => {
                self.outbox.push_back(Answer::Error);
            }
            Some(GateOutput::Create { request, .. }) => {
                self.collisions += usize::from(self.active.is_some());
                let is_unexpected = mood == Mood::WorksAfterAnError && self.late.is_empty();
                if is_unexpected {
                    self.outbox.push_back(Answer::Error);
                }
                self.make(request, is_unexpected);
            }
            Some(GateOutput::Cancel(response)) => match self.active.take() {
                Some((active, request)) if active == response => {
                    self.outbox.push_back(Answer::Done(active, request, Outcome::Cancelled));
                }
                other => {
                    self.active = other;
                    self.outbox.push_back(Answer::NotActive);
                }
            },
            _ => {}
        }
    }

    fn make(&mut self, request: RequestNumber, is_unexpected: bool) {
        self.made += 1;
        self.is_unexpected = is_unexpected;
        let response = resp(&format!("r{}", self.made));
        self.active = Some((response.clone(), request));
        self.outbox.push_back(Answer::Created(response, request));
    }

    fn finish(&mut self, outcome: Outcome) {
        if let Some((response, request)) = self.active.take() {
            self.outbox.push_back(Answer::Done(response, request, outcome));
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Turn,
    Tool,
    Closing,
    Check,
    Barge,
    ServerWorks(Mood),
    ServerFinishes(bool),
    ClientReads,
    Later(u16),
}

fn step(moods: &'static [Mood]) -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Turn),
        Just(Step::Tool),
        Just(Step::Closing),
        Just(Step::Check),
        Just(Step::Barge),
        proptest::sample::select(moods).prop_map(Step::ServerWorks),
        proptest::sample::select(moods).prop_map(Step::ServerWorks),
        any::<bool>().prop_map(Step::ServerFinishes),
        Just(Step::ClientReads),
        Just(Step::ClientReads),
        (0u16..3000).prop_map(Step::Later),
    ]
}

fn read(gate: &mut ResponseGate, server: &mut Server, now: Instant) {
    match server.outbox.pop_front() {
        Some(Answer::Created(response, request)) => gate.created(response, Some(request), now),
        Some(Answer::Done(response, request, outcome)) => {
            gate.done(&response, Some(request), outcome, now);
        }
        Some(Answer::NotActive) => gate.nothing_to_cancel(now),
        Some(Answer::AlreadyActive(active, request)) => {
            gate.refused_as_active(Some(active), Some(request), now);
        }
        Some(Answer::Error) => gate.refused_unnamed(now),
        None => {}
    }
}

/// Plays the steps to their end. Returns the requests that met an active response, the asks that were made,
/// and those that were served.
fn played(steps: Vec<Step>) -> (usize, Vec<AskNumber>, Vec<AskNumber>) {
    let mut now = base();
    let mut gate = ResponseGate::default();
    let mut server = Server::default();
    let mut asked = 0u64;
    let mut served: Vec<AskNumber> = Vec::new();
    let mut wanted: BTreeMap<AskNumber, Ask> = BTreeMap::new();
    let mut pump = |gate: &mut ResponseGate,
                    server: &mut Server,
                    wanted: &mut BTreeMap<AskNumber, Ask>,
                    now| {
        for command in drain(gate) {
            match command {
                // The call asks again for what was not served.
                GateOutput::Ended { asks, outcome, .. } if outcome.served_nothing() => {
                    for ask in asks {
                        let ask = again(wanted[&ask].clone());
                        wanted.insert(ask.number, ask.clone());
                        gate.trigger(ask, now);
                    }
                }
                GateOutput::Ended { asks, .. } => served.extend(asks),
                GateOutput::Covered { ask, .. } => served.push(ask),
                GateOutput::Create { .. } | GateOutput::Cancel(_) => {
                    server.inbox.push_back(command);
                }
                GateOutput::Started { .. } | GateOutput::Dropped(_) | GateOutput::Stalled => {}
            }
        }
    };
    for step in steps {
        let next = asked + 1;
        let ask = match step {
            Step::Turn => {
                gate.turn_committed(item(&format!("u{next}")));
                Some(answer(next, &format!("u{next}")))
            }
            Step::Tool => Some(tool_output(next)),
            Step::Closing => Some(line(next, ScriptedLine::Closing)),
            Step::Check => Some(line(next, ScriptedLine::SilenceCheck)),
            Step::Barge
            | Step::ServerWorks(_)
            | Step::ServerFinishes(_)
            | Step::ClientReads
            | Step::Later(_) => None,
        };
        if let Some(ask) = ask {
            asked = next;
            wanted.insert(ask.number, ask.clone());
            gate.trigger(ask, now);
        }
        match step {
            Step::Turn | Step::Tool | Step::Closing | Step::Check => {}
            Step::Barge => gate.cancel(now),
            Step::ServerWorks(mood) => server.work(mood),
            Step::ServerFinishes(well) => {
                server.finish(if well { Outcome::Called } else { Outcome::Failed })
            }
            Step::ClientReads => read(&mut gate, &mut server, now),
            Step::Later(ms) => {
                now += Duration::from_millis(ms.into());
                gate.handle_timeout(now);
            }
        }
        pump(&mut gate, &mut server, &mut wanted, now);
    }
    for _ in 0..(asked * 8 + 16) {
        pump(&mut gate, &mut server, &mut wanted, now);
        server.work(Mood::Works);
        read(&mut gate, &mut server, now);
        pump(&mut gate, &mut server, &mut wanted, now);
        server.work(Mood::Works);
        server.finish(Outcome::Called);
        read(&mut gate, &mut server, now);
        now += Duration::from_secs(3);
        gate.handle_timeout(now);
    }
    pump(&mut gate, &mut server, &mut wanted, now);
    served.sort();
    (server.collisions, (1..=asked).map(AskNumber).collect(), served)
}

const WELL: &[Mood] = &[Mood::Works, Mood::Works, Mood::Works, Mood::Fails];
const UNWELL: &[Mood] =
    &[Mood::Works, Mood::Works, Mood::Fails, Mood::WorksAfterAnError, Mood::WorksLater];

proptest! {
    /// Invariant 1: at most one response is asked for or running, whatever crosses on the wire,
    /// and every ask that must not be lost is served exactly once.
    #[test]
    fn invariant_1_at_most_one_response_is_asked_for_and_no_ask_is_lost_or_doubled(
        steps in proptest::collection::vec(step(WELL), 1..120)
    ) {
        let (collisions, asked, served) = played(steps);
        prop_assert_eq!(collisions, 0);
        prop_assert_eq!(served, asked);
    }

    /// A request that was given up can't be known to run. OpenAI refuses the next one then. Any other is known.
    #[test]
    fn invariant_1_no_ask_is_lost_or_doubled_if_responses_come_in_spite_of_an_error(
        steps in proptest::collection::vec(step(UNWELL), 1..120)
    ) {
        let (collisions, asked, served) = played(steps);
        prop_assert_eq!(collisions, 0);
        prop_assert_eq!(served, asked);
    }
}
