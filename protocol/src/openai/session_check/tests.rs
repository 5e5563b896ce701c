use serde_json::json;

use super::*;
use crate::business::{Eagerness, TurnDetection};
use crate::openai::session::tests::{settings, with_agent};

/// The session as the server shows it: what was asked for, and what it adds of its own.
fn effective(settings: &SessionSettings) -> Value {
    let mut session = settings.to_value();
    session["object"] = json!("realtime.session");
    session["id"] = json!("sess_1");
    session["model"] = json!("gpt-realtime-2.1");
    session["expires_at"] = json!(1_795_000_000);
    session["tracing"] = Value::Null;
    session
}

fn semantic(eagerness: Eagerness) -> SessionSettings {
    with_agent(|agent| {
        (agent.turn_detection, agent.eagerness) = (TurnDetection::SemanticVad, eagerness);
    })
}

#[test]
fn call_4_a_session_as_asked_for_is_accepted() {
    assert_eq!(settings().verify(&effective(&settings())), Ok(()));
    let settings = semantic(Eagerness::High);
    assert_eq!(settings.verify(&effective(&settings)), Ok(()));
}

#[test]
fn call_4_every_single_difference_is_found_and_named() {
    for (field, other) in [
        ("audio.input.format.type", json!("audio/pcm")),
        ("audio.output.format.type", json!("audio/pcm")),
        ("audio.output.voice", json!("alloy")),
        ("audio.input.turn_detection.type", json!("semantic_vad")),
        ("audio.input.turn_detection.threshold", json!(0.5)),
        ("audio.input.turn_detection.prefix_padding_ms", json!(300)),
        ("audio.input.turn_detection.silence_duration_ms", json!(200)),
        ("audio.input.turn_detection.create_response", json!(true)),
        ("audio.input.turn_detection.interrupt_response", json!(true)),
        ("audio.input.turn_detection.idle_timeout_ms", json!(5_000)),
    ] {
        let mut session = effective(&settings());
        let pointer = format!("/{}", field.replace('.', "/"));
        let place = session.pointer_mut(&pointer).unwrap();
        let asked = std::mem::replace(place, other.clone());
        assert_eq!(settings().verify(&session), Err(SessionMismatch { field, asked, got: other }));
    }
}

#[test]
fn pipe_6_a_wrong_eagerness_is_found_but_auto_may_come_back_as_the_medium_it_is() {
    let mut session = effective(&semantic(Eagerness::Low));
    let mismatch = semantic(Eagerness::High).verify(&session).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "session.audio.input.turn_detection.eagerness: asked for \"high\", got \"low\""
    );
    session["audio"]["input"]["turn_detection"]["eagerness"] = json!("medium");
    assert_eq!(semantic(Eagerness::Auto).verify(&session), Ok(()));
}

#[test]
fn call_4_numbers_may_come_back_as_floats_of_fewer_bits() {
    let mut session = effective(&settings());
    let turns = &mut session["audio"]["input"]["turn_detection"];
    turns["threshold"] = json!(f64::from(0.3_f32));
    turns["silence_duration_ms"] = json!(450.0);
    assert_eq!(settings().verify(&session), Ok(()));
}

#[test]
fn call_4_a_null_that_was_asked_for_may_be_left_out_but_nothing_else() {
    let mut session = effective(&settings());
    let turns = session["audio"]["input"]["turn_detection"].as_object_mut().unwrap();
    turns.remove("idle_timeout_ms");
    assert_eq!(settings().verify(&session), Ok(()));

    let turns = session["audio"]["input"]["turn_detection"].as_object_mut().unwrap();
    turns.remove("interrupt_response");
    let mismatch = settings().verify(&session).unwrap_err();
    assert_eq!(mismatch.field, "audio.input.turn_detection.interrupt_response");
    assert_eq!(mismatch.got, Value::Null);
}

#[test]
fn call_4_a_session_that_says_nothing_is_not_the_one_asked_for() {
    for nothing in [Value::Null, json!({}), json!("session"), json!({"audio": []})] {
        assert_eq!(settings().verify(&nothing).unwrap_err().field, "audio.input.format.type");
    }
}
