//! Written conversations with the whole daemon: what a person writes, and what they get (WA-1 to WA-7).

mod after_calls;
mod by_hand;
mod dropped;
mod killed;
mod lengths;
mod tenancy;
mod webhooks;

use std::time::Duration;

use entities::conversations::{self, ConversationRecord};
use entities::messages::{self, MessageRecord};
use frontdesk::world::{Plan, World};
use practice::openai::{Brain, Rule};
use practice::twilio::{Attached, IncomingMessage, MessageAnswer, TwilioError};
use protocol::ids::{BusinessId, PhoneNumber};

use crate::support::{brief_in_writing, number, pause, within};

/// An answer comes within this: settling, and the practice model's time.
const ANSWER: Duration = Duration::from_secs(5);

/// A person and the business that they write to.
struct Person<'a> {
    world: &'a World,
    business: BusinessId,
    /// The business's number.
    to: PhoneNumber,
    number: PhoneNumber,
}

impl<'a> Person<'a> {
    /// One who writes to the world's first business.
    fn of(world: &'a World, last: u32) -> Self {
        Self::to(world, 0, last)
    }

    /// One who writes to this business of the world.
    fn to(world: &'a World, place: usize, last: u32) -> Self {
        let (business, settings) = &world.businesses[place];
        let to = settings.whatsapp_number.clone().unwrap();
        Self { world, business: *business, to, number: number(last) }
    }

    fn message(&self, text: &str) -> IncomingMessage {
        self.world.carrier.message(self.number.as_str(), self.to.as_str(), text)
    }

    async fn delivers(&self, message: &IncomingMessage) -> Result<MessageAnswer, TwilioError> {
        self.world.carrier.receive_message(message).await
    }

    async fn writes(&self, text: &str) {
        self.delivers(&self.message(text)).await.unwrap();
    }

    async fn sends(&self, text: &str, attached: Attached) {
        self.delivers(&self.message(text).with(attached)).await.unwrap();
    }

    /// What Twilio was given for them from this business, oldest first.
    fn got(&self) -> Vec<String> {
        let (to, from) = (format!("whatsapp:{}", self.number), format!("whatsapp:{}", self.to));
        let sent = self.world.carrier.sent_messages();
        let sent = sent.borrow();
        let theirs = sent.iter().filter(|message| message.to == to);
        let theirs = theirs.filter(|message| message.from.as_deref() == Some(&*from));
        theirs.map(|message| message.body.clone().unwrap_or_default()).collect()
    }

    /// Waits until they have got so many messages, and then for one that is too many.
    async fn gets(&self, count: usize) -> Vec<String> {
        let coming = async {
            while self.got().len() < count {
                pause().await;
            }
        };
        within("the message", coming).await;
        tokio::time::sleep(ANSWER).await;
        let got = self.got();
        assert_eq!(got.len(), count, "{got:?}");
        got
    }

    async fn rows(&self) -> Vec<MessageRecord> {
        let db = &self.world.app.services().database;
        messages::conversation(db, self.business, &self.number, 200).await.unwrap()
    }

    async fn conversation(&self) -> ConversationRecord {
        let db = &self.world.app.services().database;
        conversations::of_person(db, self.business, &self.number).await.unwrap().unwrap()
    }
}

/// A text model that says this to everything, and a receptionist who says the same.
fn says(text: &str) -> impl FnOnce(&mut Plan) + use<> {
    let text = text.to_owned();
    move |plan| {
        brief_in_writing(plan);
        let rule = Rule { say: Some(text), ..Rule::default() };
        plan.openai.brain = Brain::Scripted(vec![rule]);
    }
}

/// The bodies of the questions to the text model.
fn questions(world: &World) -> Vec<serde_json::Value> {
    let model = world.text_model().expect("the practice text model");
    model.log().record().turns.into_iter().map(|turn| turn.request).collect()
}
