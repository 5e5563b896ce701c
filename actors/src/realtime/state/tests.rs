mod caller;
mod crossing;
mod harness;
mod interruption;
mod transcription;
mod unserved;

use protocol::response_gate::{Ask, AskNumber, Manner, Outcome, Reply, Want};
use serde_json::{Value, json};

use super::connection::SETUP_PATIENCE;
use super::*;
use harness::{Harness, Sent, answer, entry, only, read};
use protocol::openai::fault::FatalCause;

#[test]
fn call_4_a_session_is_configured_then_gets_the_call_so_far_and_then_the_live_audio() {
    let mut harness = Harness::new();
    let session = harness.configure();
    assert_eq!(harness.session.state_name(), "configuring");
    assert_eq!(harness.reports(), []);

    harness.receive(&json!({"type": "session.updated", "session": session}));
    assert_eq!(harness.reports(), [Event::SessionConfigured { session: 1 }]);
    assert_eq!(harness.sent(), [], "neither audio nor items before the replay");

    let history = vec![entry(1, "first"), entry(2, "second")];
    harness.order(&RealtimeOrder::Replay { session: 1, history });
    let sent = harness.sent_kinds();
    assert_eq!(sent, ["conversation.item.create", "conversation.item.create", "live"]);
    assert_eq!(harness.session.state_name(), "live");
}

#[test]
fn res_2_a_replay_for_a_lost_session_is_not_sent_to_its_successor() {
    let mut harness = Harness::live();
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    let session = harness.configure();
    harness.receive(&json!({"type": "session.updated", "session": session}));
    harness.order(&RealtimeOrder::Replay { session: 1, history: vec![entry(1, "old")] });
    assert_eq!((harness.session.state_name(), harness.sent()), ("configured", vec![]));
}

#[test]
fn pipe_3_asks_without_a_live_session_are_dropped_and_can_be_repeated() {
    let mut harness = Harness::new();
    harness.order(&answer(1, "item_1"));
    let session = harness.configure();
    harness.order(&answer(1, "item_1"));
    harness.order(&RealtimeOrder::Tell(entry(2, "it is in the replay")));
    harness.receive(&json!({"type": "session.updated", "session": session}));
    harness.order(&RealtimeOrder::Replay { session: 1, history: Vec::new() });
    assert_eq!(harness.sent(), [Sent::GoLive]);

    harness.order(&answer(1, "item_1"));
    assert_eq!(harness.sent_kinds(), ["response.create"], "now the same ask counts");
}

#[test]
fn pipe_3_invariant_1_trap_openai_1_the_next_response_waits_for_the_end_of_the_running_one() {
    let mut harness = Harness::live();
    harness.order(&answer(1, "item_1"));
    let metadata = harness.create_response("resp_1");
    harness.audio_begins("resp_1", "item_a");
    harness.order(&answer(2, "item_2"));
    assert_eq!(harness.sent(), []);
    harness.receive(&json!({"type": "response.done",
        "response": {"id": "resp_1", "status": "completed", "output": [], "metadata": metadata}}));
    assert_eq!(harness.sent_kinds(), ["response.create"]);
}

#[test]
fn call_4_a_session_with_other_settings_than_requested_is_ended() {
    let mut harness = Harness::new();
    let mut session = harness.configure();
    session["audio"]["output"]["format"]["type"] = json!("audio/pcm");
    let action = harness.receive(&json!({"type": "session.updated", "session": session}));
    assert_eq!(action, SessionAction::End(SessionFault::Passing));
    assert_eq!(harness.reports(), [], "the session is not used");
}

#[test]
fn call_4_a_session_that_is_not_configured_in_time_is_ended() {
    let mut harness = Harness::new();
    harness.configure();
    let due = harness.session.poll_timeout().unwrap();
    assert_eq!(due, harness.now + SETUP_PATIENCE);
    let early = due - Duration::from_millis(1);
    assert_eq!(harness.session.handle_timeout(early), SessionAction::None);
    assert_eq!(harness.session.handle_timeout(due), SessionAction::End(SessionFault::Passing));
}

#[test]
fn pipe_3_the_tool_calls_of_a_response_are_reported_with_its_end_and_once() {
    let mut harness = Harness::live();
    harness.order(&answer(1, "item_1"));
    let metadata = harness.create_response("resp_1");
    harness.reports();
    let call = json!({"id": "item_9", "type": "function_call", "status": "completed",
        "call_id": "call_1", "name": "call_control", "arguments": "{}"});
    let done = json!({"type": "response.done", "response": {"id": "resp_1",
        "status": "completed", "output": [call], "metadata": metadata}});
    harness.receive(&done);
    harness.receive(&done);

    let Some(Event::ResponseEnded { asks, outcome, calls, .. }) = only(harness.reports()) else {
        panic!("not one end")
    };
    assert_eq!((asks, outcome), (vec![AskNumber(1)], Outcome::Called));
    let call = only(calls).unwrap();
    assert_eq!((call.call.as_str(), call.name.as_str()), ("call_1", "call_control"));
}

#[test]
fn pipe_10_a_lost_session_is_reopened_after_growing_pauses_until_a_response_was_spoken() {
    let mut harness = Harness::new();
    let mut pauses = Vec::new();
    for _ in 0..6 {
        harness.open_session();
        harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
        pauses.push(harness.session.retry_at().unwrap() - harness.now);
    }
    let millis: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    assert_eq!(millis, [0, 250, 500, 1000, 2000, 2000]);
    harness.go_live();
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    let pause = harness.session.retry_at().unwrap() - harness.now;
    assert_eq!(pause.as_millis(), 2_000, "a connection alone mends nothing");
    harness.go_live();
    harness.sent();
    harness.order(&answer(1, "item_1"));
    harness.is_answered("resp_1");
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    assert_eq!(harness.session.retry_at(), Some(harness.now));
}

#[test]
fn res_3_after_a_lasting_fault_no_session_is_opened() {
    let mut harness = Harness::new();
    harness.configure();
    let action = harness
        .receive(&json!({"type": "error", "error": {"type": "invalid_request_error",
        "code": "invalid_api_key", "message": "no", "param": null, "event_id": null}}));
    assert_eq!(action, SessionAction::End(SessionFault::Lasting(FatalCause::BadKey)));
    harness.session.session_ended(
        SessionFault::Lasting(FatalCause::BadKey),
        BrokenOff::default(),
        harness.now,
    );
    assert_eq!((harness.session.retry_at(), harness.session.is_open()), (None, false));
    assert_eq!(
        harness.reports(),
        [Event::SessionLost {
            fault: SessionFault::Lasting(FatalCause::BadKey),
            unplayed: Vec::new(),
        }]
    );
}

#[test]
fn barge_6_how_much_came_of_broken_speech_is_reported_before_the_loss_of_its_session() {
    let mut harness = Harness::live();
    let (response, item) = (ResponseId::parse("r1").unwrap(), ItemId::parse("a1").unwrap());
    let played = vec![(response.clone(), item.clone(), 620)];
    let unplayed = vec![ResponseId::parse("r2").unwrap()];
    let broken = BrokenOff { unplayed: unplayed.clone(), played };
    harness.session.session_ended(SessionFault::Passing, broken, harness.now);
    let fault = SessionFault::Passing;
    assert_eq!(
        harness.reports(),
        [
            Event::AgentBrokeOff { response, item, came_ms: 620 },
            Event::SessionLost { fault, unplayed }
        ]
    );
}

#[test]
fn res_2_of_a_lost_session_only_transcripts_count() {
    let mut harness = Harness::live();
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    harness.go_live();
    harness.reports();
    let item = ItemId::parse("item_1").unwrap();
    let words = json!({"type": "conversation.item.input_audio_transcription.completed",
        "item_id": "item_1", "content_index": 0, "transcript": "shalom"});
    let speech = json!({"type": "input_audio_buffer.speech_started",
        "item_id": "item_2", "audio_start_ms": 0});
    for late in [&speech, &words] {
        assert_eq!(harness.session.on_received(1, &read(late), harness.now), SessionAction::None);
    }
    let text = Some("shalom".to_owned());
    assert_eq!(harness.reports(), [Event::TurnTranscribed { item, text }]);
}

#[test]
fn ops_3_the_billed_length_of_a_transcription_is_reported_before_its_text_whatever_its_session() {
    let words = |usage: serde_json::Value| {
        json!({"type": "conversation.item.input_audio_transcription.completed",
            "item_id": "item_1", "content_index": 0, "transcript": "shalom", "usage": usage})
    };
    let tokens = json!({"type": "tokens", "total_tokens": 14, "input_tokens": 12,
        "output_tokens": 2, "input_token_details": {"audio_tokens": 12, "text_tokens": 0}});
    let whisper = json!({"type": "duration", "seconds": 2});
    for is_gone in [false, true] {
        for (usage, ms) in [(&tokens, Some(1_200)), (&whisper, Some(2_000)), (&json!(null), None)] {
            let mut harness = Harness::live();
            if is_gone {
                harness.session.session_ended(
                    SessionFault::Passing,
                    BrokenOff::default(),
                    harness.now,
                );
                harness.go_live();
            }
            harness.reports();
            harness.session.on_received(1, &read(&words(usage.clone())), harness.now);
            let reports = harness.reports();
            let length = ms.map(std::time::Duration::from_millis);
            let billed = length.map(|length| Event::TurnBilled { length });
            assert_eq!(reports.len(), 1 + billed.iter().len(), "{usage}: {reports:?}");
            assert_eq!(
                reports.iter().find(|r| matches!(r, Event::TurnBilled { .. })),
                billed.as_ref()
            );
            assert!(matches!(reports.last(), Some(Event::TurnTranscribed { .. })));
        }
    }
}

#[test]
fn end_2_a_tool_call_is_reported_before_its_response_is_done() {
    let made = |name: Value| {
        json!({"type": "response.function_call_arguments.done", "response_id": "resp_1",
            "item_id": "item_9", "output_index": 1, "call_id": "call_1", "name": name,
            "arguments": "{}"})
    };
    let mut harness = Harness::live();
    harness.reports();
    harness.receive(&made(json!("call_control")));
    harness.receive(&made(json!(null)));
    let (response, name) = (ResponseId::parse("resp_1").unwrap(), "call_control".to_owned());
    let arguments = "{}".to_owned();
    assert_eq!(harness.reports(), [Event::CallMade { response, name, arguments }]);
}
