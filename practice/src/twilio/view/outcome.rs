//! What is left of a call when it is over.

use std::time::Duration;

use bytes::Bytes;

use super::{CallView, EndedBy};

/// A call that is over.
#[derive(Debug, Clone)]
pub struct CallOutcome {
    /// Why.
    pub ended_by: EndedBy,
    /// From answer to end, line time; none if it was never answered.
    pub duration: Option<Duration>,
    /// All that was seen of it.
    pub view: CallView,
    /// What both sides heard.
    pub recording: Recording,
}

/// Both directions of a call as µ-law at 8 kHz, from the moment it was dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    /// What the caller said into streams.
    pub caller: Track,
    /// What the caller heard from streams.
    pub agent: Track,
}

/// Pieces of audio with the sample each begins at, in order; silence between them is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track(pub Vec<(u64, Bytes)>);

impl Track {
    /// The whole track, its holes filled with silence.
    #[must_use]
    pub fn ulaw(&self) -> Vec<u8> {
        let mut ulaw = Vec::new();
        for (at, piece) in &self.0 {
            let at = *at as usize;
            if ulaw.len() < at {
                ulaw.resize(at, 0xFF);
            }
            ulaw.truncate(at);
            ulaw.extend_from_slice(piece);
        }
        ulaw
    }
}
