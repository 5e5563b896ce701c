//! RealtimeActor's state, which outlives it: the response gate, the session's connection, and the
//! reports that wait for CallActor. `events` handles OpenAI's events, `gate` performs what the gate
//! puts out.

mod caller;
mod connection;
mod events;
mod gate;
mod interruption;
mod spoken;
mod transcription;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::call::{CallSetup, Event, FunctionCall, Renewal, SessionFault};
use protocol::caller_speech::CallerSpeech;
use protocol::ids::{ItemId, ResponseId};
use protocol::openai::server_event::ServerEvent;
use protocol::openai::session::SessionSettings;
use protocol::openai::usage::Usage;
use protocol::response_gate::{GateState, ResponseGate};

use super::history::item;
use super::session::Outgoing;
use crate::audio::downlink::{BrokenOff, Downlink};
use crate::audio::uplink::Uplink;
use crate::messages::{RealtimeOrder, RealtimeView};
use crate::reports::Reports;
use crate::transcriptions::WorkingTranscription;
pub(super) use connection::Socket;
use connection::{Connection, Stage};
use spoken::SpokenItems;
use wire::{item_corrected, item_create};

/// The pauses before the first, second, … try in a row. The last repeats.
const RETRY_AFTER: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// RealtimeActor's state. Leased, so that a successor goes on with it.
pub(crate) struct SessionState {
    settings: SessionSettings,
    /// Shared by all calls.
    transcriptions: Arc<WorkingTranscription>,
    connection: Connection,
    /// The number of the current or last session, from 1. 0 before the first.
    number: u32,
    /// Sessions lost in a row since a response was last spoken.
    failures: usize,
    /// A response was spoken since [`take_spoke`](Self::take_spoke).
    spoke: bool,
    gate: ResponseGate,
    /// What the latest `response.done` said, until the gate reports the end.
    done: Option<Done>,
    uplink: Arc<Uplink>,
    downlink: Arc<Downlink>,
    /// The latest cut of the downlink that was noticed.
    cuts: u64,
    spoken: SpokenItems,
    /// What OpenAI detects of the caller's speech.
    speech: CallerSpeech,
    /// Numbers the commits of speech that did not end.
    commits: u64,
    /// Numbers the `session.update`s, over all sessions.
    settings_sent: u32,
    unknown_events: u64,
    pub(super) reports: Reports,
    /// The number of the last event that was handled. After a crash it may come again.
    pub(super) handled: u64,
}

/// What `response.done` says, for the end that the gate reports.
struct Done {
    response: ResponseId,
    /// The tool calls that are to be run.
    calls: Vec<FunctionCall>,
    /// Items of tool calls that are not.
    unwanted: Vec<ItemId>,
    usage: Usage,
}

/// What the actor must do with its session after an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SessionAction {
    None,
    /// Stop the session's tasks, and open another session if the fault is passing.
    End(SessionFault),
    /// Stop the session's tasks, and open no other session before an order.
    Close,
}

impl SessionState {
    #[must_use]
    pub(crate) fn new(
        setup: &CallSetup,
        uplink: Arc<Uplink>,
        downlink: Arc<Downlink>,
        transcriptions: Arc<WorkingTranscription>,
        now: Instant,
    ) -> Self {
        let at_once = !setup.opening.session_waits_for_stream();
        Self {
            settings: SessionSettings::new(
                Arc::clone(&setup.settings),
                Arc::clone(&setup.instructions),
            ),
            transcriptions,
            connection: Connection::Down { retry_at: at_once.then_some(now) },
            number: 0,
            failures: 0,
            spoke: false,
            gate: ResponseGate::default(),
            done: None,
            uplink,
            cuts: downlink.cuts(),
            downlink,
            spoken: SpokenItems::default(),
            speech: CallerSpeech::default(),
            commits: 0,
            settings_sent: 0,
            unknown_events: 0,
            reports: Reports::default(),
            handled: 0,
        }
    }

    /// Opens no session before an order.
    #[must_use]
    pub(crate) fn wait_for_order(mut self) -> Self {
        self.connection = Connection::Down { retry_at: None };
        self
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

    pub(super) fn next_session(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    /// Whether a session is open or opening.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_up()
    }

    /// Whether events of this session still count.
    pub(super) fn is_current(&self, session: u32) -> bool {
        session == self.number && self.is_open()
    }

    /// A session's tasks were spawned.
    pub(super) fn opening(&mut self, socket: Socket, now: Instant) {
        self.connection = Connection::Up { socket, stage: Stage::Opening { since: now } };
    }

    /// When to open a session. `None` if one is open, or none is to be opened.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.connection.retry_at()
    }

    /// The session is lost. The gate starts anew, and CallActor repeats what it still needs.
    pub(super) fn session_ended(&mut self, fault: SessionFault, broken: BrokenOff, now: Instant) {
        let retry_at = match fault {
            SessionFault::Passing => {
                let pause = RETRY_AFTER[self.failures.min(RETRY_AFTER.len() - 1)];
                Some(now + pause)
            }
            SessionFault::Lasting(_) => None,
        };
        self.failures += 1;
        self.down(retry_at);
        for (response, item, came_ms) in broken.played {
            self.reports.push(Event::AgentBrokeOff { response, item, came_ms });
        }
        self.reports.push(Event::SessionLost { fault, unplayed: broken.unplayed });
    }

    /// Whether a response was spoken since the last time.
    pub(super) fn take_spoke(&mut self) -> bool {
        std::mem::take(&mut self.spoke)
    }

    pub(super) fn closed(&mut self) {
        self.down(None);
    }

    fn down(&mut self, retry_at: Option<Instant>) {
        self.connection = Connection::Down { retry_at };
        self.gate.session_lost();
        self.spoken.session_lost();
        self.speech = CallerSpeech::default();
    }

    pub(super) fn on_order(&mut self, order: &RealtimeOrder, now: Instant) -> SessionAction {
        self.notice_cut(now);
        let live = self.connection.is_live();
        match order {
            RealtimeOrder::Open => self.connection.open_now(now),
            RealtimeOrder::Close => return SessionAction::Close,
            RealtimeOrder::Replay { session, history } if *session == self.number => {
                return self.go_live(history);
            }
            // For a session that is lost. The next one gets its own replay.
            RealtimeOrder::Replay { .. } => {}
            RealtimeOrder::Ask(ask) if live => self.trigger_response(ask.clone(), now),
            RealtimeOrder::Tell(entry) if live => {
                if let Some(item) = item(entry, &mut BTreeMap::new()) {
                    self.send(vec![item_create(item, entry.number)]);
                }
            }
            RealtimeOrder::Correct(entry) if live => {
                self.send(item_corrected(entry));
            }
            RealtimeOrder::Renew { session, why } if self.is_current(*session) => {
                if self.can_be_renewed(*why) {
                    return SessionAction::End(SessionFault::Passing);
                }
            }
            RealtimeOrder::Renew { .. } => {}
            RealtimeOrder::Withdraw(ask) => self.gate.withdraw(*ask, now),
            RealtimeOrder::Interrupt(interruption) => return self.interrupt(interruption),
            RealtimeOrder::ToolsDone => self.gate.tools_done(now),
            // Without a live session: CallActor asks again, and the replay contains the entry.
            RealtimeOrder::Ask(_) | RealtimeOrder::Tell(_) | RealtimeOrder::Correct(_) => {}
        }
        self.run_gate()
    }

    /// Handles an event from OpenAI. Of a lost session, only transcripts still count.
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

    /// Some audio of a new item arrived. Called once per item.
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

    pub(super) fn handle_timeout(&mut self, now: Instant) -> SessionAction {
        if !self.connection.is_up() {
            return SessionAction::None;
        }
        if self.connection.setup_expires().is_some_and(|at| at <= now) {
            tracing::warn!("opening a session took too long");
            return SessionAction::End(SessionFault::Passing);
        }
        if let Connection::Up { socket, stage: Stage::Live } = &self.connection {
            self.gate.progressed(false, socket.last_received.at());
        }
        self.commit_endless_speech(now);
        self.notice_cut(now);
        self.gate.handle_timeout(now);
        self.run_gate()
    }

    /// When [`handle_timeout`](Self::handle_timeout) or the next session is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let live = self.connection.is_live();
        let gate = self.gate.poll_timeout().filter(|_| live);
        let speech = self.speech.poll_timeout().filter(|_| live);
        let due = [self.connection.retry_at(), self.connection.setup_expires(), gate, speech];
        due.into_iter().flatten().min()
    }

    /// What CallActor did not know when it gave the order: OpenAI may hear speech by now, or a response
    /// may be under way.
    fn can_be_renewed(&self, why: Renewal) -> bool {
        let idle = self.gate.state() == GateState::Idle;
        let can = match why {
            Renewal::SaysNothing => {
                tracing::warn!("responses of this session say nothing: new session");
                return true;
            }
            Renewal::AtQuietMoment => idle && !self.speech.is_active(),
            Renewal::BetweenAnswers => idle,
            Renewal::AtOnce => true,
        };
        if can {
            tracing::info!(?why, "new session, before OpenAI ends this one");
        }
        can
    }

    fn send(&mut self, events: Vec<String>) {
        if !events.is_empty() {
            self.push(Outgoing::Events(events));
        }
    }

    /// If the queue is full, the socket is dead, and the next ping will find out.
    fn push(&mut self, order: Outgoing) {
        let Some(socket) = self.connection.socket() else { return };
        if let Err(error) = socket.outgoing.try_send(order) {
            tracing::warn!(%error, "the session's outgoing queue is full");
        }
    }
}

#[cfg(test)]
mod tests;
