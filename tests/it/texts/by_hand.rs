//! An operator answers by hand, and says that a conversation is seen to.

use std::time::Duration;

use entities::conversations::{ConversationId, take_in};
use entities::messages::{IncomingMessage, MessageAuthor, MessageId, MessageKind, MessageStatus};
use http::{Method, StatusCode};
use practice::openai::TextFault;
use serde_json::{Value, json};

use super::{ANSWER, Person};
use crate::api::operator::{Operator, Wanted};
use crate::support::{brief_in_writing, virtually, within, world};

#[test]
fn wa_1_an_operator_answers_within_the_window_and_is_told_when_it_has_closed() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let (person, operator) = (Person::of(&world, 1), Operator::of(&world));
        let slug = world.business.slug.clone();
        world.text_model().unwrap().faults().next([
            TextFault::ServerError,
            TextFault::ServerError,
            TextFault::ServerError,
        ]);
        person.writes("אפשר לדבר עם מישהו?").await;
        assert_eq!(person.gets(1).await, [world.business.lines().written_apology]);
        let conversation = person.conversation().await.id.0;
        let at = |rest: &str| format!("/api/conversations/{conversation}{rest}?business={slug}");
        let needing = format!("/api/conversations?business={slug}&needs_person=true");
        let listed = operator.gets(&needing).await;
        assert_eq!(listed["items"][0]["needs_person"], "model_failed");
        assert_eq!(listed["items"][0]["window_open"], true);

        let write =
            Wanted::new(Method::POST, at("/messages")).with(&json!({ "body": "כן, אני כאן." }));
        let written = operator.asks(&write).await;
        assert_eq!(written.status, StatusCode::CREATED, "{}", written.body);
        assert_eq!(person.gets(2).await[1], "כן, אני כאן.");
        let rows = person.rows().await;
        assert_eq!(rows[2].author, Some(MessageAuthor::Operator));
        let shown = operator.gets(&at("")).await;
        assert_eq!(shown["messages"][2]["status"], "delivered");

        let handled = operator.asks(&Wanted::new(Method::POST, at("/handled"))).await;
        assert_eq!(
            (handled.status, handled.body["needs_person"].clone()),
            (StatusCode::OK, Value::Null,)
        );
        assert_eq!(operator.gets(&needing).await["items"], json!([]));

        // What a person of the business has written is part of what the model is told.
        person.writes("תודה").await;
        person.gets(3).await;
        let told = super::questions(&world).last().unwrap().to_string();
        assert!(told.contains("כן, אני כאן."), "{told}");

        // One who wrote 25 hours ago.
        let late = Person::of(&world, 2);
        let services = world.app.services();
        let message = IncomingMessage {
            id: MessageId(services.new_id()),
            person: late.number.clone(),
            provider_sid: "SM000000000000000000000000000000aa".to_owned(),
            body: "שלום".to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        let new_id = ConversationId(services.new_id());
        let at = services.clock.wall() - Duration::from_secs(25 * 3600);
        let taken = take_in(&services.database, late.business, message, new_id, at).await.unwrap();
        let conversation = taken.conversation.0;
        let path = format!("/api/conversations/{conversation}/messages?business={slug}");
        let write = Wanted::new(Method::POST, path).with(&json!({ "body": "נתקשר אליך." }));
        let refused = operator.asks(&write).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.body["error"]["code"], "window_closed");
        // Its answer is held, for a person of the business.
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(late.conversation().await.needs_person.as_deref(), Some("window_closed"));
        assert_eq!(late.rows().await[1].status, MessageStatus::Held);
        assert!(late.got().is_empty());
        world.close().await;
    });
}

#[test]
fn wa_3_what_an_operator_writes_during_a_call_goes_out_after_it() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let (person, operator) = (Person::of(&world, 1), Operator::of(&world));
        person.writes("שלום").await;
        person.gets(1).await;
        let caller = world.dial(&person.number);
        within("the greeting", caller.hears("שלום")).await.unwrap();
        let (id, slug) = (person.conversation().await.id.0, &world.business.slug);
        let path = format!("/api/conversations/{id}/messages?business={slug}");
        let write = Wanted::new(Method::POST, path).with(&json!({ "body": "נתקשר אליך." }));
        assert_eq!(operator.asks(&write).await.status, StatusCode::CREATED);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(person.got().len(), 1, "not during the call");
        caller.hang_up();
        within("the end", caller.ended()).await;
        tokio::time::sleep(ANSWER).await;
        assert_eq!(person.got(), ["שלום", "נתקשר אליך."]);
        world.close().await;
    });
}
