//! The daemon has died, and another process goes on with the call (RES-4). The session, the stream
//! and all audio are gone; what was asked of other parts may have been done or not.

use std::sync::Arc;
use std::time::Duration;

use super::command::Command;
use super::conversation::{Body, Words};
use super::ending::{
    APOLOGY_PATIENCE, ClosingLine, FIRST_AUDIO_PATIENCE, HANG_UP_PATIENCE, HangUp, Phase,
};
use super::session::SessionState;
use super::setup::CallSetup;
use super::snapshot::{CallSnapshot, SnapshotError};
use super::stream::StreamState;
use super::{Call, Greeting, Moment, Now};
use crate::business::OpeningLine;
use crate::ids::ItemId;
use crate::response_gate::{Reply, Want};

/// Told to the model.
const CUT_OFF: &str = "The line was cut off for a moment, and the caller is back with you. Do not \
                       greet them again. Go on where you were; if nothing is to be answered, with \
                       one short sentence.";
/// Told to the model if the caller's last words are gone with the daemon that heard them.
const WORDS_LOST: &str = "The line was cut off for a moment, and the caller is back with you. Do \
                          not greet them again. What they said last was lost: ask them in one short \
                          sentence to say it again.";

/// Told to the model, before the greeting's words, if nobody knows whether they were heard.
const PERHAPS_GREETED: &str = "The line was cut off for a moment, and the caller is back with you. Nobody knows \
                               whether they have heard your greeting. Do not say it again. In one short \
                               sentence say whom they have reached, and ask them to go on. If the greeting \
                               tells something that they must know, say that too, in other words. The \
                               greeting:";

/// How long after a snapshot nothing of a greeting can have been heard that had not begun in it. No model answers
/// sooner.
const NOT_GREETED_FOR: Duration = Duration::from_millis(300);

/// How far Twilio has come with a call whose process has died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtTwilio {
    /// It asks what the call begins with: nothing was connected, as far as it knows.
    Begins,
    /// It has done what it was told: a stream was connected, or could not be.
    GoesOn,
}

impl Call {
    /// Goes on with a call whose process has died.
    ///
    /// The stream is awaited, and a session is opened. The caller has heard what is known to have been
    /// played. A turn that waited is answered; if nothing waits, the agent goes on with one short
    /// sentence. A greeting that had begun is not repeated, nor is one that may have begun after the snapshot: the
    /// process that died may not have reached the database. Tools that had not returned are run
    /// again, with the same ids. An ending, a transfer and a hang-up go on.
    ///
    /// # Errors
    /// [`SnapshotError::OtherCall`] if `setup` is of another call.
    pub fn resume(
        setup: impl Into<Arc<CallSetup>>,
        snapshot: CallSnapshot,
        at_twilio: AtTwilio,
        now: Now,
    ) -> Result<Self, SnapshotError> {
        let taken = snapshot.taken().at;
        let mut call = Self::restore(setup, snapshot)?;
        call.outbox.retain(|(_, command)| command.outlives_the_process());
        if matches!(call.phase, Phase::Over { .. }) {
            return Ok(call);
        }
        let was_answered = !matches!(call.stream, StreamState::Awaited { .. });
        let stream_was_open = call.stream.is_open();
        let greeting = match at_twilio {
            AtTwilio::Begins if !was_answered => None,
            AtTwilio::Begins | AtTwilio::GoesOn => call.greeting_begun_since(taken, now),
        };
        call.await_stream_and_session(now);
        call.lose_the_agents_audio(taken, now);
        call.silence.begin_anew();
        let words_lost = call.lose_the_callers_audio(now);
        call.run_tools_again(now);
        match call.phase {
            Phase::Open => match greeting {
                Some(greeting) => call.go_on_unknown(&greeting, now),
                None if was_answered => call.go_on_talking(words_lost, now),
                None => {}
            },
            Phase::Closing { .. } | Phase::Pausing { .. } => call.say_last_line_again(now),
            Phase::HangingUp { how, .. } => call.hang_up_again(how, stream_was_open, now),
            Phase::HandingOver { .. } | Phase::Over { .. } => {}
        }
        call.settle(now);
        Ok(call)
    }

    /// The call of a process that has died, to be brought to its end. What is to be written of its lead, and may not have
    /// been, is ordered again.
    ///
    /// # Errors
    /// [`SnapshotError::OtherCall`] if `setup` is of another call.
    pub fn restore_to_end(
        setup: impl Into<Arc<CallSetup>>,
        snapshot: CallSnapshot,
        now: Now,
    ) -> Result<Self, SnapshotError> {
        let mut call = Self::restore(setup, snapshot)?;
        call.order_what_the_lead_is_owed(now);
        Ok(call)
    }

    fn await_stream_and_session(&mut self, now: Now) {
        let patience = now.at + self.setup.stream_patience;
        let talks =
            matches!(self.phase, Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. });
        self.stream = match self.stream {
            StreamState::Awaited { until } => StreamState::Awaited { until: until.max(patience) },
            StreamState::Open { .. } | StreamState::Lost { .. } | StreamState::Closed if talks => {
                StreamState::Lost { until: patience }
            }
            StreamState::Open { .. } | StreamState::Lost { .. } | StreamState::Closed => {
                StreamState::Closed
            }
        };
        if !talks {
            self.session = SessionState::NotWanted;
        } else if self.session != SessionState::NotWanted {
            self.session = SessionState::Missing { since: now.at };
            self.send(Command::OpenSession);
        }
    }

    /// Turns without a transcript get none any more. Returns whether the caller must say something
    /// again.
    fn lose_the_callers_audio(&mut self, now: Now) -> bool {
        let is_lost = |turn: &ItemId| !self.is_known(turn);
        // What was answered, or has called a tool, need not be said again.
        let lost = self.speech.caller_speaks || self.unanswered_turns().iter().any(is_lost);
        self.speech.caller_speaks = false;
        let awaited: Vec<ItemId> = (self.conversation.entries())
            .filter_map(|entry| {
                let Body::Caller { item, words: Words::Awaited } = &entry.body else { return None };
                Some(item.clone())
            })
            .collect();
        for turn in awaited {
            self.on_turn_transcribed(&turn, None, now);
        }
        if self.phase == Phase::Open {
            self.on_caller_quiet(now);
        }
        lost
    }

    fn is_known(&self, turn: &ItemId) -> bool {
        matches!(self.conversation.words_of(turn), Some(Words::Known(_)))
    }

    /// The words of a greeting that had not begun in the snapshot, and may have begun since.
    fn greeting_begun_since(&self, taken: Moment, now: Now) -> Option<String> {
        let OpeningLine::Spoken { text } = &self.setup.opening else { return None };
        let may_have_begun = self.speech.greeting == Greeting::Pending
            && now.at.saturating_duration_since(taken) >= NOT_GREETED_FOR;
        may_have_begun.then(|| text.clone())
    }

    /// The agent says who speaks: right for a caller who was greeted, and for one who was not.
    fn go_on_unknown(&mut self, greeting: &str, now: Now) {
        self.speech.forget_greeting();
        self.speak_again(format!("{PERHAPS_GREETED} {greeting}"), now);
    }

    fn go_on_talking(&mut self, words_lost: bool, now: Now) {
        if self.speech.greeting == Greeting::Pending {
            return;
        }
        let told = if words_lost { WORDS_LOST } else { CUT_OFF };
        self.speak_again(told.to_owned(), now);
    }

    /// With what the model is told, and what the caller is owed.
    fn speak_again(&mut self, told: String, now: Now) {
        self.add_entry(Body::System(told), now);
        if self.speech.owed().is_empty() && !self.tools.will_be_answered() {
            self.owe(Want::Answer(Reply::Resume));
        }
    }

    /// A last line that was not heard to its end is spoken again, in the business's words. Nothing else
    /// is said any more.
    fn say_last_line_again(&mut self, now: Now) {
        self.speech.owe_only_the_closing_line();
        let Phase::Closing { ending, line, .. } = &self.phase else { return };
        let (ending, line) = (*ending, line.clone());
        let ask = match line {
            ClosingLine::Awaited { ask, .. } => ask,
            ClosingLine::Speaking { response, .. } if self.speech.was_not_lost(&response) => {
                return;
            }
            ClosingLine::Speaking { .. } => match self.speech.owed() {
                [line, ..] => line.ask.number,
                [] => self.owe_last_line(ending.reason),
            },
        };
        let until = now.at + self.setup.stream_patience + FIRST_AUDIO_PATIENCE;
        if let Phase::Closing { line, .. } = &mut self.phase {
            *line = ClosingLine::Awaited { ask, until };
        }
    }

    /// Twilio may not have been told yet. A transfer is not repeated: it would ring twice, and the
    /// webhook that Twilio asks when the stream is gone starts it.
    fn hang_up_again(&mut self, how: HangUp, stream_was_open: bool, now: Now) {
        let (command, patience) = match how {
            HangUp::Rest => (Command::HangUp, HANG_UP_PATIENCE),
            HangUp::Apology if stream_was_open => (Command::Apologise, APOLOGY_PATIENCE),
            HangUp::Apology | HangUp::PutThrough { .. } | HangUp::Answered => return,
        };
        self.send_once(command);
        if let Phase::HangingUp { until, .. } = &mut self.phase {
            *until = now.at + patience;
        }
    }

    /// What a tool does has the id of its call: what was done already is not done again.
    fn run_tools_again(&mut self, now: Now) {
        self.order_what_the_lead_is_owed(now);
        self.send_calendar_uses();
    }

    fn order_what_the_lead_is_owed(&mut self, now: Now) {
        if self.lead.id.is_none() {
            self.send_once(Command::EnsureLead);
        }
        for update in self.tools_to_run_again(now) {
            self.send(Command::UpdateLead(update));
        }
    }

    fn send_once(&mut self, command: Command) {
        if !self.outbox.iter().any(|(_, waiting)| *waiting == command) {
            self.send(command);
        }
    }
}

impl Command {
    /// Whether it is still to be performed when the process has died that gave it out. What concerns the
    /// session or the stream is not. Tools are run again anyway.
    pub(super) fn outlives_the_process(&self) -> bool {
        match self {
            Self::EnsureLead
            | Self::SetLeadStatus(_)
            | Self::Record(_)
            | Self::HangUp
            | Self::Apologise
            | Self::Transfer
            | Self::Finish => true,
            Self::OpenSession
            | Self::CloseSession
            | Self::Ask(_)
            | Self::RenewSession { .. }
            | Self::Withdraw(_)
            | Self::Replay { .. }
            | Self::Tell(_)
            | Self::Correct(_)
            | Self::Interrupt(_)
            | Self::AwaitQuiet
            | Self::ToolsDone
            | Self::UpdateLead(_)
            | Self::UseCalendar { .. }
            | Self::CloseStream => false,
        }
    }
}
