//! The options of a server.

use crate::openai::behaviour::Behaviour;
use crate::openai::brain::Brain;
use crate::speech::Voice;

#[derive(Debug, Clone)]
pub struct Options {
    /// The initial behaviour.
    pub behaviour: Behaviour,
    pub brain: Brain,
    pub voice: Voice,
    /// The valid key. `None` accepts any key, but there must be one.
    pub key: Option<String>,
    /// Whether the log keeps appends and audio deltas.
    pub keeps_audio: bool,
    /// Ids, and the sizes of audio chunks, are drawn from it, separately for each session.
    pub seed: u64,
}

impl Default for Options {
    /// A receptionist with the built-in voice. Any key is valid.
    fn default() -> Self {
        Self {
            behaviour: Behaviour::default(),
            brain: Brain::default(),
            voice: Voice::built_in(),
            key: None,
            keeps_audio: false,
            seed: 0,
        }
    }
}
