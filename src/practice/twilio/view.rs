//! What can be seen of a call from outside: its view while it lives, its outcome after.

use std::time::Duration;

use bytes::Bytes;
use protocol::ids::{CallSid, StreamSid};

use super::debugger::{Trouble, Violation};
use super::twiml::RejectReason;
use crate::practice::speech::{Fault, Partial};

/// A call as it stands. Times are line time since it was dialled.
#[derive(Debug, Clone)]
pub struct CallView {
    /// The call.
    pub call_sid: CallSid,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// Who placed it.
    pub direction: Direction,
    /// Its status, as the REST API shows it.
    pub status: CallStatus,
    /// When it was answered.
    pub answered_at: Option<Duration>,
    /// When it ended.
    pub ended_at: Option<Duration>,
    /// Every request made to the daemon for it, in the order of their answers.
    pub requests: Vec<WebhookRun>,
    /// Every verb that was run, in order.
    pub verbs: Vec<VerbRun>,
    /// Every media socket that was opened, in order.
    pub streams: Vec<StreamView>,
    /// What the caller heard the daemon say on its streams, in order.
    pub heard: Vec<HeardSpeech>,
    /// What the caller is hearing.
    pub hearing: Option<Partial>,
    /// Samples of audio that the caller heard on streams, silence of an empty buffer not counted.
    pub samples_heard: u64,
    /// When the caller first heard audio on a stream.
    pub first_heard_at: Option<Duration>,
    /// When the caller last heard audio on a stream.
    pub last_heard_at: Option<Duration>,
    /// Samples that wait in the playout buffer.
    pub buffered: u64,
    /// Sounds (frames and keys) of the caller that went into the line.
    pub spoken: u64,
    /// REST requests to end this call, whatever they were answered.
    pub hang_up_requests: u32,
    /// REST requests to redirect this call, whatever they were answered.
    pub redirect_requests: u32,
    /// The daemon's mistakes.
    pub violations: Vec<Violation>,
    /// What failed on the way.
    pub troubles: Vec<Trouble>,
    /// Why it is over, once it is.
    pub ended: Option<EndedBy>,
}

impl CallView {
    pub(super) fn new(call_sid: CallSid, from: &str, to: &str, direction: Direction) -> Self {
        Self {
            call_sid,
            from: from.to_owned(),
            to: to.to_owned(),
            direction,
            status: match direction {
                Direction::Inbound => CallStatus::Ringing,
                Direction::OutboundApi => CallStatus::Queued,
            },
            answered_at: None,
            ended_at: None,
            requests: Vec::new(),
            verbs: Vec::new(),
            streams: Vec::new(),
            heard: Vec::new(),
            hearing: None,
            samples_heard: 0,
            first_heard_at: None,
            last_heard_at: None,
            buffered: 0,
            spoken: 0,
            hang_up_requests: 0,
            redirect_requests: 0,
            violations: Vec::new(),
            troubles: Vec::new(),
            ended: None,
        }
    }

    /// From answer to end; none before the end, or without an answer.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(self.ended_at?.saturating_sub(self.answered_at?))
    }
}

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called the business's number.
    Inbound,
    /// The daemon called by the REST API.
    OutboundApi,
}

impl Direction {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
        }
    }
}

/// A call's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    /// Accepted, not ringing yet.
    Queued,
    /// Ringing.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// The callee was busy, or the caller was refused so.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The number can't be reached.
    Failed,
    /// Given up before it was answered.
    Canceled,
}

impl CallStatus {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
        }
    }
}

/// One request to the daemon, all its attempts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRun {
    /// What it was for.
    pub what: Webhook,
    /// Its address as it was written, fragment included.
    pub url: String,
    /// Attempts made.
    pub attempts: u32,
    /// The HTTP status of the last attempt, if it was answered.
    pub status: Option<u16>,
    /// From the first attempt to the last answer, wall time.
    pub took: Duration,
}

/// What a request to the daemon is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    /// A document to run.
    Document,
    /// A document to run after another one failed.
    Fallback,
    /// A file to play.
    Play,
    /// The call's status.
    Status(CallStatus),
    /// A stream's status.
    StreamStatus,
    /// The answering machine detection's result.
    Machine,
}

/// A verb that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerbRun {
    /// When it began.
    pub at: Duration,
    /// What was done.
    pub what: Done,
}

/// What a verb did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The carrier spoke.
    Said {
        /// The words.
        text: String,
        /// The voice, if one was named.
        voice: Option<String>,
        /// The language, if one was named.
        language: Option<String>,
    },
    /// The carrier played a file.
    Played {
        /// Its address.
        url: String,
        /// Its size in bytes, if it was there.
        bytes: Option<usize>,
    },
    /// The carrier played keys.
    PlayedDigits(String),
    /// Nothing, for a while.
    Paused(Duration),
    /// The document went on elsewhere.
    Redirected(String),
    /// The call was refused.
    Rejected(RejectReason),
    /// The document hung up.
    HungUp,
    /// Another number was called.
    Dialled {
        /// The number.
        number: String,
    },
    /// A stream was asked for.
    Connected {
        /// The address, as written.
        url: String,
    },
}

/// One media socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamView {
    /// The stream.
    pub stream_sid: StreamSid,
    /// When its handshake was answered.
    pub opened_at: Duration,
    /// Media messages sent to the daemon.
    pub frames_sent: u64,
    /// Frames that the daemon was too slow to take.
    pub frames_dropped: u64,
    /// Bytes of audio that came from the daemon.
    pub bytes_received: u64,
    /// `clear` messages that came, with the time of each.
    pub cleared_at: Vec<Duration>,
    /// Marks that were echoed, in order.
    pub echoes: Vec<Echo>,
    /// How it ended, once it has.
    pub ended: Option<StreamEnd>,
}

impl StreamView {
    pub(super) fn opened(stream_sid: StreamSid, opened_at: Duration) -> Self {
        Self {
            stream_sid,
            opened_at,
            frames_sent: 0,
            frames_dropped: 0,
            bytes_received: 0,
            cleared_at: Vec::new(),
            echoes: Vec::new(),
            ended: None,
        }
    }
}

/// A mark that went back to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// Its name.
    pub name: String,
    /// When.
    pub at: Duration,
    /// Whether its audio had been played, or `clear` threw it away.
    pub played: bool,
}

/// How a media socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The daemon closed it.
    ServerClosed,
    /// It broke without a close frame.
    Broken,
    /// The caller's side cut it without a word.
    Cut,
    /// The carrier said `stop`: the call ended or went elsewhere.
    Stopped,
    /// It was never opened: refused, not reached, or not allowed.
    NotOpened,
}

/// Something the daemon said on a stream, as far as it was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardSpeech {
    /// The words heard.
    pub text: String,
    /// What is wrong with it; an interrupted utterance is [`Fault::CutOff`].
    pub flaw: Option<Fault>,
    /// When it began.
    pub from: Duration,
    /// When it ended.
    pub to: Duration,
}

/// Why a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The daemon ended it by the REST API.
    Rest,
    /// The caller (or callee) hung up.
    CallerHangUp,
    /// `<Hangup>`.
    HangupVerb,
    /// No verb was left.
    DocumentEnd,
    /// `<Reject>`.
    Rejected(RejectReason),
    /// The callee of an outbound call did not answer; its status says how.
    NotAnswered,
    /// No document could be had: the caller heard Twilio's own apology.
    ApplicationError,
    /// The time limit of the call.
    TimeLimit,
}

/// A call that is over.
#[derive(Debug, Clone)]
pub struct CallOutcome {
    /// Why.
    pub ended_by: EndedBy,
    /// From answer to end, line time; none if it was never answered.
    pub duration: Option<Duration>,
    /// All that was seen of it.
    pub view: CallView,
    /// What both sides heard.
    pub recording: Recording,
}

/// Both directions of a call as µ-law at 8 kHz, from the moment it was dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    /// What the caller said into streams.
    pub caller: Track,
    /// What the caller heard from streams.
    pub agent: Track,
}

/// Pieces of audio with the sample each begins at, in order; silence between them is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track(pub Vec<(u64, Bytes)>);

impl Track {
    /// The whole track, its holes filled with silence.
    #[must_use]
    pub fn ulaw(&self) -> Vec<u8> {
        let mut ulaw = Vec::new();
        for (at, piece) in &self.0 {
            let at = *at as usize;
            if ulaw.len() < at {
                ulaw.resize(at, 0xFF);
            }
            ulaw.truncate(at);
            ulaw.extend_from_slice(piece);
        }
        ulaw
    }
}
