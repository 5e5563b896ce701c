//! The one owner of `response.create` (PIPE-3). Asks go in. At most one response is asked for or
//! running, and the asks that must not be lost wait.
//!
//! A state machine without a socket: `actors::realtime` feeds it with OpenAI's events and sends
//! what it gives out. Which responses the caller is owed, and why, is known by [`crate::call`].

mod ask;
mod output;
mod state;
mod transitions;
mod turns;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ask::Urgency;
pub use ask::{Ask, AskNumber, Manner, Reply, ScriptedLine, Want, Wording};
pub use output::{GateOutput, GateState, Outcome, RequestNumber};
use state::{Busy, Stage, State};
use turns::Turns;

use crate::ids::{ItemId, ResponseId};

/// If nothing comes for this long while a response is asked for or running, the session has
/// stalled.
pub const STALLED_AFTER: Duration = Duration::from_secs(8);

/// How long answers wait after a barge-in while OpenAI hears no speech. It may have been a noise,
/// which no turn follows.
pub const HOLD_PATIENCE: Duration = Duration::from_secs(3);

/// Asks remembered as seen by this session. After a crash they are repeated.
const SEEN_ASKS: usize = 64;

/// Requests remembered that were given up. OpenAI rarely reports several such errors in a row.
const MOST_GIVEN_UP: usize = 8;

/// The gate of one call. It goes on over all sessions; each begins with
/// [`session_lost`](Self::session_lost).
///
/// After each call drain [`poll_output`](Self::poll_output), and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so.
#[derive(Debug, Clone, Default)]
pub struct ResponseGate {
    state: State,
    waiting: Vec<Ask>,
    /// Since when answers are held back for a caller who interrupts.
    held: Option<Instant>,
    caller_speaks: bool,
    tools_run: bool,
    /// Each with its attempt.
    seen: VecDeque<(AskNumber, u16)>,
    /// Asks whose response has left them unserved. The call decides what becomes of them. Until
    /// then nothing of the same urgency or less is asked for.
    undecided: Vec<(AskNumber, Urgency)>,
    turns: Turns,
    last_request: u64,
    /// The last requests that count as failed, although OpenAI has not named them. Their responses may
    /// come after all.
    given_up: VecDeque<Busy>,
    /// Our request, if another response has begun in front of it. OpenAI refuses it by its name, unless the two have
    /// crossed: then it is answered.
    behind: Option<Busy>,
    outputs: VecDeque<GateOutput>,
}

impl ResponseGate {
    /// Asks for a response. It is asked for at once or waits; a resume is dropped while a
    /// response is under way. An ask that this session has seen before changes nothing.
    pub fn trigger(&mut self, ask: Ask, now: Instant) {
        let attempt = (ask.number, ask.manner.attempt);
        if self.seen.contains(&attempt) {
            return;
        }
        self.seen.push_back(attempt);
        if self.seen.len() > SEEN_ASKS {
            self.seen.pop_front();
        }
        self.undecided.retain(|(number, _)| *number != ask.number);
        if self.state.carries(ask.number) || self.behind_carries(ask.number) {
            return;
        }
        if let Some(response) = ask.turn().and_then(|turn| self.turns.covered_by(turn)) {
            let response = response.clone();
            self.outputs.push_back(GateOutput::Covered { ask: ask.number, response });
            self.fire(now);
            return;
        }
        if ask.is_resume() && !self.state.is_idle() {
            self.outputs.push_back(GateOutput::Dropped(ask.number));
            return;
        }
        if ask.ends_hold() {
            self.held = None;
        }
        self.waiting.push(ask);
        self.fire(now);
    }

    /// A turn of the caller was committed. Every response created from now on has seen it.
    pub fn turn_committed(&mut self, item: ItemId) {
        self.turns.committed(item);
    }

    /// `response.created` came. `request` is the number in its metadata, if there is one.
    pub fn created(&mut self, response: ResponseId, request: Option<RequestNumber>, now: Instant) {
        if self.came_after_all(request) {
            return self.begin(response, now);
        }
        match self.state.outstanding() {
            Some(ours) if request.is_none_or(|number| number == ours) => self.begin(response, now),
            Some(_) => {
                self.behind = self.state.take();
                self.begin_foreign(response, now);
            }
            None if self.state.is_idle() => self.begin_foreign(response, now),
            None => {}
        }
    }

    /// Something of a response came. After `audio` it must not be asked for again from the start.
    pub fn progressed(&mut self, audio: bool, now: Instant) {
        if let Some(busy) = self.state.busy_mut() {
            busy.request.spoke |= audio;
            busy.heard_at = now.max(busy.heard_at);
        }
    }

    /// `response.done` came. If `response.created` did not come before, the metadata tells whether
    /// it is ours.
    pub fn done(
        &mut self,
        response: &ResponseId,
        request: Option<RequestNumber>,
        outcome: Outcome,
        now: Instant,
    ) {
        let late = self.came_after_all(request);
        if late || (request.is_some() && self.state.outstanding() == request) {
            self.begin(response.clone(), now);
        }
        if self.running() == Some(response) {
            self.end(outcome, now);
        }
        self.fire(now);
    }

    /// OpenAI refused our `response.create`, because a response is active. Ours waits for its end. The
    /// active one is known if ours is behind it. Else it is that of the request that was given up last, if there
    /// is one.
    /// If none of ours is outstanding or behind, or another than this `request`, this changes nothing.
    pub fn refused_as_active(
        &mut self,
        active: Option<ResponseId>,
        request: Option<RequestNumber>,
        now: Instant,
    ) {
        if self.is_behind(request) {
            return self.put_back_behind();
        }
        let Some(response) = active else { return self.refused(request, now) };
        self.comes_no_more(request);
        if !self.is_outstanding(request) {
            return;
        }
        let given_up = self.given_up.back().map(|busy| busy.request.number);
        let is_late = self.came_after_all(given_up);
        if !is_late {
            self.behind = self.state.take();
        }
        self.put_back_behind();
        if is_late {
            self.begin(response, now);
        } else {
            self.begin_foreign(response, now);
        }
    }

    /// OpenAI refused our `response.create`: the one with this number, or the one that is outstanding or behind.
    pub fn refused(&mut self, request: Option<RequestNumber>, now: Instant) {
        self.comes_no_more(request);
        if self.is_outstanding(request) {
            self.end(Outcome::Failed, now);
        } else if self.is_behind(request) {
            self.end_behind();
        }
        self.fire(now);
    }

    /// OpenAI reports an error that names no event of ours, while our `response.create` is
    /// outstanding or behind. It counts as refused. If its response comes all the same, that one counts.
    pub fn refused_unnamed(&mut self, now: Instant) {
        if self.state.is_requested() {
            self.give_up(self.state.busy().cloned());
            self.end(Outcome::Failed, now);
        } else if self.behind.is_some() {
            self.give_up(self.behind.clone());
            self.end_behind();
        }
        self.fire(now);
    }

    /// OpenAI knows of no response to cancel. If a `response.done` had crossed our cancel, it would
    /// have come before this. So there is none to wait for.
    pub fn nothing_to_cancel(&mut self, now: Instant) {
        if self.state() == GateState::Cancelling {
            self.end(Outcome::Cancelled, now);
        }
        self.fire(now);
    }

    /// OpenAI hears the caller begin to speak, or stop. While they speak, a turn is to be expected.
    pub fn caller_speaks(&mut self, speaks: bool, now: Instant) {
        self.caller_speaks = speaks;
        self.held = self.held.map(|_| now);
    }

    /// Stops what is running or asked for. Answers are held back until the caller's turn is
    /// committed (BARGE-3, BARGE-4), or, if no speech follows, for [`HOLD_PATIENCE`].
    pub fn cancel(&mut self, now: Instant) {
        self.held = Some(now);
        self.behind.iter_mut().for_each(Busy::cancel_when_created);
        let Some(busy) = self.state.busy_mut() else { return };
        match &mut busy.stage {
            Stage::Requested { cancel_when_created } => *cancel_when_created = true,
            Stage::Active { response } => {
                let response = response.clone();
                self.outputs.push_back(GateOutput::Cancel(response.clone()));
                busy.stage = Stage::Cancelling { response };
                busy.heard_at = now;
            }
            Stage::Cancelling { .. } => {}
        }
    }

    /// The response that is about to end has called tools. Answers wait for their outputs, so that
    /// one response answers both the outputs and a turn that came meanwhile.
    pub fn tools_began(&mut self) {
        self.tools_run = true;
    }

    /// All outputs are in the conversation, and whatever they want was asked for.
    pub fn tools_done(&mut self, now: Instant) {
        self.tools_run = false;
        self.fire(now);
    }

    /// Drops a waiting or undecided ask. One that was asked for already stays.
    pub fn withdraw(&mut self, ask: AskNumber, now: Instant) {
        self.waiting.retain(|waiting| waiting.number != ask);
        self.undecided.retain(|(number, _)| *number != ask);
        self.no_longer_awaits(&[ask]);
        self.fire(now);
    }

    /// Whether the response that this event is about may call tools. A scripted line may not
    /// (PIPE-12).
    #[must_use]
    pub fn offers_tools(&self, response: &ResponseId, request: Option<RequestNumber>) -> bool {
        let ours = self.running() == Some(response)
            || (request.is_some() && self.state.outstanding() == request);
        self.state.busy().filter(|_| ours).is_none_or(|busy| busy.request.offers_tools())
    }

    /// The session is gone. The next one starts idle, and the call repeats its asks. A hold goes
    /// on.
    pub fn session_lost(&mut self) {
        let (last_request, held) = (self.last_request, self.held);
        *self = Self { last_request, held, ..Self::default() };
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stalls_at().is_some_and(|at| at <= now)
            && let Some(busy) = self.state.busy_mut()
        {
            busy.stalled = true;
            self.outputs.push_back(GateOutput::Stalled);
        }
        // What interrupted was no speech.
        self.held.take_if(|since| !self.caller_speaks && *since + HOLD_PATIENCE <= now);
        self.fire(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. `None` while nothing can become due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let released = self.held.filter(|_| !self.caller_speaks).map(|since| since + HOLD_PATIENCE);
        self.stalls_at().into_iter().chain(released).min()
    }

    /// The next output, oldest first.
    pub fn poll_output(&mut self) -> Option<GateOutput> {
        self.outputs.pop_front()
    }

    /// The state by name.
    #[must_use]
    pub fn state(&self) -> GateState {
        self.state.name()
    }

    /// The response that runs at OpenAI, as far as its events tell.
    #[must_use]
    pub fn running(&self) -> Option<&ResponseId> {
        self.state.running()
    }

    /// Whether some audio of the running response has come.
    #[must_use]
    pub fn has_spoken(&self) -> bool {
        self.state.busy().is_some_and(|busy| busy.request.spoke)
    }

    fn is_outstanding(&self, request: Option<RequestNumber>) -> bool {
        let ours = self.state.outstanding();
        ours.is_some() && (request.is_none() || request == ours)
    }

    fn is_behind(&self, request: Option<RequestNumber>) -> bool {
        let behind = self.behind.as_ref().map(|busy| busy.request.number);
        behind.is_some() && (request.is_none() || request == behind)
    }

    fn behind_carries(&self, ask: AskNumber) -> bool {
        self.behind.as_ref().is_some_and(|busy| busy.carries(ask))
    }

    fn stalls_at(&self) -> Option<Instant> {
        let busy = self.state.busy().filter(|busy| !busy.stalled)?;
        Some(busy.heard_at + STALLED_AFTER)
    }
}

#[cfg(test)]
mod tests;
