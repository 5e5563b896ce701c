//! Who speaks: espeak-ng where it is installed, else the built-in synthesiser.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::mark::{Mark, TEXT_BYTES, crc32, text_offset};
use super::{FRAME_BYTES, Utterance, built_in, espeak, mulaw};

/// A speaker. Clones share one cache of what was said.
#[derive(Debug, Clone)]
pub struct Voice {
    synthesiser: Synthesiser,
    /// Sounds by language and text, before any words are put into their low bits.
    said: Arc<Mutex<HashMap<(String, String), Bytes>>>,
}

#[derive(Debug, Clone, Copy)]
enum Synthesiser {
    BuiltIn,
    Espeak,
}

impl Voice {
    /// espeak-ng's voice if that program runs here, else the built-in one. Starts a process:
    /// call it once, at the start.
    #[must_use]
    pub fn detect() -> Self {
        if espeak::is_installed() { Self::of(Synthesiser::Espeak) } else { Self::built_in() }
    }

    /// Whether it is the built-in one, which nobody would understand by ear.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        match self.synthesiser {
            Synthesiser::BuiltIn => true,
            Synthesiser::Espeak => false,
        }
    }

    /// The built-in voice: the same everywhere, and quick.
    #[must_use]
    pub fn built_in() -> Self {
        Self::of(Synthesiser::BuiltIn)
    }

    /// Says a text once. `language` is an ISO 639-1 code such as `he`; the built-in voice sounds
    /// the same in all. Empty text gives no frames; of a text over [`LONGEST_TEXT`] bytes the
    /// rest is left out.
    ///
    /// With espeak-ng's voice a text never said before starts a process and waits for it: in
    /// async code call [`Voice::prepare`] first.
    #[must_use]
    pub fn speak(&self, text: &str, language: &str) -> Utterance {
        let text = shortened(text);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Two processes count alike, but they seldom say the same at the same count.
        let id = crc32(text.bytes()).wrapping_add(count.wrapping_mul(0x9E37_79B1));
        let sound = if text.is_empty() { Bytes::new() } else { self.sound(text, language) };
        let ulaw = with_words(&sound, text, id);
        Utterance { id, text: text.to_owned(), ulaw: ulaw.into() }
    }

    /// Makes the sound of a text without holding up the async threads, so that [`Voice::speak`]
    /// finds it ready.
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
        Self { synthesiser, said: Arc::default() }
    }

    fn sound(&self, text: &str, language: &str) -> Bytes {
        let key = (language.to_owned(), text.to_owned());
        let said = || self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sound) = said().get(&key) {
            return sound.clone();
        }
        let samples = match self.synthesiser {
            Synthesiser::BuiltIn => built_in::synthesise(text),
            Synthesiser::Espeak => {
                espeak::synthesise(text, language).unwrap_or_else(|_| built_in::synthesise(text))
            }
        };
        let sound: Bytes = samples.into_iter().map(mulaw::encode).collect();
        let mut cache = said();
        if cache.len() >= LONGEST_CACHE {
            cache.clear();
        }
        cache.insert(key, sound.clone());
        sound
    }
}

/// The longest text one utterance carries, in bytes of UTF-8.
pub const LONGEST_TEXT: usize = 8000;

/// Sounds kept; when there are more, all are forgotten and made again as needed.
const LONGEST_CACHE: usize = 256;

/// Utterances of this process, whoever spoke them.
static COUNT: AtomicU32 = AtomicU32::new(1);

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

/// The sound in whole frames, as many as the text needs at least, with the words written in.
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
