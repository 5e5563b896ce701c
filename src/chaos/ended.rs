//! What a run left behind, for the checks. The stage gathers it.

mod written;

use std::collections::BTreeMap;
use std::time::Duration;

use entities::appointments::AppointmentRecord;
use entities::call_turns::TurnRow;
use entities::calls::{CallLease, CallRecord};
use entities::leads::{HistoryEntry, LeadRecord};
use jiff::Timestamp;
use practice::openai;
use practice::twilio::{CallView, RestRequest};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, CallSid, NodeId};

use super::story::Caller;
use crate::simulate::Left;
pub(super) use written::{Delivered, EndedWriter, Written};

/// How often calls ended so, by the reason in their row.
pub type Endings = BTreeMap<String, usize>;

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
    /// Who had the calls, in the order in which it was seen.
    pub(super) tenures: Vec<Tenure>,
    /// Every process of a daemon. With one daemon, none is told.
    pub(super) lived: Vec<Lived>,
    /// When the simulated OpenAI began to count time, since the run began.
    pub(super) openai_began: Duration,
    /// Calls that have a row and were not dialled.
    pub(super) strangers: Vec<CallSid>,
    /// What the wall clock showed when the run began.
    pub(super) began_at: Timestamp,
    pub(super) written: Written,
}

/// A node has a call from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tenure {
    /// The call's place in the story.
    pub(super) call: usize,
    pub(super) lease: CallLease,
    /// Since the run began. It is looked at every [`LOOK_EVERY`].
    pub(super) since: Duration,
}

/// How often it is looked who has the calls.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A process of a daemon that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lived {
    /// The key of its sessions.
    pub(super) key: String,
    pub(super) id: NodeId,
}

impl Ended {
    /// How the calls ended, as their rows have it.
    pub(super) fn endings(&self) -> Endings {
        let mut endings = Endings::new();
        for call in &self.calls {
            let reason = call.record.as_ref().and_then(|record| record.end_reason.clone());
            *endings.entry(reason.unwrap_or_else(|| "none".to_owned())).or_default() += 1;
        }
        endings
    }
}

/// Living tasks of the runtime, by the line that has spawned them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tasks {
    /// Before the first call.
    pub(super) before: BTreeMap<String, usize>,
    pub(super) after: BTreeMap<String, usize>,
}

impl Tasks {
    /// Those that are more than before.
    pub(super) fn left(&self) -> BTreeMap<&str, usize> {
        let before = |at: &String| self.before.get(at).copied().unwrap_or_default();
        let more =
            self.after.iter().map(|(at, count)| (at.as_str(), count - before(at).min(*count)));
        more.filter(|(_, count)| *count > 0).collect()
    }
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
