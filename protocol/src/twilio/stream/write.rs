//! The three messages that Twilio understands. Each has exactly the documented fields: Twilio ignores a
//! message with one more or one less (warning 31951).

use std::fmt::Write;

use crate::ids::StreamSid;

/// Appends a `media` message to `out`: audio to be played after all that was sent before.
///
/// `payload` is µ-law in valid base64, and is copied as it is.
pub fn write_media(out: &mut String, stream: &StreamSid, payload: &str) {
    debug_assert!(is_base64(payload), "a payload that is not base64 would break the message");
    out.reserve(payload.len() + 96);
    open(out, "media", stream);
    out.push_str(",\"media\":{\"payload\":\"");
    out.push_str(payload);
    out.push_str("\"}}");
}

/// Appends a `mark` message to `out`. Twilio echoes `name` when all audio before it was played (at once
/// if there is none), and also when a `clear` drops that audio.
pub fn write_mark(out: &mut String, stream: &StreamSid, name: &str) {
    open(out, "mark", stream);
    out.push_str(",\"mark\":{\"name\":\"");
    push_escaped(out, name);
    out.push_str("\"}}");
}

/// Appends a `clear` message to `out`. Twilio drops the audio not played yet and echoes every pending
/// mark.
pub fn write_clear(out: &mut String, stream: &StreamSid) {
    open(out, "clear", stream);
    out.push('}');
}

/// A StreamSid has only letters and digits, so it needs no escaping.
fn open(out: &mut String, event: &str, stream: &StreamSid) {
    out.push_str("{\"event\":\"");
    out.push_str(event);
    out.push_str("\",\"streamSid\":\"");
    out.push_str(stream.as_str());
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\0'..='\x1f' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            _ => out.push(char),
        }
    }
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}
