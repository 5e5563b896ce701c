//! What can happen to a call.

use std::time::{Duration, Instant};

use super::lead::LeadFacts;
use super::speech::AgentCut;
use crate::ids::{ItemId, ResponseId, StreamSid, ToolCallId};
use crate::openai::usage::Usage;
use crate::response_gate::{AskNumber, Outcome};
use crate::twilio::forms::CallStatus;

/// Something that happened, told by the part of the call that saw it.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A media stream's `start` was accepted.
    StreamOpened {
        /// The stream; the newest wins (CALL-9).
        stream: StreamSid,
    },
    /// A media stream is over.
    StreamClosed {
        /// Which.
        stream: StreamSid,
        /// How.
        how: StreamEnd,
    },
    /// Twilio reported the call's status.
    StatusReported {
        /// The status.
        status: CallStatus,
        /// Seconds, with a terminal status.
        duration_secs: Option<u32>,
    },
    /// A session is configured as it was asked to be; it waits for the history.
    SessionConfigured {
        /// Which session of the call, from 1.
        session: u32,
    },
    /// The session is gone, or could not be had.
    SessionLost {
        /// Whether another try can help.
        fault: SessionFault,
    },
    /// OpenAI hears the caller speak.
    SpeechStarted,
    /// OpenAI heard the caller stop.
    SpeechStopped,
    /// OpenAI committed a turn of the caller.
    TurnCommitted {
        /// The item it became.
        item: ItemId,
    },
    /// The words of a committed turn, or `None` if they could not be had.
    TurnTranscribed {
        /// The turn's item.
        item: ItemId,
        /// Its words.
        text: Option<String>,
    },
    /// A response that goes on has called a tool. It is run when the response has completed.
    CallMade {
        /// The response.
        response: ResponseId,
        /// The tool.
        name: String,
        /// Meant to be a JSON object.
        arguments: String,
    },
    /// So much of the caller's sound was transcribed, and is paid for.
    TurnBilled {
        /// How much.
        length: Duration,
    },
    /// A response began.
    ResponseStarted {
        /// The response.
        response: ResponseId,
        /// The asks it serves.
        asks: Vec<AskNumber>,
    },
    /// An ask turned out to be served by a response that had begun already.
    AskCovered {
        /// The ask.
        ask: AskNumber,
        /// The response.
        response: ResponseId,
    },
    /// An ask was dropped, since a response under way does what it wanted.
    AskDropped {
        /// The ask.
        ask: AskNumber,
    },
    /// A response has an item that will be spoken.
    AgentItem {
        /// Its response.
        response: ResponseId,
        /// The item.
        item: ItemId,
    },
    /// The first audio of an item came from OpenAI.
    AgentBegan {
        /// Its response.
        response: ResponseId,
        /// The item.
        item: ItemId,
    },
    /// More of an item's words came.
    AgentText {
        /// The item.
        item: ItemId,
        /// The words that are new.
        delta: String,
    },
    /// All words of an item came.
    AgentTextDone {
        /// The item.
        item: ItemId,
        /// All of them.
        text: String,
    },
    /// All audio of an item came from OpenAI.
    AgentAudioDone {
        /// The item.
        item: ItemId,
    },
    /// The first audio of an item went to Twilio.
    ItemPlaying {
        /// Its response.
        response: ResponseId,
        /// The item.
        item: ItemId,
        /// How long it could have gone already: since it came from OpenAI or the stream opened.
        added: Duration,
    },
    /// All audio of an item went to Twilio.
    ItemQueued {
        /// The item.
        item: ItemId,
        /// When the last of it should have been played.
        plays_until: Instant,
    },
    /// The caller has heard an item to its end: its last mark came back.
    ItemPlayed {
        /// Its response.
        response: ResponseId,
        /// The item.
        item: ItemId,
    },
    /// The caller talked over the agent (BARGE-3).
    AgentInterrupted(AgentCut),
    /// A response is over, or was given up before it began.
    ResponseEnded {
        /// The response, if it ever began.
        response: Option<ResponseId>,
        /// The asks it served.
        asks: Vec<AskNumber>,
        /// How it ended.
        outcome: Outcome,
        /// The tool calls it made; empty unless it completed.
        calls: Vec<FunctionCall>,
        /// What it cost.
        usage: Usage,
    },
    /// A tool has answered.
    ToolFinished {
        /// The call it answers.
        call: ToolCallId,
        /// The answer.
        outcome: ToolOutcome,
    },
    /// The lead was found, made or changed.
    LeadKnown {
        /// What is known now.
        lead: LeadFacts,
    },
    /// The caller pressed a key.
    DigitPressed {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// An operator ended the call.
    OperatorHungUp,
    /// The daemon is to stop.
    ShutdownOrdered,
    /// A part of the call failed more often than its restart policy allows (RES-5).
    PartGaveUp,
    /// The apology could not be handed to Twilio.
    ApologyFailed,
    /// The transfer to a person is over (CALL-10).
    TransferEnded {
        /// Whether the person answered.
        answered: bool,
    },
    /// The transfer could not be handed to Twilio.
    TransferFailed,
    /// Twilio confirmed the hang-up, or knows of no such call in progress.
    HangUpAnswered,
}

/// How a media stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// Twilio said `stop`.
    Stopped,
    /// The socket went without a word.
    Lost,
}

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFault {
    /// Another try may help; it is being made.
    Passing,
    /// No other try will help: bad key, no quota, bad model (RES-3).
    Lasting,
}

/// A tool call as the model made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// Its id; the idempotency key of what it does.
    pub call: ToolCallId,
    /// The tool's name.
    pub name: String,
    /// JSON, as the model wrote it; may be broken.
    pub arguments: String,
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutcome {
    /// JSON for the model.
    pub output: String,
    /// Whether it did what was asked.
    pub succeeded: bool,
}
