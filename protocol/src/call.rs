//! The state machine of a call: events and the time go in, commands and the next deadline come out.
//! It holds everything that must survive a crash of `CallActor`, which drives it.
//!
//! Pass events to [`Call::handle`], and call [`Call::handle_timeout`] when [`Call::poll_timeout`]
//! says so. After each, perform what [`Call::outbox`] holds and confirm it with
//! [`Call::delivered`]. Audio never comes here; reports of what was heard do.

mod command;
mod conversation;
mod digits;
mod end_detection;
mod ending;
mod event;
mod interjection;
mod language;
mod latency;
mod lead;
mod measures;
mod moment;
mod put_through;
mod reason;
mod recording;
mod renewal;
mod resume;
mod saving;
mod session;
mod setup;
mod silence;
pub mod snapshot;
mod speech;
mod stopwatch;
mod stream;
mod timer;
mod tools;
mod transcription;
mod transfer;
mod view;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use command::{Command, Record};
pub use conversation::{AgentSpeech, Body, Entry, Role, Words};
pub use ending::{ClosingLine, HangUp, Phase};
pub use event::{Event, FunctionCall, SessionFault, StreamEnd, ToolOutcome};
pub use interjection::Interjection;
pub use latency::LatencyView;
pub use lead::LeadFacts;
pub use measures::Measured;
pub use moment::Moment;
pub use reason::{EndReason, EndedBy, Ending};
pub use renewal::{Renewal, SessionAges};
pub use resume::AtTwilio;
pub use saving::{SavedEntries, SnapshotParts};
pub use setup::CallSetup;
pub use speech::{AgentCut, CutItem, Greeting, Interruption};
pub use stream::StreamState;
pub use timer::Timer;
pub use transfer::{RINGS_FOR, Ringing};
pub use view::CallView;

use conversation::Conversation;
use digits::Digits;
use end_detection::EndDetection;
use latency::Latencies;
use measures::Measures;
use recording::Recording;
use session::SessionState;
use silence::Silence;
use speech::Speech;
use tools::Tools;
pub(crate) use tools::call_control;
use transcription::TurnTranscription;

use crate::caller_speech::CommittedBy;
use crate::ids::ResponseId;
use crate::openai::usage::Usage;
use crate::phrases::Phrases;
use crate::twilio::forms::CallStatus;

/// The time, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Since the call began, by the steady clock: for durations and deadlines.
    pub at: Moment,
    /// The wall clock, for records.
    pub wall: Timestamp,
}

/// One call, from the voice webhook to its end.
///
/// It is copied after every event, so every part of it is bounded or shared between copies.
#[derive(Debug, Clone)]
pub struct Call {
    setup: Arc<CallSetup>,
    /// The business's phrases, prepared once.
    phrases: Arc<Phrases>,
    phase: Phase,
    began: Now,
    stream: StreamState,
    session: SessionState,
    recording: Recording,
    speech: Speech,
    end_detection: EndDetection,
    silence: Silence,
    /// The last line of an ending that was taken back. It is played to its end.
    kept_line: Option<ResponseId>,
    /// A response that has called for the end of the call and was not judged yet. It may be the
    /// agent's farewell.
    farewell: Option<ResponseId>,
    conversation: Conversation,
    tools: Tools,
    lead: Arc<LeadFacts>,
    digits: Option<Digits>,
    usage: Usage,
    transcribed: Duration,
    transcription: TurnTranscription,
    latencies: Latencies,
    measures: Measures,
    duration_secs: Option<u32>,
    status: Option<CallStatus>,
    outbox: VecDeque<(u64, Command)>,
    next_command: u64,
}

impl Call {
    /// A call whose webhook was just answered. Stream and session are awaited, and the greeting is
    /// owed (CALL-2). If a recording plays first, the session is opened with the stream.
    #[must_use]
    pub fn new(setup: impl Into<Arc<CallSetup>>, now: Now) -> Self {
        let setup = setup.into();
        let mut call = Self {
            phrases: Phrases::of(&setup.settings.ending),
            phase: Phase::Open,
            began: now,
            stream: StreamState::awaited(&setup, now.at),
            session: SessionState::at_webhook(&setup.opening, now.at),
            recording: Recording::of(&setup.opening),
            speech: Speech::default(),
            end_detection: EndDetection::default(),
            silence: Silence::default(),
            kept_line: None,
            farewell: None,
            conversation: Conversation::default(),
            tools: Tools::default(),
            lead: Arc::new(setup.lead.clone()),
            digits: None,
            usage: Usage::default(),
            transcribed: Duration::ZERO,
            transcription: TurnTranscription::default(),
            latencies: Latencies::default(),
            measures: Measures::default(),
            duration_secs: None,
            status: None,
            outbox: VecDeque::new(),
            next_command: 1,
            setup,
        };
        call.send(Command::Record(Record::Started));
        call.send(Command::EnsureLead);
        call.owe_greeting();
        call
    }

    /// Handles an event that happened at `now`.
    pub fn handle(&mut self, event: Event, now: Now) {
        if matches!(self.phase, Phase::Over { .. }) {
            self.handle_after_the_end(event, now);
            return;
        }
        self.take_in(event, now);
        self.settle(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some((at, timer)) = self.poll_timeout() {
            if at > now.at {
                break;
            }
            self.on_timer(timer, now);
            self.settle(now);
        }
    }

    /// Draws the conclusions of what has just changed. The handlers only note what happened;
    /// whatever follows from the state as a whole follows here, in this order:
    ///
    /// 1. `call_control` is judged, once its other tools have returned.
    /// 2. If the reply to a goodbye is over, the scripted line follows, or the call ends with it.
    /// 3. Tool outputs are answered, unless the call is ending by now.
    /// 4. What was heard to its end is owed no longer, and a last line leads to the hang-up.
    /// 5. The clocks of asks in trouble are started or paused, and the silence clock.
    fn settle(&mut self, now: Now) {
        self.judge_call_control(now);
        self.settle_farewell();
        self.settle_reply(now);
        self.settle_tools();
        self.settle_owed();
        self.settle_last_line(now);
        self.settle_trouble(now);
        self.settle_silence(now);
    }

    fn take_in(&mut self, event: Event, now: Now) {
        match event {
            Event::StreamOpened { stream } => self.on_stream_opened(stream, now),
            Event::StreamClosed { stream, how } => self.on_stream_closed(&stream, how, now),
            Event::StatusReported { status, duration_secs } => {
                self.on_status(status, duration_secs, now);
            }
            Event::RecordingFailed => self.on_recording_failed(now),
            Event::SessionConfigured { session } => self.on_session_configured(session, now),
            Event::TranscriptionRefused { instead } => self.on_transcription_refused(instead, now),
            Event::SessionLost { fault, unplayed } => self.on_session_lost(fault, &unplayed, now),
            Event::SpeechStarted => self.on_speech_started(now),
            Event::SpeechStopped => self.on_speech_stopped(now),
            Event::TurnCommitted { item } => {
                self.on_turn_committed(item, CommittedBy::TurnDetection, now);
            }
            Event::EndlessTurnCommitted { item } => {
                self.on_turn_committed(item, CommittedBy::Daemon, now);
            }
            Event::CallerQuiet => self.on_caller_quiet(now),
            Event::TurnTranscribed { item, text } => self.on_turn_transcribed(&item, text, now),
            Event::TurnBilled { length } => self.note_transcription(length),
            Event::ResponseStarted { response, asks } => self.on_response_started(response, asks),
            Event::AskCovered { ask, response } => self.on_ask_covered(ask, &response),
            Event::AskDropped { ask } => self.speech.forget(ask),
            Event::AgentItem { response, item } => self.note_agent_item(response, item, now),
            Event::AgentBegan { response, item } => self.on_agent_began(response, item, now),
            Event::AgentText { item, delta } => self.conversation.append_agent(&item, &delta),
            Event::AgentTextDone { item, text } => self.on_agent_text_done(&item, text),
            Event::AgentAudioDone { item, came_ms } => {
                self.speech.note_whole(&item, came_ms);
                self.measure_length(&item, came_ms);
            }
            Event::AgentBrokeOff { response, item, came_ms } => {
                self.on_agent_broke_off(response, item, came_ms, now);
            }
            Event::ItemPlaying { response, item, added } => {
                self.on_item_playing(&response, &item, added, now);
            }
            Event::ItemQueued { item, plays_until } => self.on_item_queued(&item, plays_until),
            Event::ItemPlayed { item, .. } => self.on_item_played(&item),
            Event::AgentInterrupted(cut) => self.on_agent_interrupted(cut, now),
            Event::PlaybackStopped { items } => self.on_playback_stopped(items, now),
            Event::ResponseEnded { response, asks, outcome, calls, usage } => {
                self.usage += usage;
                self.on_response_ended(response, &asks, outcome, calls, now);
            }
            Event::CallMade { response, name, arguments } => {
                self.on_call_made(response, &name, &arguments);
            }
            Event::ToolFinished { call, outcome } => self.on_tool_finished(&call, outcome, now),
            Event::LeadKnown { lead } => self.on_lead_known(lead, now),
            Event::DigitPressed { digit } => self.on_digit(digit, now),
            Event::OperatorHungUp => self.end_at_once(EndReason::Operator, EndedBy::Operator, now),
            Event::ShutdownOrdered => self.on_shutdown(now),
            Event::CutOff => self.on_cut_off(),
            Event::TransferEnded { answered } => self.on_transfer_ended(answered, now),
            Event::TransferFailed => self.on_transfer_failed(now),
            Event::ApologyFailed => self.on_apology_failed(now),
            Event::HangUpAnswered => self.on_hang_up_answered(now),
        }
    }

    /// The commands to be performed, oldest first. Their numbers grow and are never used twice.
    /// A command stays until [`Call::delivered`] is called with its number.
    pub fn outbox(&self) -> impl Iterator<Item = (u64, &Command)> {
        self.outbox.iter().map(|(number, command)| (*number, command))
    }

    /// Removes the command with this number: its performer has it.
    pub fn delivered(&mut self, number: u64) {
        self.outbox.retain(|(waiting, _)| *waiting != number);
    }

    /// Ends the call at once, because its actors are being stopped. An ending that was decided
    /// before keeps its reason.
    pub fn finish(&mut self, reason: EndReason, by: EndedBy) {
        self.over(reason, by);
    }

    /// After the end only records change: late transcripts, the lead, status and duration.
    fn handle_after_the_end(&mut self, event: Event, now: Now) {
        if let Event::TurnTranscribed { item, text } = event {
            self.on_turn_transcribed(&item, text, now);
        } else if let Event::TurnBilled { length } = event {
            self.note_transcription(length);
        } else if let Event::AgentTextDone { item, text } = event {
            self.on_agent_text_done(&item, text);
        } else if let Event::TurnCommitted { item } | Event::EndlessTurnCommitted { item } = event {
            self.note_turn(item, now);
        } else if let Event::PlaybackStopped { items } = event {
            self.on_playback_stopped(items, now);
        } else if let Event::LeadKnown { lead } = event {
            self.note_lead(lead, now);
        } else if let Event::StatusReported { status, duration_secs } = event
            && status.is_terminal()
            && let Some(ending) = self.ending()
        {
            self.duration_secs = duration_secs.or(self.duration_secs);
            self.status = Some(status);
            self.send(Command::Record(Record::Ended(ending)));
        }
    }

    fn note_transcription(&mut self, length: Duration) {
        self.transcribed = self.transcribed.saturating_add(length);
    }

    fn send(&mut self, command: Command) {
        self.outbox.push_back((self.next_command, command));
        self.next_command += 1;
    }
}

#[cfg(test)]
mod tests;
