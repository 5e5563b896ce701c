//! Types made by others for the real API read the server's events.

use async_openai::types::realtime::RealtimeServerEvent;

use super::*;
use crate::openai::behaviour::{ArgumentsFault, SpeechFault};

#[test]
fn prac_3_types_made_for_the_real_api_read_every_event() {
    let behaviour = Behaviour { preamble: Some("רגע".to_owned()), ..Behaviour::default() };
    let brain = saying("a sentence to say", Some(json!({"q": "locks"})));
    let mut client = Client::ready(behaviour, brain);
    client.send(phone_settings());
    client.speak("בתל אביב");
    client.send(json!({"type": "response.create"}));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_millis(350));
    client.send(json!({"type": "response.cancel"}));
    client.send(json!({"type": "input_audio_buffer.clear"}));
    client.run(Duration::from_secs(5));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));

    let read = read_all(&client);
    assert!(read > 40, "{read} events");
}

#[test]
fn prac_7_they_read_the_events_of_a_model_that_misbehaves() {
    let reason = "content_filter".to_owned();
    let responses = vec![
        ResponseFault::no_quota(),
        ResponseFault::TextOnly,
        ResponseFault::Empty,
        ResponseFault::Incomplete { reason, after: Duration::from_millis(200) },
        ResponseFault::DoneLate(Duration::from_secs(1)),
        ResponseFault::server_error(),
        ResponseFault::ErrorFirst(Duration::from_secs(1)),
    ];
    let count = responses.len();
    let behaviour = Behaviour {
        responses,
        reorders: true,
        speech: vec![SpeechFault::CommittedUnstopped],
        arguments: ArgumentsFault::DoubleEncoded,
        transcription: Transcription::Failed,
        ..Behaviour::default()
    };
    let brain = saying("a sentence to say", Some(json!({"q": "locks"})));
    let mut client = Client::ready(behaviour, brain);
    client.speak("בתל אביב");
    for _ in 0..count {
        client.send(json!({"type": "response.create"}));
        client.run(Duration::from_secs(5));
    }
    let read = read_all(&client);
    assert!(read > 60, "{read} events");
}

/// Reads all events that came, and counts them.
fn read_all(client: &Client) -> usize {
    let mut read = 0;
    for (_, event) in &client.came {
        // Those types want a transcript there; on the wire it is null until it is known.
        if event.pointer("/item/content/0/transcript") == Some(&Value::Null) {
            continue;
        }
        let result = serde_json::from_value::<RealtimeServerEvent>(event.clone());
        assert!(result.is_ok(), "{event}: {:?}", result.err());
        read += 1;
    }
    read
}
