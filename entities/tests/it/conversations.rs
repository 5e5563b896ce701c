//! Written conversations: what is owed, who works on it, and what one step stores.

mod claims;

use std::time::Duration;

use entities::Database;
use entities::appointments::{AppointmentId, NewAppointment, book};
use entities::businesses::{CallKey, find_for_text, find_for_voice};
use entities::calls::{EndOfCall, report_end};
use entities::conversations::{
    self, ByHand, Claimed, ClosedWith, ConversationId, MessageChange, OnTelephone, Step, claim,
    due_of_all, get, list, mark_handled, on_telephone, release, renew, store, take_in, waiting,
    write_by_hand,
};
use entities::messages::{
    self, Delivery, IncomingMessage, MessageAuthor, MessageCost, MessageId, MessageKind,
    MessageStatus, report_delivery,
};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, PhoneNumber, ToolCallId};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{
    at, business, call, hung_up, lead, new_id, noon, on_each, phone, two_businesses,
};

const MINUTE: Duration = Duration::from_mins(1);

fn person() -> PhoneNumber {
    phone("+972501234567")
}

fn text(sid: &str) -> IncomingMessage {
    IncomingMessage {
        id: MessageId(new_id()),
        person: person(),
        provider_sid: sid.to_owned(),
        body: "אפשר תור למחר? 🙏".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    }
}

async fn came(db: &Database, business: BusinessId, sid: &str) -> conversations::TakenIn {
    take_in(db, business, text(sid), ConversationId(new_id()), noon()).await.unwrap()
}

async fn claimed(
    db: &Database,
    business: BusinessId,
    owner: u128,
    now: Timestamp,
) -> Option<Claimed> {
    claim(db, business, &person(), Uuid::from_u128(owner), now + MINUTE, now).await.unwrap()
}

fn step(due: bool, messages: Vec<MessageChange>) -> Step {
    Step {
        state: json!({"phase": "resting"}),
        due,
        lease_until: noon() + MINUTE,
        lead: None,
        began: None,
        closed: None,
        notes: None,
        opted_out: None,
        needs_person: None,
        messages,
    }
}

fn answer(id: MessageId, body: &str, answers: MessageId, status: MessageStatus) -> MessageChange {
    let (body, answers, cost) = (body.to_owned(), Some(answers), None);
    MessageChange::Stored { id, body, answers, status, cost }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wa_2_of_five_simultaneous_deliveries_one_is_owed_an_answer() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut deliveries = JoinSet::new();
        for _ in 0..5 {
            let db = db.clone();
            deliveries.spawn(async move { came(&db, locks, "SM1").await });
        }
        let taken = deliveries.join_all().await;
        assert_eq!(taken.iter().filter(|one| one.created).count(), 1);
        assert!(taken.iter().all(|one| one.conversation == taken[0].conversation));
        let (owed, _) = waiting(db, locks, &person()).await.unwrap();
        assert_eq!(owed.len(), 1);
        assert_eq!(owed[0].body, text("SM1").body);
        assert_eq!(due_of_all(db, noon(), &[], 9).await.unwrap(), [(locks, person())]);
    })
    .await;
}

#[tokio::test]
async fn wa_5_one_owner_works_on_a_conversation_and_an_older_one_changes_nothing() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        came(db, locks, "SM1").await;
        let first = claimed(db, locks, 1, noon()).await.unwrap();
        assert!(claimed(db, locks, 2, noon()).await.is_none(), "the lease lasts");
        assert!(due_of_all(db, noon(), &[], 9).await.unwrap().is_empty());
        assert!(renew(db, first.claim, noon() + MINUTE).await.unwrap());

        let later = noon() + 2 * MINUTE;
        assert_eq!(due_of_all(db, later, &[], 9).await.unwrap().len(), 1);
        let second = claimed(db, locks, 2, later).await.unwrap();
        assert!(second.claim.fence > first.claim.fence);
        let stale = step(false, vec![MessageChange::Handled(vec![first.owed[0].id])]);
        assert!(!store(db, first.claim, &person(), stale, later).await.unwrap());
        assert!(!renew(db, first.claim, later + MINUTE).await.unwrap());
        assert_eq!(waiting(db, locks, &person()).await.unwrap().0.len(), 1, "nothing is stored");

        let again = claimed(db, locks, 2, later).await.unwrap();
        assert!(again.claim.fence > second.claim.fence, "the same owner after a crash");
        release(db, second.claim).await.unwrap();
        assert!(claimed(db, locks, 3, later).await.is_none(), "an old claim releases nothing");
        release(db, again.claim).await.unwrap();
        assert!(claimed(db, locks, 3, later).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn wa_2_a_step_is_stored_whole_and_what_came_meanwhile_stays_due() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let asked = came(db, locks, "SM1").await.message.id;
        let work = claimed(db, locks, 1, noon()).await.unwrap();
        let id = MessageId(new_id());
        let sends = step(true, vec![answer(id, "At nine.", asked, MessageStatus::Queued)]);
        assert!(store(db, work.claim, &person(), sends, noon()).await.unwrap());
        came(db, locks, "SM2").await;
        let mut ends = step(
            false,
            vec![
                MessageChange::Sent { id, provider_sid: "SM9".to_owned() },
                MessageChange::Handled(vec![asked]),
            ],
        );
        ends.closed = Some(ClosedWith { reason: "user_goodbye".to_owned() });
        ends.needs_person = Some("too_long");
        ends.notes = Some("wants a lock".to_owned());
        assert!(store(db, work.claim, &person(), ends, noon()).await.unwrap());
        release(db, work.claim).await.unwrap();

        assert_eq!(due_of_all(db, noon(), &[], 9).await.unwrap(), [(locks, person())], "SM2");
        let next = claimed(db, locks, 1, noon()).await.unwrap();
        assert_eq!(next.state, Some(json!({"phase": "resting"})));
        assert_eq!(next.owed.len(), 1);
        assert_eq!(next.record.close_reason.as_deref(), Some("user_goodbye"));
        assert_eq!(next.record.needs_person.as_deref(), Some("too_long"));
        assert_eq!(next.record.notes.as_deref(), Some("wants a lock"));
        let history = messages::history(db, locks, &person(), noon(), 9).await.unwrap();
        let sent = history.iter().find(|message| message.id == id).unwrap();
        assert_eq!((sent.provider_sid.as_deref(), sent.in_reply_to), (Some("SM9"), Some(asked)));
        assert_eq!(sent.author, Some(MessageAuthor::Agent));
    })
    .await;
}

#[tokio::test]
async fn wa_3_an_answer_that_twilio_does_not_have_is_written_anew_and_one_that_it_has_stays() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let asked = came(db, locks, "SM1").await.message.id;
        let work = claimed(db, locks, 1, noon()).await.unwrap();
        let id = MessageId(new_id());
        let sid = || MessageChange::Sent { id, provider_sid: "SM9".to_owned() };
        for (body, sent) in [("At nine.", false), ("As we said: at nine.", true), ("late", false)] {
            let mut changes = vec![answer(id, body, asked, MessageStatus::Queued)];
            changes.extend(sent.then(sid));
            assert!(store(db, work.claim, &person(), step(true, changes), noon()).await.unwrap());
        }
        let history = messages::history(db, locks, &person(), noon(), 9).await.unwrap();
        let sent: Vec<&str> = history[1..].iter().map(|message| &*message.body).collect();
        assert_eq!(sent, ["As we said: at nine."]);
    })
    .await;
}

#[tokio::test]
async fn wa_1_a_message_by_hand_is_due_until_it_is_sent_given_up_or_held() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let conversation = came(db, locks, "SM1").await.conversation;
        let work = claimed(db, locks, 1, noon()).await.unwrap();
        let handled = MessageChange::Handled(vec![work.owed[0].id]);
        assert!(
            store(db, work.claim, &person(), step(false, vec![handled]), noon()).await.unwrap()
        );
        assert!(due_of_all(db, noon() + 2 * MINUTE, &[], 9).await.unwrap().is_empty());
        let ends: [fn(MessageId) -> MessageChange; 3] = [
            |id| MessageChange::Sent { id, provider_sid: "SM8".to_owned() },
            MessageChange::GivenUp,
            |id| MessageChange::Stored {
                id,
                body: "We call you.".to_owned(),
                answers: None,
                status: MessageStatus::Held,
                cost: None,
            },
        ];
        for end in ends {
            let message = ByHand { id: MessageId(new_id()), body: "We call you.".to_owned() };
            let id = message.id;
            write_by_hand(db, locks, conversation, message, noon()).await.unwrap();
            let (_, by_hand) = waiting(db, locks, &person()).await.unwrap();
            assert_eq!(by_hand.len(), 1);
            assert_eq!(by_hand[0].author, Some(MessageAuthor::Operator));
            assert!(
                store(db, work.claim, &person(), step(false, vec![end(id)]), noon()).await.unwrap()
            );
            assert!(waiting(db, locks, &person()).await.unwrap().1.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn wa_4_a_callback_before_twilios_answer_is_kept_and_an_older_word_changes_nothing() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let asked = came(db, locks, "SM1").await.message.id;
        let work = claimed(db, locks, 1, noon()).await.unwrap();
        let id = MessageId(new_id());
        let sends = step(true, vec![answer(id, "At nine.", asked, MessageStatus::Queued)]);
        assert!(store(db, work.claim, &person(), sends, noon()).await.unwrap());
        let told = |status, error_code| Delivery {
            message: Some(id),
            provider_sid: "SM9".to_owned(),
            status,
            error_code,
        };
        let other = report_delivery(db, clinic, told(MessageStatus::Sent, None)).await.unwrap();
        assert_eq!(other, None, "another business's");
        let sent =
            report_delivery(db, locks, told(MessageStatus::Sent, None)).await.unwrap().unwrap();
        assert_eq!((sent.provider_sid.as_deref(), sent.status), (Some("SM9"), MessageStatus::Sent));
        assert_eq!(
            report_delivery(db, locks, told(MessageStatus::Sending, None)).await.unwrap(),
            None
        );
        let failed = told(MessageStatus::Undelivered, Some(63_016));
        let failed = report_delivery(db, locks, failed).await.unwrap().unwrap();
        assert_eq!(failed.error_code, Some(63_016));
        assert_eq!(
            report_delivery(db, locks, told(MessageStatus::Read, None)).await.unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn wa_3_a_person_is_on_the_telephone_until_twilio_has_said_that_the_call_is_over() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let ringing = call(db, locks, 1).await;
        let is = async |business, number: &PhoneNumber, seconds: i64| {
            let now = noon() + SignedDuration::from_secs(seconds);
            on_telephone(db, business, number, now).await.unwrap()
        };
        let (soon, too_late) = (60, 241 * 60);
        assert_eq!(is(locks, &person(), soon).await, OnTelephone::Yes);
        assert_eq!(is(clinic, &person(), soon).await, OnTelephone::No);
        assert_eq!(is(locks, &phone("+972509999999"), soon).await, OnTelephone::No);
        assert_eq!(is(locks, &person(), too_late).await, OnTelephone::No);
        let ended = EndOfCall { status: None, ..hung_up() };
        report_end(db, locks, &ringing, ended).await.unwrap();
        assert_eq!(is(locks, &person(), 9).await, OnTelephone::Yes);
        let ask = OnTelephone::AskTwilio(vec![ringing.clone()]);
        assert_eq!(is(locks, &person(), 11).await, ask);
        assert_eq!(is(locks, &person(), too_late).await, OnTelephone::No);
        report_end(db, locks, &ringing, hung_up()).await.unwrap();
        assert_eq!(is(locks, &person(), 9).await, OnTelephone::No);
    })
    .await;
}

#[tokio::test]
async fn lead_3_two_businesses_and_the_same_person_see_nothing_of_each_other() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let ours = came(db, locks, "SM1").await.conversation;
        let theirs = came(db, clinic, "SM2").await.conversation;
        assert_ne!(ours, theirs);
        assert_eq!(get(db, clinic, ours).await.unwrap(), None);
        assert_eq!(list(db, clinic, false, None, 9).await.unwrap().items.len(), 1);
        let by_hand = ByHand { id: MessageId(new_id()), body: "x".to_owned() };
        write_by_hand(db, clinic, ours, by_hand, noon()).await.unwrap_err();
        mark_handled(db, clinic, ours).await.unwrap_err();
        let history = messages::history(db, clinic, &person(), noon(), 9).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].provider_sid.as_deref(), Some("SM2"));
        let twice = take_in(db, clinic, text("SM1"), ConversationId(new_id()), noon()).await;
        twice.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn conversations_are_listed_by_their_last_move_and_marked_ones_apart() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut made = Vec::new();
        for number in 0..3_u32 {
            let person = phone(&format!("+97250123456{number}"));
            let message = IncomingMessage { person, ..text(&format!("SM{number}")) };
            let at = noon() + number * MINUTE;
            let taken = take_in(db, locks, message, ConversationId(new_id()), at).await.unwrap();
            made.push(taken.conversation);
        }
        made.reverse();
        let first = list(db, locks, false, None, 2).await.unwrap();
        assert_eq!(first.items.iter().map(|one| one.id).collect::<Vec<_>>(), made[..2]);
        let second = list(db, locks, false, first.next, 2).await.unwrap();
        assert_eq!(second.items.iter().map(|one| one.id).collect::<Vec<_>>(), made[2..]);
        let marked = phone("+972501234561");
        conversations::mark_undelivered(db, locks, &marked, "undelivered", true, noon())
            .await
            .unwrap();
        let needing = list(db, locks, true, None, 9).await.unwrap().items;
        assert_eq!(needing.len(), 1);
        assert!(needing[0].opted_out && needing[0].needs_person.is_some());
        let seen_to = mark_handled(db, locks, needing[0].id).await.unwrap();
        assert_eq!((seen_to.needs_person, seen_to.needs_person_since), (None, None));
    })
    .await;
}

#[tokio::test]
async fn wa_7_the_one_read_of_a_call_brings_the_last_messages_of_that_person_and_business() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let lead = lead(db, locks, person().as_str()).await;
        for (hour, key) in [(10, "call_1"), (12, "call_2")] {
            let starts_at = at(&format!("2026-11-25T{hour}:00:00Z"));
            let wanted = NewAppointment {
                id: AppointmentId(new_id()),
                lead_id: lead,
                call_sid: None,
                starts_at,
                ends_at: starts_at + MINUTE,
                busy_until: starts_at + MINUTE,
                notes: None,
                idempotency_key: ToolCallId::parse(key).ok(),
                additional: true,
            };
            book(db, locks, wanted, noon()).await.unwrap();
        }
        for number in 0..8_u32 {
            let message =
                IncomingMessage { body: number.to_string(), ..text(&format!("SM{number}")) };
            let now = noon() + number * MINUTE;
            take_in(db, locks, message, ConversationId(new_id()), now).await.unwrap();
        }
        came(db, clinic, "SM99").await;
        let (ours, theirs) = (phone("+97231111111"), person());
        let key = CallKey { our_number: &ours, their_number: Some(&theirs), call: None };
        let found = find_for_voice(db, key, noon()).await.unwrap().unwrap();
        let bodies: Vec<&str> = found.messages.iter().map(|message| &*message.body).collect();
        assert_eq!(bodies, ["2", "3", "4", "5", "6", "7"]);
        assert_eq!(found.appointments.len(), 2);
        assert_eq!(found.lead.unwrap().id, lead);
        let stranger = phone("+972509999999");
        let key = CallKey { our_number: &ours, their_number: Some(&stranger), call: None };
        assert!(find_for_voice(db, key, noon()).await.unwrap().unwrap().messages.is_empty());
        let withheld = CallKey { our_number: &ours, their_number: None, call: None };
        assert!(find_for_voice(db, withheld, noon()).await.unwrap().unwrap().messages.is_empty());
        let written = find_for_text(db, clinic, &theirs, noon()).await.unwrap().unwrap();
        assert_eq!((written.business.id, written.lead), (clinic, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wa_4_an_answer_keeps_what_it_has_cost_and_the_last_word_counts() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        came(db, locks, "SM1").await;
        let work = claimed(db, locks, 1, noon()).await.unwrap();
        let (id, answers) = (MessageId(new_id()), Some(work.owed[0].id));
        for (questions, cost_micro_usd) in [(1, Some(30)), (3, None)] {
            let cost = MessageCost {
                model: "gpt-6-luna".to_owned(),
                questions,
                input_tokens: 200,
                cached_tokens: 100,
                output_tokens: 20,
                cost_micro_usd,
            };
            let stored = MessageChange::Stored {
                id,
                body: "At nine.".to_owned(),
                answers,
                status: MessageStatus::Queued,
                cost: Some(cost.clone()),
            };
            assert!(
                store(db, work.claim, &person(), step(true, vec![stored]), noon()).await.unwrap()
            );
            let rows = messages::conversation(db, locks, &person(), 9).await.unwrap();
            assert_eq!(rows.iter().find(|row| row.id == id).unwrap().cost, Some(cost));
        }
    })
    .await;
}
