//! Planned faults.

use super::*;
use crate::openai::behaviour::ArgumentsFault;

fn done_with(fault: ResponseFault) -> Client {
    let words = "a sentence of some length that could be cut";
    let mut client = Client::ready(Behaviour::default(), saying(words, None));
    client.session.fault_next_response(fault);
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    client
}

#[test]
fn prac_3_a_response_fails_with_the_planned_code() {
    let code = Some("inference_rate_limit_exceeded".to_owned());
    let kind = "invalid_request_error".to_owned();
    let client = done_with(ResponseFault::Failed { kind, code, message: None });
    let done = &client.one("response.done")["response"];
    assert_eq!((&done["status"], &done["usage"]), (&json!("failed"), &Value::Null));
    assert_eq!(done["status_details"]["error"]["code"], "inference_rate_limit_exceeded");
    assert!(client.all("error").next().is_none(), "no error event need come");
    assert!(audio_by_item(&client).is_empty());
}

#[test]
fn prac_3_a_response_is_incomplete_by_fault_or_by_its_token_limit() {
    let reason = "content_filter".to_owned();
    let client = done_with(ResponseFault::Incomplete { reason, after: Duration::from_millis(500) });
    let done = &client.one("response.done")["response"];
    assert_eq!(done["status_details"], json!({"type": "incomplete", "reason": "content_filter"}));
    assert_eq!(done["output"][0]["status"], "incomplete");
    assert_eq!(audio_by_item(&client).into_values().next().unwrap().len(), 4000);

    let mut client = Client::ready(Behaviour::default(), saying("a sentence of some length", None));
    client.send(json!({"type": "response.create", "response": {"max_output_tokens": 10}}));
    client.run(Duration::from_secs(5));
    let done = &client.one("response.done")["response"];
    assert_eq!(done["status_details"]["reason"], "max_output_tokens");
    assert_eq!(audio_by_item(&client).into_values().next().unwrap().len(), 4000);
}

#[test]
fn prac_3_an_error_without_a_code_comes_instead_of_a_response() {
    let (kind, message) = ("server_error".to_owned(), "The server had an error".to_owned());
    let mut client = done_with(ResponseFault::Error { kind, code: None, message });
    assert_eq!(client.types(), ["error"]);
    assert_eq!(client.one("error")["error"]["code"], Value::Null);
    assert_eq!(client.log.record().faults().count(), 0, "the client did nothing wrong");
    client.came.clear();
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    assert_eq!(client.all("response.done").count(), 1, "the next one is as it should be");
}

#[test]
fn prac_7_a_response_can_come_in_spite_of_an_error_and_no_other_beside_it() {
    let late = Duration::from_secs(1);
    let mut client = Client::ready(Behaviour::default(), saying("one two", None));
    client.session.fault_next_response(ResponseFault::ErrorFirst(late));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_millis(500));
    assert_eq!(client.types(), ["error"]);
    client.came.clear();
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let error = &client.one("error")["error"];
    assert_eq!(error["code"], "conversation_already_has_active_response");
    assert_eq!(client.all("response.created").count(), 1);
    assert_eq!(client.one("response.done")["response"]["status"], "completed");
    assert_eq!(client.log.record().faults().count(), 0, "the client did nothing wrong");
}

#[test]
fn prac_3_response_created_is_missing_late_or_the_last_event() {
    let client = done_with(ResponseFault::NeverCreated);
    assert!(client.all("response.created").next().is_none());
    assert_eq!(client.all("response.done").count(), 1);

    let client = done_with(ResponseFault::CreatedLate(Duration::from_secs(2)));
    let created = client.came.iter().find(|(_, e)| e["type"] == "response.created").unwrap().0;
    assert_eq!(created, Duration::from_secs(1) + Duration::from_millis(2030));

    let mut client = done_with(ResponseFault::StalledAfterCreated);
    assert_eq!(client.types(), ["response.created"]);
    client.send(json!({"type": "response.cancel"}));
    client.run(Duration::from_secs(1));
    assert_eq!(client.one("response.done")["response"]["status"], "cancelled");
}

#[test]
fn prac_3_a_late_created_can_not_be_cancelled_before_it_comes() {
    let mut client = Client::ready(Behaviour::default(), saying("one two", None));
    client.session.fault_next_response(ResponseFault::CreatedLate(Duration::from_secs(2)));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(1));
    client.send(json!({"type": "response.cancel"}));
    assert_eq!(client.error_code(), "response_cancel_not_active");
}

#[test]
fn prac_3_the_session_answers_in_pcm_and_says_so() {
    let behaviour = Behaviour { answers_in_pcm: true, ..Behaviour::default() };
    let mut client = Client::ready(behaviour.clone(), saying("כן", None));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let audio = audio_by_item(&client).into_values().next().unwrap();
    assert_eq!(audio.len(), client.voice.speak("כן", "he").ulaw().len() * 6);
    let mut client = Client::new(behaviour);
    client.send(phone_settings());
    client.run(Duration::from_secs(1));
    let format = &client.one("session.updated")["session"]["audio"]["output"]["format"];
    assert_eq!(*format, json!({"type": "audio/pcm", "rate": 24000}));
}

#[test]
fn prac_3_no_event_overtakes_another_when_the_wire_gets_quicker() {
    let rtt = Duration::from_secs(1);
    let mut client = Client::new(Behaviour { rtt, ..Behaviour::default() });
    client.send(phone_settings());
    client.session.behave(Behaviour::default());
    client.send(json!({"type": "input_audio_buffer.clear"}));
    client.run(Duration::from_secs(2));
    let cleared = "input_audio_buffer.cleared";
    assert_eq!(client.types(), ["session.created", "session.updated", cleared]);
}

#[test]
fn prac_3_session_updated_can_be_late() {
    let session_updated_after = Duration::from_secs(3);
    let mut client = Client::new(Behaviour { session_updated_after, ..Behaviour::default() });
    client.send(phone_settings());
    client.run(Duration::from_secs(3));
    assert_eq!(client.types(), ["session.created"]);
    client.run(Duration::from_millis(20));
    assert_eq!(client.types(), ["session.created", "session.updated"]);
}

#[test]
fn prac_3_broken_arguments_are_no_json() {
    let behaviour = Behaviour { arguments: ArgumentsFault::CutOff, ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying("", Some(json!({"q": "locks"}))));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let arguments = client.one("response.function_call_arguments.done")["arguments"].clone();
    assert!(serde_json::from_str::<Value>(arguments.as_str().unwrap()).is_err());
}

#[test]
fn prac_3_events_of_an_unknown_type_come_between_the_others() {
    let behaviour = Behaviour { unknown_events: true, ..Behaviour::default() };
    let mut client = Client::new(behaviour);
    client.send(phone_settings());
    client.run(Duration::from_secs(1));
    assert_eq!(client.all("practice.unheard_of").count(), 2);
    assert_eq!(client.all("session.updated").count(), 1);
}

#[test]
fn prac_3_the_server_pings_every_20_seconds_and_ends_the_session_after_an_hour() {
    let mut client = Client::new(Behaviour::default());
    client.run(Duration::from_secs(61));
    assert_eq!(client.pings, 3);
    client.run(Duration::from_secs(3600));
    assert_eq!(client.one("error")["error"]["code"], "session_expired");
    let message = &client.one("error")["error"]["message"];
    assert_eq!(message, "Your session hit the maximum duration of 60 minutes.");
    assert!(client.closed.is_some());
    assert_eq!(client.log.record().faults().count(), 0, "an hour is no fault of the client's");
}
