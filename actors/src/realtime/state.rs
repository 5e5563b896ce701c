//! What RealtimeActor works on, and what outlives it: the response gate, the session's state, and
//! the reports that the call has not taken yet. What it makes of OpenAI's events is in `events`.

mod connection;
mod events;
mod interruption;
mod spoken;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::call::{CallSetup, Event, FunctionCall, SessionFault};
use protocol::ids::{ItemId, ResponseId};
use protocol::openai::client_event::ClientEvent;
use protocol::openai::server_event::ServerEvent;
use protocol::openai::session::SessionSettings;
use protocol::openai::usage::Usage;
use protocol::response_gate::{Ask, GateOutput, GateState, ResponseGate};

use super::history::item;
use super::session::Outgoing;
use crate::audio::downlink::Downlink;
use crate::audio::uplink::Uplink;
use crate::messages::{RealtimeOrder, RealtimeView};
use crate::reports::Reports;
pub(super) use connection::Socket;
use connection::{Connection, Stage};
use spoken::Spoken;
use wire::{ask_for, create};

/// The pauses between tries, by how many have failed in a row; the last is repeated.
const RETRY_AFTER: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// A session older than this is replaced at the next quiet moment: the server ends it at 60 min.
const RENEW_AFTER: Duration = Duration::from_secs(50 * 60);
/// How often a quiet moment is looked for.
const QUIET_LOOK: Duration = Duration::from_secs(1);

/// RealtimeActor's state. Leased: a successor goes on with it.
pub struct SessionState {
    settings: SessionSettings,
    connection: Connection,
    /// Which session of the call the present or last one is.
    number: u32,
    failures: usize,
    gate: ResponseGate,
    /// What a response that is ending made and cost.
    done: Option<(ResponseId, Vec<FunctionCall>, Usage)>,
    uplink: Arc<Uplink>,
    downlink: Arc<Downlink>,
    /// How many cuts of the downlink are known here.
    cuts: u64,
    spoken: Spoken,
    hears_caller: bool,
    unknown_events: u64,
    pub(super) reports: Reports,
}

/// What the actor does about its session after an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SessionAction {
    /// Nothing.
    None,
    /// Stop the task; it reports its own end.
    End(SessionFault),
    /// Stop the task and open no other session until told to.
    Close,
}

impl SessionState {
    /// The state of a call that has just begun.
    #[must_use]
    pub fn new(
        setup: &CallSetup,
        uplink: Arc<Uplink>,
        downlink: Arc<Downlink>,
        now: Instant,
    ) -> Self {
        let at_once = !setup.opening.session_waits_for_stream();
        Self {
            settings: SessionSettings::new(&setup.settings, &*setup.instructions),
            connection: Connection::Down { retry_at: at_once.then_some(now) },
            number: 0,
            failures: 0,
            gate: ResponseGate::default(),
            done: None,
            uplink,
            cuts: downlink.cuts(),
            downlink,
            spoken: Spoken::default(),
            hears_caller: false,
            unknown_events: 0,
            reports: Reports::default(),
        }
    }

    pub(super) fn view(&self) -> RealtimeView {
        RealtimeView {
            session: self.state_name().to_owned(),
            sessions: self.number,
            gate: self.gate.state(),
            unknown_events: self.unknown_events,
        }
    }

    pub(super) fn state_name(&self) -> &'static str {
        self.connection.name()
    }

    /// The number of the session that is to be opened next.
    pub(super) fn next_session(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    /// Whether a session is there or on its way.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_up()
    }

    /// Whether what comes from this session still counts.
    pub(super) fn is_current(&self, session: u32) -> bool {
        session == self.number && self.is_open()
    }

    /// A session's task was started.
    pub(super) fn opening(&mut self, socket: Socket, now: Instant) {
        self.connection = Connection::Up { socket, stage: Stage::Opening { since: now } };
    }

    /// When to try again, if the session is down and a try is due.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.connection.retry_at()
    }

    /// The session is gone: the gate starts anew, and whoever is owed something asks again.
    pub(super) fn session_ended(&mut self, fault: SessionFault, now: Instant) {
        let retry_at = match fault {
            SessionFault::Passing => {
                let pause = RETRY_AFTER[self.failures.min(RETRY_AFTER.len() - 1)];
                Some(now + pause)
            }
            SessionFault::Lasting => None,
        };
        self.failures += 1;
        self.down(retry_at);
        self.reports.push(Event::SessionLost { fault });
    }

    /// The call wants no session, until it asks for one again.
    pub(super) fn closed(&mut self) {
        self.down(None);
    }

    fn down(&mut self, retry_at: Option<Instant>) {
        self.connection = Connection::Down { retry_at };
        self.gate.session_lost();
        self.spoken.session_lost();
        self.hears_caller = false;
    }

    /// Takes an order of the call's.
    pub(super) fn on_order(&mut self, order: &RealtimeOrder, now: Instant) -> SessionAction {
        self.notice_cut(now);
        let live = self.connection.is_live();
        match order {
            RealtimeOrder::Open => self.connection.open_now(now),
            RealtimeOrder::Close => return SessionAction::Close,
            RealtimeOrder::Replay { session, history } if *session == self.number => {
                return self.go_live(history, now);
            }
            // Without a session, or meant for one that is gone: the call asks again, and what it
            // tells is in the history.
            RealtimeOrder::Replay { .. } => {}
            RealtimeOrder::Ask(ask) if live => self.trigger_response(ask.clone(), now),
            RealtimeOrder::Tell(entry) if live => {
                if let Some(item) = item(entry, &mut HashMap::new()) {
                    self.send(vec![create(item, entry.number)]);
                }
            }
            RealtimeOrder::Withdraw(ask) => self.gate.withdraw(*ask),
            RealtimeOrder::Interrupt(interruption) => return self.interrupt(interruption),
            RealtimeOrder::ToolsDone => self.gate.tools_done(now),
            RealtimeOrder::Ask(_) | RealtimeOrder::Tell(_) => {}
        }
        self.run_gate()
    }

    /// Handles an event of OpenAI's. Of a session that is gone only the words of a turn still count.
    pub(super) fn on_received(
        &mut self,
        session: u32,
        event: &ServerEvent,
        now: Instant,
    ) -> SessionAction {
        if self.is_current(session) {
            self.notice_cut(now);
            return self.on_event(event, now);
        }
        if let ServerEvent::TranscriptionCompleted { item_id, transcript, billed } = event {
            self.billed(*billed);
            self.transcribed(item_id, Some(transcript.clone()));
        }
        SessionAction::None
    }

    /// The first audio of an item came.
    pub(super) fn on_audio_began(
        &mut self,
        session: u32,
        response: &ResponseId,
        item: &ItemId,
        now: Instant,
    ) {
        if self.is_current(session) {
            self.gate.progressed(true, now);
            let (response, item) = (response.clone(), item.clone());
            self.reports.push(Event::AgentBegan { response, item });
        }
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> SessionAction {
        if !self.connection.is_up() {
            return SessionAction::None;
        }
        if self.connection.setup_expires().is_some_and(|at| at <= now) {
            tracing::warn!("OpenAI took too long to open a session");
            return SessionAction::End(SessionFault::Passing);
        }
        if let Connection::Up { socket, stage: Stage::Live { renew_at } } = &self.connection {
            let quiet = self.gate.state() == GateState::Idle && !self.hears_caller;
            if now >= *renew_at && quiet {
                tracing::info!("renewing the session before its time is up");
                return SessionAction::End(SessionFault::Passing);
            }
            self.gate.progressed(false, socket.last_heard.at());
        }
        self.notice_cut(now);
        self.gate.handle_timeout(now);
        self.run_gate()
    }

    /// When [`handle_timeout`](Self::handle_timeout) or a new try is due.
    pub(super) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let renew = match self.connection.stage() {
            Some(Stage::Live { renew_at }) => Some(renew_at.max(now + QUIET_LOOK)),
            Some(Stage::Opening { .. } | Stage::Configuring { .. } | Stage::Configured) | None => {
                None
            }
        };
        let gate = renew.and_then(|_| self.gate.poll_timeout());
        let due = [self.connection.retry_at(), self.connection.setup_expires(), renew, gate];
        due.into_iter().flatten().min()
    }

    /// The one way to a response (PIPE-3).
    fn trigger_response(&mut self, ask: Ask, now: Instant) {
        self.gate.trigger(ask, now);
    }

    fn run_gate(&mut self) -> SessionAction {
        while let Some(output) = self.gate.poll_output() {
            match output {
                GateOutput::Create { request, line } => {
                    // Invariant 10: this alone ends a cut.
                    self.downlink.open(self.cuts);
                    let event = ask_for(request, line);
                    self.send(vec![event]);
                }
                GateOutput::Cancel(response) => {
                    self.spoken.cancelled(&response, self.cuts);
                    let event_id = format!("cancel-{response}");
                    let response_id = response;
                    self.send(vec![
                        ClientEvent::ResponseCancel { event_id, response_id }.to_json(),
                    ]);
                }
                GateOutput::Started { response, asks } => {
                    self.reports.push(Event::ResponseStarted { response, asks });
                }
                GateOutput::Covered { ask, response } => {
                    self.reports.push(Event::AskCovered { ask, response });
                }
                GateOutput::Ended { response, asks, outcome } => {
                    if let Some(response) = &response {
                        let undone = self.spoken.done(response);
                        self.undo(undone);
                    }
                    let (calls, usage) = match self.done.take() {
                        Some((id, calls, usage)) if Some(&id) == response.as_ref() => {
                            (calls, usage)
                        }
                        _ => Default::default(),
                    };
                    let ended = Event::ResponseEnded { response, asks, outcome, calls, usage };
                    self.reports.push(ended);
                }
                GateOutput::Dropped(ask) => {
                    tracing::warn!(ask = ask.0, "a response was asked for while one is under way");
                    self.reports.push(Event::AskDropped { ask });
                }
                GateOutput::Stalled => {
                    tracing::warn!("the session has stalled");
                    return SessionAction::End(SessionFault::Passing);
                }
            }
        }
        SessionAction::None
    }

    fn send(&mut self, events: Vec<String>) {
        if !events.is_empty() {
            self.push(Outgoing::Events(events));
        }
    }

    /// A sender loop that is this far behind has a dead socket; its ping will find out.
    fn push(&mut self, order: Outgoing) {
        let Some(socket) = self.connection.socket() else { return };
        if let Err(error) = socket.outgoing.try_send(order) {
            tracing::warn!(%error, "the session's socket does not take any more");
        }
    }
}

#[cfg(test)]
mod tests;
