//! What all who took part saw of one call: the caller's ear, the model, and the database.

use std::time::Duration;

use entities::call_turns::TurnRow;
use entities::calls::CallRecord;
use entities::leads::LeadRecord;
use entities::{RecordsError, call_turns, calls, leads};
use protocol::ids::{CallSid, PhoneNumber};

use super::player::Played;
use crate::practice::openai::{Log, SeenEvent, Turn, Violation};
use crate::practice::twilio::{CallView, CallerHandle};
use crate::practice::world::World;

/// One call, seen from every side, after its end.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) played: Played,
    /// The line, and what the caller heard.
    pub(super) view: CallView,
    /// The practice model's side; none of the real one.
    pub(super) model: Option<ModelSide>,
    /// The call's row, if it was written to its end.
    pub(super) record: Option<CallRecord>,
    pub(super) turns: Vec<TurnRow>,
    pub(super) lead: Option<LeadRecord>,
}

/// What the practice model saw of one call.
#[derive(Debug, Clone, Default)]
pub(super) struct ModelSide {
    pub(super) sessions: Vec<u64>,
    /// Client events, audio left out.
    pub(super) events: Vec<SeenEvent>,
    pub(super) heard: Vec<Turn>,
    pub(super) said: Vec<Turn>,
    /// What the real server would have objected to.
    pub(super) faults: Vec<Violation>,
}

/// How long the daemon may take to write down a call that is over.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);
/// How often the database is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

impl Seen {
    /// Gathers what was seen of a call that is over.
    pub(super) async fn gather(
        world: &World,
        caller: &CallerHandle,
        number: &PhoneNumber,
        played: Played,
    ) -> Result<Self, RecordsError> {
        let (db, business) = (&world.app.services().database, world.business_id);
        let call = caller.call_sid();
        let record = match tokio::time::timeout(WRITTEN_WITHIN, written(world, call)).await {
            Ok(record) => Some(record?),
            Err(_) => None,
        };
        let turns = call_turns::of_call(db, business, call).await?;
        let lead = match record.as_ref().and_then(|record| record.lead_id) {
            Some(lead) => leads::get(db, business, lead).await?,
            None => None,
        };
        let model = world.app.practice().map(|practice| ModelSide::of(practice.log(), number));
        let view = caller.view().borrow().clone();
        Ok(Self { played, view, model, record, turns, lead })
    }
}

/// The call's row, once its end and Twilio's last word are in it.
async fn written(world: &World, call: &CallSid) -> Result<CallRecord, RecordsError> {
    loop {
        let row = calls::get(&world.app.services().database, world.business_id, call).await?;
        if let Some(row) = row
            && row.duration.is_some()
            && row.end_reason.is_some()
        {
            return Ok(row);
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl ModelSide {
    /// The sessions whose prompt names this caller, and what happened in them.
    fn of(log: &Log, number: &PhoneNumber) -> Self {
        log.look(|record| {
            let names = |event: &SeenEvent| {
                let instructions = event.body["session"]["instructions"].as_str();
                instructions.is_some_and(|text| text.contains(number.as_str()))
            };
            let updates = record.of_kind("session.update").filter(|event| names(event));
            let mut sessions: Vec<u64> = updates.map(|event| event.session).collect();
            sessions.dedup();
            let ours = |session: u64| sessions.contains(&session);
            let turns =
                |turns: &[Turn]| turns.iter().filter(|turn| ours(turn.session)).cloned().collect();
            Self {
                events: record.events.iter().filter(|event| ours(event.session)).cloned().collect(),
                heard: turns(&record.heard),
                said: turns(&record.said),
                faults: record.faults().filter(|fault| ours(fault.session)).cloned().collect(),
                sessions: sessions.clone(),
            }
        })
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a SeenEvent> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// What it was told, in a few words each.
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

    /// The words of an item that the model spoke.
    pub(super) fn words_of(&self, item: &str) -> Option<&str> {
        self.said.iter().find(|turn| turn.item_id == item).map(|turn| turn.text.as_str())
    }
}
