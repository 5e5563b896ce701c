//! Interruption, as OpenAI's socket sees it.

use futures_util::FutureExt;
use protocol::audio::payload::Payload;
use protocol::call::{AgentSpeech, Body, CutItem, Entry, Interruption};

use super::*;

fn heard(response: &str, of: &str, heard_ms: u32) -> CutItem {
    let (response, item) = (ResponseId::parse(response).unwrap(), ItemId::parse(of).unwrap());
    CutItem { response, item, heard_ms, came_ms: 4_000 }
}

fn interrupt(number: u64, items: Vec<CutItem>) -> RealtimeOrder {
    RealtimeOrder::Interrupt(Interruption { number, items, heard: Vec::new() })
}

fn tool_output(number: u64) -> RealtimeOrder {
    RealtimeOrder::Ask(Ask {
        number: AskNumber(number),
        want: Want::Answer(Reply::ToolOutput),
        manner: Manner::default(),
    })
}

fn message(of: &str) -> Value {
    json!({"id": of, "type": "message", "role": "assistant", "status": "in_progress",
        "content": []})
}

impl Harness {
    /// A running response with these items.
    fn with_response(response: &str, items: &[&str]) -> (Self, Value) {
        let mut harness = Self::live();
        harness.order(&answer(1, "item_1"));
        let metadata = harness.create_response(response);
        items.iter().for_each(|of| harness.create_item(response, of));
        harness.reports();
        (harness, metadata)
    }

    fn create_item(&mut self, response: &str, of: &str) {
        self.receive(&json!({"type": "response.output_item.added", "response_id": response,
            "output_index": 0, "item": message(of)}));
    }

    fn finish_response(&mut self, response: &str, status: &str, items: &[&str], metadata: &Value) {
        let output: Vec<Value> = items.iter().map(|of| message(of)).collect();
        self.receive(&json!({"type": "response.done", "response": {"id": response,
            "status": status, "output": output, "metadata": metadata}}));
    }

    /// OpenAI reports an error about one of our events.
    fn receive_error(&mut self, kind: &str, code: &str, event_id: &str) {
        let action = self.receive(&json!({"type": "error", "error": {"type": kind, "code": code,
            "message": "no", "param": null, "event_id": event_id}}));
        assert_eq!(action, SessionAction::None, "it ends nothing");
    }

    /// The sent events in short: type, item or response, milliseconds.
    fn sent_in_short(&mut self) -> Vec<String> {
        let shown = |sent| match sent {
            Sent::GoLive => "live".to_owned(),
            Sent::Event(event) => {
                let kind = event["type"].as_str().unwrap();
                let kind = kind.trim_start_matches("conversation.item.");
                let kind = kind.trim_start_matches("response.");
                let named = ["item_id", "response_id", "audio_end_ms"].map(|key| event.get(key));
                let named = named.into_iter().flatten();
                let named = named.map(|value| format!(" {value}").replace('"', ""));
                format!("{kind}{}", named.collect::<String>())
            }
        };
        self.sent().into_iter().map(shown).collect()
    }

    fn accepts_audio(&self, of: &str) -> bool {
        let (response, item) = (ResponseId::parse("r").unwrap(), ItemId::parse(of).unwrap());
        let frame = Payload::silence(1);
        self.downlink.push(1, &response, &item, &frame, self.now).now_or_never().unwrap()
    }
}

#[test]
fn barge_3_trap_openai_9_the_response_is_cancelled_by_id_once_and_its_item_truncated_once() {
    let (mut harness, _) = Harness::with_response("resp_1", &["a"]);
    harness.downlink.cut();
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 1_234)]));
    assert_eq!(harness.sent_in_short(), ["cancel resp_1", "truncate a 1234"]);
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 1_234)]));
    assert_eq!(harness.sent_in_short(), Vec::<String>::new(), "neither happens twice");
}

#[test]
fn barge_3_a_cut_is_noticed_before_any_other_event_is_handled() {
    let (mut harness, metadata) = Harness::with_response("resp_1", &["a"]);
    harness.order(&tool_output(2));
    harness.downlink.cut();
    harness.finish_response("resp_1", "completed", &["a"], &metadata);
    assert_eq!(harness.sent_in_short(), ["cancel resp_1"], "and nothing is asked for (BARGE-4)");
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 20)]));
    assert_eq!(harness.sent_in_short(), ["truncate a 20"]);
    harness.order(&answer(3, "item_2"));
    assert_eq!(harness.sent_in_short(), ["create"]);
}

#[test]
fn barge_3_trap_openai_2_a_requested_response_is_cancelled_once_created_and_its_items_deleted() {
    let mut harness = Harness::live();
    harness.order(&answer(1, "item_1"));
    harness.downlink.cut();
    harness.order(&interrupt(1, vec![]));
    let metadata = harness.create_response("resp_1");
    assert_eq!(harness.sent_in_short(), ["cancel resp_1"]);
    harness.create_item("resp_1", "a");
    assert!(!harness.accepts_audio("a"), "its audio is dropped");
    assert_eq!(
        harness.sent_in_short(),
        Vec::<String>::new(),
        "a delete waits for the response's end"
    );
    harness.finish_response("resp_1", "cancelled", &["a", "b"], &metadata);
    assert_eq!(harness.sent_in_short(), ["delete a", "delete b"], "b was named only there");
}

#[test]
fn barge_3_trap_openai_3_a_cancel_that_crossed_the_responses_end_is_harmless() {
    let (mut harness, metadata) = Harness::with_response("resp_1", &["a"]);
    harness.downlink.cut();
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 500)]));
    harness.order(&answer(2, "item_2"));
    assert_eq!(harness.sent_in_short(), ["cancel resp_1", "truncate a 500"], "no create beside it");
    harness.finish_response("resp_1", "completed", &["a"], &metadata);
    assert_eq!(harness.sent_in_short(), ["create"]);
    harness.receive_error("invalid_request_error", "response_cancel_not_active", "cancel-resp_1");
    assert_eq!(
        (harness.sent_in_short(), harness.session.view().gate),
        (vec![], GateState::Requested)
    );
}

#[test]
fn barge_3_trap_openai_6_a_finished_response_is_truncated_without_a_cancel_and_unheard_items_deleted()
 {
    let (mut harness, metadata) = Harness::with_response("resp_1", &["a", "b"]);
    harness.audio_begins("resp_1", "a");
    harness.finish_response("resp_1", "completed", &["a", "b"], &metadata);
    harness.downlink.cut();
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 60), heard("resp_1", "b", 0)]));
    assert_eq!(harness.sent_in_short(), ["truncate a 60", "delete b"]);
}

#[test]
fn barge_3_an_unheard_item_is_deleted_after_its_response_is_done_and_a_heard_one_stays() {
    let (mut harness, metadata) = Harness::with_response("resp_1", &["whole", "part", "none"]);
    harness.downlink.cut();
    let items = vec![heard("resp_1", "part", 60), heard("resp_1", "none", 0)];
    let heard = vec![ItemId::parse("whole").unwrap()];
    harness.order(&RealtimeOrder::Interrupt(Interruption { number: 1, items, heard }));
    assert_eq!(harness.sent_in_short(), ["cancel resp_1", "truncate part 60"]);
    harness.create_item("resp_1", "late");
    harness.finish_response("resp_1", "cancelled", &["whole", "part", "none", "late"], &metadata);
    assert_eq!(harness.sent_in_short(), ["delete none", "delete late"]);
}

#[test]
fn barge_3_nothing_is_deleted_before_what_was_heard_is_reported() {
    let (mut harness, metadata) = Harness::with_response("resp_1", &["a", "b"]);
    harness.downlink.cut();
    harness.finish_response("resp_1", "cancelled", &["a", "b"], &metadata);
    assert_eq!(harness.sent_in_short(), ["cancel resp_1"]);
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 900), heard("resp_1", "b", 0)]));
    assert_eq!(harness.sent_in_short(), ["truncate a 900", "delete b"]);
}

#[test]
fn barge_3_items_of_a_lost_session_are_not_corrected_in_the_next() {
    let (mut harness, _) = Harness::with_response("resp_1", &["a", "b"]);
    harness.downlink.cut();
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    harness.go_live();
    harness.sent();
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 60), heard("resp_1", "b", 0)]));
    assert_eq!(harness.sent_in_short(), Vec::<String>::new(), "the replay has them as heard");
    assert!(!harness.accepts_audio("late"));
    harness.order(&tool_output(2));
    assert_eq!(harness.sent_in_short(), Vec::<String>::new(), "the caller's turn is awaited first");
    harness.order(&answer(3, "item_2"));
    assert_eq!(harness.sent_in_short(), ["create"]);
}

#[test]
fn barge_6_what_the_history_says_of_the_agent_is_replaced_by_what_was_heard() {
    let said = |text: &str| {
        let (response, item) = (ResponseId::parse("r").unwrap(), ItemId::parse("a").unwrap());
        let speech = AgentSpeech::Interrupted { heard_ms: 1 };
        let body = Body::Agent { response, item, text: text.to_owned(), speech };
        Arc::new(Entry { number: 4, at: jiff::Timestamp::UNIX_EPOCH, body })
    };
    let mut harness = Harness::new();
    let session = harness.configure();
    harness.receive(&json!({"type": "session.updated", "session": session}));
    harness.order(&RealtimeOrder::Correct(said("not live")));
    assert_eq!(harness.sent(), []);
    harness.order(&RealtimeOrder::Replay { session: 1, history: vec![said("one two three")] });
    let events = |harness: &mut Harness| -> Vec<Value> {
        let sent = harness.sent().into_iter();
        sent.filter_map(|sent| match sent {
            Sent::Event(event) => Some(event),
            Sent::GoLive => None,
        })
        .collect()
    };
    let told = events(&mut harness)[0]["item"]["id"].clone();
    harness.order(&RealtimeOrder::Correct(said("one")));
    let corrected = events(&mut harness);
    assert_eq!(corrected[0]["previous_item_id"], told, "it stays in its place");
    assert_eq!(corrected[0]["item"]["content"][0]["text"], "one");
    assert_ne!(corrected[0]["item"]["id"], told);
    assert_eq!(
        (&corrected[1]["type"], &corrected[1]["item_id"]),
        (&json!("conversation.item.delete"), &told)
    );
    harness.order(&RealtimeOrder::Correct(said("")));
    let corrected = events(&mut harness);
    assert_eq!((corrected.len(), &corrected[0]["item_id"]), (1, &told), "nothing was heard");
}

#[test]
fn barge_3_invariant_10_only_the_next_request_ends_a_cut() {
    let (mut harness, metadata) = Harness::with_response("resp_1", &["a"]);
    harness.downlink.cut();
    assert!(!harness.accepts_audio("a"));
    harness.finish_response("resp_1", "cancelled", &["a"], &metadata);
    harness.order(&interrupt(1, vec![heard("resp_1", "a", 60)]));
    assert!(!harness.accepts_audio("a"));
    harness.order(&answer(2, "item_2"));
    assert!(harness.accepts_audio("b"));
}

#[test]
fn barge_3_a_refused_truncate_or_delete_ends_nothing() {
    let (mut harness, _) = Harness::with_response("resp_1", &["a"]);
    for (code, event_id) in [
        ("invalid_value", "truncate-a"),
        ("unsupported_content_type", "truncate-a"),
        ("item_truncate_invalid_item_id", "truncate-a"),
        ("item_delete_invalid_item_id", "delete-a"),
    ] {
        harness.receive_error("invalid_request_error", code, event_id);
    }
    assert_eq!((harness.reports(), harness.session.view().gate), (vec![], GateState::Active));
}
