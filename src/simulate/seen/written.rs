//! What was seen of a written conversation: by the person, by the text model and in the database.

use std::time::Duration;

use entities::conversations::{self, ConversationRecord};
use entities::leads::{self, LeadRecord};
use entities::messages::{self, MessageDirection, MessageRecord};
use jiff::Timestamp;
use practice::openai::{TextTurn, TextViolation};
use practice::twilio::SentMessage;
use protocol::ids::PhoneNumber;

use crate::simulate::error::SimulateError;
use crate::simulate::scenario::Expectations;
use crate::world::World;

/// Messages of one person that are read.
const MAX_MESSAGES: u32 = 500;
/// How long the expected messages may take after the last step. Pauses between tries are part of it.
const ANSWERED_WITHIN: Duration = Duration::from_mins(2);
/// How long it is waited for messages that nobody expects, and for status callbacks.
const QUIET: Duration = Duration::from_secs(6);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(50);

/// A written conversation.
#[derive(Debug, Clone, Default)]
pub(in crate::simulate) struct WrittenSide {
    began: Timestamp,
    /// From the beginning to the last look.
    pub(in crate::simulate) took: Duration,
    /// What Twilio was given for the person, oldest first.
    pub(in crate::simulate) sent: Vec<SentMessage>,
    /// The rows of both sides, oldest first.
    pub(in crate::simulate) rows: Vec<MessageRecord>,
    pub(in crate::simulate) conversation: Option<ConversationRecord>,
    pub(in crate::simulate) lead: Option<LeadRecord>,
    /// What the practice text model was asked; `None` for a real model.
    pub(in crate::simulate) asked: Option<Vec<TextTurn>>,
    /// The daemon's mistakes.
    pub(in crate::simulate) violations: Vec<TextViolation>,
}

/// What Twilio was given for this person, oldest first.
pub(in crate::simulate) fn sent_to(world: &World, person: &PhoneNumber) -> Vec<SentMessage> {
    let to = format!("whatsapp:{person}");
    let sent = world.carrier.sent_messages();
    let sent = sent.borrow();
    sent.iter().filter(|message| message.to == to).cloned().collect()
}

impl WrittenSide {
    /// Waits for what is expected, and a while for what is not.
    pub(in crate::simulate) async fn gather(
        world: &World,
        person: &PhoneNumber,
        began: Timestamp,
        expect: &Expectations,
    ) -> Result<Self, SimulateError> {
        let expected = expect.messages.as_ref().map_or(0, Vec::len);
        let comes = async {
            loop {
                let rows = rows(world, person).await?;
                let all_handled = rows.iter().all(|row| row.handled);
                if all_handled && sent_to(world, person).len() >= expected {
                    return Ok::<_, SimulateError>(());
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        if let Ok(failed) = tokio::time::timeout(ANSWERED_WITHIN, comes).await {
            failed?;
        }
        tokio::time::sleep(QUIET).await;
        let (db, business) = (&world.app.services().database, world.business_id);
        let conversation = conversations::of_person(db, business, person).await?;
        let lead = match conversation.as_ref().and_then(|known| known.lead_id) {
            Some(lead) => leads::get(db, business, lead).await?,
            None => None,
        };
        let took = world.app.services().clock.wall().duration_since(began);
        let about = |turn: &TextTurn| is_about(turn, person);
        let log = world.text_model().map(|model| model.log().record());
        let (asked, violations) = match log {
            Some(log) => (Some(log.turns.into_iter().filter(about).collect()), log.violations),
            None => (None, Vec::new()),
        };
        Ok(Self {
            began,
            took: took.unsigned_abs(),
            sent: sent_to(world, person),
            rows: rows(world, person).await?,
            conversation,
            lead,
            asked,
            violations,
        })
    }

    /// Both sides' messages, each with the time since the beginning.
    pub(in crate::simulate) fn lines(&self) -> Vec<(Duration, String)> {
        let line = |row: &MessageRecord| {
            let at = row.created_at.duration_since(self.began).unsigned_abs();
            let (who, status) = match row.direction {
                MessageDirection::Incoming => ("person writes", String::new()),
                MessageDirection::Outgoing => ("business writes", format!(" ({:?})", row.status)),
            };
            (at, format!("{who:>15}  {:?}{}", row.body, status.to_lowercase()))
        };
        self.rows.iter().map(line).collect()
    }

    /// The rows of what the business has written.
    pub(in crate::simulate) fn outgoing(&self) -> impl Iterator<Item = &MessageRecord> {
        self.rows.iter().filter(|row| row.direction == MessageDirection::Outgoing)
    }

    /// The rows of what the person has written.
    pub(in crate::simulate) fn incoming(&self) -> impl Iterator<Item = &MessageRecord> {
        self.rows.iter().filter(|row| row.direction == MessageDirection::Incoming)
    }
}

async fn rows(world: &World, person: &PhoneNumber) -> Result<Vec<MessageRecord>, SimulateError> {
    let (db, business) = (&world.app.services().database, world.business_id);
    Ok(messages::conversation(db, business, person, MAX_MESSAGES).await?)
}

/// The instructions name the person.
fn is_about(turn: &TextTurn, person: &PhoneNumber) -> bool {
    let instructions = turn.request["instructions"].as_str();
    instructions.is_some_and(|text| text.contains(person.as_str()))
}
