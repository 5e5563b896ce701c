//! Speaks texts: with espeak-ng where it is installed, else with the built-in synthesiser.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::frame::FRAME_BYTES;
use super::mark::{Mark, TEXT_BYTES, crc32, text_offset};
use super::utterance::Utterance;
use super::{built_in, espeak, mulaw};

/// A speaker. Clones share a cache and the count of utterances.
#[derive(Debug, Clone)]
pub struct Voice {
    synthesiser: Synthesiser,
    shared: Arc<Shared>,
}

#[derive(Debug, Clone, Copy)]
enum Synthesiser {
    BuiltIn,
    Espeak,
}

#[derive(Debug, Default)]
struct Shared {
    /// Audio by language and text, before words are written into it.
    cache: Mutex<BTreeMap<(String, String), Bytes>>,
    utterances: AtomicU32,
}

impl Voice {
    /// espeak-ng's voice if that program can be started, else the built-in one. Starts a process:
    /// call it once, at start-up.
    #[must_use]
    pub fn detect() -> Self {
        if espeak::is_installed() { Self::of(Synthesiser::Espeak) } else { Self::built_in() }
    }

    /// Whether this is the built-in voice, which nobody would understand by ear.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        match self.synthesiser {
            Synthesiser::BuiltIn => true,
            Synthesiser::Espeak => false,
        }
    }

    /// The built-in voice: fast, and the same on every machine.
    #[must_use]
    pub fn built_in() -> Self {
        Self::of(Synthesiser::BuiltIn)
    }

    /// Speaks a text. `language` is an ISO 639-1 code such as `he`; the built-in voice ignores it.
    /// Empty text gives no frames. A text over [`LONGEST_TEXT`] bytes is shortened.
    ///
    /// With espeak-ng a new text starts a process and blocks until it ends. In async code call
    /// [`Voice::prepare`] first.
    #[must_use]
    pub fn speak(&self, text: &str, language: &str) -> Utterance {
        let text = shortened(text);
        let count = self.shared.utterances.fetch_add(1, Ordering::Relaxed);
        // Two voices count alike, but they seldom say the same at the same count.
        let id = crc32(text.as_bytes()).wrapping_add(count.wrapping_mul(0x9E37_79B1));
        let sound = if text.is_empty() { Bytes::new() } else { self.sound(text, language) };
        let ulaw = with_words(&sound, text, id);
        Utterance::new(id, text, ulaw.into())
    }

    /// Synthesises a text without blocking the async threads, so that [`Voice::speak`] finds it in
    /// the cache.
    pub async fn prepare(&self, text: &str, language: &str) {
        match self.synthesiser {
            Synthesiser::BuiltIn => {}
            Synthesiser::Espeak => {
                let (voice, text, language) =
                    (self.clone(), shortened(text).to_owned(), language.to_owned());
                let made = tokio::task::spawn_blocking(move || voice.sound(&text, &language)).await;
                if let Err(error) = made {
                    tracing::warn!(%error, "the voice could not be prepared");
                }
            }
        }
    }

    fn of(synthesiser: Synthesiser) -> Self {
        Self { synthesiser, shared: Arc::default() }
    }

    fn sound(&self, text: &str, language: &str) -> Bytes {
        let key = (language.to_owned(), text.to_owned());
        let cache = || self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sound) = cache().get(&key) {
            return sound.clone();
        }
        let samples = match self.synthesiser {
            Synthesiser::BuiltIn => built_in::synthesise(text),
            Synthesiser::Espeak => {
                espeak::synthesise(text, language).unwrap_or_else(|_| built_in::synthesise(text))
            }
        };
        let sound: Bytes = samples.into_iter().map(mulaw::encode).collect();
        let mut cache = cache();
        if cache.len() >= LONGEST_CACHE {
            cache.clear();
        }
        cache.insert(key, sound.clone());
        sound
    }
}

/// The longest text of one utterance, in bytes of UTF-8.
pub const LONGEST_TEXT: usize = 8000;

/// Texts in the cache. When it is full, all are dropped.
const LONGEST_CACHE: usize = 256;

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

/// The sound in whole frames with the words written in. Silence is added if the text needs more
/// frames.
fn with_words(sound: &[u8], text: &str, id: u32) -> Vec<u8> {
    if text.is_empty() {
        return Vec::new();
    }
    let needed = text.len().div_ceil(TEXT_BYTES);
    let total = sound.len().div_ceil(FRAME_BYTES).clamp(needed, usize::from(u16::MAX));
    let mut ulaw = sound.to_vec();
    ulaw.resize(total * FRAME_BYTES, 0xFF);
    for (number, frame) in ulaw.chunks_exact_mut(FRAME_BYTES).enumerate() {
        let (number, text_len) = (number as u16, text.len() as u16);
        let from = text_offset(number, text_len);
        let until = text.len().min(from + TEXT_BYTES);
        let mut bytes = [0; TEXT_BYTES];
        bytes[..until - from].copy_from_slice(&text.as_bytes()[from..until]);
        Mark { utterance: id, number, total: total as u16, text_len, text: bytes }.write(frame);
    }
    ulaw
}
