//! The one owner of `response.create` (PIPE-3): asks go in, at most one response is on its way or
//! running, and what must not be lost waits its turn.
//!
//! A state machine without a socket: `actors::realtime` carries its commands to OpenAI and feeds it
//! what OpenAI answers. What is owed to the caller, and why, is `call`'s to know.

mod ask;
mod command;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use ask::{Ask, AskNumber, Reply, ScriptedLine, Want, Wording};
pub use command::{GateCommand, GateState, Outcome, RequestNumber};

use crate::ids::{ItemId, ResponseId};

/// Nothing came for this long while a response was asked for or running: the session has stalled.
pub const STALLED_AFTER: Duration = Duration::from_secs(8);

/// How long to wait before a response that failed is asked for again, attempt by attempt.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// How long answers wait after a barge-in for a caller whom OpenAI does not hear speak: it may have
/// been a noise, which no turn follows.
pub const HOLD_PATIENCE: Duration = Duration::from_secs(3);

/// Turns remembered as answered, so that an ask for one that comes late is not answered twice.
const COVERED_TURNS: usize = 64;

/// Asks remembered as seen by this session: whoever owes them repeats them after a crash.
const SEEN_ASKS: usize = 64;

#[derive(Debug, Clone)]
struct Request {
    number: RequestNumber,
    asks: Vec<Ask>,
    spoke: bool,
}

#[derive(Debug, Clone)]
enum State {
    Idle,
    Requested { request: Request, cancel_when_created: bool, heard_at: Instant },
    Active { response: ResponseId, request: Request, heard_at: Instant },
    Cancelling { response: ResponseId, request: Request, heard_at: Instant },
}

/// The gate. One per call; a new session begins with [`ResponseGate::session_lost`].
#[derive(Debug, Clone)]
pub struct ResponseGate {
    state: State,
    waiting: Vec<Ask>,
    held: Option<Instant>,
    caller_speaks: bool,
    tools_run: bool,
    seen: VecDeque<AskNumber>,
    uncovered: Vec<ItemId>,
    covered: VecDeque<(ItemId, ResponseId)>,
    failures: usize,
    not_before: Option<Instant>,
    next_request: u64,
    stalled: bool,
    commands: VecDeque<GateCommand>,
}

impl Default for ResponseGate {
    fn default() -> Self {
        Self {
            state: State::Idle,
            waiting: Vec::new(),
            held: None,
            caller_speaks: false,
            tools_run: false,
            seen: VecDeque::new(),
            uncovered: Vec::new(),
            covered: VecDeque::new(),
            failures: 0,
            not_before: None,
            next_request: 1,
            stalled: false,
            commands: VecDeque::new(),
        }
    }
}

impl ResponseGate {
    /// Asks for a response. It is asked for at once, waits, or (an ordinary ask while a response is
    /// under way) is dropped. An ask that this session has seen already changes nothing.
    pub fn trigger(&mut self, ask: Ask, now: Instant) {
        if self.seen.contains(&ask.number) {
            return;
        }
        self.seen.push_back(ask.number);
        if self.seen.len() > SEEN_ASKS {
            self.seen.pop_front();
        }
        if let Some(response) = self.covers(&ask) {
            self.commands.push_back(GateCommand::Covered { ask: ask.number, response });
            return;
        }
        if ask.is_ordinary() && !matches!(self.state, State::Idle) {
            self.commands.push_back(GateCommand::Dropped(ask.number));
            return;
        }
        if ask.ends_hold() {
            self.held = None;
        }
        self.waiting.push(ask);
        self.fire(now);
    }

    /// OpenAI committed a turn of the caller: whatever response is created from now on has seen it.
    pub fn turn_committed(&mut self, item: ItemId) {
        if self.uncovered.len() < COVERED_TURNS {
            self.uncovered.push(item);
        }
    }

    /// `response.created` came, with the request its metadata names (if it names one).
    pub fn created(&mut self, response: ResponseId, request: Option<RequestNumber>, now: Instant) {
        let state = std::mem::replace(&mut self.state, State::Idle);
        match state {
            State::Requested { request: ours, cancel_when_created, .. }
                if request.is_none_or(|number| number == ours.number) =>
            {
                self.begin(response, ours, cancel_when_created, now);
            }
            State::Requested { request: ours, .. } => {
                // Not the one we asked for: ours will be refused, so it waits again.
                self.put_back(ours);
                self.begin(response, Request::foreign(), false, now);
            }
            State::Idle => self.begin(response, Request::foreign(), false, now),
            busy @ (State::Active { .. } | State::Cancelling { .. }) => self.state = busy,
        }
    }

    /// Something of a response came. `audio`: it was audio, so the response must not be asked for
    /// again from the start.
    pub fn progressed(&mut self, audio: bool, now: Instant) {
        match &mut self.state {
            State::Idle => {}
            State::Requested { request, heard_at, .. }
            | State::Active { request, heard_at, .. }
            | State::Cancelling { request, heard_at, .. } => {
                request.spoke |= audio;
                *heard_at = now.max(*heard_at);
            }
        }
    }

    /// `response.done` came. One that was never announced by `response.created` counts as the one
    /// asked for if its metadata says so.
    pub fn done(
        &mut self,
        response: &ResponseId,
        request: Option<RequestNumber>,
        outcome: Outcome,
        now: Instant,
    ) {
        if let State::Requested { request: ours, .. } = &self.state
            && request == Some(ours.number)
        {
            self.created(response.clone(), request, now);
        }
        let state = std::mem::replace(&mut self.state, State::Idle);
        match state {
            State::Active { response: running, request, .. }
            | State::Cancelling { response: running, request, .. }
                if running == *response =>
            {
                self.end(Some(running), request, outcome, now);
            }
            other @ (State::Idle
            | State::Requested { .. }
            | State::Active { .. }
            | State::Cancelling { .. }) => self.state = other,
        }
        self.fire(now);
    }

    /// OpenAI refused our `response.create` because a response is active. With none outstanding it
    /// is ignored; else ours waits for that response's end.
    pub fn refused_as_active(&mut self, active: Option<ResponseId>, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Requested { request, .. } => {
                self.put_back(request);
                match active {
                    Some(response) => self.begin(response, Request::foreign(), false, now),
                    None => self.back_off(now),
                }
            }
            other @ (State::Idle | State::Active { .. } | State::Cancelling { .. }) => {
                self.state = other;
            }
        }
    }

    /// OpenAI refused our `response.create` for another reason.
    pub fn refused(&mut self, outcome: Outcome, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Requested { request, .. } => self.end(None, request, outcome, now),
            other @ (State::Idle | State::Active { .. } | State::Cancelling { .. }) => {
                self.state = other;
            }
        }
        self.fire(now);
    }

    /// OpenAI knows of no active response to cancel. The `response.done` that crossed our cancel
    /// came first on the wire; if none did, there is nothing left to wait for.
    pub fn nothing_to_cancel(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Cancelling { response, request, .. } => {
                self.end(Some(response), request, Outcome::Cancelled, now);
            }
            other @ (State::Idle | State::Requested { .. } | State::Active { .. }) => {
                self.state = other;
            }
        }
        self.fire(now);
    }

    /// OpenAI hears the caller begin to speak, or stop: while it does, a turn is to be expected.
    pub fn caller_speaks(&mut self, speaks: bool, now: Instant) {
        self.caller_speaks = speaks;
        self.held = self.held.map(|_| now);
    }

    /// Stops what is running or asked for, and answers nothing more until the caller's turn is
    /// committed (BARGE-3, BARGE-4), or, if it was no speech, until [`HOLD_PATIENCE`] is over.
    pub fn cancel(&mut self, now: Instant) {
        self.held = Some(now);
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Requested { request, heard_at, .. } => {
                self.state = State::Requested { request, cancel_when_created: true, heard_at };
            }
            State::Active { response, request, .. } => {
                self.commands.push_back(GateCommand::Cancel(response.clone()));
                self.state = State::Cancelling { response, request, heard_at: now };
            }
            other @ (State::Idle | State::Cancelling { .. }) => self.state = other,
        }
    }

    /// Lets waiting answers go although no new turn came: the barge-in was none.
    fn release(&mut self, now: Instant) {
        self.held = None;
        self.fire(now);
    }

    /// The response that is about to end has called tools: answers wait for their outputs, so that one
    /// response serves both a tool's output and a turn that came meanwhile.
    pub fn tools_began(&mut self) {
        self.tools_run = true;
    }

    /// All outputs are in the conversation, and whatever they want was asked for.
    pub fn tools_done(&mut self, now: Instant) {
        self.tools_run = false;
        self.fire(now);
    }

    /// Forgets a waiting ask that is no longer wanted.
    pub fn withdraw(&mut self, ask: AskNumber) {
        self.waiting.retain(|waiting| waiting.number != ask);
    }

    /// The session is gone: a new one starts idle, and whoever owes something asks again. A caller
    /// who interrupts is still not answered before the turn is committed.
    pub fn session_lost(&mut self) {
        let (next_request, held) = (self.next_request, self.held);
        *self = Self { next_request, held, ..Self::default() };
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if !self.stalled && self.stalls_at().is_some_and(|at| at <= now) {
            self.stalled = true;
            self.commands.push_back(GateCommand::Stalled);
        }
        if self.held_until().is_some_and(|at| at <= now) {
            self.release(now);
        }
        self.fire(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let idle = matches!(self.state, State::Idle);
        let retry = if idle && self.choice().is_some() { self.not_before } else { None };
        let stall = if self.stalled { None } else { self.stalls_at() };
        retry.into_iter().chain(stall).chain(self.held_until()).min()
    }

    /// The next thing to be done.
    pub fn poll_command(&mut self) -> Option<GateCommand> {
        self.commands.pop_front()
    }

    /// Where the gate stands.
    #[must_use]
    pub fn state(&self) -> GateState {
        match self.state {
            State::Idle => GateState::Idle,
            State::Requested { .. } => GateState::Requested,
            State::Active { .. } => GateState::Active,
            State::Cancelling { .. } => GateState::Cancelling,
        }
    }

    /// The response that is running at OpenAI as far as we were told.
    #[must_use]
    pub fn running(&self) -> Option<&ResponseId> {
        match &self.state {
            State::Active { response, .. } | State::Cancelling { response, .. } => Some(response),
            State::Idle | State::Requested { .. } => None,
        }
    }

    fn held_until(&self) -> Option<Instant> {
        self.held.filter(|_| !self.caller_speaks).map(|since| since + HOLD_PATIENCE)
    }

    fn stalls_at(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => None,
            State::Requested { heard_at, .. }
            | State::Active { heard_at, .. }
            | State::Cancelling { heard_at, .. } => Some(*heard_at + STALLED_AFTER),
        }
    }

    fn begin(&mut self, response: ResponseId, mut request: Request, cancel: bool, now: Instant) {
        // One that is cancelled at once answers nobody: what the caller said meanwhile still waits.
        if request.answers_conversation() && !cancel {
            let seen = std::mem::take(&mut self.uncovered);
            let (served, waiting) = std::mem::take(&mut self.waiting)
                .into_iter()
                .partition(|ask: &Ask| ask.turn().is_some_and(|turn| seen.contains(turn)));
            self.waiting = waiting;
            request.asks.extend::<Vec<Ask>>(served);
            self.covered.extend(seen.into_iter().map(|item| (item, response.clone())));
            let excess = self.covered.len().saturating_sub(COVERED_TURNS);
            self.covered.drain(..excess);
        }
        self.commands.push_back(GateCommand::Started {
            response: response.clone(),
            asks: request.numbers(),
        });
        self.state = if cancel {
            self.commands.push_back(GateCommand::Cancel(response.clone()));
            State::Cancelling { response, request, heard_at: now }
        } else {
            State::Active { response, request, heard_at: now }
        };
    }

    fn end(
        &mut self,
        response: Option<ResponseId>,
        request: Request,
        outcome: Outcome,
        now: Instant,
    ) {
        let again = outcome == Outcome::FailedForNow
            && !request.spoke
            && self.failures < RETRY_AFTER.len()
            && !request.asks.is_empty();
        if again {
            self.covered.retain(|(_, by)| Some(by) != response.as_ref());
            self.put_back(request);
            self.back_off(now);
            return;
        }
        if outcome != Outcome::FailedForNow {
            self.failures = 0;
        }
        self.commands.push_back(GateCommand::Ended { response, asks: request.numbers(), outcome });
    }

    fn put_back(&mut self, request: Request) {
        self.waiting.splice(0..0, request.asks);
    }

    fn back_off(&mut self, now: Instant) {
        let step = self.failures.min(RETRY_AFTER.len() - 1);
        self.failures += 1;
        self.not_before = Some(now + RETRY_AFTER[step]);
    }

    /// Asks for the most urgent of what waits, if nothing is under way.
    fn fire(&mut self, now: Instant) {
        if !matches!(self.state, State::Idle) || self.not_before.is_some_and(|at| now < at) {
            return;
        }
        let Some(urgency) = self.choice() else { return };
        self.not_before = None;
        let mut chosen = Vec::new();
        let mut line = None;
        let mut rest = Vec::new();
        for ask in std::mem::take(&mut self.waiting) {
            let taken = ask.urgency() == urgency && line.is_none();
            match (&ask.want, taken) {
                (Want::Line { text, wording, .. }, true) => {
                    line = Some((text.clone(), wording.clone()));
                    chosen.push(ask);
                }
                (Want::Answer(_), true) => chosen.push(ask),
                (Want::Line { .. } | Want::Answer(_), false) => rest.push(ask),
            }
        }
        self.waiting = rest;
        let number = RequestNumber(self.next_request);
        self.next_request += 1;
        self.stalled = false;
        self.commands.push_back(GateCommand::Create { request: number, line });
        self.state = State::Requested {
            request: Request { number, asks: chosen, spoke: false },
            cancel_when_created: false,
            heard_at: now,
        };
    }

    fn choice(&self) -> Option<ask::Urgency> {
        let held = self.held.is_some() || self.tools_run;
        self.waiting
            .iter()
            .filter(|ask| !(held && matches!(ask.want, Want::Answer(_))))
            .map(Ask::urgency)
            .min()
    }

    fn covers(&self, ask: &Ask) -> Option<ResponseId> {
        let turn = ask.turn()?;
        self.covered.iter().find(|(item, _)| item == turn).map(|(_, by)| by.clone())
    }
}

impl Request {
    /// A response that nobody here asked for.
    fn foreign() -> Self {
        Self { number: RequestNumber(0), asks: Vec::new(), spoke: false }
    }

    fn answers_conversation(&self) -> bool {
        self.asks.iter().any(|ask| matches!(ask.want, Want::Answer(_)))
    }

    fn numbers(&self) -> Vec<AskNumber> {
        self.asks.iter().map(|ask| ask.number).collect()
    }
}

#[cfg(test)]
mod tests;
