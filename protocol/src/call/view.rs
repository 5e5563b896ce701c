//! A call as the introspection shows it.

use serde::{Deserialize, Serialize};

use super::latency::LatencyView;
use super::lead::LeadFacts;
use super::reason::EndReason;
use super::session::Session;
use super::speech::Greeting;
use super::stream::StreamState;
use super::{Call, Now};

/// The state of one call, for `/introspect/calls` and the status line (PIPE-7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallView {
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Milliseconds since the webhook.
    pub age_ms: u64,
    /// `open`, `closing`, `pausing`, `hanging_up`, `over`.
    pub phase: String,
    /// Why it ends, once that is known.
    pub end_reason: Option<EndReason>,
    /// `awaited`, `open`, `lost`, `closed`.
    pub stream: String,
    /// Whether a session is configured.
    pub session_ready: bool,
    /// Where the greeting stands.
    pub greeting: Greeting,
    /// Whether the caller is speaking, as OpenAI hears it.
    pub caller_speaks: bool,
    /// Whether some of what the agent said has not been heard yet.
    pub agent_speaks: bool,
    /// Whether the caller has had a turn.
    pub caller_has_spoken: bool,
    /// How often the silent caller was asked whether they are there, since they last spoke (END-7).
    pub silence_checks: u8,
    /// How long the caller waited.
    pub latencies: LatencyView,
    /// Responses that are owed.
    pub owed: usize,
    /// Tools at work.
    pub tools_running: usize,
    /// Responses begun so far.
    pub responses: u32,
    /// Those of them that were cut short, by `max_output_tokens` or a filter (PROMPT-4).
    pub incomplete: u32,
    /// Entries in the transcript.
    pub entries: usize,
    /// The lead.
    pub lead: LeadFacts,
    /// Required fields that are still missing (END-8).
    pub missing_fields: Vec<String>,
}

impl Call {
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
            session_ready: self.session == Session::Ready,
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
            entries: self.conversation.entries().len(),
            lead: self.lead.clone(),
            missing_fields: self.lead.missing(required).into_iter().map(str::to_owned).collect(),
        }
    }
}
