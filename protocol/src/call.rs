//! What a call does: events go in with the moment they happened, commands and the next deadline come
//! out. Everything that must survive the crash of the actor around it is in here.
//!
//! Call [`Call::handle`] and [`Call::handle_timeout`], then perform what [`Call::outbox`] holds and
//! say so with [`Call::delivered`]. Audio never comes here; what was heard of it does.

mod command;
mod conversation;
mod deciding;
mod digits;
mod ending;
mod event;
mod interjection;
mod language;
mod latency;
mod lead;
mod reason;
mod session;
mod setup;
mod silence;
mod speech;
mod stream;
mod timer;
mod tools;
mod transfer;
mod view;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use command::{Command, Record};
pub use conversation::{AgentSpeech, Body, Conversation, Entry, Role, Words};
pub use ending::{ClosingLine, HangUp, Phase};
pub use event::{Event, FunctionCall, SessionFault, StreamEnd, ToolOutcome};
pub use interjection::Interjection;
pub use latency::LatencyView;
pub use lead::LeadFacts;
pub use reason::{EndReason, EndedBy, Ending};
pub use setup::CallSetup;
pub use speech::{AgentCut, CutItem, Greeting, Interruption, Owed};
pub use stream::StreamState;
pub use timer::Timer;
pub use view::CallView;

use deciding::Deciding;
use digits::Digits;
use latency::Latencies;
use session::Session;
use silence::Silence;
use speech::Speech;
use tools::Tools;

use crate::ids::ResponseId;
use crate::openai::usage::Usage;
use crate::twilio::forms::CallStatus;

/// A moment, on both clocks: the one for durations and the one for records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For durations and deadlines.
    pub at: Instant,
    /// For what is written down.
    pub wall: Timestamp,
}

/// One call, from the voice webhook to its end.
#[derive(Debug, Clone)]
pub struct Call {
    setup: CallSetup,
    phase: Phase,
    began: Now,
    stream: StreamState,
    session: Session,
    speech: Speech,
    deciding: Deciding,
    silence: Silence,
    /// The line of an ending that was taken back: it is heard to its end.
    kept_line: Option<ResponseId>,
    /// A response that asks for the end and is not judged yet: its words may be the last.
    farewell: Option<ResponseId>,
    conversation: Conversation,
    tools: Tools,
    lead: LeadFacts,
    digits: Option<Digits>,
    usage: Usage,
    transcribed: Duration,
    latencies: Latencies,
    duration_secs: Option<u32>,
    status: Option<CallStatus>,
    outbox: VecDeque<(u64, Command)>,
    next_command: u64,
}

impl Call {
    /// A call whose webhook has just been answered: the stream is awaited, and so is the session,
    /// which the greeting is owed by (CALL-2); or a recording plays, and the session comes with the
    /// stream.
    #[must_use]
    pub fn new(setup: CallSetup, now: Now) -> Self {
        let mut call = Self {
            phase: Phase::Open,
            began: now,
            stream: StreamState::awaited(&setup, now.at),
            session: Session::at_webhook(&setup.opening, now.at),
            speech: Speech::default(),
            deciding: Deciding::default(),
            silence: Silence::default(),
            kept_line: None,
            farewell: None,
            conversation: Conversation::default(),
            tools: Tools::default(),
            lead: setup.lead.clone(),
            digits: None,
            usage: Usage::default(),
            transcribed: Duration::ZERO,
            latencies: Latencies::default(),
            duration_secs: None,
            status: None,
            outbox: VecDeque::new(),
            next_command: 1,
            setup,
        };
        call.send(Command::Record(Record::Started));
        call.send(Command::EnsureLead);
        call.owe_greeting(now);
        call
    }

    /// Takes in what happened.
    pub fn handle(&mut self, event: Event, now: Now) {
        if matches!(self.phase, Phase::Over { .. }) {
            self.handle_after_the_end(event, now);
            return;
        }
        self.take_in(event, now);
        self.look_whether_the_reply_is_over(now);
        self.keep_silence_clock(now);
    }

    fn take_in(&mut self, event: Event, now: Now) {
        match event {
            Event::StreamOpened { stream } => self.on_stream_opened(stream, now),
            Event::StreamClosed { stream, how } => self.on_stream_closed(&stream, how, now),
            Event::StatusReported { status, duration_secs } => {
                self.on_status(status, duration_secs, now);
            }
            Event::SessionConfigured { session } => self.on_session_configured(session),
            Event::SessionLost { fault } => self.on_session_lost(fault, now),
            Event::SpeechStarted => self.on_speech_started(now),
            Event::SpeechStopped => {
                self.speech.caller_speaks = false;
                self.latencies.caller_stopped(now.at);
            }
            Event::TurnCommitted { item } => self.on_turn_committed(item, now),
            Event::TurnTranscribed { item, text } => self.on_turn_transcribed(&item, text, now),
            Event::TurnBilled { length } => self.note_transcription(length),
            Event::ResponseStarted { response, asks } => self.on_response_started(response, asks),
            Event::AskCovered { ask, response } => self.on_ask_covered(ask, &response),
            Event::AskDropped { ask } => self.speech.forget(ask),
            Event::AgentItem { response, item } => self.note_agent_item(response, item, now),
            Event::AgentBegan { response, item } => self.on_agent_began(response, item, now),
            Event::AgentText { item, delta } => self.conversation.append_agent(&item, &delta),
            Event::AgentTextDone { item, text } => self.on_agent_text_done(&item, text),
            Event::AgentAudioDone { item } => self.speech.came_whole(&item),
            Event::ItemPlaying { response, added, .. } => {
                self.on_item_playing(&response, added, now);
            }
            Event::ItemQueued { item, plays_until } => self.on_item_queued(&item, plays_until),
            Event::ItemPlayed { response, item } => self.on_item_played(&response, &item, now),
            Event::AgentInterrupted(cut) => self.on_agent_interrupted(cut, now),
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
            Event::TransferEnded { answered } => self.on_transfer_ended(answered, now),
            Event::TransferFailed => self.on_transfer_failed(now),
            Event::PartGaveUp => self.apologise(EndReason::Internal, now),
            Event::ApologyFailed => self.on_apology_failed(now),
            Event::HangUpAnswered => self.on_hang_up_answered(now),
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some((at, timer)) = self.poll_timeout() {
            if at > now.at {
                break;
            }
            self.on_timer(timer, now);
            self.look_whether_the_reply_is_over(now);
            self.keep_silence_clock(now);
        }
    }

    /// What is to be done, oldest first, each with its number. It stays until it is delivered.
    pub fn outbox(&self) -> impl Iterator<Item = (u64, &Command)> {
        self.outbox.iter().map(|(number, command)| (*number, command))
    }

    /// The command with this number has reached whoever performs it.
    pub fn delivered(&mut self, number: u64) {
        self.outbox.retain(|(waiting, _)| *waiting != number);
    }

    /// The facts of the call that do not change.
    #[must_use]
    pub fn setup(&self) -> &CallSetup {
        &self.setup
    }

    /// Where the call stands.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// How the call ended, once it is over or on its way there.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.phase.ending()
    }

    /// The tree around the call is being taken down: it is over now, whatever it was about to do.
    pub fn finish(&mut self, reason: EndReason, by: EndedBy) {
        self.over(reason, by);
    }

    /// Where the greeting stands (GREET-2).
    #[must_use]
    pub fn greeting(&self) -> Greeting {
        self.speech.greeting
    }

    /// What was said and done, in order.
    #[must_use]
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// What is known of the person, and what this call has captured.
    #[must_use]
    pub fn lead(&self) -> &LeadFacts {
        &self.lead
    }

    /// Tokens of all responses so far.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// How much of the caller's sound was transcribed.
    #[must_use]
    pub fn transcribed(&self) -> Duration {
        self.transcribed
    }

    /// The duration in seconds that Twilio's terminal status gave, if it came.
    #[must_use]
    pub fn duration_secs(&self) -> Option<u32> {
        self.duration_secs
    }

    /// The terminal status, if Twilio has reported one.
    #[must_use]
    pub fn status(&self) -> Option<CallStatus> {
        self.status
    }

    /// When the webhook came.
    #[must_use]
    pub fn began(&self) -> Now {
        self.began
    }

    /// Whether nothing may interrupt the agent now: a protected greeting, the last line, or what may
    /// turn out to be it (BARGE-1).
    #[must_use]
    pub fn agent_is_protected(&self) -> bool {
        let greeting = self.setup.settings.greeting.protected
            && matches!(self.speech.greeting, Greeting::Pending | Greeting::Playing);
        let kept = self.kept_line.as_ref().is_some_and(|line| self.speech.is_unheard(line));
        let farewell = self.farewell.as_ref().is_some_and(|line| self.speech.is_unheard(line));
        greeting || kept || farewell || !matches!(self.phase, Phase::Open)
    }

    /// Late facts still belong in the record: transcripts, the lead and the duration.
    fn handle_after_the_end(&mut self, event: Event, now: Now) {
        if let Event::TurnTranscribed { item, text } = event {
            self.on_turn_transcribed(&item, text, now);
        } else if let Event::TurnBilled { length } = event {
            self.note_transcription(length);
        } else if let Event::AgentTextDone { item, text } = event {
            self.on_agent_text_done(&item, text);
        } else if let Event::TurnCommitted { item } = event {
            self.note_turn(item, now);
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

    fn on_lead_known(&mut self, lead: LeadFacts, now: Now) {
        self.note_lead(lead, now);
        self.send_calendar_uses();
    }

    fn note_lead(&mut self, lead: LeadFacts, now: Now) {
        let new = lead.id.filter(|_| self.lead.id.is_none());
        self.learn_of_lead(lead, now);
        if let Some(lead) = new {
            self.send(Command::Record(Record::Lead(lead)));
        }
    }

    fn send(&mut self, command: Command) {
        self.outbox.push_back((self.next_command, command));
        self.next_command += 1;
    }
}

#[cfg(test)]
mod tests;
