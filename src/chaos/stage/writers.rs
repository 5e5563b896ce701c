//! People write, and it is gathered what came of it.

use std::sync::Arc;
use std::time::Duration;

use entities::messages::MessageRecord;
use entities::{conversations, messages};
use jiff::SignedDuration;
use practice::twilio::IncomingMessage;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::outside::Outside;
use super::site::Site;
use crate::chaos::ended::{Delivered, EndedWriter, Written};
use crate::chaos::error::ChaosError;
use crate::chaos::story::{Story, Writer};

/// How long the conversations may take to come to rest, once nobody writes any more. A database that was gone,
/// a node that died, and the pauses between tries are part of it.
const RESTS_WITHIN: Duration = Duration::from_mins(30);
/// How often it is looked.
const LOOK: Duration = Duration::from_secs(1);
/// How long Twilio reports how the delivery of a message goes, late reports included.
const CALLBACKS: Duration = Duration::from_secs(60);
/// More messages than one person has in a run.
const ALL: u32 = 10_000;
/// A claim lasts less than that.
const LONGEST_CLAIM: SignedDuration = SignedDuration::from_hours(1);

/// Writes what the writer at `place` of the story writes. Each webhook that was answered as it should be is returned.
pub(super) async fn write(site: Arc<Site>, place: usize, writer: Writer) -> Vec<Delivered> {
    let began = site.outside.clock.now();
    let mut deliveries = JoinSet::new();
    for note in &writer.notes {
        let message =
            message(&site.outside, &writer, note.text.clone()).with(note.attached.clone());
        for at in note.deliveries() {
            let (site, message) = (Arc::clone(&site), message.clone());
            deliveries.spawn(async move {
                sleep((began + at).saturating_duration_since(site.outside.clock.now())).await;
                let answer = site.outside.carrier.receive_message(&message).await.ok()?;
                answer.body.ends_with("<Response/>").then_some(message.sid)
            });
        }
    }
    let mut taken: Vec<Delivered> = Vec::new();
    while let Some(delivered) = deliveries.join_next().await {
        if let Ok(Some(sid)) = delivered {
            taken.push(Delivered { writer: place, sid });
        }
    }
    taken
}

fn message(outside: &Outside, writer: &Writer, text: String) -> IncomingMessage {
    let (_, business) = &outside.businesses[writer.business];
    let to = business.whatsapp_number.as_ref().map(ToString::to_string).unwrap_or_default();
    outside.carrier.message(writer.number.as_str(), &to, &text)
}

/// Waits until nothing is owed in writing, and Twilio has reported all.
pub(super) async fn settle(site: &Site) -> Result<(), ChaosError> {
    let until = site.outside.clock.now() + RESTS_WITHIN;
    while due(&site.outside).await? > 0 && site.outside.clock.now() < until {
        sleep(LOOK).await;
    }
    sleep(CALLBACKS).await;
    Ok(())
}

/// Conversations in which something is owed, whether or not somebody works on them.
async fn due(outside: &Outside) -> Result<usize, ChaosError> {
    let later = outside.clock.wall() + LONGEST_CLAIM;
    Ok(conversations::due_of_all(&outside.database, later, &[], ALL).await?.len())
}

pub(super) async fn gather(
    outside: &Outside,
    story: &Story,
    taken: Vec<Delivered>,
) -> Result<Written, ChaosError> {
    let db = &outside.database;
    let mut writers = Vec::new();
    for (index, writer) in story.writers.iter().enumerate() {
        let (business, settings) = &outside.businesses[writer.business];
        let from = settings.whatsapp_number.as_ref().map(|number| format!("whatsapp:{number}"));
        let to = format!("whatsapp:{}", writer.number);
        let sent = outside.carrier.sent_messages();
        let sent =
            sent.borrow().iter().filter(|it| it.to == to && it.from == from).cloned().collect();
        let rows: Vec<MessageRecord> =
            messages::conversation(db, *business, &writer.number, ALL).await?;
        let conversation = conversations::of_person(db, *business, &writer.number).await?;
        let taken = taken.iter().filter(|it| it.writer == index).map(|it| it.sid.clone()).collect();
        writers.push(EndedWriter { writer: writer.clone(), taken, sent, rows, conversation });
    }
    let model = outside.provider.text_server().map(|server| server.log().record());
    Ok(Written { writers, model: model.unwrap_or_default(), due: due(outside).await? })
}
