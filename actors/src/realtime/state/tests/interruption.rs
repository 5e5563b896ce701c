//! The caller talks over the agent, as OpenAI's socket sees it.

use futures_util::FutureExt;
use protocol::audio::payload::Payload;
use protocol::call::{CutItem, Interruption};

use super::*;

fn heard(response: &str, of: &str, heard_ms: u32) -> CutItem {
    let (response, item) = (ResponseId::parse(response).unwrap(), ItemId::parse(of).unwrap());
    CutItem { response, item, heard_ms, came_ms: 4_000 }
}

fn interrupt(number: u64, items: Vec<CutItem>) -> RealtimeOrder {
    RealtimeOrder::Interrupt(Interruption { number, items, heard: Vec::new() })
}

fn tool_output(number: u64) -> RealtimeOrder {
    RealtimeOrder::Ask(Ask { number: AskNumber(number), want: Want::Answer(Reply::ToolOutput) })
}

fn message(of: &str) -> Value {
    json!({"id": of, "type": "message", "role": "assistant", "status": "in_progress",
        "content": []})
}

impl Stage {
    /// A response is running that has begun these items.
    fn answering(response: &str, items: &[&str]) -> (Self, Value) {
        let mut stage = Self::live();
        stage.orders(&answer(1, "item_1"));
        let metadata = stage.creates(response);
        items.iter().for_each(|of| stage.makes(response, of));
        stage.reports();
        (stage, metadata)
    }

    fn makes(&mut self, response: &str, of: &str) {
        self.hears(&json!({"type": "response.output_item.added", "response_id": response,
            "output_index": 0, "item": message(of)}));
    }

    fn is_done(&mut self, response: &str, status: &str, items: &[&str], metadata: &Value) {
        let output: Vec<Value> = items.iter().map(|of| message(of)).collect();
        self.hears(&json!({"type": "response.done", "response": {"id": response,
            "status": status, "output": output, "metadata": metadata}}));
    }

    /// An error about one of our events.
    fn is_told_off(&mut self, kind: &str, code: &str, event_id: &str) {
        let action = self.hears(&json!({"type": "error", "error": {"type": kind, "code": code,
            "message": "no", "param": null, "event_id": event_id}}));
        assert_eq!(action, SessionAction::None, "it ends nothing");
    }

    /// What was sent: kinds, and of a truncate or delete the item and the milliseconds.
    fn undone(&mut self) -> Vec<String> {
        let shown = |told| match told {
            Told::GoLive => "live".to_owned(),
            Told::Event(event) => {
                let kind = event["type"].as_str().unwrap();
                let kind = kind.trim_start_matches("conversation.item.");
                let kind = kind.trim_start_matches("response.");
                let named = ["item_id", "response_id", "audio_end_ms"].map(|key| event.get(key));
                let named = named.into_iter().flatten();
                let named = named.map(|value| format!(" {value}").replace('"', ""));
                format!("{kind}{}", named.collect::<String>())
            }
        };
        self.told().into_iter().map(shown).collect()
    }

    fn passes_down(&self, of: &str) -> bool {
        let (response, item) = (ResponseId::parse("r").unwrap(), ItemId::parse(of).unwrap());
        let frame = Payload::silence(1);
        self.downlink.push(&response, &item, &frame, self.now).now_or_never().unwrap()
    }
}

#[test]
fn barge_3_trap_openai_9_the_response_is_cancelled_by_id_once_and_then_its_item_is_cut_once() {
    let (mut stage, _) = Stage::answering("resp_1", &["a"]);
    stage.downlink.cut();
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 1_234)]));
    assert_eq!(stage.undone(), ["cancel resp_1", "truncate a 1234"]);
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 1_234)]));
    assert_eq!(stage.undone(), Vec::<String>::new(), "neither happens twice");
}

#[test]
fn barge_3_a_cut_is_noticed_before_anything_else_whatever_comes_first() {
    let (mut stage, metadata) = Stage::answering("resp_1", &["a"]);
    stage.orders(&tool_output(2));
    stage.downlink.cut();
    stage.is_done("resp_1", "completed", &["a"], &metadata);
    assert_eq!(stage.undone(), ["cancel resp_1"], "and nothing is asked for (BARGE-4)");
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 20)]));
    assert_eq!(stage.undone(), ["truncate a 20"]);
    stage.orders(&answer(3, "item_2"));
    assert_eq!(stage.undone(), ["create"]);
}

#[test]
fn barge_3_trap_openai_2_a_response_not_yet_created_is_cancelled_when_it_is_and_leaves_nothing() {
    let mut stage = Stage::live();
    stage.orders(&answer(1, "item_1"));
    stage.downlink.cut();
    stage.orders(&interrupt(1, vec![]));
    let metadata = stage.creates("resp_1");
    assert_eq!(stage.undone(), ["cancel resp_1"]);
    stage.makes("resp_1", "a");
    assert!(!stage.passes_down("a"), "its audio goes nowhere");
    assert_eq!(stage.undone(), Vec::<String>::new(), "a delete waits for the response's end");
    stage.is_done("resp_1", "cancelled", &["a", "b"], &metadata);
    assert_eq!(stage.undone(), ["delete a", "delete b"], "b was only named there");
}

#[test]
fn barge_3_trap_openai_3_a_cancel_that_crossed_the_end_is_ignored_and_the_next_waits_for_it() {
    // Both sinks.
    let (mut stage, metadata) = Stage::answering("resp_1", &["a"]);
    stage.downlink.cut();
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 500)]));
    stage.orders(&answer(2, "item_2"));
    assert_eq!(stage.undone(), ["cancel resp_1", "truncate a 500"], "no create beside it");
    stage.is_done("resp_1", "completed", &["a"], &metadata);
    assert_eq!(stage.undone(), ["create"]);
    stage.is_told_off("invalid_request_error", "response_cancel_not_active", "cancel-resp_1");
    assert_eq!((stage.undone(), stage.session.view().gate), (vec![], GateState::Requested));
}

#[test]
fn barge_3_trap_openai_6_what_openai_has_finished_is_cut_without_a_cancel_and_unheard_items_go() {
    let (mut stage, metadata) = Stage::answering("resp_1", &["a", "b"]);
    stage.is_done("resp_1", "completed", &["a", "b"], &metadata);
    stage.downlink.cut();
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 60), heard("resp_1", "b", 0)]));
    assert_eq!(stage.undone(), ["truncate a 60", "delete b"]);
}

#[test]
fn barge_3_an_item_nobody_heard_is_deleted_after_its_response_is_done_and_one_heard_whole_stays() {
    let (mut stage, metadata) = Stage::answering("resp_1", &["whole", "part", "none"]);
    stage.downlink.cut();
    let items = vec![heard("resp_1", "part", 60), heard("resp_1", "none", 0)];
    let heard = vec![ItemId::parse("whole").unwrap()];
    stage.orders(&RealtimeOrder::Interrupt(Interruption { number: 1, items, heard }));
    assert_eq!(stage.undone(), ["cancel resp_1", "truncate part 60"]);
    stage.makes("resp_1", "late");
    stage.is_done("resp_1", "cancelled", &["whole", "part", "none", "late"], &metadata);
    assert_eq!(stage.undone(), ["delete none", "delete late"]);
}

#[test]
fn barge_3_nothing_is_deleted_before_the_call_has_said_what_was_heard() {
    let (mut stage, metadata) = Stage::answering("resp_1", &["a", "b"]);
    stage.downlink.cut();
    stage.is_done("resp_1", "cancelled", &["a", "b"], &metadata);
    assert_eq!(stage.undone(), ["cancel resp_1"]);
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 900), heard("resp_1", "b", 0)]));
    assert_eq!(stage.undone(), ["truncate a 900", "delete b"]);
}

#[test]
fn barge_3_items_of_a_session_that_is_gone_are_left_alone_in_the_next() {
    let (mut stage, _) = Stage::answering("resp_1", &["a", "b"]);
    stage.downlink.cut();
    stage.session.session_ended(SessionFault::Passing, stage.now);
    stage.goes_live();
    stage.told();
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 60), heard("resp_1", "b", 0)]));
    assert_eq!(stage.undone(), Vec::<String>::new(), "its history has them as heard");
    assert!(!stage.passes_down("late"));
    stage.orders(&tool_output(2));
    assert_eq!(stage.undone(), Vec::<String>::new(), "the caller is still awaited");
    stage.orders(&answer(3, "item_2"));
    assert_eq!(stage.undone(), ["create"]);
}

#[test]
fn barge_3_invariant_10_a_cut_ends_with_the_next_request_and_with_no_other_event() {
    let (mut stage, metadata) = Stage::answering("resp_1", &["a"]);
    stage.downlink.cut();
    assert!(!stage.passes_down("a"));
    stage.is_done("resp_1", "cancelled", &["a"], &metadata);
    stage.orders(&interrupt(1, vec![heard("resp_1", "a", 60)]));
    assert!(!stage.passes_down("a"));
    stage.orders(&answer(2, "item_2"));
    assert!(stage.passes_down("b"));
}

#[test]
fn barge_3_a_refused_truncate_or_delete_ends_nothing() {
    let (mut stage, _) = Stage::answering("resp_1", &["a"]);
    for (code, event_id) in [
        ("invalid_value", "truncate-a"),
        ("unsupported_content_type", "truncate-a"),
        ("item_truncate_invalid_item_id", "truncate-a"),
        ("item_delete_invalid_item_id", "delete-a"),
    ] {
        stage.is_told_off("invalid_request_error", code, event_id);
    }
    assert_eq!((stage.reports(), stage.session.view().gate), (vec![], GateState::Active));
}
