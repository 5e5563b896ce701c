//! Types made by others for the real API read the server's events.

use async_openai::types::realtime::RealtimeServerEvent;

use super::*;

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
    assert!(read > 40, "{read} events");
}
