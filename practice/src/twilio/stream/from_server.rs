//! The three messages that the daemon may send on a media socket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use protocol::ids::StreamSid;
use serde::Deserialize;

use crate::twilio::debugger::Violation;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FromServer {
    Media(Bytes),
    Mark(String),
    Clear,
}

impl FromServer {
    /// Reads a text message on the stream of this SID.
    ///
    /// # Errors
    /// A violation if it is not exactly one of the three messages, for this stream.
    pub(super) fn read(text: &str, stream_sid: &StreamSid) -> Result<Self, Violation> {
        let message: Message = serde_json::from_str(text)
            .map_err(|error| Violation::Message(format!("{error} in {}", shortened(text))))?;
        let (Message::Media { stream_sid: named, .. }
        | Message::Mark { stream_sid: named, .. }
        | Message::Clear { stream_sid: named }) = &message;
        if named != stream_sid.as_str() {
            return Err(Violation::Message(format!("streamSid {named:?} is not this stream's")));
        }
        match message {
            Message::Media { media, .. } => audio(&media.payload).map(Self::Media),
            Message::Mark { mark, .. } => Ok(Self::Mark(mark.name)),
            Message::Clear { .. } => Ok(Self::Clear),
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
enum Message {
    Media {
        #[serde(rename = "streamSid")]
        stream_sid: String,
        media: Media,
    },
    Mark {
        #[serde(rename = "streamSid")]
        stream_sid: String,
        mark: Mark,
    },
    Clear {
        #[serde(rename = "streamSid")]
        stream_sid: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    payload: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    name: String,
}

fn audio(payload: &str) -> Result<Bytes, Violation> {
    let ulaw = STANDARD
        .decode(payload)
        .map_err(|error| Violation::Message(format!("payload is not base64: {error}")))?;
    if ulaw.is_empty() {
        return Err(Violation::Message("payload is empty".to_owned()));
    }
    // Four bytes alone can be speech.
    if ulaw.starts_with(b"RIFF") && ulaw[4..].get(4..8) == Some(b"WAVE") {
        return Err(Violation::WavHeader);
    }
    Ok(ulaw.into())
}

/// The beginning of a message, for error texts.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(120)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "MZ00000000000000000000000000000001";

    fn read(text: &str) -> Result<FromServer, Violation> {
        FromServer::read(&text.replace("SID", SID), &StreamSid::parse(SID).unwrap())
    }

    #[test]
    fn the_three_messages_are_taken() {
        let media = r#"{"event":"media","streamSid":"SID","media":{"payload":"//8="}}"#;
        assert_eq!(read(media), Ok(FromServer::Media(Bytes::from_static(&[0xFF, 0xFF]))));
        let mark = r#"{"event":"mark","streamSid":"SID","mark":{"name":"g2:r7:41"}}"#;
        assert_eq!(read(mark), Ok(FromServer::Mark("g2:r7:41".to_owned())));
        assert_eq!(read(r#"{"event":"clear","streamSid":"SID"}"#), Ok(FromServer::Clear));
    }

    #[test]
    fn any_other_message_is_invalid() {
        for text in [
            "{",
            r#"{"event":"stop","streamSid":"SID"}"#,
            r#"{"event":"clear","stream_sid":"SID"}"#,
            r#"{"event":"clear","streamSid":"MZ2"}"#,
            r#"{"event":"clear","streamSid":"SID","sequenceNumber":"4"}"#,
            r#"{"event":"mark","streamSid":"SID"}"#,
            r#"{"event":"mark","streamSid":"SID","mark":{"name":5}}"#,
            r#"{"event":"media","streamSid":"SID","media":{"payload":"//8=","track":"outbound"}}"#,
            r#"{"event":"media","streamSid":"SID","media":{"payload":"//8"}}"#,
            r#"{"event":"media","streamSid":"SID","media":{"payload":""}}"#,
        ] {
            assert_eq!(read(text).unwrap_err().code(), 31951, "{text}");
        }
    }

    #[test]
    fn a_wav_header_in_the_audio_is_detected() {
        let text = r#"{"event":"media","streamSid":"SID","media":{"payload":"UklGRiQAAABXQVZF"}}"#;
        assert_eq!(read(text), Err(Violation::WavHeader));
        let speech =
            r#"{"event":"media","streamSid":"SID","media":{"payload":"UklGRlJJRkZSSUZG"}}"#;
        assert!(read(speech).is_ok());
    }
}
