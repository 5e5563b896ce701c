//! A call that is over.

use std::time::Duration;

use bytes::Bytes;

use super::call::CallView;
use super::status::EndedBy;

/// A call that is over.
#[derive(Debug, Clone)]
pub struct CallOutcome {
    pub ended_by: EndedBy,
    /// Line time from answer to end; `None` if it was never answered.
    pub duration: Option<Duration>,
    pub view: CallView,
    pub recording: Recording,
}

/// Both directions of a call as µ-law at 8 kHz, since it was dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    /// What the caller sent to streams.
    pub caller: Track,
    /// What the caller heard from streams.
    pub agent: Track,
}

/// Pieces of audio in order, each with its first sample. Silence between pieces is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track(pub Vec<(u64, Bytes)>);

impl Track {
    /// The whole track. Gaps are filled with silence.
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
