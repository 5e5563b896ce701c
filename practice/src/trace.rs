//! Trace points: what the simulated providers receive and send.
//!
//! A simulation listens to them. While nobody listens, they format and allocate nothing.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The target of all trace points, the daemon's too. They are at level TRACE.
pub const TARGET: &str = "frontdesk::trace";

/// Longer texts are cut to this many bytes.
const LONGEST_TEXT: usize = 400;

/// A trace point. `call` is the call's SID, or empty.
pub(crate) fn point(call: &str, source: &'static str, number: u64, what: fmt::Arguments<'_>) {
    let (actor, generation) = (source, number);
    tracing::trace!(target: TARGET, call, actor, generation, may_panic = false, "{what}");
}

/// The length and the checksum of audio.
pub(crate) struct Audio<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Audio<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes {:08x}", self.0.len(), checksum(self.0))
    }
}

/// An event of the Realtime API in JSON. Of audio the length and the checksum.
pub(crate) struct Event<'a>(pub(crate) &'a str);

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What has no audio is shown as it is, also if it can't be read.
        let event = serde_json::from_str::<WithAudio>(self.0).unwrap_or_default();
        let audio = match &*event.kind {
            "input_audio_buffer.append" => event.audio,
            "response.output_audio.delta" => event.delta,
            _ => None,
        };
        match audio.map(|audio| STANDARD.decode(&*audio)) {
            Some(Ok(audio)) => write!(f, "{} {}", event.kind, Audio(&audio)),
            Some(Err(_)) | None => text(self.0, f),
        }
    }
}

/// What an event with audio has.
#[derive(Default, Deserialize)]
struct WithAudio<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    audio: Option<Cow<'a, str>>,
    #[serde(borrow)]
    delta: Option<Cow<'a, str>>,
}

/// Of a long text the beginning, the length and the checksum.
fn text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if text.len() <= LONGEST_TEXT {
        return write!(f, "{}", text.escape_debug());
    }
    let beginning = &text[..text.floor_char_boundary(LONGEST_TEXT)];
    let (length, sum) = (text.len(), checksum(text.as_bytes()));
    write!(f, "{}… {length} bytes {sum:08x}", beginning.escape_debug())
}

/// FNV-1a, as the daemon computes it.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
