use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const CALL: &str = "CA00000000000000000000000000000001";
const STREAM: &str = "MZ00000000000000000000000000000002";
const ACCOUNT: &str = "AC00000000000000000000000000000003";

fn start_message() -> Value {
    json!({
        "event": "start", "sequenceNumber": "1", "streamSid": STREAM,
        "start": {
            "accountSid": ACCOUNT, "streamSid": STREAM, "callSid": CALL, "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "x", "direction": "inbound"},
        },
    })
}

fn start() -> Start {
    let text = start_message().to_string();
    let StreamMessage::Start(start) = parse(&text).unwrap() else { panic!("no start: {text}") };
    start
}

fn media(text: &str) -> Media<'_> {
    let StreamMessage::Media(media) = parse(text).unwrap() else { panic!("no media: {text}") };
    media
}

fn stream_sid() -> StreamSid {
    StreamSid::parse(STREAM).unwrap()
}

#[test]
fn pipe_1_a_payload_is_borrowed_from_its_message_byte_for_byte() {
    let text = format!(
        r#"{{"event":"media","sequenceNumber":"2","streamSid":"{STREAM}","media":{{"track":"inbound","chunk":"1","timestamp":"155","payload":"//+AAH9/f38="}}}}"#
    );
    let media = media(&text);
    assert!(matches!(media.payload, Cow::Borrowed("//+AAH9/f38=")));
    assert_eq!(media.timestamp_ms, 155);
    assert_eq!(media.track, Track::Inbound);
}

#[test]
fn pipe_1_a_payload_whose_slashes_were_escaped_is_the_same_payload() {
    let text = r#"{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"\/\/8="}}"#;
    let payload = media(text).payload;
    assert!(matches!(&payload, Cow::Owned(text) if text == "//8="));
}

#[test]
fn numbers_are_taken_in_strings_and_as_numbers_but_only_whole_ones() {
    let with = |timestamp: Value| {
        json!({"event": "media", "sequenceNumber": 7,
               "media": {"track": "inbound", "chunk": "3", "timestamp": timestamp, "payload": ""}})
        .to_string()
    };
    assert_eq!(media(&with(json!(18446744073709551615u64))).timestamp_ms, u64::MAX);
    assert_eq!(media(&with(json!("175"))).timestamp_ms, 175);
    for bad in
        [json!(-1), json!("-1"), json!(1.5), json!("1.5"), json!(""), json!(" 1"), json!(null)]
    {
        let error = parse(&with(bad.clone())).unwrap_err();
        assert!(matches!(error, MalformedMessage::NotUnderstood(_)), "{bad}: {error}");
    }
}

#[test]
fn audio_that_is_not_the_callers_can_be_told_apart() {
    let text = r#"{"event":"media","sequenceNumber":"2","media":{"track":"outbound","chunk":"1","timestamp":"155","payload":"/w=="}}"#;
    assert_eq!(media(text).track, Track::Other);
}

#[test]
fn start_brings_the_calls_identifiers_and_the_parameters_of_the_twiml() {
    let start = start();
    assert_eq!(start.stream_sid.as_str(), STREAM);
    assert_eq!(start.call_sid.as_str(), CALL);
    assert_eq!(start.custom_parameters["token"], "x");
    assert_eq!(start.custom_parameters["direction"], "inbound");
}

#[test]
fn ops_6_a_parameter_such_as_the_token_is_never_printed() {
    let mut message = start_message();
    message["start"]["customParameters"]["token"] = json!("s3cret");
    let printed = format!("{:?}", parse(&message.to_string()).unwrap());
    assert!(printed.contains("token") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn start_without_parameters_has_none() {
    let mut message = start_message();
    message["start"].as_object_mut().unwrap().remove("customParameters");
    let text = message.to_string();
    let StreamMessage::Start(start) = parse(&text).unwrap() else { panic!("not a start") };
    assert!(start.custom_parameters.is_empty());
}

#[test]
fn pipe_1_only_mono_mulaw_at_8_khz_is_taken() {
    assert_eq!(start().check_format(), Ok(()));
    let others = [
        Start { encoding: "audio/l16".into(), ..start() },
        Start { sample_rate: 16_000, ..start() },
        Start { channels: 2, ..start() },
    ];
    for other in others {
        assert!(other.check_format().is_err(), "{other:?}");
    }
    let error = Start { sample_rate: 16_000, ..start() }.check_format().unwrap_err().to_string();
    assert!(error.contains("16000 Hz"), "{error}");
}

#[test]
fn the_other_events_are_read() {
    let connected = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;
    assert_eq!(parse(connected).unwrap(), StreamMessage::Connected);

    let dtmf =
        r#"{"event":"dtmf","sequenceNumber":"9","dtmf":{"track":"inbound_track","digit":"5"}}"#;
    assert_eq!(parse(dtmf).unwrap(), StreamMessage::Dtmf { digit: '5' });

    let mark = r#"{"event":"mark","sequenceNumber":"12","mark":{"name":"g2:r7:41"}}"#;
    assert_eq!(parse(mark).unwrap(), StreamMessage::Mark { name: "g2:r7:41".into() });

    let stop =
        json!({"event": "stop", "stop": {"accountSid": ACCOUNT, "callSid": CALL}}).to_string();
    assert_eq!(parse(&stop).unwrap(), StreamMessage::Stop);

    let unknown = r#"{"event":"weather","weather":{"rain":true}}"#;
    assert_eq!(parse(unknown).unwrap(), StreamMessage::Unknown { event: "weather".into() });
}

#[test]
fn call_8_only_the_sixteen_telephone_keys_are_digits() {
    for digit in "0123456789*#ABCD".chars() {
        let text = json!({"event": "dtmf", "dtmf": {"digit": digit}}).to_string();
        assert_eq!(parse(&text).unwrap(), StreamMessage::Dtmf { digit });
    }
    for bad in ["", "12", "E", "a", "५", " "] {
        let text = json!({"event": "dtmf", "dtmf": {"digit": bad}}).to_string();
        assert!(matches!(parse(&text), Err(MalformedMessage::NoSuchDigit)), "{bad:?}");
    }
}

#[test]
fn an_event_without_its_object_is_malformed_and_the_error_says_what_is_missing() {
    for event in ["start", "mark", "dtmf"] {
        let error = parse(&json!({"event": event}).to_string()).unwrap_err().to_string();
        assert_eq!(error, format!("{event:?} without {event:?}"));
    }
    let error = parse(r#"{"event":"media","sequenceNumber":"1"}"#).unwrap_err().to_string();
    assert_eq!(error, r#""media" without "media""#);
}

#[test]
fn identifiers_of_the_wrong_form_are_refused() {
    for field in ["callSid", "streamSid"] {
        let mut message = start_message();
        message["start"][field] = json!("XX1");
        assert!(parse(&message.to_string()).is_err(), "{field}");
    }
}

#[test]
fn an_array_of_the_fields_values_is_not_a_message() {
    for text in [
        r#"["mark",null,{"name":"a"}]"#,
        r#"{"event":"mark","mark":["a"]}"#,
        r#"{"event":"media","media":["inbound","155","//8="]}"#,
    ] {
        assert!(matches!(parse(text), Err(MalformedMessage::NotUnderstood(_))), "{text}");
    }
}

#[test]
fn ops_6_a_message_over_the_limit_is_not_even_parsed() {
    let longest = format!(r#"{{"event":"{}"}}"#, "x".repeat(MAX_MESSAGE_BYTES - 12));
    assert_eq!(longest.len(), MAX_MESSAGE_BYTES);
    assert!(matches!(parse(&longest), Ok(StreamMessage::Unknown { .. })));
    let error = parse(&format!("{longest} ")).unwrap_err();
    assert!(matches!(error, MalformedMessage::TooLong { bytes } if bytes == MAX_MESSAGE_BYTES + 1));
}

#[test]
fn ops_6_deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let text = format!(r#"{{"event":"x","y":{}}}"#, "[".repeat(60_000));
    assert!(matches!(parse(&text), Err(MalformedMessage::NotUnderstood(_))));
}

#[test]
fn messages_to_twilio_have_exactly_the_documented_fields() {
    let mut out = String::new();
    write_media(&mut out, &stream_sid(), "//8=");
    assert_eq!(
        out,
        format!(r#"{{"event":"media","streamSid":"{STREAM}","media":{{"payload":"//8="}}}}"#)
    );
    out.clear();
    write_mark(&mut out, &stream_sid(), "g1:r1:3");
    assert_eq!(
        out,
        format!(r#"{{"event":"mark","streamSid":"{STREAM}","mark":{{"name":"g1:r1:3"}}}}"#)
    );
    out.clear();
    write_clear(&mut out, &stream_sid());
    assert_eq!(out, format!(r#"{{"event":"clear","streamSid":"{STREAM}"}}"#));
}

#[test]
#[should_panic(expected = "not base64")]
#[cfg(debug_assertions)]
fn a_payload_that_is_not_base64_is_caught_before_it_breaks_a_message() {
    write_media(&mut String::new(), &stream_sid(), r#""},"x":{"#);
}

/// Any JSON that stands where a message's fields stand.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "media",
        "start",
        "mark",
        "dtmf",
        "stop",
        "payload",
        "track",
        "chunk",
        "timestamp",
        "name",
        "digit",
        "callSid",
        "streamSid",
        "accountSid",
        "mediaFormat",
        "customParameters",
    ]);
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6).prop_map(|fields| {
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn ops_6_no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn ops_6_no_json_makes_the_parser_panic(
        event in prop::sample::select(vec!["media", "start", "mark", "dtmf", "stop", "connected"]),
        sequence in any_json(),
        body in any_json(),
    ) {
        let _ = parse(&json!({"event": event, "sequenceNumber": sequence, event: body}).to_string());
    }

    #[test]
    fn a_mark_of_any_name_comes_back_as_it_was_sent(name in any::<String>()) {
        let mut out = String::new();
        write_mark(&mut out, &stream_sid(), &name);
        let echoed = parse(&out).unwrap();
        prop_assert_eq!(echoed, StreamMessage::Mark { name: name.into() });
    }
}
