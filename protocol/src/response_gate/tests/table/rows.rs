//! The rows of the table: the events, and what happened before each.

use super::*;

/// The request that every state but `Idle` is about.
pub(super) const OURS: RequestNumber = RequestNumber(2);

/// Something that can happen to a gate.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Trigger(Ask),
    TurnCommitted,
    Created(Option<RequestNumber>),
    Progressed { audio: bool },
    Done { response: &'static str, request: Option<RequestNumber>, outcome: Outcome },
    RefusedAsActive { named: bool, request: Option<RequestNumber> },
    Refused(Option<RequestNumber>),
    RefusedUnnamed,
    NothingToCancel,
    CallerSpeaks(bool),
    Cancel,
    ToolsBegan,
    ToolsDone,
    Withdraw(AskNumber),
    SessionLost,
    HandleTimeout,
}

impl Event {
    pub(super) fn tell(&self, gate: &mut ResponseGate, now: Instant) {
        match self.clone() {
            Self::Trigger(ask) => gate.trigger(ask, now),
            Self::TurnCommitted => gate.turn_committed(item("u9")),
            Self::Created(request) => gate.created(self.response(), request, now),
            Self::Progressed { audio } => gate.progressed(audio, now),
            Self::Done { request, outcome, .. } => {
                gate.done(&self.response(), request, outcome, now);
            }
            Self::RefusedAsActive { named, request } => {
                gate.refused_as_active(named.then(|| self.response()), request, now);
            }
            Self::Refused(request) => gate.refused(request, now),
            Self::RefusedUnnamed => gate.refused_unnamed(now),
            Self::NothingToCancel => gate.nothing_to_cancel(now),
            Self::CallerSpeaks(speaks) => gate.caller_speaks(speaks, now),
            Self::Cancel => gate.cancel(now),
            Self::ToolsBegan => gate.tools_began(),
            Self::ToolsDone => gate.tools_done(now),
            Self::Withdraw(ask) => gate.withdraw(ask, now),
            Self::SessionLost => gate.session_lost(),
            Self::HandleTimeout => gate.handle_timeout(now),
        }
    }

    /// What the gate notes of an event in every state.
    pub(super) fn note(&self, gate: &mut ResponseGate) {
        if let Self::Trigger(ask) = self
            && !gate.seen.contains(&(ask.number, ask.manner.attempt))
        {
            gate.seen.push_back((ask.number, ask.manner.attempt));
        }
        if let Self::CallerSpeaks(speaks) = self {
            gate.caller_speaks = *speaks;
        }
    }

    /// The gate's method.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Trigger(_) => "trigger",
            Self::TurnCommitted => "turn_committed",
            Self::Created(_) => "created",
            Self::Progressed { .. } => "progressed",
            Self::Done { .. } => "done",
            Self::RefusedAsActive { .. } => "refused_as_active",
            Self::Refused(_) => "refused",
            Self::RefusedUnnamed => "refused_unnamed",
            Self::NothingToCancel => "nothing_to_cancel",
            Self::CallerSpeaks(_) => "caller_speaks",
            Self::Cancel => "cancel",
            Self::ToolsBegan => "tools_began",
            Self::ToolsDone => "tools_done",
            Self::Withdraw(_) => "withdraw",
            Self::SessionLost => "session_lost",
            Self::HandleTimeout => "handle_timeout",
        }
    }

    pub(super) fn ask(&self) -> Ask {
        let Self::Trigger(ask) = self else { panic!("{self:?} asks for nothing") };
        ask.clone()
    }

    /// The response that the event is about.
    pub(super) fn response(&self) -> ResponseId {
        if let Self::Done { response, .. } = self {
            resp(response)
        } else if matches!(self, Self::RefusedAsActive { .. }) {
            resp("r7")
        } else {
            resp("r1")
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        if let Self::Done { outcome, .. } = self {
            *outcome
        } else if matches!(
            self,
            Self::Refused(_) | Self::RefusedUnnamed | Self::RefusedAsActive { .. }
        ) {
            Outcome::Failed
        } else {
            Outcome::Cancelled
        }
    }
}

/// One row.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// What else happened before.
    pub(super) before: fn(&mut ResponseGate, Instant),
    /// The gate is told of each in every state.
    pub(super) events: Vec<Event>,
    /// How long after the state began.
    pub(super) after: Duration,
}

fn row(
    name: &'static str,
    before: fn(&mut ResponseGate, Instant),
    events: impl IntoIterator<Item = Event>,
) -> Row {
    Row { name, before, events: events.into_iter().collect(), after: Duration::from_secs(1) }
}

fn reply(number: u64, reply: Reply) -> Event {
    Event::Trigger(ask(number, Want::Answer(reply)))
}

fn scripted(which: ScriptedLine) -> Event {
    Event::Trigger(line(9, which))
}

fn ends(outcome: Outcome) -> Event {
    Event::Done { response: "r1", request: Some(OURS), outcome }
}

fn nothing(_: &mut ResponseGate, _: Instant) {}

/// The response to an ask has left it unserved.
fn undecided(gate: &mut ResponseGate, _: Instant) {
    gate.undecided.push((AskNumber(9), Urgency::Answer));
}

fn undecided_another(gate: &mut ResponseGate, _: Instant) {
    gate.undecided.push((AskNumber(8), Urgency::Answer));
}

fn undecided_and_waits(gate: &mut ResponseGate, now: Instant) {
    undecided(gate, now);
    gate.trigger(tool_output(4), now);
}

fn held(gate: &mut ResponseGate, now: Instant) {
    gate.held = Some(now);
}

/// A line waits behind what is under way.
fn line_waits(gate: &mut ResponseGate, now: Instant) {
    if gate.state() != GateState::Idle {
        gate.trigger(line(4, ScriptedLine::Closing), now);
    }
}

/// An answer waits for tools.
fn output_waits(gate: &mut ResponseGate, now: Instant) {
    gate.tools_began();
    gate.trigger(tool_output(4), now);
}

/// A turn was committed, and asked about unless the gate would answer at once.
fn another_turn(gate: &mut ResponseGate, now: Instant) {
    gate.turn_committed(item("u2"));
    if gate.state() != GateState::Idle {
        gate.trigger(answer(4, "u2"), now);
    }
}

/// The rows, in the order of the document.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::from(asks());
    rows.extend(responses());
    rows.extend(refusals());
    rows.extend(orders());
    rows.extend(times());
    rows
}

fn asks() -> [Row; 10] {
    let turn = || reply(9, Reply::Turn(item("u9")));
    let lines = [ScriptedLine::Greeting, ScriptedLine::Closing, ScriptedLine::SilenceCheck];
    let answers = || [turn(), reply(9, Reply::Digits), reply(9, Reply::ToolOutput)];
    [
        row("`trigger`, an ask seen before", nothing, [reply(1, Reply::Digits)]),
        row(
            "`trigger`, an undecided ask once more",
            undecided,
            [Event::Trigger(again(ask(9, Want::Answer(Reply::Digits))))],
        ),
        row("`trigger`, an answer, one is undecided", undecided_another, answers()),
        row(
            "`trigger`, a turn that a response has seen",
            nothing,
            [reply(9, Reply::Turn(item("u0")))],
        ),
        row("`trigger`, `Reply::Resume`", nothing, [reply(9, Reply::Resume)]),
        row("`trigger`, another answer", nothing, answers()),
        row("`trigger`, an answer, tools run", |gate, _| gate.tools_began(), answers()),
        row("`trigger`, a tool's output, held", held, [reply(9, Reply::ToolOutput)]),
        row("`trigger`, a turn or digits, held", held, [turn(), reply(9, Reply::Digits)]),
        row("`trigger`, a line, held or not", held, lines.map(scripted)),
    ]
}

fn responses() -> [Row; 9] {
    let silent = [Outcome::Unspoken, Outcome::OutOfTokens, Outcome::Filtered, Outcome::Failed];
    let others = [None, Some(RequestNumber(7))].map(|request| Event::Done {
        response: "r7",
        request,
        outcome: Outcome::Completed,
    });
    [
        row("`turn_committed`", nothing, [Event::TurnCommitted]),
        row(
            "`created`, ours or unnamed",
            another_turn,
            [Event::Created(Some(OURS)), Event::Created(None)],
        ),
        row(
            "`created`, naming another request",
            another_turn,
            [Event::Created(Some(RequestNumber(7)))],
        ),
        row(
            "`created`, of a request that was given up",
            given_up,
            [Event::Created(Some(GIVEN_UP))],
        ),
        row(
            "`progressed`",
            nothing,
            [Event::Progressed { audio: false }, Event::Progressed { audio: true }],
        ),
        row(
            "`done`, of the running one or naming our request",
            line_waits,
            [ends(Outcome::Called)],
        ),
        row("`done`, the same, and nothing was served", line_waits, silent.map(ends)),
        row("`done`, of the running one, and one is behind", behind, [ends(Outcome::Called)]),
        row("`done`, of another", line_waits, others),
    ]
}

fn refusals() -> [Row; 9] {
    let as_active = |named, request| Event::RefusedAsActive { named, request };
    [
        row("`refused_as_active`, naming a response", line_waits, [as_active(true, None)]),
        row("`refused_as_active`, naming none", line_waits, [as_active(false, None)]),
        row("`refused_as_active`, and another was given up", given_up, [as_active(true, None)]),
        row(
            "`refused_as_active`, naming the one behind",
            behind,
            [true, false].map(|named| as_active(named, Some(BEHIND))),
        ),
        row("`refused`", line_waits, [Event::Refused(None)]),
        row("`refused`, naming the one behind", behind, [Event::Refused(Some(BEHIND))]),
        row("`refused_unnamed`", line_waits, [Event::RefusedUnnamed]),
        row("`refused_unnamed`, and one is behind", behind, [Event::RefusedUnnamed]),
        row("`nothing_to_cancel`", line_waits, [Event::NothingToCancel]),
    ]
}

fn orders() -> [Row; 8] {
    [
        row("`caller_speaks`, held", held, [true, false].map(Event::CallerSpeaks)),
        row("`cancel`", line_waits, [Event::Cancel]),
        row("`cancel`, and one is behind", behind, [Event::Cancel]),
        row("`tools_began`", nothing, [Event::ToolsBegan]),
        row("`tools_done`", output_waits, [Event::ToolsDone]),
        row("`withdraw`, an undecided ask", undecided_and_waits, [Event::Withdraw(AskNumber(9))]),
        row("`withdraw`", output_waits, [Event::Withdraw(AskNumber(4))]),
        row("`session_lost`", all_at_once, [Event::SessionLost]),
    ]
}

/// The request of a line, before that of the state.
pub(super) const GIVEN_UP: RequestNumber = RequestNumber(1);

/// What was asked for in its place waits, too.
fn given_up(gate: &mut ResponseGate, now: Instant) {
    let asks = vec![line(7, ScriptedLine::Closing)];
    gate.waiting.extend(asks.iter().cloned().map(again));
    gate.undecided.push((AskNumber(7), Urgency::Closing));
    let request = Request { number: GIVEN_UP, asks, spoke: false };
    let stage = Stage::Requested { cancel_when_created: false };
    gate.given_up.push_back(Busy { request, stage, heard_at: now, stalled: false });
}

/// A request that has crossed the response that runs.
const BEHIND: RequestNumber = RequestNumber(3);

/// Nothing runs in front of it in the other states.
fn behind(gate: &mut ResponseGate, now: Instant) {
    if gate.running().is_some() {
        let asks = vec![line(7, ScriptedLine::Closing)];
        let request = Request { number: BEHIND, asks, spoke: false };
        gate.behind = State::requested(request, now).take();
    }
}

/// Everything that a gate can hold.
fn all_at_once(gate: &mut ResponseGate, now: Instant) {
    another_turn(gate, now);
    output_waits(gate, now);
    behind(gate, now);
    held(gate, now);
    gate.caller_speaks = true;
    gate.undecided.push((AskNumber(8), Urgency::Answer));
    already_stalled(gate, now);
}

fn already_stalled(gate: &mut ResponseGate, _: Instant) {
    if let State::Busy(busy) = &mut gate.state {
        busy.stalled = true;
    }
}

fn times() -> [Row; 4] {
    let timeout = |name, before, after| Row { after, ..row(name, before, [Event::HandleTimeout]) };
    let output_held = |gate: &mut ResponseGate, now| {
        held(gate, now);
        gate.trigger(tool_output(4), now);
    };
    let short = Duration::from_millis(1);
    [
        timeout("`handle_timeout`, too early for anything", output_held, HOLD_PATIENCE - short),
        timeout("`handle_timeout`, a hold is over", output_held, HOLD_PATIENCE),
        timeout("`handle_timeout`, nothing for 8 s", nothing, STALLED_AFTER),
        timeout("`handle_timeout`, the same once more", already_stalled, STALLED_AFTER * 2),
    ]
}
