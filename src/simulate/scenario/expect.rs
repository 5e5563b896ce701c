//! What must have come of a scenario's call. What is not written is not looked at.

use std::collections::BTreeMap;

use entities::calls::CallStatus;
use entities::leads::LeadStatus;
use protocol::call::{EndReason, EndedBy};
use serde::Deserialize;

/// What is expected.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectations {
    /// All that the caller heard, in order, by its place in the audio.
    pub caller_heard: Option<Vec<HeardLine>>,
    /// `clear` messages that went to Twilio.
    pub clears: Option<usize>,
    /// The turns the model understood, in order; a noise is a turn without words.
    pub model_heard: Option<Vec<String>>,
    /// What the model was told otherwise.
    pub model_told: ModelTold,
    /// Parts of what the agent said, in this order.
    pub agent_said: Vec<String>,
    /// Parts of what the agent asked, in this order: sentences that end in a question mark.
    pub agent_asked: Vec<String>,
    /// What the agent must not say.
    pub agent_never_said: Vec<String>,
    /// The functions called, in order and no others.
    pub tools: Option<Vec<ToolExpectation>>,
    /// The call's lead.
    pub lead: Option<LeadExpectation>,
    /// The turns of caller and agent that the database keeps, in order.
    pub transcript: Option<Vec<TranscriptLine>>,
    /// How the call ended.
    pub end: End,
}

/// How many events of a kind went to the model.
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
    /// Sessions of the call; one, if nothing is written.
    pub sessions: Option<usize>,
}

/// How the call ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct End {
    /// Why, as the call's record says.
    pub reason: Option<EndReason>,
    /// Who ended it, as the record says.
    pub by: Option<EndedBy>,
    /// Twilio's last word, as the record says.
    pub status: Option<CallStatus>,
    /// What Twilio itself said to the caller, in order: an apology, a message to a machine.
    pub twilio_said: Option<Vec<String>>,
    /// REST requests to hang up.
    pub hang_ups: Option<u32>,
}

/// From one number of words to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "(usize, usize)")]
pub struct Words {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

impl From<(usize, usize)> for Words {
    fn from((least, most): (usize, usize)) -> Self {
        Self { least, most }
    }
}

/// Words of the agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentLine {
    /// These, from the first to the last.
    Whole(String),
    /// Some that contain these, from the first to the last.
    Has(String),
    /// So many words of this line, from its first, and none after.
    Cut {
        /// The whole line.
        line: String,
        /// How many of its words.
        words: Words,
    },
}

/// Something the caller heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenHeard")]
pub struct HeardLine {
    /// The words.
    pub line: AgentLine,
    /// What the caller said while it was heard.
    pub talked_over_by: Option<String>,
}

/// A turn that the database keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenTurn")]
pub enum TranscriptLine {
    /// The caller's words; none for a turn that has none.
    Caller(String),
    /// The agent's.
    Agent(AgentLine),
}

/// A function call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolExpectation {
    /// The function.
    pub name: String,
    /// Arguments that it was called with, others beside them or not.
    #[serde(default)]
    pub arguments: toml::Table,
}

/// The call's lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadExpectation {
    /// How far it has come.
    pub status: Option<LeadStatus>,
    /// The name.
    pub full_name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Fields that have these values, others beside them or not.
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

/// The line that is written, if one is and no more than one.
fn agent_line(
    whole: Option<String>,
    has: Option<String>,
    cut: Option<String>,
    words: Option<Words>,
) -> Result<Option<AgentLine>, String> {
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
    /// Whether nothing is expected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            caller_heard,
            clears,
            model_heard,
            model_told,
            agent_said,
            agent_asked,
            agent_never_said,
            tools,
            lead,
            transcript,
            end,
        } = self;
        caller_heard.is_none()
            && clears.is_none()
            && model_heard.is_none()
            && *model_told == ModelTold::default()
            && agent_said.is_empty()
            && agent_asked.is_empty()
            && agent_never_said.is_empty()
            && tools.is_none()
            && lead.is_none()
            && transcript.is_none()
            && *end == End::default()
    }
}
