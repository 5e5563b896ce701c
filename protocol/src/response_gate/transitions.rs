//! How the gate goes from one state to the next: `fire` asks for a response, `begin` and `end` are
//! its beginning and end.

use std::time::Instant;

use super::ask::Urgency;
use super::state::{Busy, Request, Stage, State};
use super::{
    Ask, AskNumber, GateOutput, MOST_GIVEN_UP, Manner, Outcome, RequestNumber, ResponseGate, Want,
};
use crate::ids::ResponseId;
use crate::mistake::planted;

impl ResponseGate {
    /// Remembers what is asked for. One that was to be cancelled carries no asks any more.
    pub(super) fn give_up(&mut self, busy: Option<Busy>) {
        let Some(mut busy) = busy else { return };
        if busy.is_cancelled() {
            busy.request.asks.clear();
        }
        if self.given_up.len() >= MOST_GIVEN_UP {
            self.given_up.pop_front();
        }
        self.given_up.push_back(busy);
    }

    /// OpenAI has refused this request by its name: of those that were given up, it runs for certain no
    /// more.
    pub(super) fn comes_no_more(&mut self, request: Option<RequestNumber>) {
        self.given_up.retain(|busy| request != Some(busy.request.number));
    }

    /// Whether the response of a request that was given up comes now. Then that request is
    /// outstanding again. One that was made meanwhile is behind it.
    pub(super) fn came_after_all(&mut self, request: Option<RequestNumber>) -> bool {
        if self.running().is_some() {
            return false;
        }
        let is_it = |busy: &Busy| request == Some(busy.request.number);
        let late = self.given_up.iter().position(is_it).and_then(|at| self.given_up.remove(at));
        let Some(late) = late else { return false };
        self.behind = self.state.take();
        let asks = late.request.numbers();
        self.no_longer_awaits(&asks);
        self.waiting.retain(|ask| !asks.contains(&ask.number));
        self.undecided.retain(|(ask, _)| !asks.contains(ask));
        self.state = State::Busy(late);
        true
    }

    /// Another response carries these asks, or nobody wants them: the requests that were given up need
    /// not, nor does the one behind. If nothing is left for one, its response is cancelled as soon as it comes.
    pub(super) fn no_longer_awaits(&mut self, asks: &[AskNumber]) {
        for busy in self.given_up.iter_mut().chain(&mut self.behind) {
            busy.request.asks.retain(|ask| !asks.contains(&ask.number));
            if busy.request.asks.is_empty() {
                busy.cancel_when_created();
            }
        }
    }

    /// The response that was asked for has begun.
    pub(super) fn begin(&mut self, response: ResponseId, now: Instant) {
        let Some(busy) = self.state.busy_mut() else { return };
        let cancel = matches!(busy.stage, Stage::Requested { cancel_when_created: true });
        // One that is cancelled at once answers nobody: what the caller said meanwhile still waits.
        if busy.request.answers_conversation() && !cancel {
            let seen = self.turns.cover(&response);
            let about = |ask: &mut Ask| ask.turn().is_some_and(|turn| seen.contains(turn));
            busy.request.asks.extend(self.waiting.extract_if(.., about));
            if let Some(behind) = self.behind.as_mut().filter(|behind| !behind.is_cancelled()) {
                busy.request.asks.extend(behind.request.asks.extract_if(.., about));
            }
        }
        busy.heard_at = now;
        let asks = busy.request.numbers();
        self.outputs
            .push_back(GateOutput::Started { response: response.clone(), asks: asks.clone() });
        busy.stage = if cancel {
            self.outputs.push_back(GateOutput::Cancel(response.clone()));
            Stage::Cancelling { response }
        } else {
            Stage::Active { response }
        };
        self.no_longer_awaits(&asks);
    }

    /// A response has begun that was not asked for here.
    pub(super) fn begin_foreign(&mut self, response: ResponseId, now: Instant) {
        self.state = State::requested(Request::default(), now);
        self.begin(response, now);
    }

    /// The response is over, or one that was asked for will not come. The one behind is outstanding again.
    pub(super) fn end(&mut self, outcome: Outcome, now: Instant) {
        let Some(busy) = self.state.take() else { return };
        self.conclude(busy, outcome);
        if let Some(behind) = self.behind.take() {
            self.state = State::Busy(Busy { heard_at: now, ..behind });
        }
    }

    /// The one behind will not come.
    pub(super) fn end_behind(&mut self) {
        if let Some(busy) = self.behind.take() {
            self.conclude(busy, Outcome::Failed);
        }
    }

    fn conclude(&mut self, busy: Busy, outcome: Outcome) {
        let cancelled = busy.is_cancelled();
        let Busy { request, stage, .. } = busy;
        let response = stage.response().cloned();
        let outcome = outcome.of(request.spoke, cancelled);
        let asks = request.numbers();
        if outcome.served_nothing() {
            response.iter().for_each(|response| self.turns.uncover(response));
            let undecided = request.asks.iter().map(|ask| (ask.number, ask.urgency()));
            self.undecided.extend(undecided);
        } else {
            self.no_longer_awaits(&asks);
        }
        self.outputs.push_back(GateOutput::Ended { response, asks, outcome });
    }

    /// What the one behind was asked for waits again, before all others.
    pub(super) fn put_back_behind(&mut self) {
        if let Some(busy) = self.behind.take() {
            self.waiting.splice(0..0, busy.request.asks);
        }
    }

    /// Asks for the most urgent of what waits, if nothing is under way.
    pub(super) fn fire(&mut self, now: Instant) {
        let is_free = self.state.is_idle() || planted!(SecondResponse if self.hears_nothing(now));
        if !is_free {
            return;
        }
        let Some(asks) = self.take_most_urgent() else { return };
        let line = asks.first().and_then(Ask::line);
        let manner = asks.iter().map(|ask| ask.manner).fold(Manner::default(), Manner::and);
        self.last_request += 1;
        let number = RequestNumber(self.last_request);
        self.outputs.push_back(GateOutput::Create { request: number, line, manner });
        self.state = State::requested(Request { number, asks, spoke: false }, now);
    }

    /// Nothing of the response has come for a second.
    #[cfg(feature = "mistakes")]
    fn hears_nothing(&self, now: Instant) -> bool {
        self.state
            .busy()
            .is_some_and(|busy| busy.heard_at + std::time::Duration::from_secs(1) <= now)
    }

    /// One line, or all answers.
    fn take_most_urgent(&mut self) -> Option<Vec<Ask>> {
        let urgency = self.urgency()?;
        if urgency == Urgency::Answer {
            return Some(self.waiting.extract_if(.., |ask| ask.urgency() == urgency).collect());
        }
        let first = self.waiting.iter().position(|ask| ask.urgency() == urgency)?;
        Some(vec![self.waiting.remove(first)])
    }

    /// The highest urgency of what waits and may be asked for.
    pub(super) fn urgency(&self) -> Option<Urgency> {
        let held = self.held.is_some() || self.tools_run;
        let undecided = self.undecided.iter().map(|(_, urgency)| *urgency).min();
        self.waiting
            .iter()
            .filter(|ask| !(held && matches!(ask.want, Want::Answer(_))))
            .map(Ask::urgency)
            .min()
            .filter(|urgency| undecided.is_none_or(|undecided| *urgency < undecided))
    }
}
