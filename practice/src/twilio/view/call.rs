//! The view of one call.

use std::time::Duration;

use protocol::ids::CallSid;

use super::log::{HeardSpeech, VerbRun, WebhookRun};
use super::status::{CallStatus, Direction, EndedBy};
use super::stream::StreamView;
use crate::speech::PartialUtterance;
use crate::twilio::debugger::{TwilioError, Violation};

/// A call as it stands. Times are line time since the call was dialled.
#[derive(Debug, Clone)]
pub struct CallView {
    pub call_sid: CallSid,
    pub from: String,
    pub to: String,
    pub direction: Direction,
    /// As the REST API shows it.
    pub status: CallStatus,
    pub answered_at: Option<Duration>,
    pub ended_at: Option<Duration>,
    /// Every request to the daemon for this call, in the order of the answers.
    pub requests: Vec<WebhookRun>,
    /// Every verb that ran, in order.
    pub verbs: Vec<VerbRun>,
    /// Every media socket, in the order of opening.
    pub streams: Vec<StreamView>,
    /// What the caller heard on streams, in order.
    pub heard: Vec<HeardSpeech>,
    /// What the caller is hearing now.
    pub hearing: Option<PartialUtterance>,
    /// Samples of audio that the caller heard on streams. The silence of an empty buffer is not
    /// counted.
    pub samples_heard: u64,
    /// When the caller first heard audio on a stream.
    pub first_heard_at: Option<Duration>,
    /// When the caller last heard audio on a stream.
    pub last_heard_at: Option<Duration>,
    /// Samples waiting in the playout buffer.
    pub buffered: u64,
    /// The caller's frames and keys that were sent.
    pub spoken: u64,
    /// REST requests to end this call, whatever their answers.
    pub hang_up_requests: u32,
    /// When the first request to end the call came.
    pub hang_up_asked_at: Option<Duration>,
    /// Samples that were in the playout buffer when that request came.
    pub unplayed_at_hang_up: u64,
    /// REST requests to redirect this call, whatever their answers.
    pub redirect_requests: u32,
    pub violations: Vec<Violation>,
    pub errors: Vec<TwilioError>,
    /// Why the call is over, once it is.
    pub ended: Option<EndedBy>,
}

impl CallView {
    pub fn new(call_sid: CallSid, from: &str, to: &str, direction: Direction) -> Self {
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
            hang_up_asked_at: None,
            unplayed_at_hang_up: 0,
            redirect_requests: 0,
            violations: Vec::new(),
            errors: Vec::new(),
            ended: None,
        }
    }

    /// From answer to end; `None` before the end or without an answer.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(self.ended_at?.saturating_sub(self.answered_at?))
    }
}
