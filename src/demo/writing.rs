//! After the call, the caller writes once by WhatsApp.

use std::time::Duration;

use entities::messages::{self, MessageDirection, MessageRecord};
use practice::twilio::SentMessage;
use protocol::ids::PhoneNumber;

use super::error::Failed;
use super::screen::Screen;
use crate::world::World;

/// What the caller writes, in Hebrew and in any other language.
const MESSAGES: [&str; 2] = ["תודה! ומה המחיר?", "Thank you! And what is the price?"];
/// How often it is looked whether the answer's delivery is in the database.
const LOOK: Duration = Duration::from_millis(50);
/// Rows of the conversation that are read.
const NEWEST: u32 = 20;

/// Shows the message and its answer as they come, then the answer's row.
pub(super) async fn exchange(
    world: &World,
    person: &PhoneNumber,
    screen: &Screen,
) -> Result<(), Failed> {
    let Some(number) = &world.business.whatsapp_number else {
        return Err(Failed::Wrong("the business has no whatsapp_number".to_owned()));
    };
    screen.note("\nafter the call, the caller writes to the business by WhatsApp")?;
    let text = MESSAGES[usize::from(world.business.language.as_str() != "he")];
    let mut sent = world.carrier.sent_messages();
    let to_person = |sent: &SentMessage| sent.to.ends_with(person.as_str());
    let before = sent.borrow_and_update().iter().filter(|sent| to_person(sent)).count();
    let message = world.carrier.message(person.as_str(), number.as_str(), text);
    let taken = world.carrier.receive_message(&message).await;
    taken.map_err(|error| Failed::Wrong(format!("the message was not taken: {error}")))?;
    screen.turn("writes", text)?;
    let answered =
        sent.wait_for(|sent| sent.iter().filter(|sent| to_person(sent)).count() > before);
    let answered =
        answered.await.map(|sent| sent.iter().rev().find(|sent| to_person(sent)).cloned());
    let Some(SentMessage { sid, body: Some(body), .. }) = answered.ok().flatten() else {
        return Err(Failed::Wrong("the message got no answer".to_owned()));
    };
    screen.turn("answer", &body)?;
    let row = delivered(world, person, &sid).await?;
    screen.row("message", &[("to", row.person.to_string()), ("status", "delivered".to_owned())])?;
    let sent = sent.borrow().iter().filter(|sent| to_person(sent)).count();
    check(world, sent - before)
}

/// The answer's row, once Twilio has reported that the person has it.
async fn delivered(
    world: &World,
    person: &PhoneNumber,
    sid: &str,
) -> Result<MessageRecord, Failed> {
    let (db, business) = (&world.app.services().database, world.business_id);
    loop {
        let rows = messages::conversation(db, business, person, NEWEST).await?;
        let is_it = |row: &MessageRecord| {
            row.direction == MessageDirection::Outgoing
                && row.provider_sid.as_deref() == Some(sid)
                && row.status == messages::MessageStatus::Delivered
        };
        if let Some(row) = rows.into_iter().find(is_it) {
            return Ok(row);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// One answer, and nothing that OpenAI would have objected to.
fn check(world: &World, sent: usize) -> Result<(), Failed> {
    if sent != 1 {
        return Err(Failed::Wrong(format!("one message was to be sent, and were {sent}")));
    }
    let violations = world.text_model().map(|model| model.log().record().violations);
    match violations.unwrap_or_default().first() {
        Some(fault) => Err(Failed::Wrong(format!("OpenAI would have objected: {fault:?}"))),
        None => Ok(()),
    }
}
