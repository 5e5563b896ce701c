//! Text messages: each is stored once and answered once, and its status only moves forward.

use entities::RecordsError;
use entities::messages::{
    IncomingMessage, MessageDirection, MessageId, MessageKind, MessageStatus, OutgoingMessage,
    conversation, insert_incoming, insert_outgoing, set_provider_sid, set_status,
};
use tokio::task::JoinSet;

use crate::support::{at, business, new_id, noon, on_each, phone};

fn incoming(provider_sid: &str) -> IncomingMessage {
    IncomingMessage {
        id: MessageId(new_id()),
        person: phone("+972501234567"),
        provider_sid: provider_sid.to_owned(),
        body: "אפשר תור למחר? 🙏".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    }
}

fn outgoing(in_reply_to: Option<MessageId>) -> OutgoingMessage {
    OutgoingMessage {
        id: MessageId(new_id()),
        person: phone("+972501234567"),
        body: "בשמחה, באיזו שעה?".to_owned(),
        in_reply_to,
    }
}

#[tokio::test]
async fn wa_2_a_message_delivered_twice_is_stored_once_and_whole() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let first = insert_incoming(db, locks, incoming("SM1"), noon()).await.unwrap();
        let again = insert_incoming(db, locks, incoming("SM1"), noon()).await.unwrap();
        assert!(first.created && !again.created);
        assert_eq!(again.record, first.record);
        assert_eq!(first.record.body, incoming("SM1").body);
        let other = insert_incoming(db, locks, incoming("SM2"), noon()).await.unwrap();
        assert!(other.created);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wa_2_of_simultaneous_answers_to_a_message_one_is_stored() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let asked = insert_incoming(db, locks, incoming("SM1"), noon()).await.unwrap();
        let mut answers = JoinSet::new();
        for _ in 0..20 {
            let (db, answer) = (db.clone(), outgoing(Some(asked.record.id)));
            answers
                .spawn(async move { insert_outgoing(&db, locks, answer, noon()).await.unwrap() });
        }
        let answers = answers.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.created).count(), 1);
        assert!(answers.iter().all(|answer| answer.record == answers[0].record));
        let person = phone("+972501234567");
        assert_eq!(conversation(db, locks, &person, 50).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn wa_1_a_conversation_is_its_newest_messages_in_order() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut sent = Vec::new();
        for minute in 0..4 {
            let now = at(&format!("2026-11-22T12:0{minute}:00Z"));
            let stored = insert_outgoing(db, locks, outgoing(None), now).await.unwrap();
            sent.push(stored.record);
        }
        let someone_else = OutgoingMessage { person: phone("+972509999999"), ..outgoing(None) };
        insert_outgoing(db, locks, someone_else, noon()).await.unwrap();
        let seen = conversation(db, locks, &phone("+972501234567"), 3).await.unwrap();
        assert_eq!(seen, sent[1..]);
        assert_eq!(seen[0].direction, MessageDirection::Outgoing);
    })
    .await;
}

#[tokio::test]
async fn wa_4_a_status_only_moves_forward_when_callbacks_arrive_out_of_order() {
    use MessageStatus::{Delivered, Failed, Queued, Read, Sent};
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let stories: [&[(MessageStatus, MessageStatus)]; 3] = [
            &[
                (Sent, Sent),
                (Delivered, Delivered),
                (Sent, Delivered),
                (Read, Read),
                (Failed, Read),
            ],
            &[(Read, Read), (Delivered, Read), (Queued, Read)],
            &[(Sent, Sent), (Failed, Failed), (Delivered, Failed)],
        ];
        for (n, story) in stories.iter().enumerate() {
            let message = insert_outgoing(db, locks, outgoing(None), noon()).await.unwrap();
            assert_eq!(message.record.status, Queued);
            let sid = format!("SM{n}");
            set_provider_sid(db, locks, message.record.id, &sid).await.unwrap();
            for (told, expected) in *story {
                assert_eq!(set_status(db, locks, &sid, *told).await.unwrap(), *expected);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_has_one_provider_sid_and_two_messages_never_share_one() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let first = insert_outgoing(db, locks, outgoing(None), noon()).await.unwrap().record.id;
        let second = insert_outgoing(db, locks, outgoing(None), noon()).await.unwrap().record.id;
        for _ in 0..2 {
            set_provider_sid(db, locks, first, "SM1").await.unwrap();
        }
        let other = set_provider_sid(db, locks, first, "SM2").await;
        assert!(matches!(other, Err(RecordsError::NotFound)), "{other:?}");
        let taken = set_provider_sid(db, locks, second, "SM1").await;
        assert!(matches!(taken, Err(RecordsError::Conflict)), "{taken:?}");
    })
    .await;
}
