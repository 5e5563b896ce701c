//! Messages of Twilio's media streams: no text makes the parser panic, and what is written is parsed back.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use protocol::audio::payload::Payload;
use protocol::ids::StreamSid;
use protocol::twilio::stream::{StreamMessage, parse, write_mark, write_media};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let frame = Bytes::copy_from_slice(text.as_bytes());
    let text = std::str::from_utf8(&frame).expect("it was a text before");
    let Ok(message) = parse(text) else { return };
    // Only nesting deeper than 128 is not read here and yet passed over there.
    let Ok(json) = serde_json::from_str::<Value>(text) else { return };
    assert!(json["event"].is_string());
    let stream = StreamSid::parse("MZ00000000000000000000000000000001").expect("a StreamSid");
    let mut written = String::new();
    match message {
        StreamMessage::Media(media) => {
            assert_eq!(json["media"]["payload"], *media.payload);
            let Ok(payload) = Payload::from_part(&frame, &media.payload) else { return };
            assert_eq!(payload.as_str(), media.payload);
            write_media(&mut written, &stream, payload.as_str());
            let echo: Value = serde_json::from_str(&written).expect("JSON");
            assert_eq!(echo["media"]["payload"], *media.payload);
        }
        StreamMessage::Mark { name } => {
            write_mark(&mut written, &stream, &name);
            let echo = parse(&written).expect("our own mark");
            assert_eq!(echo, StreamMessage::Mark { name });
        }
        StreamMessage::Start(start) => {
            assert_eq!(json["start"]["streamSid"], start.stream_sid.as_str());
            let _ = start.check_format();
        }
        StreamMessage::Dtmf { digit } => assert!("0123456789*#ABCD".contains(digit)),
        StreamMessage::Connected | StreamMessage::Stop | StreamMessage::Unknown { .. } => {}
    }
});
