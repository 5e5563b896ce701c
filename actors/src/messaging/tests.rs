//! The actor in virtual time, with a database, and a server that plays OpenAI and Twilio.

mod outside;

use std::sync::Arc;
use std::time::Duration;

use entities::businesses::{ImportBusiness, import};
use entities::conversations::{self, ByHand, ConversationId};
use entities::messages::{self, IncomingMessage, MessageId, MessageKind, MessageRecord};
use entities::{Database, PoolSettings};
use jiff::Timestamp;
use protocol::business::{AfterCall, BusinessSettings};
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use protocol::twilio::forms::Party;
use ractor::Actor;
use serde_json::{Value, json};
use supervision::{ActorInfo, TaskGroup};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::call_parts::{CallParts, Services};
use crate::introspection::ActorKind;
use crate::testing::{self, Unreachable};
use crate::written::Messaging;
use outside::{Outside, Send, reply, too_long, tool_call};

/// A Thursday, 10:00 in Jerusalem.
const NOW: Timestamp = Timestamp::constant(1_795_334_400, 0);

fn person() -> PhoneNumber {
    PhoneNumber::parse("+972501234567").unwrap()
}

fn settings() -> BusinessSettings {
    let number = PhoneNumber::parse("+97231234560").unwrap();
    let mut settings =
        BusinessSettings::new(Slug::parse("locks").unwrap(), "Locks", vec![number.clone()]);
    settings.whatsapp_number = Some(number);
    settings.whatsapp.after_call = AfterCall::Lead;
    settings.ending.required_lead_fields = vec!["city".to_owned()];
    settings
}

/// The daemon, as far as it writes, and its surroundings.
struct Desk {
    services: Services,
    outside: Arc<Outside>,
    business: BusinessId,
    actor: Option<(ActorRef<MessagingMsg>, JoinHandle<()>, TaskGroup)>,
}

impl Desk {
    async fn open() -> Self {
        let database = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
        database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
        let settings = settings();
        let file = ImportBusiness {
            new_id: BusinessId(Uuid::from_u128(1)),
            slug: settings.slug.clone(),
            name: settings.name.clone(),
            phone_numbers: settings.phone_numbers.clone(),
            whatsapp_number: settings.whatsapp_number.clone(),
            timezone: "Asia/Jerusalem".to_owned(),
            language: "he".to_owned(),
            retention: Duration::from_secs(24 * 60 * 60),
            settings: serde_json::to_value(&settings).unwrap(),
            prompt: "answer".to_owned(),
        };
        let business = import(&database, file, NOW).await.unwrap().id;
        let outside = Arc::<Outside>::default();
        let dialer = Arc::new(outside::Dial(Arc::clone(&outside)));
        let mut services = testing::services(database, Arc::new(Unreachable), dialer);
        services.clock = crate::clock::Clock::starting_at(NOW);
        services.messaging = Messaging::new("http://frontdesk", Uuid::from_u128(9));
        let mut desk = Self { services, outside, business, actor: None };
        desk.start().await;
        desk
    }

    /// Starts the actor, as the root does.
    async fn start(&mut self) {
        let Services { messaging, clock, chance, database, calendar, twilio, text_model, .. } =
            self.services.clone();
        let (introspection, metrics) =
            (self.services.introspection.clone(), Arc::clone(&self.services.metrics));
        let info = ActorInfo {
            kind: ActorKind::Messaging,
            parent: None,
            scope: None,
            generation: supervision::Generation::default(),
            last_error: None,
            depth: Box::new(|| 0),
        };
        let registration = introspection.register(info, clock.now());
        let services = MessagingServices {
            messaging,
            clock,
            chance,
            database,
            calendar,
            twilio,
            text_model,
            introspection,
            metrics,
        };
        let tasks = TaskGroup::new();
        let args = MessagingArgs { services, tasks: tasks.clone(), registration };
        let (actor, task) = Actor::spawn(None, MessagingActor, args).await.unwrap();
        self.actor = Some((actor, task, tasks));
    }

    /// The process dies: tasks are dropped where they stand.
    async fn kill(&mut self) {
        let (actor, task, tasks) = self.actor.take().unwrap();
        actor.kill();
        let _ = task.await;
        tasks.cancel_and_join().await;
        // Another process has another name.
        self.services.messaging = Messaging::new("http://frontdesk", self.services.new_id());
    }

    /// A webhook, without the request. Returns whether it is new.
    async fn come(&self, sid: u32, words: &str) -> bool {
        self.come_to(self.business, sid, words).await
    }

    async fn come_to(&self, business: BusinessId, sid: u32, words: &str) -> bool {
        let message = IncomingMessage {
            id: MessageId(self.services.new_id()),
            person: person(),
            provider_sid: format!("SM{sid:032x}"),
            body: words.to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        let (db, now) = (&self.services.database, self.services.clock.wall());
        let new_id = ConversationId(self.services.new_id());
        let taken = conversations::take_in(db, business, message, new_id, now).await.unwrap();
        self.services.messaging.due(business, &person());
        taken.created
    }

    async fn messages(&self) -> Vec<MessageRecord> {
        let db = &self.services.database;
        messages::conversation(db, self.business, &person(), 50).await.unwrap()
    }

    async fn conversation(&self) -> conversations::ConversationRecord {
        let db = &self.services.database;
        conversations::of_person(db, self.business, &person()).await.unwrap().unwrap()
    }

    /// A call of the person's, until what is returned is closed.
    fn call(&self) -> Arc<CallParts> {
        let mut setup = testing::setup(self.business, Party::Known(person()));
        setup.settings = Arc::new(settings());
        let lease = self.services.node.first_lease();
        CallParts::new(setup, lease, self.services.clone())
    }

    fn sent(&self) -> Vec<String> {
        self.outside.sent().into_iter().map(|sent| sent.body).collect()
    }
}

async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The texts of a request's input.
fn told(request: &Value) -> Vec<String> {
    let items = request["input"].as_array().unwrap();
    items.iter().filter_map(|item| Some(item["content"][0]["text"].as_str()?.to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn wa_5_texts_are_answered_together_with_one_message() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.come(1, "שלום").await;
    after(1).await;
    desk.come(2, "מתי אתם פתוחים?").await;
    after(1).await;
    assert!(desk.outside.asked().is_empty(), "more may follow");
    after(4).await;
    let asked = desk.outside.asked();
    assert_eq!(told(&asked[0]), ["שלום", "מתי אתם פתוחים?"]);
    assert!(asked[0]["instructions"].as_str().unwrap().contains("WhatsApp"));
    assert_eq!(desk.sent(), ["בתשע."]);
    let rows = desk.messages().await;
    assert!(rows.iter().all(|row| row.handled));
    assert_eq!(rows[2].in_reply_to, Some(rows[1].id));
    assert!(rows[2].provider_sid.is_some());
    let callback = format!("http://frontdesk/twilio/message-status?message={}", rows[2].id.0);
    assert_eq!(desk.outside.sent()[0].callback, callback);

    desk.outside.will_answer([reply("כן.")]);
    desk.come(3, "גם בשישי?").await;
    after(4).await;
    let asked = desk.outside.asked();
    assert_eq!(told(&asked[1]), ["שלום", "מתי אתם פתוחים?", "בתשע.", "גם בשישי?"]);
}

#[tokio::test(start_paused = true)]
async fn wa_2_five_deliveries_of_one_message_are_answered_once() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    let delivered = futures_util::future::join_all((0..5).map(|_| desk.come(1, "מתי?"))).await;
    assert_eq!(delivered.iter().filter(|created| **created).count(), 1);
    after(5).await;
    desk.come(1, "מתי?").await;
    after(60).await;
    assert_eq!(desk.sent(), ["בתשע."]);
    assert_eq!(desk.outside.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn wa_2_a_daemon_that_dies_at_any_moment_answers_once() {
    // In steps of 0.1 s over the whole way: settling, asking, sending, sent.
    for tenths in 0..60_u64 {
        let mut desk = Desk::open().await;
        desk.outside.will_answer([reply("בתשע."), reply("בתשע.")]);
        desk.outside.takes(Duration::from_millis(700));
        desk.come(1, "מתי?").await;
        tokio::time::sleep(Duration::from_millis(100 * tenths)).await;
        desk.kill().await;
        desk.start().await;
        after(150).await;
        assert_eq!(desk.sent(), ["בתשע."], "died after {tenths} tenths of a second");
        assert!(desk.messages().await.iter().all(|row| row.handled));
    }
}

#[tokio::test(start_paused = true)]
async fn wa_2_a_send_without_an_answer_is_looked_for_and_not_repeated() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.outside.will_send([Send::TakenInSilence]);
    desk.come(1, "מתי?").await;
    after(120).await;
    assert_eq!(desk.sent(), ["בתשע."]);
    let rows = desk.messages().await;
    assert_eq!(rows[1].provider_sid.as_deref(), Some(&*desk.outside.sent()[0].sid));
}

#[tokio::test(start_paused = true)]
async fn wa_2_a_busy_twilio_is_tried_again_until_it_takes_the_message() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.outside.will_send(std::iter::repeat_n(Send::Busy, 40));
    desk.come(1, "מתי?").await;
    after(60 * 60).await;
    assert_eq!(desk.sent(), ["בתשע."]);
    assert_eq!(desk.conversation().await.needs_person, None);
}

#[tokio::test(start_paused = true)]
async fn wa_6_an_opt_out_at_twilio_is_final() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.outside.will_send([Send::Refused(21_610)]);
    desk.come(1, "מתי?").await;
    after(60 * 60).await;
    assert_eq!(desk.sent(), [""; 0]);
    let conversation = desk.conversation().await;
    assert_eq!(conversation.needs_person.as_deref(), Some("refused"));
    assert!(conversation.opted_out);
    assert_eq!(desk.messages().await[1].error_code, Some(21_610));
}

#[tokio::test(start_paused = true)]
async fn wa_1_an_answer_that_stays_too_long_is_replaced_and_never_cut() {
    let desk = Desk::open().await;
    desk.outside.will_answer([too_long(), too_long(), too_long(), too_long()]);
    desk.come(1, "ספרו לי הכול").await;
    after(20).await;
    assert_eq!(desk.sent(), [settings().lines().too_long]);
    assert_eq!(desk.conversation().await.needs_person.as_deref(), Some("too_long"));
}

#[tokio::test(start_paused = true)]
async fn wa_4_a_model_that_fails_costs_an_apology_and_loses_nothing() {
    let desk = Desk::open().await;
    desk.outside.will_answer([json!({}), json!({}), json!({}), reply("בתשע.")]);
    desk.come(1, "מתי?").await;
    after(120).await;
    assert_eq!(desk.sent(), [settings().lines().written_apology]);
    assert_eq!(desk.conversation().await.needs_person.as_deref(), Some("model_failed"));
    desk.come(2, "הלו?").await;
    after(10).await;
    assert_eq!(desk.sent()[1], "בתשע.");
    assert!(told(&desk.outside.asked()[3]).contains(&"מתי?".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn wa_7_what_is_told_in_writing_is_in_the_lead_of_the_calls() {
    let desk = Desk::open().await;
    let arguments = json!({"full_name": "דנה", "email": null, "fields": {"city": "חיפה"}});
    desk.outside.will_answer([tool_call("update_lead_details", &arguments), reply("רשמתי.")]);
    desk.come(1, "אני דנה מחיפה").await;
    after(6).await;
    assert_eq!(desk.sent(), ["רשמתי."]);
    let lead = desk.conversation().await.lead_id.unwrap();
    let db = &desk.services.database;
    let lead = entities::leads::get(db, desk.business, lead).await.unwrap().unwrap();
    assert_eq!(lead.full_name.as_deref(), Some("דנה"));
    assert_eq!(lead.fields.0["city"], "חיפה");
    assert_eq!(lead.phone, Some(person()));
}

#[tokio::test(start_paused = true)]
async fn wa_3_nothing_is_sent_during_a_call_and_what_came_is_answered_after_it() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("לפני השיחה"), reply("אחרי השיחה")]);
    desk.outside.takes(Duration::from_secs(3));
    desk.come(1, "מתי?").await;
    after(3).await;
    let call = desk.call();
    after(30).await;
    assert_eq!(desk.sent(), [""; 0], "the answer was ready while the call went on");
    desk.come(2, "הלו?").await;
    after(30).await;
    call.close(protocol::call::EndReason::UserGoodbye);
    after(20).await;
    assert_eq!(desk.sent(), ["אחרי השיחה"]);
    assert!(told(desk.outside.asked().last().unwrap()).contains(&"הלו?".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn wa_3_a_call_on_another_node_counts_too() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    let call = testing::call_sid();
    let db = &desk.services.database;
    let row = entities::calls::NewCall {
        call_sid: call.clone(),
        direction: entities::calls::CallDirection::Inbound,
        status: entities::calls::CallStatus::InProgress,
        from_number: Some(person()),
        to_number: settings().phone_numbers[0].clone(),
        lead_id: None,
        prompt_version: 1,
        started_at: NOW,
    };
    entities::calls::insert_started(db, desk.business, row).await.unwrap();
    desk.come(1, "מתי?").await;
    after(60).await;
    assert_eq!((desk.sent().len(), desk.outside.asked().len()), (0, 0));
    let end = entities::calls::EndOfCall {
        ended_at: desk.services.clock.wall(),
        end_reason: "user_goodbye".to_owned(),
        ended_by: "caller".to_owned(),
        status: None,
        duration: None,
        stats: None,
    };
    entities::calls::report_end(db, desk.business, &call, end).await.unwrap();
    after(10).await;
    assert_eq!(desk.sent(), ["בתשע."]);
}

#[tokio::test(start_paused = true)]
async fn wa_1_an_operators_message_is_sent_within_the_window_and_held_after_it() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.come(1, "מתי?").await;
    after(6).await;
    let write = async || {
        let (db, now) = (&desk.services.database, desk.services.clock.wall());
        let id = desk.conversation().await.id;
        let body = "נתקשר אליך.".to_owned();
        let message = ByHand { id: MessageId(desk.services.new_id()), body };
        conversations::write_by_hand(db, desk.business, id, message, now).await.unwrap();
        desk.services.messaging.due(desk.business, &person());
        after(5).await;
    };
    write().await;
    assert_eq!(desk.sent(), ["בתשע.", "נתקשר אליך."]);
    after(25 * 60 * 60).await;
    write().await;
    assert_eq!(desk.sent().len(), 2);
    assert_eq!(desk.conversation().await.needs_person.as_deref(), Some("window_closed"));
}

#[tokio::test(start_paused = true)]
async fn wa_5_a_conversation_of_another_owner_is_left_alone_until_its_lease_ends() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    let mut other = desk.services.clone();
    other.messaging = Messaging::new("http://other", Uuid::from_u128(10));
    let (db, now) = (&desk.services.database, desk.services.clock.wall());
    let message = IncomingMessage {
        id: MessageId(desk.services.new_id()),
        person: person(),
        provider_sid: "SM00000000000000000000000000000001".to_owned(),
        body: "מתי?".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    };
    let new_id = ConversationId(desk.services.new_id());
    conversations::take_in(db, desk.business, message, new_id, now).await.unwrap();
    let (until, person) = (now + Duration::from_secs(60), person());
    let owner = other.messaging.owner();
    let claimed = conversations::claim(db, desk.business, &person, owner, until, now);
    assert!(claimed.await.unwrap().is_some());
    desk.services.messaging.due(desk.business, &person);
    after(50).await;
    assert_eq!(desk.sent(), [""; 0]);
    after(60).await;
    assert_eq!(desk.sent(), ["בתשע."]);
}

#[tokio::test(start_paused = true)]
async fn wa_5_two_hundred_conversations_are_answered_side_by_side() {
    let desk = Desk::open().await;
    desk.outside.will_answer(std::iter::repeat_n(reply("בתשע."), 200));
    desk.outside.takes(Duration::from_secs(2));
    for number in 0..200_u32 {
        let person = PhoneNumber::parse(&format!("+97250{number:07}")).unwrap();
        let message = IncomingMessage {
            id: MessageId(desk.services.new_id()),
            person: person.clone(),
            provider_sid: format!("SM{number:032x}"),
            body: "מתי?".to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        let (db, now) = (&desk.services.database, desk.services.clock.wall());
        let new_id = ConversationId(desk.services.new_id());
        conversations::take_in(db, desk.business, message, new_id, now).await.unwrap();
        desk.services.messaging.due(desk.business, &person);
    }
    after(30).await;
    assert_eq!(desk.sent().len(), 200);
}
