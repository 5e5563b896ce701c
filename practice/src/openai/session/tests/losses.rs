//! Sessions that are lost or refused, and turns that do not end as they should.

use super::*;
use crate::openai::behaviour::SpeechFault;

const WORDS: &str = "a sentence of some length that could be cut";

#[test]
fn prac_7_speech_starts_and_never_stops_until_the_client_commits() {
    let behaviour = Behaviour { speech: vec![SpeechFault::NeverStops], ..Behaviour::default() };
    let mut client = Client::ready(behaviour, Brain::Echo);
    client.speak("one");
    client.silence(30_000);
    client.speak("two");
    client.run(Duration::from_secs(1));
    assert_eq!(client.types(), ["input_audio_buffer.speech_started"]);
    let item_id = client.one("input_audio_buffer.speech_started")["item_id"].clone();
    client.came.clear();

    client.send(json!({"type": "input_audio_buffer.commit"}));
    client.run(Duration::from_millis(100));
    let committed =
        ["input_audio_buffer.committed", "conversation.item.added", "conversation.item.done"];
    assert_eq!(client.types(), committed);
    assert_eq!(client.one("input_audio_buffer.committed")["item_id"], item_id);
    client.came.clear();
    client.speak("three");
    client.run(Duration::from_millis(100));
    assert_eq!(
        client.all("input_audio_buffer.speech_stopped").count(),
        1,
        "the fault was one turn's"
    );
}

#[test]
fn prac_7_a_turn_is_committed_and_no_stop_was_told() {
    let speech = vec![SpeechFault::None, SpeechFault::CommittedUnstopped];
    let mut client = Client::ready(Behaviour { speech, ..Behaviour::default() }, Brain::Echo);
    client.speak("one");
    client.run(Duration::from_millis(100));
    assert_eq!(client.all("input_audio_buffer.speech_stopped").count(), 1);
    client.run(Duration::from_secs(1));
    client.came.clear();
    client.speak("two");
    client.run(Duration::from_millis(100));
    assert_eq!(
        client.types(),
        [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
    );
    assert_eq!(client.log.record().heard_texts(), ["one", "two"]);
}

#[test]
fn prac_7_a_session_is_closed_at_each_response_create() {
    for code in [1000, 1001, 1011] {
        let other_responses = ResponseFault::Lost { after: None, by: LinkFault::Closed(code) };
        let behaviour = Behaviour { other_responses, ..Behaviour::default() };
        let mut client = Client::ready(behaviour, saying(WORDS, None));
        client.send(json!({"type": "response.create"}));
        client.run(Duration::from_secs(5));
        assert!(client.came.is_empty(), "neither response.created nor an error");
        assert_eq!(client.closed.clone().map(|(code, _)| code), Some(code));
        client.send(json!({"type": "response.create"}));
        client.run(Duration::from_secs(60));
        assert!(client.came.is_empty() && client.pings == 0, "a closed session is silent");
    }
}

#[test]
fn prac_7_a_session_is_lost_when_half_of_an_answer_has_come() {
    for by in [LinkFault::Closed(1000), LinkFault::Dropped, LinkFault::BlackHole] {
        let after = Some(Duration::from_millis(800));
        let responses = vec![ResponseFault::Lost { after, by }];
        let behaviour = Behaviour { responses, ..Behaviour::default() };
        let mut client = Client::ready(behaviour, saying(WORDS, None));
        client.send(json!({"type": "response.create"}));
        client.run(Duration::from_secs(5));
        let audio = audio_by_item(&client).into_values().next().unwrap().len();
        assert!((6400..6400 + 4000).contains(&audio), "{audio} bytes");
        assert!(client.all("response.done").next().is_none());
        assert!(client.all("error").next().is_none());
        let closed = client.closed.map(|(code, _)| code);
        let expected =
            if by == LinkFault::Closed(1000) { (Some(1000), None) } else { (None, Some(by)) };
        assert_eq!((closed, client.lost), expected);
    }
}

#[test]
fn prac_7_a_fault_that_is_used_up_does_not_come_again_in_the_next_session() {
    let lost = ResponseFault::Lost { after: None, by: LinkFault::Dropped };
    let responses_once = vec![ResponseFault::None, lost];
    let behaviour = Behaviour { responses_once, ..Behaviour::default() };
    let mut first = Client::ready(behaviour.clone(), saying("yes", None));
    let mut second = Client::ready(behaviour, saying("yes", None));
    second.session.responses_asked = Arc::clone(&first.session.responses_asked);
    for client in [&mut first, &mut second] {
        for _ in 0..2 {
            client.send(json!({"type": "response.create"}));
            client.run(Duration::from_secs(5));
        }
    }
    assert_eq!((first.all("response.done").count(), first.lost), (1, Some(LinkFault::Dropped)));
    assert_eq!((second.all("response.done").count(), second.lost), (2, None));
}

#[test]
fn prac_7_an_update_is_refused_for_its_transcription_model() {
    let unsupported_transcription = vec!["gpt-4o-mini-transcribe".to_owned()];
    let mut client = Client::new(Behaviour { unsupported_transcription, ..Behaviour::default() });
    client.send(phone_settings());
    client.run(Duration::from_secs(1));
    let error = client.one("error")["error"].clone();
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("invalid_request_error"), &json!("invalid_value"))
    );
    assert_eq!(error["param"], "session.audio.input.transcription.model");
    assert_eq!(error["event_id"], "su_1");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid value: 'gpt-4o-mini-transcribe'. Supported values are: "));
    assert!(message.contains("'gpt-transcribe'"));
    assert!(client.all("session.updated").next().is_none(), "all or nothing");
    assert_eq!(client.log.record().faults().count(), 0, "the client could not know");

    let mut without = phone_settings();
    without["session"]["audio"]["input"]["transcription"] = Value::Null;
    client.send(without);
    client.run(Duration::from_secs(1));
    assert_eq!(client.all("session.updated").count(), 1);
}

#[test]
fn prac_7_a_link_fails_some_time_into_each_session() {
    let link_fails = Some((Duration::from_secs(10), LinkFault::Closed(1001)));
    let mut client = Client::new(Behaviour { link_fails, ..Behaviour::default() });
    client.run(Duration::from_secs(9));
    assert_eq!(client.closed, None);
    client.run(Duration::from_secs(2));
    assert_eq!(client.types(), ["session.created"]);
    assert_eq!(client.closed, Some((1001, String::new())));
}
