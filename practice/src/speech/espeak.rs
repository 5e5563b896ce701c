//! espeak-ng as a child process: text on its standard input, a WAV stream on its standard output,
//! converted for a telephone.

use std::f64::consts::PI;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::frame::{FRAME_BYTES, SAMPLE_RATE};

/// Whether the program can be started.
pub(super) fn is_installed() -> bool {
    Command::new(PROGRAM)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The text as 16-bit linear samples at 8 kHz, levelled. Blocks until the program ends.
///
/// # Errors
/// The program can't be run, doesn't know the language, or gives no audio.
pub(super) fn synthesise(text: &str, language: &str) -> io::Result<Vec<i16>> {
    let mut child = Command::new(PROGRAM)
        .args(["--stdin", "--stdout", "-b", "1", "-s", "165", "-v", language])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let wav = Wav::parse(&output.stdout).ok_or(io::ErrorKind::InvalidData)?;
    let samples = levelled(&resampled(&wav.samples, wav.rate));
    if samples.is_empty() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(samples) }
}

const PROGRAM: &str = "espeak-ng";
/// The loudness that frames are levelled towards, in 16-bit linear units.
const TARGET_RMS: f64 = 2600.0;
/// The largest amplification of a quiet frame.
const LARGEST_GAIN: f64 = 8.0;
/// A frame below this loudness is a pause.
const QUIET_RMS: f64 = 500.0;
/// Frames kept of a pause.
const LONGEST_PAUSE: usize = 2;

/// A mono 16-bit WAV stream. Its length fields are ignored: a program that writes to a pipe doesn't
/// know them.
struct Wav {
    rate: u32,
    samples: Vec<i16>,
}

impl Wav {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, data) = bytes.split_at_checked(44)?;
        if !header.starts_with(b"RIFF") || header.get(22..24)? != [1, 0] {
            return None;
        }
        let rate = u32::from_le_bytes(header.get(24..28)?.try_into().ok()?);
        let samples =
            data.as_chunks::<2>().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect();
        (rate >= SAMPLE_RATE).then_some(Self { rate, samples })
    }
}

/// Resamples to 8 kHz with a windowed-sinc low pass, which prevents aliasing.
fn resampled(samples: &[i16], rate: u32) -> Vec<i16> {
    let step = f64::from(rate) / f64::from(SAMPLE_RATE);
    let reach = (16.0 * step).ceil() as i64;
    let count = (samples.len() as f64 / step) as usize;
    (0..count)
        .map(|n| {
            let centre = n as f64 * step;
            let middle = centre.round() as i64;
            let (mut sum, mut weights) = (0.0, 0.0);
            for at in (middle - reach).max(0)..(middle + reach).min(samples.len() as i64) {
                let x = (at as f64 - centre) / step;
                let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
                let weight = sinc * (0.5 + 0.5 * (PI * x / 17.0).cos());
                sum += weight * f64::from(samples[at as usize]);
                weights += weight;
            }
            (sum / weights) as i16
        })
        .collect()
}

/// Levels every frame to the loudness of speech. Removes leading and trailing silence, and shortens
/// pauses to [`LONGEST_PAUSE`] frames.
fn levelled(samples: &[i16]) -> Vec<i16> {
    let mut frames: Vec<(Vec<i16>, bool)> = samples.chunks(FRAME_BYTES).map(amplified).collect();
    while frames.last().is_some_and(|(_, loud)| !loud) {
        frames.pop();
    }
    let mut out = Vec::with_capacity(samples.len());
    let mut pause = LONGEST_PAUSE;
    for (frame, loud) in frames {
        pause = if loud { 0 } else { pause + 1 };
        if pause <= LONGEST_PAUSE {
            out.extend(frame);
        }
    }
    out
}

/// One levelled frame, and whether it counts as speech.
fn amplified(frame: &[i16]) -> (Vec<i16>, bool) {
    let power: f64 = frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / frame.len() as f64;
    let gain = (TARGET_RMS / power.sqrt().max(1.0)).clamp(0.1, LARGEST_GAIN);
    let louder = frame.iter().map(|&s| (f64::from(s) * gain).clamp(-32_000.0, 32_000.0) as i16);
    (louder.collect(), power.sqrt() * gain > QUIET_RMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, level: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| (level * (2.0 * PI * hertz * n as f64 / f64::from(rate)).sin()) as i16)
            .collect()
    }

    fn rms(samples: &[i16]) -> f64 {
        (samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn a_tone_of_speech_passes_the_resampling_and_one_above_4_khz_does_not() {
        let low = resampled(&tone(22_050, 1000.0, 10_000.0, 22_050), 22_050);
        let high = resampled(&tone(22_050, 6000.0, 10_000.0, 22_050), 22_050);
        assert!((7990..=8000).contains(&low.len()), "{}", low.len());
        assert!(rms(&low) > 6500.0, "{}", rms(&low));
        assert!(rms(&high) < 300.0, "{}", rms(&high));
    }

    #[test]
    fn levelling_lifts_quiet_speech_and_takes_silence_and_long_pauses_out() {
        let mut samples = vec![0; 1600];
        samples.extend(tone(8000, 300.0, 600.0, 1600));
        samples.extend(vec![0; 1600]);
        samples.extend(tone(8000, 300.0, 20_000.0, 1600));
        samples.extend(vec![0; 1600]);
        let levelled = levelled(&samples);
        assert_eq!(levelled.len(), 1600 + 2 * FRAME_BYTES + 1600);
        assert!((rms(&levelled[..1600]) - TARGET_RMS).abs() < 60.0);
        assert!((rms(&levelled[1600 + 2 * FRAME_BYTES..]) - TARGET_RMS).abs() < 60.0);
    }

    #[test]
    fn what_is_no_mono_wav_is_refused() {
        assert!(Wav::parse(b"RIFF").is_none());
        assert!(Wav::parse(&[0; 100]).is_none());
    }
}
