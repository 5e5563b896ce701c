//! What can happen to a call.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lead::LeadFacts;
use super::speech::{AgentCut, CutItem};
use crate::call::Moment;
use crate::ids::{ItemId, ResponseId, StreamSid, ToolCallId};
use crate::openai::fault::FatalCause;
use crate::openai::usage::Usage;
use crate::response_gate::{AskNumber, Outcome};
use crate::twilio::forms::CallStatus;

/// Something that happened, reported by the part of the call that saw it.
///
/// In all of them `response` and `item` are OpenAI's ids. `item` is a caller's turn, or one piece of
/// the agent's speech; `response` is the response that it is part of.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "`response`, `item` and `ask` mean the same in all events")]
pub enum Event {
    /// A media stream sent its `start`.
    StreamOpened {
        /// From the `start`. The stream that opened last has the call (CALL-9).
        stream: StreamSid,
    },
    /// A media stream ended.
    StreamClosed {
        /// The stream that ended; perhaps not the one that has the call.
        stream: StreamSid,
        /// Whether Twilio ended it.
        how: StreamEnd,
    },
    /// Twilio reported the call's status by its status callback.
    StatusReported {
        /// `CallStatus` of the form.
        status: CallStatus,
        /// `CallDuration` of the form in seconds. Terminal statuses have it.
        duration_secs: Option<u32>,
    },
    /// A session is configured as it was asked to be. It waits for the history.
    SessionConfigured {
        /// Numbers the sessions of a call, from 1.
        session: u32,
    },
    /// The server has refused the transcription model of the settings (CALL-4). Comes before
    /// [`SessionConfigured`](Self::SessionConfigured).
    TranscriptionRefused {
        /// The model in its place. `None`: the caller's turns are not transcribed.
        instead: Option<String>,
    },
    /// The session is gone, or could not be opened.
    SessionLost {
        /// Whether another try can help.
        fault: SessionFault,
        /// Responses that broke off, and of which nothing has gone to Twilio and nothing will.
        unplayed: Vec<ResponseId>,
    },
    /// `input_audio_buffer.speech_started`.
    SpeechStarted,
    /// `input_audio_buffer.speech_stopped`.
    SpeechStopped,
    /// `input_audio_buffer.committed`: the caller has had a turn.
    TurnCommitted {
        /// The item it became.
        item: ItemId,
    },
    /// The daemon has committed speech that did not end (PIPE-11).
    EndlessTurnCommitted {
        /// The item it became.
        item: ItemId,
    },
    /// The caller is quiet, as [`Command::AwaitQuiet`](super::Command::AwaitQuiet) has asked to
    /// know.
    CallerQuiet,
    /// The transcription of a committed turn has ended.
    TurnTranscribed {
        /// The item of the turn's audio at OpenAI.
        item: ItemId,
        /// The transcript. `None` if the transcription failed.
        text: Option<String>,
    },
    /// A running response has called a tool. The tool is run when the response has completed.
    CallMade {
        /// The response that is running.
        response: ResponseId,
        /// The tool's name, as the model wrote it.
        name: String,
        /// A JSON object, as the model wrote it. May be invalid.
        arguments: String,
    },
    /// OpenAI has billed a transcription.
    TurnBilled {
        /// The length of the audio that was transcribed.
        length: Duration,
    },
    /// `response.created`: a response began.
    ResponseStarted {
        response: ResponseId,
        /// The asks it carries. Empty if nobody here has asked for it.
        asks: Vec<AskNumber>,
    },
    /// An ask came after a response that has seen its turn. That response carries it.
    AskCovered {
        /// The late ask.
        ask: AskNumber,
        /// The response that carries it; it may be over.
        response: ResponseId,
    },
    /// An ask was dropped, because a response is under way that does the same.
    AskDropped { ask: AskNumber },
    /// `response.output_item.added`: a response has an item of speech.
    AgentItem { response: ResponseId, item: ItemId },
    /// The first audio of an item came from OpenAI.
    AgentBegan { response: ResponseId, item: ItemId },
    /// `response.output_audio_transcript.delta`: more words of an item came.
    AgentText {
        item: ItemId,
        /// The new words, to be appended.
        delta: String,
    },
    /// `response.output_audio_transcript.done`: all words of an item came.
    AgentTextDone {
        item: ItemId,
        /// All its words. They replace those that came before.
        text: String,
    },
    /// `response.output_audio.done`: all audio of an item came from OpenAI.
    AgentAudioDone {
        item: ItemId,
        /// The length of its audio. 0 if it was not measured, because a cut dropped it.
        came_ms: u32,
    },
    /// The session is lost, and the audio of an item broke off. What came of it is played. Comes
    /// before [`SessionLost`](Self::SessionLost).
    AgentBrokeOff {
        response: ResponseId,
        item: ItemId,
        /// The length of the audio that came.
        came_ms: u32,
    },
    /// The first audio of an item went to Twilio.
    ItemPlaying {
        response: ResponseId,
        item: ItemId,
        /// The daemon's own delay: since the audio came from OpenAI or the stream opened, whichever
        /// was later (GREET-5).
        added: Duration,
    },
    /// All audio of an item went to Twilio.
    ItemQueued {
        item: ItemId,
        /// When the last of it should have been played.
        plays_until: Moment,
    },
    /// The caller has heard an item to its end: Twilio echoed its last mark.
    ItemPlayed { response: ResponseId, item: ItemId },
    /// The caller interrupted the agent (BARGE-3).
    AgentInterrupted(AgentCut),
    /// The stream is gone, or the call's actors are being stopped: what the caller had heard of the
    /// items that were on their way to them. If the call goes on, the rest is sent again.
    PlaybackStopped {
        /// The items that were not heard to their end, in order.
        items: Vec<CutItem>,
    },
    /// `response.done`, or a response was given up before it began.
    ResponseEnded {
        /// OpenAI's id. `None` if it never began.
        response: Option<ResponseId>,
        /// The asks it carried.
        asks: Vec<AskNumber>,
        /// What the gate made of `response.done`, with what was heard of it.
        outcome: Outcome,
        /// The tool calls it made. Empty unless it completed and was offered tools.
        calls: Vec<FunctionCall>,
        /// The tokens it used.
        usage: Usage,
    },
    /// A tool has returned.
    ToolFinished {
        /// The call it answers.
        call: ToolCallId,
        /// What the model is told.
        outcome: ToolOutcome,
    },
    /// The lead was found, made or changed.
    LeadKnown {
        /// Everything that is known now.
        lead: LeadFacts,
    },
    /// The caller pressed a key.
    DigitPressed {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// Twilio could not fetch or play the recording of the greeting (CALL-12).
    RecordingFailed,
    /// An operator ended the call.
    OperatorHungUp,
    /// The daemon is stopping.
    ShutdownOrdered,
    /// The database can't be reached: once the stream has ended, another node may take the call over.
    CutOff,
    /// The REST call that was to play the apology failed.
    ApologyFailed,
    /// Twilio reported the end of a transfer (CALL-10).
    TransferEnded {
        /// Whether the person answered.
        answered: bool,
    },
    /// The REST call that was to start a transfer failed.
    TransferFailed,
    /// Twilio confirmed the hang-up, or knows of no such call in progress.
    HangUpAnswered,
}

/// How a media stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// Twilio sent `stop`.
    Stopped,
    /// The socket broke.
    Lost,
}

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFault {
    /// Another try may help, and is being made.
    Passing,
    /// No other try will help (RES-3).
    Lasting(FatalCause),
}

/// A tool call, as the model made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCall {
    /// OpenAI's id; the idempotency key of what the tool does.
    pub call: ToolCallId,
    /// The tool's name. It may not exist.
    pub name: String,
    /// A JSON object, as the model wrote it. May be invalid.
    pub arguments: String,
}

/// What a tool returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutcome {
    /// JSON for the model.
    pub output: String,
    /// Whether the tool did what was asked. If not, the model answers the caller at once.
    pub succeeded: bool,
    /// The starts of the slots that it offers (CAL-7).
    pub offered: Vec<Timestamp>,
}

impl ToolOutcome {
    /// An outcome that offers no slots.
    #[must_use]
    pub fn new(output: String, succeeded: bool) -> Self {
        Self { output, succeeded, offered: Vec::new() }
    }
}
