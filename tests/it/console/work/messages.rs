//! A written conversation, answered by hand and marked as seen to.

use std::time::Duration;

use entities::conversations::{ConversationId, take_in};
use entities::messages::{self, IncomingMessage, MessageAuthor, MessageId, MessageKind};
use http::StatusCode;

use super::{at, done, noam, noted, page, planned, wrong};
use crate::api::rows;
use crate::support::{number, virtually, world};

#[test]
fn con_7_a_conversation_is_answered_within_the_window_and_marked_as_seen_to() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let conversation = rows::conversation(&world, world.business_id, 1).await;
        let path = at(&world, &format!("messages/{}", conversation.0));
        let sent = browser.post(&path, &[("body", "We call you at noon.")]).await;
        assert_eq!(done(&sent).1, "message-sent");
        let services = world.app.services();
        let (db, business) = (&services.database, world.business_id);
        let written = messages::conversation(db, business, &number(1), 10).await.unwrap();
        assert_eq!(written[1].author, Some(MessageAuthor::Operator));
        let text = page(&mut browser, &path).await;
        assert!(text.contains("We call you at noon.") && text.contains("by hand"), "{text}");

        for body in ["  ", &"x".repeat(1_601)] {
            let refused = wrong(&browser.post(&path, &[("body", body)]).await);
            assert!(refused.contains("at most 1,600 letters"), "{refused}");
        }
        let handled = browser.post(&format!("{path}/handled"), &[]).await;
        assert_eq!(done(&handled).1, "conversation-seen-to");

        // One who wrote 25 hours ago.
        let message = IncomingMessage {
            id: MessageId(services.new_id()),
            person: number(2),
            provider_sid: "SM000000000000000000000000000000aa".to_owned(),
            body: "שלום".to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        let new_id = ConversationId(services.new_id());
        let then = services.clock.wall() - Duration::from_secs(25 * 3600);
        let late = take_in(db, business, message, new_id, then).await.unwrap().conversation;
        let path = at(&world, &format!("messages/{}", late.0));
        let text = page(&mut browser, &path).await;
        assert!(text.contains("WhatsApp allows no answer now"), "{text}");
        let refused = wrong(&browser.post(&path, &[("body", "Hello")]).await);
        assert!(refused.contains("older than 24 hours"), "{refused}");

        let none = at(&world, "messages/01a221a8-0000-7000-8000-000000000000");
        let answer = browser.post(&none, &[("body", "Hello")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(noted(&world).await, ["message.write", "message.handled"]);
        world.close().await;
    });
}
