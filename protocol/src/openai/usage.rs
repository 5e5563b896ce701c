//! What a call costs at OpenAI: tokens of responses, minutes of transcription, and an estimate in whole
//! millionths of a US dollar (OPS-3). Prices as published between August and October 2026.

use std::ops::AddAssign;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Tokens of one response, or of several added up. Wire fact: `response.done`, `usage`. The whole
/// history is input to every response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input text tokens, cached or not.
    pub text_in: u64,
    /// Of [`Self::text_in`], those from the cache.
    pub text_cached: u64,
    /// Input audio tokens, cached or not.
    pub audio_in: u64,
    /// Of [`Self::audio_in`], those from the cache.
    pub audio_cached: u64,
    /// Output text tokens, tool arguments included.
    pub text_out: u64,
    /// Output audio tokens, whether played to the caller or not.
    pub audio_out: u64,
}

/// Prices of a model in billionths of a dollar per token: the published dollars per million tokens
/// times 1,000.
struct Prices {
    text_in: u64,
    text_cached: u64,
    text_out: u64,
    audio_in: u64,
    audio_cached: u64,
    audio_out: u64,
}

const FULL_2: Prices = Prices { text_out: 24_000, ..FULL };

const FULL: Prices = Prices {
    text_in: 4_000,
    text_cached: 400,
    text_out: 16_000,
    audio_in: 32_000,
    audio_cached: 400,
    audio_out: 64_000,
};

const MINI: Prices = Prices {
    text_in: 600,
    text_cached: 60,
    text_out: 2_400,
    audio_in: 10_000,
    audio_cached: 300,
    audio_out: 20_000,
};

/// A model without audio.
const TEXT_ONLY: Prices =
    Prices { text_in: 0, text_cached: 0, text_out: 0, audio_in: 0, audio_cached: 0, audio_out: 0 };

const LUNA: Prices = Prices { text_in: 100, text_cached: 10, text_out: 500, ..TEXT_ONLY };
const TERRA: Prices = Prices { text_in: 1_000, text_cached: 50, text_out: 5_000, ..TEXT_ONLY };
const SOL: Prices = Prices { text_in: 2_000, text_cached: 200, text_out: 10_000, ..TEXT_ONLY };
const SOL_1: Prices = Prices { text_cached: 100, ..SOL };

/// The Realtime models whose prices are known.
pub const VOICE_MODELS: [&str; 6] = [
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
    "gpt-realtime-2",
    "gpt-realtime-1.5",
    "gpt-realtime",
    "gpt-realtime-mini",
];

/// The text models whose prices are known. All of them reason.
pub const TEXT_MODELS: [&str; 4] = ["gpt-6-luna", "gpt-6-sol", "gpt-6.1-sol", "gpt-6.1-terra"];

/// The transcription models that are known.
pub const TRANSCRIPTION_MODELS: [&str; 7] = [
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
    "gpt-4o-transcribe",
    "gpt-4o-transcribe-diarize",
    "gpt-4o-mini-transcribe",
    "whisper-1",
];

/// Whether a model, or a dated snapshot of it, is among the known ones.
pub(crate) fn is_among(known: &[&str], model: &str) -> bool {
    known.contains(&undated(model))
}

/// The known model that `model` is, or is a dated snapshot of.
#[must_use]
pub fn known_model(known: &[&'static str], model: &str) -> Option<&'static str> {
    known.iter().copied().find(|name| *name == undated(model))
}

/// The price of `usage` with `model` in millionths of a US dollar, rounded to the nearest. `None` if the
/// model's prices are not known. A dated snapshot has its model's prices.
#[must_use]
pub fn cost_micro_usd(usage: &Usage, model: &str) -> Option<u64> {
    let prices = match undated(model) {
        "gpt-realtime-2.1" | "gpt-realtime-2" => FULL_2,
        "gpt-realtime-1.5" | "gpt-realtime" => FULL,
        "gpt-realtime-2.1-mini" | "gpt-realtime-mini" => MINI,
        "gpt-6-luna" => LUNA,
        "gpt-6-sol" => SOL,
        "gpt-6.1-sol" => SOL_1,
        "gpt-6.1-terra" => TERRA,
        _ => return None,
    };
    let nano_usd = [
        (usage.text_in.saturating_sub(usage.text_cached), prices.text_in),
        (usage.text_cached, prices.text_cached),
        (usage.text_out, prices.text_out),
        (usage.audio_in.saturating_sub(usage.audio_cached), prices.audio_in),
        (usage.audio_cached, prices.audio_cached),
        (usage.audio_out, prices.audio_out),
    ]
    .into_iter()
    .fold(0_u64, |sum, (tokens, price)| sum.saturating_add(tokens.saturating_mul(price)));
    Some(to_nearest(nano_usd, 1_000))
}

/// The price of transcribing audio of this length with `model`, in millionths of a US dollar.
/// Transcription is priced by the minute. `None` if the model's price is not known, unless the length is
/// zero.
#[must_use]
pub fn transcription_cost_micro_usd(length: Duration, model: &str) -> Option<u64> {
    if length.is_zero() {
        return Some(0);
    }
    let micro_usd_per_minute: u64 = match undated(model) {
        "gpt-4o-transcribe" | "whisper-1" => 6_000,
        "gpt-4o-mini-transcribe" => 3_000,
        "gpt-transcribe" => 4_500,
        "gpt-realtime-whisper" | "gpt-live-transcribe" => 17_000,
        _ => return None,
    };
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Some(to_nearest(millis.saturating_mul(micro_usd_per_minute), 60_000))
}

impl Usage {
    /// Reads the `usage` of a `response.done`; what is missing is 0.
    pub(super) fn from_value(usage: &Value) -> Self {
        let tokens = |kind: &str, modality: &str| usage[kind][modality].as_u64().unwrap_or(0);
        let cached = &usage["input_token_details"]["cached_tokens_details"];
        Self {
            text_in: tokens("input_token_details", "text_tokens"),
            text_cached: cached["text_tokens"].as_u64().unwrap_or(0),
            audio_in: tokens("input_token_details", "audio_tokens"),
            audio_cached: cached["audio_tokens"].as_u64().unwrap_or(0),
            text_out: tokens("output_token_details", "text_tokens"),
            audio_out: tokens("output_token_details", "audio_tokens"),
        }
    }
}

impl Usage {
    /// Reads the `usage` of a response of the Responses API; what is missing is 0. Reasoning is part of
    /// the output.
    pub(super) fn of_text(usage: &Value) -> Self {
        let tokens = |value: &Value| value.as_u64().unwrap_or(0);
        Self {
            text_in: tokens(&usage["input_tokens"]),
            text_cached: tokens(&usage["input_tokens_details"]["cached_tokens"]),
            text_out: tokens(&usage["output_tokens"]),
            ..Self::default()
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.text_in, other.text_in);
        add(&mut self.text_cached, other.text_cached);
        add(&mut self.audio_in, other.audio_in);
        add(&mut self.audio_cached, other.audio_cached);
        add(&mut self.text_out, other.text_out);
        add(&mut self.audio_out, other.audio_out);
    }
}

/// The length of the audio that a transcription is billed for: the `usage` of
/// `conversation.item.input_audio_transcription.completed`. `None` for an unknown kind of usage.
pub(super) fn billed_length(usage: &Value) -> Option<Duration> {
    let millis = match usage["type"].as_str()? {
        // An audio token is 100 ms.
        "tokens" => {
            let tokens = usage["input_token_details"]["audio_tokens"].as_u64().unwrap_or(0);
            tokens.saturating_mul(100)
        }
        // Whisper. The cast saturates: a negative or absurd number never wraps.
        "duration" => (usage["seconds"].as_f64()? * 1_000.0).round() as u64,
        _ => return None,
    };
    Some(Duration::from_millis(millis))
}

/// `model` without the date of a snapshot (`-2025-08-28`). Models are compared by the whole name:
/// `gpt-realtime-2025-08-28` is not `gpt-realtime-2`.
fn undated(model: &str) -> &str {
    const DATE: &str = "-0000-00-00";
    let Some((name, date)) =
        model.len().checked_sub(DATE.len()).and_then(|at| model.split_at_checked(at))
    else {
        return model;
    };
    let is_date = date
        .bytes()
        .zip(DATE.bytes())
        .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form });
    if is_date { name } else { model }
}

fn to_nearest(amount: u64, unit: u64) -> u64 {
    amount.saturating_add(unit / 2) / unit
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ops_12_the_known_models_are_those_with_a_price() {
        let usage = documented();
        for known in [&VOICE_MODELS[..], &TEXT_MODELS[..]] {
            for model in known {
                assert!(cost_micro_usd(&usage, model).is_some(), "{model}");
                assert!(is_among(known, &format!("{model}-2026-01-31")), "{model}");
            }
        }
        for unknown in ["gpt-9", "gpt-realtime-3", "", "GPT-REALTIME-2.1"] {
            assert!(!is_among(&VOICE_MODELS, unknown), "{unknown}");
        }
    }

    /// The example of the documentation.
    fn documented() -> Usage {
        Usage::from_value(&json!({
            "total_tokens": 410, "input_tokens": 300, "output_tokens": 110,
            "input_token_details": {"text_tokens": 180, "audio_tokens": 120, "image_tokens": 0,
                "cached_tokens": 192,
                "cached_tokens_details": {"text_tokens": 128, "audio_tokens": 64, "image_tokens": 0}},
            "output_token_details": {"text_tokens": 24, "audio_tokens": 86},
        }))
    }

    #[test]
    fn ops_3_usage_of_several_responses_adds_up() {
        let mut sum = documented();
        sum += documented();
        sum += Usage::from_value(&Value::Null);
        assert_eq!(
            sum,
            Usage {
                text_in: 360,
                text_cached: 256,
                audio_in: 240,
                audio_cached: 128,
                text_out: 48,
                audio_out: 172,
            }
        );
    }

    #[test]
    fn ops_3_the_cost_counts_cached_tokens_once_and_at_their_own_price() {
        // 52 × 4.00 + 128 × 0.40 + 56 × 32.00 + 64 × 0.40 + 24 × 24.00 + 86 × 64.00 = 8156.8
        assert_eq!(cost_micro_usd(&documented(), "gpt-realtime-2.1"), Some(8_157));
        // The same with text out at 16.00.
        assert_eq!(cost_micro_usd(&documented(), "gpt-realtime"), Some(7_965));
        // 52 × 0.60 + 128 × 0.06 + 56 × 10.00 + 64 × 0.30 + 24 × 2.40 + 86 × 20.00 = 2395.68
        assert_eq!(cost_micro_usd(&documented(), "gpt-realtime-2.1-mini"), Some(2_396));
    }

    #[test]
    fn ops_3_a_dated_snapshot_costs_what_its_model_costs_and_is_not_taken_for_another() {
        let usage = documented();
        let cost = |model| cost_micro_usd(&usage, model);
        assert_eq!(cost("gpt-realtime-2025-08-28"), cost("gpt-realtime"));
        assert_ne!(cost("gpt-realtime-2025-08-28"), cost("gpt-realtime-2"));
        assert_eq!(cost("gpt-realtime-mini-2025-12-15"), cost("gpt-realtime-mini"));
        for unknown in
            ["", "gpt-realtime-3", "gpt-realtime-2-preview", "-2025-08-28", "ג2025-08-28"]
        {
            assert_eq!(cost(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn ops_3_an_absurd_usage_saturates_instead_of_wrapping() {
        let mut usage = Usage { audio_in: u64::MAX, audio_out: u64::MAX, ..Usage::default() };
        usage += usage;
        assert_eq!(cost_micro_usd(&usage, "gpt-realtime"), Some(u64::MAX / 1_000));
        let more_cached_than_read = Usage { text_cached: 1_000, ..Usage::default() };
        assert_eq!(cost_micro_usd(&more_cached_than_read, "gpt-realtime"), Some(400));
    }

    #[test]
    fn ops_3_transcription_is_billed_by_the_minute_however_it_is_reported() {
        let tokens = billed_length(&json!({"type": "tokens", "input_tokens": 600,
            "input_token_details": {"audio_tokens": 600, "text_tokens": 0}, "output_tokens": 12}))
        .unwrap();
        assert_eq!(tokens, Duration::from_secs(60));
        assert_eq!(transcription_cost_micro_usd(tokens, "gpt-4o-mini-transcribe"), Some(3_000));

        let whisper = billed_length(&json!({"type": "duration", "seconds": 30.0})).unwrap();
        assert_eq!(whisper, Duration::from_secs(30));
        assert_eq!(transcription_cost_micro_usd(whisper, "whisper-1"), Some(3_000));

        assert_eq!(transcription_cost_micro_usd(whisper, "parrot"), None);
        assert_eq!(transcription_cost_micro_usd(Duration::ZERO, "parrot"), Some(0));
        assert_eq!(billed_length(&json!({"type": "words"})), None);
    }
}
