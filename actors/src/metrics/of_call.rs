//! What a change of a call says: waits, tools, tokens.

use std::sync::Arc;
use std::time::Duration;

use protocol::call::{Body, Call, Entry};
use protocol::openai::usage::{TRANSCRIPTION_MODELS, VOICE_MODELS, known_model};

use super::{Metrics, OTHER};
use crate::clock::Clock;

impl Metrics {
    /// Counts what one event has changed. Each change must come here once.
    pub(crate) fn changed(&self, before: &Call, after: &Call, clock: Clock) {
        self.count_waits(before, after, clock);
        self.count_tools(before, after);
        self.count_usage(before, after);
    }

    fn count_waits(&self, before: &Call, after: &Call, clock: Clock) {
        let (old, new) = (before.latencies(), after.latencies());
        let millis = |wait: Option<u64>| wait.map(Duration::from_millis);
        let micros = |wait: Option<u64>| wait.map(Duration::from_micros);
        let counted = [
            (
                old.greeting_ms != new.greeting_ms,
                millis(new.greeting_ms),
                &self.greeting,
                Some(&self.greeting_course),
            ),
            (
                old.greeting_added_us != new.greeting_added_us,
                micros(new.greeting_added_us),
                &self.greeting_added,
                None,
            ),
            (old.turns != new.turns, millis(new.last_turn_ms), &self.turn, Some(&self.turn_course)),
            (old.barge_ins != new.barge_ins, micros(new.last_barge_in_us), &self.barge_in, None),
        ];
        for (is_new, wait, histogram, course) in counted {
            if let Some(wait) = wait.filter(|_| is_new) {
                histogram.observe(wait);
                if let Some(course) = course {
                    course.observe(clock.wall(), wait);
                }
            }
        }
    }

    fn count_tools(&self, before: &Call, after: &Call) {
        let known = before.entries().next_back().map_or(0, |last| last.number);
        for entry in after.entries().rev().take_while(|entry| entry.number > known) {
            if let Some((tool, took)) = returned(after, entry)
                && let Some(histogram) = self.tools.of(tool)
            {
                histogram.observe(took);
            }
        }
    }

    fn count_usage(&self, before: &Call, after: &Call) {
        if before.usage() != after.usage() {
            let model = &after.setup().settings.agent.model;
            let name = known_model(&VOICE_MODELS, model).unwrap_or(OTHER);
            if let Some(tokens) = self.tokens.of(name) {
                tokens.grew(model, before.usage(), after.usage());
            }
        }
        if before.transcribed() != after.transcribed() {
            let model = after.transcription_model().unwrap_or_default();
            let name = known_model(&TRANSCRIPTION_MODELS, model).unwrap_or(OTHER);
            if let Some(billed) = self.transcribed.of(name) {
                billed.grew(model, before.transcribed(), after.transcribed());
            }
        }
    }
}

/// Which tool returned with this entry, and how long it took.
pub(crate) fn returned<'a>(call: &'a Call, output: &Arc<Entry>) -> Option<(&'a str, Duration)> {
    let Body::ToolOutput { call: answered, .. } = &output.body else { return None };
    call.entries().rev().find_map(|entry| match &entry.body {
        Body::ToolCall { call, name, .. } if call == answered => {
            // The wall clock may be set back.
            let took = Duration::try_from(output.at.duration_since(entry.at)).unwrap_or_default();
            Some((name.as_str(), took))
        }
        Body::ToolCall { .. }
        | Body::ToolOutput { .. }
        | Body::Caller { .. }
        | Body::Digits(_)
        | Body::Agent { .. }
        | Body::Recorded(_)
        | Body::System(_) => None,
    })
}
