//! A barge-in that waits for OpenAI to detect speech (BARGE-5).

use std::time::{Duration, Instant};

use protocol::playback::Heard;

use crate::audio::downlink::AgentAudio;

/// A barge-in that OpenAI has not confirmed as speech yet. The agent is silent meanwhile.
pub(super) struct AwaitedSpeech {
    /// The items that were not played to their end.
    pub(super) interrupted: Vec<Heard>,
    /// From the caller's frame to Twilio's `clear`.
    pub(super) latency: Duration,
    pub(super) until: Instant,
    /// The unheard audio. It is played if there was no speech.
    pub(super) unheard: Vec<AgentAudio>,
}
