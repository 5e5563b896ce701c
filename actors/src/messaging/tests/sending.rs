//! A message on its way to Twilio, and an operator's.

use super::*;

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
