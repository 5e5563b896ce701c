//! From a text frame to a [`StreamMessage`].

use crate::json::Object;

use super::{MAX_MESSAGE_BYTES, MalformedMessage, Media, Start, StreamMessage, Track, wire};

/// Parses one text frame. A `media` message without JSON escapes is parsed without allocating.
///
/// # Errors
/// [`MalformedMessage`]: the frame is dropped and the stream goes on.
pub fn parse(text: &str) -> Result<StreamMessage<'_>, MalformedMessage> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(MalformedMessage::TooLong { bytes: text.len() });
    }
    let Object(message): Object<wire::Message<'_>> = serde_json::from_str(text)?;
    match &*message.event {
        "media" => media(message),
        "mark" => {
            let Object(mark) = message.mark.ok_or(missing("mark", "mark"))?;
            Ok(StreamMessage::Mark { name: mark.name })
        }
        "dtmf" => {
            let Object(dtmf) = message.dtmf.ok_or(missing("dtmf", "dtmf"))?;
            Ok(StreamMessage::Dtmf { digit: digit(&dtmf.digit)? })
        }
        "connected" => Ok(StreamMessage::Connected),
        "start" => {
            let Object(start) = message.start.ok_or(missing("start", "start"))?;
            Ok(StreamMessage::Start(start.into()))
        }
        "stop" => Ok(StreamMessage::Stop),
        _ => Ok(StreamMessage::Unknown { event: message.event }),
    }
}

fn media(message: wire::Message<'_>) -> Result<StreamMessage<'_>, MalformedMessage> {
    let Object(media) = message.media.ok_or(missing("media", "media"))?;
    Ok(StreamMessage::Media(Media {
        timestamp_ms: media.timestamp.0,
        payload: media.payload,
        track: if media.track == "inbound" { Track::Inbound } else { Track::Other },
    }))
}

impl From<wire::Start> for Start {
    fn from(start: wire::Start) -> Self {
        let Object(format) = start.media_format;
        Self {
            stream_sid: start.stream_sid,
            call_sid: start.call_sid,
            encoding: format.encoding,
            sample_rate: format.sample_rate,
            channels: format.channels,
            custom_parameters: start.custom_parameters,
        }
    }
}

fn digit(text: &str) -> Result<char, MalformedMessage> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(digit @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Ok(digit),
        _ => Err(MalformedMessage::NoSuchDigit),
    }
}

fn missing(event: &'static str, field: &'static str) -> MalformedMessage {
    MalformedMessage::Missing { event, field }
}
