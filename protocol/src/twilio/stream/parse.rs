//! From a text frame to a [`StreamMessage`].

use super::{MAX_MESSAGE_BYTES, MalformedMessage, Media, Start, StreamMessage, Track, wire};

/// Parses one text frame. A `media` message without JSON escapes is parsed without allocating.
///
/// # Errors
/// [`MalformedMessage`]: the frame is dropped and the stream goes on.
pub fn parse(text: &str) -> Result<StreamMessage<'_>, MalformedMessage> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(MalformedMessage::TooLong { bytes: text.len() });
    }
    let message: wire::Message<'_> = serde_json::from_str(text)?;
    match &*message.event {
        "media" => media(message),
        "mark" => {
            let mark = message.mark.ok_or(missing("mark", "mark"))?;
            Ok(StreamMessage::Mark { name: mark.name })
        }
        "dtmf" => {
            let dtmf = message.dtmf.ok_or(missing("dtmf", "dtmf"))?;
            Ok(StreamMessage::Dtmf { digit: digit(&dtmf.digit)? })
        }
        "connected" => Ok(StreamMessage::Connected),
        "start" => {
            let start = message.start.ok_or(missing("start", "start"))?;
            Ok(StreamMessage::Start(start.into()))
        }
        "stop" => Ok(StreamMessage::Stop),
        _ => Ok(StreamMessage::Unknown { event: message.event }),
    }
}

fn media(message: wire::Message<'_>) -> Result<StreamMessage<'_>, MalformedMessage> {
    let media = message.media.ok_or(missing("media", "media"))?;
    Ok(StreamMessage::Media(Media {
        timestamp_ms: media.timestamp.0,
        payload: media.payload,
        track: if media.track == "inbound" { Track::Inbound } else { Track::Other },
    }))
}

impl From<wire::Start> for Start {
    fn from(start: wire::Start) -> Self {
        Self {
            stream_sid: start.stream_sid,
            call_sid: start.call_sid,
            encoding: start.media_format.encoding,
            sample_rate: start.media_format.sample_rate,
            channels: start.media_format.channels,
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
