//! What was seen of one call: by the caller, by the model and in the database.

mod written;

use std::time::Duration;

use entities::call_turns::TurnRow;
use entities::calls::CallRecord;
use entities::leads::LeadRecord;
use entities::{RecordsError, call_turns, calls, leads};
use practice::openai::{Log, Record, SeenEvent, Turn, Violation};
use practice::twilio::{CallView, CallerHandle, Webhook};
use protocol::ids::{CallSid, PhoneNumber};

use jiff::Timestamp;

use super::player::Played;
use crate::world::World;

pub(super) use written::{WrittenSide, sent_to};

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) played: Played,
    /// The caller's side.
    pub(super) view: CallView,
    /// Whether the final status callback reached the daemon.
    pub(super) status_came: bool,
    /// The practice model's side; `None` for a real model.
    pub(super) model: Option<ModelSide>,
    /// The call's row; `None` if its end was not written in time.
    pub(super) record: Option<CallRecord>,
    pub(super) turns: Vec<TurnRow>,
    pub(super) lead: Option<LeadRecord>,
    /// When the call was dialled, by the daemon's wall clock.
    pub(super) dialled_at: Timestamp,
    /// What was written; `None` if the scenario has no writing.
    pub(super) written: Option<WrittenSide>,
}

/// The practice model's side of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelSide {
    pub(super) sessions: Vec<u64>,
    /// Client events without audio.
    pub(super) events: Vec<SeenEvent>,
    pub(super) heard: Vec<Turn>,
    pub(super) said: Vec<Turn>,
    /// The client's mistakes.
    pub(super) faults: Vec<Violation>,
}

/// How long the daemon may take to forget a call. It waits for Twilio's answers to its requests.
const RID_WITHIN: Duration = Duration::from_secs(45);
/// How long the daemon may take to write the end of a call.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether everything has arrived.
const LOOK: Duration = Duration::from_millis(50);

impl Seen {
    pub(super) async fn gather(
        world: &World,
        caller: &CallerHandle,
        number: &PhoneNumber,
        played: Played,
        written: Option<WrittenSide>,
    ) -> Result<Self, RecordsError> {
        let dialled_at = world.app.services().clock.wall() - caller.elapsed();
        let (db, business) = (&world.app.services().database, world.business_id);
        let call = caller.call_sid();
        let _ = tokio::time::timeout(RID_WITHIN, forgotten(world, call)).await;
        let view = caller.view().borrow().clone();
        let status_came = status_came(&view);
        let writing = when_written(world, call, status_came);
        let record = match tokio::time::timeout(WRITTEN_WITHIN, writing).await {
            Ok(record) => Some(record?),
            Err(_) => None,
        };
        let turns = call_turns::of_call(db, business, call).await?;
        let lead = match record.as_ref().and_then(|record| record.lead_id) {
            Some(lead) => leads::get(db, business, lead).await?,
            None => None,
        };
        let model = world.openai().map(|practice| ModelSide::of(practice.log(), number));
        Ok(Self { played, view, status_came, model, record, turns, lead, dialled_at, written })
    }
}

/// Waits until the daemon has forgotten the call. Until then it may still send requests to Twilio.
async fn forgotten(world: &World, call: &CallSid) {
    while world.app.calls().find(call.clone()).await.is_some() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until the call's row has its end, and the final status if that reached the daemon.
async fn when_written(
    world: &World,
    call: &CallSid,
    status_came: bool,
) -> Result<CallRecord, RecordsError> {
    loop {
        let row = calls::get(&world.app.services().database, world.business_id, call).await?;
        if let Some(row) = row
            && (row.duration.is_some() || !status_came)
            && row.end_reason.is_some()
        {
            return Ok(row);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the final status callback reached the daemon.
fn status_came(view: &CallView) -> bool {
    view.requests.iter().any(|request| {
        matches!(request.what, Webhook::Status(status) if status.is_terminal())
            && request.status.is_some()
    })
}

impl ModelSide {
    /// What happened in the sessions whose prompt names this caller.
    fn of(log: &Log, number: &PhoneNumber) -> Self {
        log.look(|record| {
            let names = |event: &SeenEvent| {
                let instructions = event.body["session"]["instructions"].as_str();
                instructions.is_some_and(|text| text.contains(number.as_str()))
            };
            let updates = record.of_kind("session.update").filter(|event| names(event));
            let mut sessions: Vec<u64> = updates.map(|event| event.session).collect();
            sessions.dedup();
            Self::of_sessions(record, sessions)
        })
    }

    /// What happened in these sessions.
    pub(crate) fn of_sessions(record: &Record, sessions: Vec<u64>) -> Self {
        let ours = |session: u64| sessions.contains(&session);
        let turns =
            |turns: &[Turn]| turns.iter().filter(|turn| ours(turn.session)).cloned().collect();
        Self {
            events: record.events.iter().filter(|event| ours(event.session)).cloned().collect(),
            heard: turns(&record.heard),
            said: turns(&record.said),
            faults: record.faults().filter(|fault| ours(fault.session)).cloned().collect(),
            sessions,
        }
    }

    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a SeenEvent> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// The client events, each in a few words.
    pub(super) fn told(&self) -> Vec<String> {
        let told = |event: &SeenEvent| {
            let item = event.body["item_id"].as_str().unwrap_or_default();
            let words = self.words_of(item).unwrap_or(item);
            match event.kind.as_str() {
                "conversation.item.truncate" => {
                    format!("{} {words:?} at {} ms", event.kind, event.body["audio_end_ms"])
                }
                "conversation.item.delete" => format!("{} {words:?}", event.kind),
                _ => event.kind.clone(),
            }
        };
        self.events.iter().map(told).collect()
    }

    /// The words of a spoken item.
    pub(crate) fn words_of(&self, item: &str) -> Option<&str> {
        self.said.iter().find(|turn| turn.item_id == item).map(|turn| turn.text.as_str())
    }
}
