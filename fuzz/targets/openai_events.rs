//! OpenAI's server events: no text makes the parser panic, audio is what stands in the frame, and an
//! event of an unknown type is never malformed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::business::BusinessSettings;
use protocol::ids::{PhoneNumber, Slug};
use protocol::openai::{ResponseStatus, ServerEvent, ServerFrame, SessionSettings};
use serde_json::Value;

fuzz_target!(|text: &str| {
    // Only nesting deeper than 128 is not read here and yet passed over there.
    let json = serde_json::from_str::<Value>(text);
    match ServerFrame::parse(text) {
        Ok(ServerFrame::Audio(audio)) => {
            let Ok(json) = json else { return };
            assert_eq!(json["delta"], *audio.delta);
            assert_eq!(json["item_id"], audio.item_id.as_str());
            assert_eq!(json["response_id"], audio.response_id.as_str());
        }
        Ok(ServerFrame::Event(event)) => {
            assert!(json.is_err() || json.is_ok_and(|json| json["type"].is_string()));
            use_event(event);
        }
        Err(error) => drop(error.to_string()),
    }
});

/// What the daemon does with an event, as far as it is pure.
fn use_event(event: ServerEvent) {
    match event {
        ServerEvent::SessionUpdated { session } => {
            let number = PhoneNumber::parse("+97231234567").expect("a number");
            let slug = Slug::parse("b").expect("a slug");
            let business = BusinessSettings::new(slug, "b", vec![number]);
            let settings = SessionSettings::new(business.into(), "answer".into());
            assert_eq!(settings.verify(&settings.to_value()), Ok(()));
            let _ = settings.verify(&session);
        }
        ServerEvent::Error(error) | ServerEvent::TranscriptionFailed { error, .. } => {
            let _ = error.class();
        }
        ServerEvent::ResponseDone(done) => {
            if let ResponseStatus::Failed(failure) = &done.status {
                let _ = failure.class();
            }
            let calls = done.runnable_calls().count();
            assert!(calls == 0 || done.status == ResponseStatus::Completed);
        }
        _ => {}
    }
}
