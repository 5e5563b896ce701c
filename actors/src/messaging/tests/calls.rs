//! The person calls too.

use entities::calls::{self, CallDirection, CallStatus, EndOfCall, NewCall};
use entities::{DatabaseFault, FaultExtent};

use super::*;

impl Desk {
    /// A call of the person's on another node.
    async fn call_elsewhere(&self) {
        let row = NewCall {
            call_sid: testing::call_sid(),
            direction: CallDirection::Inbound,
            status: CallStatus::InProgress,
            from_number: Some(person()),
            to_number: settings().phone_numbers[0].clone(),
            lead_id: None,
            prompt_version: 1,
            started_at: NOW,
            is_test: false,
        };
        calls::insert_started(&self.services.database, self.business, row).await.unwrap();
    }

    /// The end of its record, and what Twilio has said.
    async fn call_elsewhere_ended(&self, status: Option<CallStatus>) {
        let end = EndOfCall {
            ended_at: self.services.clock.wall(),
            end_reason: "internal".to_owned(),
            ended_by: "daemon".to_owned(),
            status,
            duration: None,
            stats: None,
        };
        let (db, call) = (&self.services.database, testing::call_sid());
        calls::report_end(db, self.business, &call, end).await.unwrap();
    }
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
async fn wa_3_a_message_that_twilio_was_too_busy_for_waits_for_the_end_of_a_call() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("לפני השיחה"), reply("אחרי השיחה")]);
    desk.outside.will_send(std::iter::repeat_n(Send::Busy, 4));
    desk.come(1, "מתי?").await;
    after(2).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let call = desk.call();
    after(60).await;
    assert_eq!(desk.sent(), [""; 0], "Twilio would take it while the call goes on");
    call.close(protocol::call::EndReason::UserGoodbye);
    after(60).await;
    assert_eq!(desk.sent(), ["אחרי השיחה"]);
}

#[tokio::test(start_paused = true)]
async fn wa_3_a_call_that_begins_while_a_step_is_stored_holds_its_message_back() {
    // The look for a call, and the write after it, take 3 s each.
    for tenths in (0..150).step_by(15) {
        let desk = Desk::open().await;
        desk.outside.will_answer([reply("לפני השיחה"), reply("אחרי השיחה")]);
        desk.outside.takes(Duration::from_secs(2));
        desk.come(1, "מתי?").await;
        after(3).await;
        let faults = desk.services.database.faults().unwrap();
        faults.set(DatabaseFault::Slow(Duration::from_secs(3)), FaultExtent::Lasting);
        tokio::time::sleep(Duration::from_millis(100 * tenths)).await;
        let before = desk.sent().len();
        let call = desk.call();
        // What is on its way arrives.
        after(2).await;
        let on_its_way = desk.sent().len();
        after(60).await;
        assert_eq!(desk.sent().len(), on_its_way, "nothing is sent in a call after {tenths}");
        assert!(on_its_way - before <= 1);
        faults.clear();
        call.close(protocol::call::EndReason::UserGoodbye);
        after(60).await;
        assert_eq!(desk.sent().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn wa_3_a_call_on_another_node_counts_too() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.call_elsewhere().await;
    desk.come(1, "מתי?").await;
    after(60).await;
    assert_eq!((desk.sent().len(), desk.outside.asked().len()), (0, 0));
    desk.call_elsewhere_ended(Some(CallStatus::Completed)).await;
    after(10).await;
    assert_eq!(desk.sent(), ["בתשע."]);
    assert_eq!(desk.outside.looked_up(), 0);
}

/// Twilio still speaks the apology, or the caller talks with the person to whom they were transferred.
#[tokio::test(start_paused = true)]
async fn wa_3_a_call_that_our_side_has_ended_counts_until_twilio_says_that_it_is_over() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.call_elsewhere().await;
    desk.call_elsewhere_ended(None).await;
    desk.come(1, "מתי?").await;
    after(9).await;
    assert_eq!(desk.outside.looked_up(), 0, "Twilio tells it by itself");
    after(600).await;
    assert_eq!((desk.sent().len(), desk.outside.asked().len()), (0, 0));
    desk.call_elsewhere_ended(Some(CallStatus::Completed)).await;
    after(10).await;
    assert_eq!(desk.sent(), ["בתשע."]);
}

#[tokio::test(start_paused = true)]
async fn wa_3_a_call_whose_last_status_is_lost_silences_nobody() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.call_elsewhere().await;
    desk.call_elsewhere_ended(None).await;
    desk.come(1, "מתי?").await;
    desk.outside.has_no_call();
    after(20).await;
    assert_eq!(desk.sent(), ["בתשע."]);
}
