//! What each planted mistake does, and that nothing of it happens when it is not planted.

use mistakes::{Mistake, plant};

use super::*;

#[tokio::test(start_paused = true)]
async fn second_message_repeats_a_send_whose_answer_was_lost() {
    for (mistake, copies) in [(None, 1), (Some(Mistake::SecondMessage), 2)] {
        let _planted = plant(mistake);
        let desk = Desk::open().await;
        desk.outside.will_answer([reply("בתשע.")]);
        desk.outside.will_send([Send::TakenInSilence]);
        desk.come(1, "מתי?").await;
        after(120).await;
        assert_eq!(desk.sent().len(), copies, "{mistake:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn message_in_call_answers_what_comes_during_a_call_at_once() {
    for (mistake, sent) in [(None, 0), (Some(Mistake::MessageInCall), 1)] {
        let _planted = plant(mistake);
        let desk = Desk::open().await;
        desk.outside.will_answer([reply("בתשע.")]);
        let _call = desk.call();
        after(1).await;
        desk.come(1, "מתי?").await;
        after(20).await;
        assert_eq!(desk.sent().len(), sent, "{mistake:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_history_tells_the_model_what_another_person_has_written() {
    for (mistake, is_told) in [(None, false), (Some(Mistake::ForeignHistory), true)] {
        let _planted = plant(mistake);
        let desk = Desk::open().await;
        desk.outside.will_answer([reply("בתשע."), reply("בעשר.")]);
        let message = IncomingMessage {
            id: MessageId(desk.services.new_id()),
            person: PhoneNumber::parse("+972500000002").unwrap(),
            provider_sid: "SM00000000000000000000000000000002".to_owned(),
            body: "סוד".to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        let (db, now) = (&desk.services.database, desk.services.clock.wall());
        let new_id = ConversationId(desk.services.new_id());
        conversations::take_in(db, desk.business, message, new_id, now).await.unwrap();
        desk.come(1, "מתי?").await;
        after(20).await;
        let asked = desk.outside.asked();
        assert_eq!(told(&asked[0]).iter().any(|text| text == "סוד"), is_told, "{mistake:?}");
    }
}
