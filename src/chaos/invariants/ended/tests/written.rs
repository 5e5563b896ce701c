//! One person's conversation that holds, and the same with one thing wrong each.

use std::time::Duration;

use entities::conversations::{ConversationId, ConversationRecord};
use entities::messages::{
    MessageAuthor, MessageDirection, MessageId, MessageKind, MessageRecord, MessageStatus,
};
use practice::openai::{SeenEvent, TextRecord, TextTurn};
use practice::twilio::{Attached, CallbackDelivery, MessageStatus as Word, SentMessage};
use protocol::ids::BusinessId;
use serde_json::json;
use uuid::Uuid;

use super::fixture::{self, now, number};
use super::*;
use crate::chaos::ended::{EndedWriter, Written};
use crate::chaos::story::{Arrival, Note, Writer};

const WORD: &str = "k1w0q";
const FOREIGN: &str = "k2w1q";

fn writer(n: u8, word: &str) -> Writer {
    let (text, attached) = (format!("{word}?"), Attached::Nothing);
    let note = Note { at: Duration::from_secs(30), text, attached, arrives: Arrival::Once };
    Writer { business: 0, number: number(n), word: word.to_owned(), notes: vec![note] }
}

fn story() -> Story {
    Story { writers: vec![writer(1, WORD), writer(2, FOREIGN)], ..fixture::story() }
}

fn at(seconds: u64) -> jiff::Timestamp {
    now() + Duration::from_secs(seconds)
}

fn row(id: u128, body: &str, seconds: u64) -> MessageRecord {
    MessageRecord {
        id: MessageId(Uuid::from_u128(id)),
        business_id: BusinessId(Uuid::nil()),
        person: number(1),
        direction: MessageDirection::Incoming,
        provider_sid: Some(format!("SM{id:032}")),
        body: body.to_owned(),
        status: MessageStatus::Received,
        created_at: at(seconds),
        in_reply_to: None,
        kind: MessageKind::Text,
        media: Vec::new(),
        handled: true,
        author: None,
        error_code: None,
        cost: None,
    }
}

fn answer(id: u128, to: Option<u128>, seconds: u64) -> MessageRecord {
    MessageRecord {
        direction: MessageDirection::Outgoing,
        status: MessageStatus::Delivered,
        author: Some(MessageAuthor::Agent),
        in_reply_to: to.map(|to| MessageId(Uuid::from_u128(to))),
        ..row(id, "in which city?", seconds)
    }
}

fn sent(id: u128, seconds: u64) -> SentMessage {
    SentMessage {
        sid: format!("SM{id:032}"),
        from: Some("whatsapp:+97231234567".to_owned()),
        service: None,
        to: format!("whatsapp:{}", number(1)),
        body: Some("in which city?".to_owned()),
        status: Word::Delivered,
        error_code: None,
        made_at: at(seconds),
    }
}

fn question(number: &str, words: &str) -> TextTurn {
    let name = &fixture::ended().businesses[0].settings.name;
    TextTurn {
        at: Duration::ZERO,
        request: json!({"instructions": format!("{name}, {number}"), "input": words}),
        text: None,
        calls: Vec::new(),
        status: Some(200),
    }
}

/// The person writes at 30 s, after their call, and is answered at 33 s.
fn ended() -> Ended {
    let conversation = ConversationRecord {
        id: ConversationId(Uuid::from_u128(5)),
        business_id: BusinessId(Uuid::nil()),
        person: number(1),
        lead_id: None,
        began_at: at(30),
        active_at: at(33),
        last_came_at: Some(at(30)),
        closed_at: None,
        close_reason: None,
        notes: None,
        opted_out: false,
        needs_person: None,
        needs_person_since: None,
    };
    let writer = EndedWriter {
        writer: writer(1, WORD),
        taken: vec![format!("SM{:032}", 1)],
        sent: vec![sent(2, 33)],
        rows: vec![row(1, "k1w0q?", 30), answer(2, Some(1), 33)],
        conversation: Some(conversation),
    };
    let model =
        TextRecord { turns: [question(number(1).as_str(), WORD)].into(), ..TextRecord::default() };
    let written = Written { writers: vec![writer], model, due: 0 };
    Ended { written, ..fixture::ended() }
}

fn him(ended: &mut Ended) -> &mut EndedWriter {
    &mut ended.written.writers[0]
}

type Change = fn(&mut Ended);

fn each_breaks(invariant: u8, changes: &[(&str, Change)]) {
    assert_eq!(check(&story(), &ended()), [], "as it is, it holds");
    for (what, change) in changes {
        let mut ended = ended();
        change(&mut ended);
        let found = check(&story(), &ended);
        let numbers: Vec<u8> = found.iter().map(|broken| broken.invariant.0).collect();
        assert_eq!(numbers, [invariant], "{what}: {found:?}");
    }
}

#[test]
fn invariant_30_a_text_that_is_lost_or_answered_twice_is_detected() {
    each_breaks(
        30,
        &[
            ("it is not stored", |it| him(it).taken.push("SM9".to_owned())),
            ("it is not handled", |it| him(it).rows[0].handled = false),
            ("nobody answers", |it| {
                him(it).rows.truncate(1);
                him(it).sent.clear();
            }),
            ("a later one has no answer", |it| him(it).rows.push(row(3, "hello?", 40))),
            ("two answers", |it| {
                him(it).rows.push(answer(4, Some(1), 35));
                him(it).sent.push(sent(4, 35));
            }),
        ],
    );
    let holds: [(&str, Change); 3] = [
        ("STOP wants no answer", |it| him(it).rows.push(row(3, "stop", 40))),
        ("a person answers", |it| {
            him(it).rows.push(row(3, "hello?", 40));
            let conversation = him(it).conversation.as_mut().unwrap();
            conversation.needs_person = Some("model_failed".to_owned());
        }),
        ("the answer to a later one counts", |it| him(it).rows.insert(0, row(3, "hello?", 29))),
    ];
    for (what, change) in holds {
        let mut ended = ended();
        change(&mut ended);
        assert_eq!(check(&story(), &ended), [], "{what}");
    }
}

#[test]
fn invariant_31_a_message_that_was_sent_twice_or_in_other_words_is_detected() {
    each_breaks(
        31,
        &[
            ("a second one", |it| him(it).sent.push(sent(9, 34))),
            ("half of it", |it| him(it).sent[0].body = Some("in which".to_owned())),
            ("an older status", |it| him(it).rows[1].status = MessageStatus::Sent),
        ],
    );
    let mut late = ended();
    him(&mut late).rows[1].status = MessageStatus::Sent;
    let lost = Fault::Callbacks(CallbackDelivery::Lost);
    let at = Moment::At(secs(5.0));
    let story = Story { troubles: vec![Trouble { at, what: lost }], ..story() };
    assert_eq!(check(&story, &late), [], "no report came");
}

#[test]
fn invariant_32_a_message_in_a_call_is_detected() {
    // The call lasts from 0.3 s to 14.2 s.
    let during: Change = |it| {
        him(it).sent[0].made_at = at(8);
        him(it).rows[0].created_at = at(5);
        him(it).rows[1].created_at = at(8);
    };
    each_breaks(32, &[("in its middle", during)]);
    let mut before = ended();
    him(&mut before).sent[0].made_at = at(1);
    assert_eq!(check(&story(), &before), [], "it was on its way");
    let mut anothers = ended();
    during(&mut anothers);
    anothers.calls[0].caller.number = Some(number(3));
    let found = check(&story(), &anothers);
    assert!(found.iter().all(|broken| broken.invariant.0 != 32), "another person's call");
}

#[test]
fn invariant_34_a_message_by_itself_after_stop_is_detected() {
    let unasked = |it: &mut Ended, said: &str| {
        him(it).rows.push(row(3, said, 40));
        him(it).rows.push(answer(4, None, 50));
        him(it).sent.push(sent(4, 50));
    };
    let mut stopped = ended();
    unasked(&mut stopped, "STOP");
    let found = check(&story(), &stopped);
    assert_eq!(found.iter().map(|broken| broken.invariant.0).collect::<Vec<_>>(), [34]);
    let mut again = ended();
    him(&mut again).rows.push(row(5, "STOP", 35));
    unasked(&mut again, "הצטרף");
    him(&mut again).rows.push(answer(6, Some(3), 42));
    him(&mut again).sent.push(sent(6, 42));
    assert_eq!(check(&story(), &again), []);
}

#[test]
fn invariant_35_words_that_cross_are_detected() {
    each_breaks(
        35,
        &[
            ("to the model", |it| {
                it.written.model.turns.push_back(question(number(1).as_str(), FOREIGN));
            }),
            ("in the prompt", |it| {
                let both = format!("{} {}", number(1), number(2));
                it.written.model.turns.push_back(question(&both, ""));
            }),
            ("to the person", |it| {
                him(it).rows[1].body = FOREIGN.to_owned();
                him(it).sent[0].body = Some(FOREIGN.to_owned());
            }),
            ("into the call", |it| {
                it.model.events.push_back(SeenEvent {
                    session: SESSION,
                    at: secs(1.0),
                    kind: "session.update".to_owned(),
                    bytes: 0,
                    body: json!({"session": {"instructions": FOREIGN}}),
                });
            }),
        ],
    );
}

#[test]
fn invariant_9_what_is_owed_in_writing_at_the_end_is_detected() {
    each_breaks(
        9,
        &[("an answer", |it| it.written.due = 1), ("a question", |it| it.written.model.open = 1)],
    );
}

#[test]
fn invariant_14_what_is_objected_to_in_writing_is_detected() {
    each_breaks(
        14,
        &[("the text model", |it| {
            let (code, detail) = ("invalid_value".to_owned(), String::new());
            it.written.model.violations.push(practice::openai::TextViolation { code, detail });
        })],
    );
}
