//! The expected result of a scenario's call. What is not written is not checked.

mod written;

use std::collections::BTreeMap;

use entities::calls::CallStatus;
use entities::leads::LeadStatus;
use protocol::call::{EndReason, EndedBy};
use serde::Deserialize;

pub(in crate::simulate) use written::{
    ConversationExpectation, MessageExpectation, MessageText, TextModelExpectation,
};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectations {
    /// Everything the caller heard, in order.
    pub caller_heard: Option<Vec<HeardLine>>,
    /// Number of `clear` messages to Twilio.
    pub clears: Option<usize>,
    /// The turns that the model understood, in order. A noise is a turn without words.
    pub model_heard: Option<Vec<String>>,
    /// Number of events to the model.
    pub model_told: ModelTold,
    /// Parts of what the agent said, in this order.
    pub agent_said: Vec<String>,
    /// Parts of the agent's sentences with a question mark, in this order.
    pub agent_asked: Vec<String>,
    pub agent_never_said: Vec<String>,
    /// All function calls, in order.
    pub tools: Option<Vec<ToolExpectation>>,
    pub lead: Option<LeadExpectation>,
    /// The turns of caller and agent in the database, in order.
    pub transcript: Option<Vec<TranscriptLine>>,
    pub end: End,
    /// The messages that the person was sent, in order.
    pub messages: Option<Vec<MessageExpectation>>,
    pub conversation: ConversationExpectation,
    pub text_model: TextModelExpectation,
}

/// Number of events of each kind to the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelTold {
    /// `response.create`.
    pub responses: Option<usize>,
    /// `response.cancel`.
    pub cancels: Option<usize>,
    /// `conversation.item.truncate`.
    pub truncates: Option<usize>,
    /// `conversation.item.delete`.
    pub deletes: Option<usize>,
    /// Sessions of the call; 1 by default.
    pub sessions: Option<usize>,
}

/// The end of the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct End {
    /// As in the call's record.
    pub reason: Option<EndReason>,
    /// As in the call's record.
    pub by: Option<EndedBy>,
    /// Twilio's final status, as in the call's record.
    pub status: Option<CallStatus>,
    /// The words of every `<Say>`, in order.
    pub twilio_said: Option<Vec<String>>,
    /// Number of REST requests to hang up.
    pub hang_ups: Option<u32>,
}

/// A range of word counts, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "(usize, usize)")]
pub struct Words {
    pub least: usize,
    pub most: usize,
}

impl From<(usize, usize)> for Words {
    fn from((least, most): (usize, usize)) -> Self {
        Self { least, most }
    }
}

/// An utterance of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentLine {
    /// Exactly these words, whole.
    Whole(String),
    /// Words that contain these, whole.
    Has(String),
    /// The first words of this line, cut off after them.
    Cut { line: String, words: Words },
}

/// An utterance that the caller heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenHeard")]
pub struct HeardLine {
    pub line: AgentLine,
    /// What the caller said meanwhile.
    pub talked_over_by: Option<String>,
}

/// A turn in the database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenTurn")]
pub enum TranscriptLine {
    /// The caller's words; empty for a turn without words.
    Caller(String),
    Agent(AgentLine),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolExpectation {
    pub name: String,
    /// Expected arguments. There may be others.
    #[serde(default)]
    pub arguments: toml::Table,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadExpectation {
    pub status: Option<LeadStatus>,
    pub full_name: Option<String>,
    pub email: Option<String>,
    /// Expected fields. There may be others.
    pub fields: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHeard {
    whole: Option<String>,
    has: Option<String>,
    cut: Option<String>,
    words: Option<Words>,
    talked_over_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTurn {
    caller: Option<String>,
    agent: Option<String>,
    agent_has: Option<String>,
    agent_cut: Option<String>,
    words: Option<Words>,
}

impl TryFrom<WrittenHeard> for HeardLine {
    type Error = String;

    fn try_from(written: WrittenHeard) -> Result<Self, String> {
        let WrittenHeard { whole, has, cut, words, talked_over_by } = written;
        let line = agent_line(whole, has, cut, words)?
            .ok_or("one of whole, has and cut (with words) is expected")?;
        Ok(Self { line, talked_over_by })
    }
}

impl TryFrom<WrittenTurn> for TranscriptLine {
    type Error = String;

    fn try_from(written: WrittenTurn) -> Result<Self, String> {
        let WrittenTurn { caller, agent, agent_has, agent_cut, words } = written;
        match (caller, agent_line(agent, agent_has, agent_cut, words)?) {
            (Some(words), None) => Ok(Self::Caller(words)),
            (None, Some(line)) => Ok(Self::Agent(line)),
            (Some(_), Some(_)) | (None, None) => {
                Err("one of caller, agent, agent_has and agent_cut (with words) is expected"
                    .to_owned())
            }
        }
    }
}

/// The line, if exactly one is written.
fn agent_line(
    whole: Option<String>,
    has: Option<String>,
    cut: Option<String>,
    words: Option<Words>,
) -> Result<Option<AgentLine>, String> {
    let empty = |line: &Option<String>| line.as_ref().is_some_and(|line| line.trim().is_empty());
    if empty(&has) || empty(&cut) {
        return Err("words of the line are expected: every line has none".to_owned());
    }
    match (whole, has, cut, words) {
        (Some(line), None, None, None) => Ok(Some(AgentLine::Whole(line))),
        (None, Some(part), None, None) => Ok(Some(AgentLine::Has(part))),
        (None, None, Some(line), Some(words)) if words.least <= words.most => {
            Ok(Some(AgentLine::Cut { line, words }))
        }
        (None, None, Some(_), Some(_)) => Err("words: the least comes first".to_owned()),
        (None, None, Some(_), None) => {
            Err("a cut line needs words = [least, most]: how many of its words".to_owned())
        }
        (None, None, None, None) => Ok(None),
        _ => Err("one line is expected; words stand beside a cut line only".to_owned()),
    }
}

impl Expectations {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lead.is_none() && self.first_about_a_call().is_none() && !self.is_about_writing()
    }

    /// The key of an expectation that only a call can fulfil.
    pub(super) fn first_about_a_call(&self) -> Option<&'static str> {
        let Self { caller_heard, clears, model_heard, model_told, agent_said, agent_asked, .. } =
            self;
        let Self { agent_never_said, tools, transcript, end, .. } = self;
        let named = [
            ("expect.caller_heard", caller_heard.is_some()),
            ("expect.clears", clears.is_some()),
            ("expect.model_heard", model_heard.is_some()),
            ("expect.model_told", *model_told != ModelTold::default()),
            ("expect.agent_said", !agent_said.is_empty()),
            ("expect.agent_asked", !agent_asked.is_empty()),
            ("expect.agent_never_said", !agent_never_said.is_empty()),
            ("expect.tools", tools.is_some()),
            ("expect.transcript", transcript.is_some()),
            ("expect.end", *end != End::default()),
        ];
        named.into_iter().find(|(_, is_there)| *is_there).map(|(key, _)| key)
    }

    /// Whether something is expected in writing.
    pub(super) fn is_about_writing(&self) -> bool {
        let Self { messages, conversation, text_model, .. } = self;
        messages.is_some()
            || *conversation != ConversationExpectation::default()
            || *text_model != TextModelExpectation::default()
    }
}
