//! What others read of a call: its facts one by one, and the view that introspection shows.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::conversation::Entry;
use super::ending::Phase;
use super::latency::LatencyView;
use super::lead::LeadFacts;
use super::reason::{EndReason, Ending};
use super::session::SessionState;
use super::setup::CallSetup;
use super::speech::Greeting;
use super::stream::StreamState;
use super::{Call, Now};
use crate::openai::usage::Usage;
use crate::twilio::forms::CallStatus;

/// The state of one call, for `/introspect/calls` and the status line (PIPE-7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallView {
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Milliseconds since the webhook.
    pub age_ms: u64,
    /// [`Phase::name`].
    pub phase: String,
    /// Why the call ends. `None` until that is decided.
    pub end_reason: Option<EndReason>,
    /// The media stream: `awaited`, `open`, `lost` or `closed`.
    pub stream: String,
    /// Whether a session is configured.
    pub session_ready: bool,
    /// How far the greeting has come.
    pub greeting: Greeting,
    /// Whether the caller is speaking, by OpenAI's turn detection.
    pub caller_speaks: bool,
    /// Whether speech of the agent's is on its way to the caller.
    pub agent_speaks: bool,
    /// Whether a turn of the caller's was ever committed.
    pub caller_has_spoken: bool,
    /// Silence checks since the caller last spoke (END-7).
    pub silence_checks: u8,
    /// How long the caller waited for the agent.
    pub latencies: LatencyView,
    /// Responses that the caller is owed and has not heard to the end.
    pub owed: usize,
    /// Tool calls that have not returned.
    pub tools_running: usize,
    /// Responses begun so far.
    pub responses: u32,
    /// How many of them `max_output_tokens` or a filter cut short (PROMPT-4).
    pub incomplete: u32,
    /// Entries of the transcript.
    pub entries: usize,
    /// What is known of the person.
    pub lead: LeadFacts,
    /// Required fields of the lead that are still missing (END-8).
    pub missing_fields: Vec<String>,
}

impl Call {
    /// The facts that were known at the webhook.
    #[must_use]
    pub fn setup(&self) -> &CallSetup {
        &self.setup
    }

    /// Whether the call goes on, is ending, or is over.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Why and by whom the call ends. `None` until that is decided.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.phase.ending()
    }

    /// How far the greeting has come (GREET-2).
    #[must_use]
    pub fn greeting(&self) -> Greeting {
        self.speech.greeting
    }

    /// What is known of the person, and which fields this call has captured.
    #[must_use]
    pub fn lead(&self) -> &LeadFacts {
        &self.lead
    }

    /// The transcript so far, in order.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.conversation.entries()
    }

    /// How long the caller waited for the agent.
    #[must_use]
    pub fn latencies(&self) -> LatencyView {
        self.latencies.view()
    }

    /// The tokens of all responses so far.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The length of the caller's audio that OpenAI has billed for transcription.
    #[must_use]
    pub fn transcribed(&self) -> Duration {
        self.transcribed
    }

    /// Seconds, from Twilio's terminal status. `None` until that has come.
    #[must_use]
    pub fn duration_secs(&self) -> Option<u32> {
        self.duration_secs
    }

    /// Twilio's terminal status. `None` until that has come.
    #[must_use]
    pub fn status(&self) -> Option<CallStatus> {
        self.status
    }

    /// When the webhook came.
    #[must_use]
    pub fn began(&self) -> Now {
        self.began
    }

    /// Whether the caller cannot interrupt now: during a protected greeting, the last line, or a
    /// response that may turn out to be the last (BARGE-1).
    #[must_use]
    pub fn agent_is_protected(&self) -> bool {
        let greeting = self.setup.settings.greeting.protected
            && matches!(self.speech.greeting, Greeting::Pending | Greeting::Playing);
        let kept = self.kept_line.as_ref().is_some_and(|line| self.speech.is_unheard(line));
        let farewell = self.farewell.as_ref().is_some_and(|line| self.speech.is_unheard(line));
        greeting || kept || farewell || !matches!(self.phase, Phase::Open)
    }

    /// The number of the session that is configured, if one is.
    #[must_use]
    pub fn session_number(&self) -> Option<u32> {
        match self.session {
            SessionState::Ready { session, .. } => Some(session),
            SessionState::NotWanted | SessionState::Missing { .. } => None,
        }
    }

    /// The call as it stands at `now`.
    #[must_use]
    pub fn view(&self, now: Now) -> CallView {
        let age = now.at.saturating_duration_since(self.began.at).as_millis();
        let required = &self.setup.settings.ending.required_lead_fields;
        CallView {
            direction: self.setup.direction.as_str().to_owned(),
            age_ms: u64::try_from(age).unwrap_or(u64::MAX),
            phase: self.phase.name().to_owned(),
            end_reason: self.ending().map(|ending| ending.reason),
            stream: match self.stream {
                StreamState::Awaited { .. } => "awaited",
                StreamState::Open { .. } => "open",
                StreamState::Lost { .. } => "lost",
                StreamState::Closed => "closed",
            }
            .to_owned(),
            session_ready: self.session.is_ready(),
            greeting: self.speech.greeting,
            caller_speaks: self.speech.caller_speaks,
            agent_speaks: self.speech.agent_speaks(),
            caller_has_spoken: self.speech.caller_has_spoken,
            silence_checks: self.silence.checks(),
            latencies: self.latencies.view(),
            owed: self.speech.owed().len(),
            tools_running: self.tools.running(),
            responses: self.speech.responses_begun,
            incomplete: self.speech.incomplete,
            entries: self.conversation.len(),
            lead: LeadFacts::clone(&self.lead),
            missing_fields: self.lead.missing(required).into_iter().map(str::to_owned).collect(),
        }
    }
}
