//! Many conversations, and one that another owner has.

use super::*;

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
