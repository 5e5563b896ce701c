//! A response, its usage and its parts as JSON.

use serde_json::{Value, json};

use crate::openai::session::running::{Running, Usage};
use crate::openai::settings::Format;

impl Running {
    /// The response as in `response.created` and `response.done`, without output and usage.
    pub(super) fn to_json(&self, status: &str, details: Value) -> Value {
        let conversation_id =
            if self.in_conversation { json!("conv_practice") } else { Value::Null };
        let format = match self.asked.format {
            Format::Pcmu => json!({"type": "audio/pcmu"}),
            Format::Pcma => json!({"type": "audio/pcma"}),
            Format::Pcm => json!({"type": "audio/pcm", "rate": 24000}),
        };
        json!({
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": [],
            "conversation_id": conversation_id,
            "output_modalities": [if self.asked.audio { "audio" } else { "text" }],
            "max_output_tokens": self.asked.max_output_tokens,
            "audio": {"output": {"format": format, "voice": self.asked.voice}},
            "usage": null,
            "metadata": self.asked.metadata,
        })
    }
}

impl Usage {
    /// The usage as in `response.done`. Output audio is counted in bytes of µ-law until here.
    pub(super) fn to_json(self) -> Value {
        let output_audio = self.output.1.div_ceil(400);
        let (input, output) = (self.input.0 + self.input.1, self.output.0 + output_audio);
        json!({
            "total_tokens": input + output,
            "input_tokens": input,
            "output_tokens": output,
            "input_token_details": {
                "text_tokens": self.input.0, "audio_tokens": self.input.1, "image_tokens": 0,
                "cached_tokens": self.cached.0 + self.cached.1,
                "cached_tokens_details": {
                    "text_tokens": self.cached.0, "audio_tokens": self.cached.1, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": self.output.0, "audio_tokens": output_audio},
        })
    }
}

/// A content part as in its events.
pub(super) fn content_part(audio: bool, words: &str) -> Value {
    if audio {
        json!({"type": "audio", "transcript": words})
    } else {
        json!({"type": "text", "text": words})
    }
}
