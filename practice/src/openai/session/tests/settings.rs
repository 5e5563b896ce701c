//! Connecting and `session.update`.

use super::*;

fn turned_away(handshake: &Handshake, refusal: Option<ConnectRefusal>) -> (Value, u16, String) {
    let mut client = Client::connected(Behaviour::default(), Brain::Echo, handshake, refusal);
    assert_eq!(client.types(), ["error"], "no session.created before a refusal");
    client.send(json!({"type": "response.create"}));
    assert_eq!(client.types(), ["error"], "a closed session answers nothing");
    let (code, reason) = client.closed.clone().unwrap();
    (client.one("error")["error"].clone(), code, reason)
}

#[test]
fn prac_3_a_bad_handshake_is_refused_after_the_upgrade() {
    let beta = Handshake { beta: true, ..good_handshake() };
    let (error, code, reason) = turned_away(&beta, None);
    assert_eq!((error["code"].as_str(), code), (Some("beta_api_shape_disabled"), 4000));
    assert_eq!(reason, "invalid_request_error.beta_api_shape_disabled");

    let bad_key = Handshake { key: Some("bad".to_owned()), ..good_handshake() };
    let (error, code, reason) = turned_away(&bad_key, None);
    assert_eq!((error["code"].as_str(), code), (Some("invalid_api_key"), 3000));
    assert_eq!(reason, "invalid_request_error.invalid_api_key");

    let (error, code, _) = turned_away(&Handshake { key: None, ..good_handshake() }, None);
    assert_eq!((error["code"].clone(), code), (Value::Null, 3000));

    let (error, code, _) = turned_away(&Handshake { model: None, ..good_handshake() }, None);
    assert_eq!((error["code"].as_str(), code), (Some("missing_model"), 4000));

    let no_model = Handshake { model: Some("gpt-9".to_owned()), ..good_handshake() };
    let (error, code, _) = turned_away(&no_model, None);
    assert_eq!((error["code"].as_str(), code), (Some("invalid_model"), 4000));

    let (error, code, _) = turned_away(&good_handshake(), Some(ConnectRefusal::NoQuota));
    assert_eq!((error["type"].as_str(), code), (Some("insufficient_quota"), 4000));
    let (error, code, _) = turned_away(&good_handshake(), Some(ConnectRefusal::NoSuchModel));
    assert_eq!((error["code"].as_str(), code), (Some("model_not_found"), 4004));
    let (error, code, _) = turned_away(&good_handshake(), Some(ConnectRefusal::ServerError));
    assert_eq!((error["type"].as_str(), code), (Some("server_error"), 1011));
}

#[test]
fn prac_3_a_session_begins_on_the_live_defaults_and_without_a_conversation_event() {
    let client = Client::new(Behaviour::default());
    assert_eq!(client.types(), ["session.created"]);
    let session = &client.one("session.created")["session"];
    assert_eq!(session["audio"]["input"]["format"], json!({"type": "audio/pcm", "rate": 24000}));
    let detection = &session["audio"]["input"]["turn_detection"];
    assert_eq!(detection["silence_duration_ms"], 200);
    assert_eq!(detection["create_response"], true);
    assert_eq!(session["model"], "gpt-realtime-2.1");
    assert!(session["expires_at"].as_u64() > Some(1_700_000_000));
    assert!(session["id"].as_str().unwrap().starts_with("sess_"));
}

#[test]
fn prac_3_an_update_is_merged_and_answered_with_the_whole_session_a_round_trip_later() {
    let mut client = Client::new(Behaviour::default());
    client.send(phone_settings());
    client.run(Duration::from_millis(19));
    assert_eq!(client.types().len(), 1, "the reply takes a round trip");
    client.run(Duration::from_millis(1));
    let session = client.one("session.updated")["session"].clone();
    assert_eq!(session["audio"]["output"]["format"], json!({"type": "audio/pcmu"}));
    assert_eq!(session["audio"]["output"]["voice"], "marin");
    assert_eq!(session["audio"]["input"]["turn_detection"]["silence_duration_ms"], 500);

    let small = json!({"type": "realtime", "audio": {"input": {"turn_detection":
        {"type": "server_vad", "threshold": 0.7}}}});
    client.send(json!({"type": "session.update", "session": small}));
    client.run(Duration::from_millis(20));
    let merged = client.all("session.updated").last().unwrap()["session"].clone();
    let detection = &merged["audio"]["input"]["turn_detection"];
    assert_eq!(
        (&detection["threshold"], &detection["silence_duration_ms"]),
        (&json!(0.7), &json!(500))
    );
    assert_eq!(merged["audio"]["output"], session["audio"]["output"]);
    assert_eq!(merged["instructions"], "Be brief.");
}

/// An update, the code it is refused with and the parameter the error names.
type Wrong = (Value, &'static str, &'static str);

fn wrong_fields() -> Vec<Wrong> {
    vec![
        (json!({"temperature": 0.8}), "unknown_parameter", "session.temperature"),
        (json!({"voice": "marin"}), "unknown_parameter", "session.voice"),
        (json!({"modalities": ["audio"]}), "unknown_parameter", "session.modalities"),
        (json!({"instructions": 5}), "invalid_type", "session.instructions"),
        (json!({"max_output_tokens": 0}), "integer_below_min_value", "session.max_output_tokens"),
        (
            json!({"max_output_tokens": 5000}),
            "integer_above_max_value",
            "session.max_output_tokens",
        ),
        (json!({"max_output_tokens": "all"}), "invalid_value", "session.max_output_tokens"),
        (
            json!({"output_modalities": ["audio", "text"]}),
            "invalid_value",
            "session.output_modalities",
        ),
        (
            json!({"tools": [{"type": "function", "name": "a", "strict": true}]}),
            "unknown_parameter",
            "session.tools[0].strict",
        ),
        (
            json!({"tool_choice": {"type": "function", "function": {"name": "a"}}}),
            "missing_required_parameter",
            "session.tool_choice.name",
        ),
        (json!({"model": "gpt-realtime"}), "invalid_value", "session.model"),
    ]
}

fn wrong_audio_fields() -> Vec<Wrong> {
    vec![
        (
            json!({"audio": {"output": {"voice": "nova"}}}),
            "invalid_value",
            "session.audio.output.voice",
        ),
        (
            json!({"audio": {"output": {"speed": 3.0}}}),
            "decimal_above_max_value",
            "session.audio.output.speed",
        ),
        (
            json!({"audio": {"output": {"format": "g711_ulaw"}}}),
            "invalid_type",
            "session.audio.output.format",
        ),
        (
            json!({"audio": {"output": {"format": {"type": "audio/pcmu", "rate": 8000}}}}),
            "unknown_parameter",
            "session.audio.output.format.rate",
        ),
        (
            json!({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}),
            "integer_below_min_value",
            "session.audio.input.format.rate",
        ),
        (
            json!({"audio": {"input": {"transcription": {"model": "gpt-4o-mini-transcribe", "language": "xx"}}}}),
            "invalid_value",
            "session.audio.input.transcription.language",
        ),
        (
            json!({"audio": {"input": {"transcription": {"model": "whisper-1", "languages": ["he"]}}}}),
            "invalid_value",
            "session.audio.input.transcription.languages",
        ),
        (
            json!({"audio": {"input": {"transcription": {"model": "gpt-transcribe", "prompt": "דנה"}}}}),
            "invalid_value",
            "session.audio.input.transcription.prompt",
        ),
        (
            json!({"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}}),
            "unknown_parameter",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            json!({"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 100}}}}),
            "integer_below_min_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            json!({"audio": {"input": {"noise_reduction": {"type": "off"}}}}),
            "invalid_value",
            "session.audio.input.noise_reduction.type",
        ),
    ]
}

#[test]
fn prac_3_one_wrong_field_rejects_the_whole_update_and_is_named() {
    for (wrong, code, param) in wrong_fields().into_iter().chain(wrong_audio_fields()) {
        let mut client = Client::new(Behaviour::default());
        let mut update = phone_settings();
        for (name, value) in wrong.as_object().unwrap() {
            update["session"][name] = value.clone();
        }
        client.send(update);
        client.run(Duration::from_secs(1));
        let error = &client.one("error")["error"];
        assert_eq!((error["code"].as_str(), error["param"].as_str()), (Some(code), Some(param)));
        assert_eq!(error["event_id"], "su_1", "the client's event id is echoed");
        assert!(client.all("session.updated").next().is_none());
        assert!(client.closed.is_none(), "the socket stays open");
        client.came.clear();
        client.send(json!({"type": "session.update", "session": {"type": "realtime"}}));
        client.run(Duration::from_secs(1));
        let session = &client.one("session.updated")["session"];
        assert_eq!(
            session["audio"]["output"]["format"]["type"], "audio/pcm",
            "{wrong}: nothing was applied"
        );
    }
}

#[test]
fn prac_3_every_update_names_its_type() {
    let mut client = Client::new(Behaviour::default());
    client.send(json!({"type": "session.update", "session": {"instructions": "Hello"}}));
    client.run(Duration::from_secs(1));
    let error = &client.one("error")["error"];
    assert_eq!(error["code"], "missing_required_parameter");
    assert_eq!(error["param"], "session.type");
    assert_eq!(error["message"], "Missing required parameter: 'session.type'.");
}

#[test]
fn prac_3_an_older_model_refuses_reasoning() {
    let update = json!({"type": "session.update",
        "session": {"type": "realtime", "reasoning": {"effort": "low"}}});
    for (model, refused) in [("gpt-realtime-2.1", false), ("gpt-realtime-2025-08-28", true)] {
        let handshake = Handshake { model: Some(model.to_owned()), ..good_handshake() };
        let mut client = Client::connected(Behaviour::default(), Brain::Echo, &handshake, None);
        client.send(update.clone());
        client.run(Duration::from_secs(1));
        assert_eq!(client.all("error").count(), usize::from(refused), "{model}");
    }
}

#[test]
fn prac_3_the_voice_is_locked_once_the_assistant_has_spoken() {
    let mut client = Client::ready(Behaviour::default(), saying("shalom", None));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    client.came.clear();
    let other_voice = json!({"type": "realtime", "instructions": "New.",
        "audio": {"output": {"voice": "cedar"}}});
    client.send(json!({"type": "session.update", "session": other_voice}));
    assert_eq!(client.error_code(), "cannot_update_voice");
    let same_voice = json!({"type": "realtime", "audio": {"output": {"voice": "marin"}}});
    client.send(json!({"type": "session.update", "session": same_voice}));
    client.run(Duration::from_secs(1));
    assert_eq!(client.one("session.updated")["session"]["instructions"], "Be brief.");
}

#[test]
fn prac_3_frames_that_are_no_events_are_answered_and_the_session_goes_on() {
    let mut client = Client::new(Behaviour::default());
    client.session.on_text("{", client.now);
    assert_eq!(client.error_code(), "invalid_json");
    client.session.on_binary(client.now);
    assert_eq!(client.error_code(), "invalid_event");
    client.send(json!({"event_id": "e1"}));
    assert_eq!(client.error_code(), "invalid_event");
    client.send(json!({"type": "output_audio_buffer.clear", "event_id": "e2"}));
    client.run(Duration::from_secs(1));
    let error = client.one("error")["error"].clone();
    assert_eq!((&error["code"], &error["param"]), (&json!("invalid_value"), &json!("type")));
    assert_eq!(error["event_id"], "e2");
    client.came.clear();
    client.send(json!({"type": "response.cancel", "event_id": "x".repeat(513)}));
    assert_eq!(client.error_code(), "string_above_max_length");
    assert!(client.closed.is_none());
    assert_eq!(client.log.record().faults().count(), 5);
}
