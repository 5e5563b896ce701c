//! What a run left behind, for the checks. The stage gathers it.

use std::time::Duration;

use entities::appointments::AppointmentRecord;
use entities::call_turns::TurnRow;
use entities::calls::CallRecord;
use entities::leads::{HistoryEntry, LeadRecord};
use practice::openai;
use practice::twilio::{CallView, RestRequest};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, CallSid};

use super::story::Caller;
use crate::simulate::Left;

/// A run that is over.
pub(super) struct Ended {
    /// Virtual time since the run began.
    pub(super) at: Duration,
    /// In the order of the story's callers, without those who did not dial.
    pub(super) calls: Vec<EndedCall>,
    /// In the order of the story's businesses.
    pub(super) businesses: Vec<EndedBusiness>,
    /// What the simulated OpenAI saw.
    pub(super) model: openai::Record,
    /// The daemon's requests to Twilio's REST API.
    pub(super) requests: Vec<RestRequest>,
    pub(super) left: Left,
    /// Connections of the network that are still open.
    pub(super) connections: usize,
    pub(super) tasks: Tasks,
}

/// Living tasks of the runtime.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tasks {
    /// Before the first call.
    pub(super) before: usize,
    pub(super) after: usize,
}

pub(super) struct EndedCall {
    /// Its place in the story, from 0.
    pub(super) index: usize,
    pub(super) caller: Caller,
    pub(super) sid: CallSid,
    /// What Twilio and the caller saw.
    pub(super) view: CallView,
    /// The caller waited for the end, and the daemon did not end the call.
    pub(super) overstayed: bool,
    /// The call's row.
    pub(super) record: Option<CallRecord>,
    pub(super) turns: Vec<TurnRow>,
}

pub(super) struct EndedBusiness {
    pub(super) id: BusinessId,
    pub(super) settings: BusinessSettings,
    /// Each with its history, oldest change first.
    pub(super) leads: Vec<(LeadRecord, Vec<HistoryEntry>)>,
    pub(super) appointments: Vec<AppointmentRecord>,
}

impl EndedCall {
    /// When it was over, since the run began.
    pub(super) fn over_at(&self) -> Duration {
        self.caller.dials_at + self.view.ended_at.unwrap_or_default()
    }

    /// Whether a media socket was open.
    pub(super) fn had_stream(&self) -> bool {
        use practice::twilio::StreamEnd;
        self.view.streams.iter().any(|stream| stream.ended != Some(StreamEnd::NotOpened))
    }
}
