//! What a decoder reports.

use std::fmt;

/// An event of a [`SpeechDecoder`](super::SpeechDecoder). Positions are samples since the first one
/// decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    Started {
        from_sample: u64,
    },
    /// Every frame arrived once, in order and unaltered.
    Utterance {
        text: String,
        from_sample: u64,
        /// The sample after the last one.
        to_sample: u64,
    },
    /// The utterance did not arrive as it was spoken.
    Broken {
        /// The words that arrived complete before the first fault. They are estimated from the
        /// share of frames that arrived.
        text_so_far: String,
        fault: Fault,
        from_sample: u64,
        /// The sample after the last frame that arrived.
        to_sample: u64,
        /// Distinct frames that arrived.
        frames_heard: u16,
        total_frames: u16,
    },
}

/// What is wrong with an utterance. If several faults apply, the first one in this order is
/// reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Fault {
    /// A sample was changed.
    Altered,
    /// A frame arrived twice.
    Doubled,
    /// Frames arrived in another order.
    Swapped,
    /// A frame is missing and later ones arrived.
    Lost,
    /// The utterance ended early and nothing else is wrong, as when a speaker is interrupted.
    #[strum(serialize = "cut off")]
    CutOff,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.into())
    }
}

/// An utterance that is still arriving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialUtterance {
    /// The words that arrived complete.
    pub text: String,
    /// Distinct frames that arrived.
    pub frames_heard: u16,
    pub total_frames: u16,
    pub from_sample: u64,
}
