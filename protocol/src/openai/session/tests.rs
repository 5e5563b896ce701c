use super::*;
use crate::business::{Eagerness, Language, MaxOutputTokens, TimeSpan};
use crate::ids::Slug;

/// An agent with nothing left at its default.
pub(in crate::openai) fn settings() -> SessionSettings {
    with_agent(|_| {})
}

/// The settings with their agent changed.
pub(in crate::openai) fn with_agent(change: impl FnOnce(&mut Agent)) -> SessionSettings {
    let slug = Slug::parse("b").unwrap();
    let mut business = BusinessSettings::new(slug, "b", Vec::new());
    business.agent = Agent {
        voice: "marin".to_owned(),
        speed: 1.1,
        turn_detection: TurnDetection::ServerVad,
        vad_threshold: 0.3,
        prefix_padding: Duration::from_millis(250),
        silence_duration: Duration::from_millis(450),
        noise_reduction: NoiseReduction::FarField,
        transcription_model: "gpt-4o-mini-transcribe".to_owned(),
        transcription_language: Some(Language::HEBREW),
        max_output_tokens: MaxOutputTokens::limit(1_200).unwrap(),
        ..Agent::default()
    };
    change(&mut business.agent);
    SessionSettings::new(Arc::new(business), "Be short.".into())
}

#[test]
fn call_4_pipe_6_the_session_is_set_whole_and_names_no_model_and_no_temperature() {
    assert_eq!(
        settings().to_value(),
        json!({
            "type": "realtime",
            "instructions": "Be short.",
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "transcription": {"model": "gpt-4o-mini-transcribe", "language": "he"},
                    "noise_reduction": {"type": "far_field"},
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": 0.3,
                        "prefix_padding_ms": 250,
                        "silence_duration_ms": 450,
                        "create_response": false,
                        "interrupt_response": false,
                        "idle_timeout_ms": null,
                    },
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": "marin", "speed": 1.1},
            },
            "tools": tools::specs(&settings().business)
                .iter()
                .map(|tool| json!({
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                }))
                .collect::<Vec<_>>(),
            "tool_choice": "auto",
            "max_output_tokens": 1200,
            "truncation": "auto",
        })
    );
}

#[test]
fn pipe_6_semantic_turn_detection_sends_no_numbers_and_leaves_responses_to_the_daemon() {
    for (eagerness, word) in [
        (Eagerness::Low, "low"),
        (Eagerness::Medium, "medium"),
        (Eagerness::High, "high"),
        (Eagerness::Auto, "auto"),
    ] {
        let session = with_agent(|agent| {
            (agent.turn_detection, agent.eagerness) = (TurnDetection::SemanticVad, eagerness);
        })
        .to_value();
        assert_eq!(
            session["audio"]["input"]["turn_detection"],
            json!({"type": "semantic_vad", "eagerness": word, "create_response": false,
                "interrupt_response": false})
        );
    }
}

#[test]
fn pipe_6_what_is_switched_off_is_sent_as_null_and_a_language_to_be_found_out_is_not_sent() {
    let settings = with_agent(|agent| {
        agent.noise_reduction = NoiseReduction::Off;
        (agent.transcription_model, agent.transcription_language) = ("whisper-1".to_owned(), None);
        agent.max_output_tokens = MaxOutputTokens::Inf;
    });
    let session = settings.to_value();
    let input = &session["audio"]["input"];
    assert_eq!(input.get("noise_reduction"), Some(&Value::Null));
    assert_eq!(input["transcription"], json!({"model": "whisper-1"}));
    assert_eq!(session["max_output_tokens"], json!("inf"));
}

#[test]
fn call_4_a_custom_voice_is_sent_by_its_id() {
    let session = with_agent(|agent| agent.voice = "voice_1a2b".to_owned()).to_value();
    assert_eq!(session["audio"]["output"]["voice"], json!({"id": "voice_1a2b"}));
}

#[test]
fn prompt_4_a_limit_of_tokens_that_the_server_would_refuse_cannot_be_made() {
    for tokens in [1, 4_096] {
        let session = with_agent(|agent| {
            agent.max_output_tokens = MaxOutputTokens::limit(tokens).unwrap();
        });
        assert_eq!(session.to_value()["max_output_tokens"], tokens);
    }
    for tokens in [0, 4_097, 65_537, u64::from(u32::MAX)] {
        assert_eq!(MaxOutputTokens::limit(tokens), None);
    }
}

#[test]
fn call_4_the_model_stands_in_the_address_beside_what_the_address_had() {
    let model = "gpt-realtime-2.1";
    for (base, expected) in [
        (
            "wss://api.openai.com/v1/realtime",
            "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1",
        ),
        ("ws://h/v1?", "ws://h/v1?model=gpt-realtime-2.1"),
        ("ws://h/v1?tenant=a%20b&&x", "ws://h/v1?tenant=a%20b&x&model=gpt-realtime-2.1"),
        ("ws://h/v1?model=old&tenant=a", "ws://h/v1?tenant=a&model=gpt-realtime-2.1"),
        ("ws://h/v1?models=2#top", "ws://h/v1?models=2&model=gpt-realtime-2.1"),
    ] {
        assert_eq!(realtime_url(base, model), expected);
    }
    assert_eq!(realtime_url("ws://h", "a b&c=ä/~"), "ws://h?model=a%20b%26c%3D%C3%A4%2F~");
}

#[test]
fn cal_1_a_tool_may_be_called_if_the_business_has_a_use_for_it() {
    let mut settings = settings();
    assert!(settings.offers("call_control"));
    assert!(!settings.offers("create_appointment"), "the business has no hours");
    assert!(!settings.offers("make_coffee"));
    let hours = &mut Arc::make_mut(&mut settings.business).appointments.hours;
    hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    assert!(settings.offers("create_appointment"));
}
