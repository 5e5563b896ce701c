//! A simple synthesiser: a hum whose formants change with every letter.
//!
//! It does not sound like a person. It has the length and loudness of speech, and never pauses for
//! longer than two frames.

use std::f64::consts::TAU;

use super::frame::SAMPLE_RATE;

/// The text as 16-bit linear samples at 8 kHz.
pub(super) fn synthesise(text: &str) -> Vec<i16> {
    let sounds: Vec<Sound> = text.chars().map(Sound::of).collect();
    let total: usize = sounds.iter().map(|sound| sound.samples).sum();
    let stretch = (SHORTEST as f64 / total.max(1) as f64).max(1.0);
    let mut samples = Vec::with_capacity((total as f64 * stretch) as usize + 1);
    let mut oscillator =
        Oscillator { phase: 0.0, at: 0, vowel: sounds.first().map_or(VOWELS[0], |s| s.vowel) };
    let whole = total as f64 * stretch;
    for sound in &sounds {
        oscillator.render(sound, (sound.samples as f64 * stretch) as usize, whole, &mut samples);
    }
    soften_ends(&mut samples);
    samples
}

/// 400 ms in samples: anything shorter does not sound like a word.
const SHORTEST: usize = 3200;
/// The highest harmonic lies at about 2 kHz, inside a telephone's band.
const HARMONICS: usize = 12;
const PITCH_HZ: f64 = 150.0;
const LEVEL: f64 = 5200.0;
/// First and second formant in hertz: a, e, i, o, u and a neutral vowel.
const VOWELS: [(f64, f64); 6] = [
    (700.0, 1150.0),
    (520.0, 1700.0),
    (350.0, 1900.0),
    (500.0, 900.0),
    (380.0, 800.0),
    (500.0, 1350.0),
];

/// One character as sound.
struct Sound {
    samples: usize,
    vowel: (f64, f64),
    level: f64,
}

impl Sound {
    fn of(letter: char) -> Self {
        let vowel = VOWELS[letter as usize % VOWELS.len()];
        let (milliseconds, level) = match letter {
            _ if letter.is_numeric() => (220, 1.0),
            _ if letter.is_alphabetic() => (70, 1.0),
            '.' | '!' | '?' | ',' | ';' | ':' => (100, 0.4),
            _ if letter.is_whitespace() => (40, 0.4),
            _ => (20, 0.5),
        };
        Self { samples: milliseconds * SAMPLE_RATE as usize / 1000, vowel, level }
    }
}

/// The state of the tone between two sounds.
struct Oscillator {
    phase: f64,
    at: usize,
    vowel: (f64, f64),
}

impl Oscillator {
    fn render(&mut self, sound: &Sound, samples: usize, whole: f64, out: &mut Vec<i16>) {
        let (from, until) = (harmonics(self.vowel), harmonics(sound.vowel));
        for n in 0..samples {
            let through = n as f64 / samples as f64;
            let glide = (through * 2.0).min(1.0);
            // The pitch falls slowly over the sentence, with some vibrato.
            let vibrato = (TAU * 1.7 * self.at as f64 / f64::from(SAMPLE_RATE)).sin();
            let pitch = PITCH_HZ * (1.08 - 0.16 * self.at as f64 / whole + 0.05 * vibrato);
            self.phase = (self.phase + pitch / f64::from(SAMPLE_RATE)).fract();
            // The sine of a multiple of the angle follows from those of the two multiples before.
            let (sine, cosine) = (TAU * self.phase).sin_cos();
            let (mut before, mut harmonic, mut tone) = (0.0, sine, 0.0);
            for (a, b) in from.iter().zip(&until) {
                tone += (a + (b - a) * glide) * harmonic;
                (before, harmonic) = (harmonic, 2.0 * cosine * harmonic - before);
            }
            let envelope = sound.level * (0.75 + 0.25 * (TAU * (through - 0.25)).sin());
            out.push((tone * envelope * LEVEL) as i16);
            self.at += 1;
        }
        self.vowel = sound.vowel;
    }
}

/// The level of each harmonic. All vowels have the same power.
fn harmonics((first, second): (f64, f64)) -> [f64; HARMONICS] {
    let mut strength = [0.0; HARMONICS];
    for (k, s) in strength.iter_mut().enumerate() {
        let hertz = PITCH_HZ * (k + 1) as f64;
        let near = |formant: f64, width: f64| (-((hertz - formant) / width).powi(2)).exp();
        *s = 0.25 / (k + 1) as f64 + near(first, 160.0) + 0.5 * near(second, 220.0);
    }
    let power = strength.iter().map(|s| s * s).sum::<f64>().sqrt();
    strength.map(|s| s / power)
}

/// Fades in and out over 10 ms, to avoid clicks.
fn soften_ends(samples: &mut [i16]) {
    let fade = (SAMPLE_RATE as usize / 100).min(samples.len() / 2);
    let last = samples.len().saturating_sub(1);
    for n in 0..fade {
        let factor = n as f64 / fade as f64;
        samples[n] = (f64::from(samples[n]) * factor) as i16;
        samples[last - n] = (f64::from(samples[last - n]) * factor) as i16;
    }
}
