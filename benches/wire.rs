//! The two messages that a call consists of, as the providers send them: a frame of the caller's
//! and a piece of the agent's. `hot_path` measures what becomes of them.

use protocol::audio::payload::Payload;

/// µ-law bytes in 20 ms.
const FRAME_BYTES: usize = 160;

/// A frame of 20 ms as Twilio sends it.
#[must_use]
pub fn twilio_media(stream: &str) -> String {
    let payload = speech(FRAME_BYTES);
    format!(
        r#"{{"event":"media","sequenceNumber":"4","streamSid":"{stream}","media":{{"track":"inbound","chunk":"2","timestamp":"175","payload":"{}"}}}}"#,
        payload.as_str()
    )
}

/// Half a second of the agent's audio as OpenAI sends it.
#[must_use]
pub fn openai_delta() -> String {
    let payload = speech(25 * FRAME_BYTES);
    format!(
        r#"{{"type":"response.output_audio.delta","event_id":"event_CFhxw4PnXfFGKFBBtz8aV","response_id":"resp_CFhxwVbk4pGv1uH7xV7oT","item_id":"item_CFhxwAcXt5QK9vVgNtwgm","output_index":0,"content_index":0,"delta":"{}","obfuscation":"k3J0a"}}"#,
        payload.as_str()
    )
}

/// µ-law that runs through all its codes: neither silence nor anything a compressor would like.
fn speech(bytes: usize) -> Payload {
    let ulaw: Vec<u8> = (0_u8..=255).cycle().take(bytes).collect();
    Payload::encode(&ulaw)
}
