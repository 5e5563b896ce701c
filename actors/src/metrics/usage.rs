//! What was used of OpenAI's models, and what it costs.

use std::time::Duration;

use protocol::openai::usage::{Usage, cost_micro_usd, transcription_cost_micro_usd};

use super::histogram::Counter;

/// Tokens of one Realtime model. None is counted twice.
#[derive(Debug, Default)]
pub struct Tokens {
    kinds: [Counter; 6],
    /// Millionths of a US dollar.
    pub micro_usd: Counter,
}

/// Audio that one transcription model was billed for.
#[derive(Debug, Default)]
pub struct Transcribed {
    pub millis: Counter,
    /// Millionths of a US dollar.
    pub micro_usd: Counter,
}

impl Tokens {
    /// Each kind, and how many there were.
    #[must_use]
    pub fn kinds(&self) -> [(&'static str, u64); 6] {
        let names = [
            "text_input",
            "text_input_cached",
            "audio_input",
            "audio_input_cached",
            "text_output",
            "audio_output",
        ];
        let counts = self.kinds.each_ref().map(Counter::get);
        std::array::from_fn(|place| (names[place], counts[place]))
    }

    /// A call's usage has grown. Its cost is rounded as in the call's record.
    pub(super) fn grew(&self, model: &str, before: &Usage, after: &Usage) {
        let (before_kinds, after_kinds) = (kinds(before), kinds(after));
        for (place, count) in self.kinds.iter().enumerate() {
            count.add(after_kinds[place].saturating_sub(before_kinds[place]));
        }
        if let Some((after, before)) =
            cost_micro_usd(after, model).zip(cost_micro_usd(before, model))
        {
            self.micro_usd.add(after.saturating_sub(before));
        }
    }
}

impl Transcribed {
    /// What a call was billed for has grown.
    pub(super) fn grew(&self, model: &str, before: Duration, after: Duration) {
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.millis.add(millis(after).saturating_sub(millis(before)));
        let cost = |length| transcription_cost_micro_usd(length, model).unwrap_or(0);
        self.micro_usd.add(cost(after).saturating_sub(cost(before)));
    }
}

/// OpenAI counts cached tokens among the input.
fn kinds(usage: &Usage) -> [u64; 6] {
    [
        usage.text_in.saturating_sub(usage.text_cached),
        usage.text_cached,
        usage.audio_in.saturating_sub(usage.audio_cached),
        usage.audio_cached,
        usage.text_out,
        usage.audio_out,
    ]
}
