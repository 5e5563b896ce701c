//! What the agent was saying when it was silenced.

use std::time::{Duration, Instant};

use protocol::playback::Heard;

use crate::audio::downlink::AgentAudio;

/// What the agent was saying when it was silenced.
pub(in crate::twilio_io) struct CutOff {
    /// The items that were not played to their ends.
    pub(super) heard: Vec<Heard>,
}

/// The agent is silent, and waits to know whether it was interrupted.
pub(super) struct Silenced {
    pub(super) cut_off: CutOff,
    pub(super) took: Duration,
    pub(super) until: Instant,
    /// What goes on if it was not.
    pub(super) rest: Vec<AgentAudio>,
}

impl CutOff {
    pub(in crate::twilio_io) fn items(&self) -> usize {
        self.heard.len()
    }
}
