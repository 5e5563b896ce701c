//! The last lines of a trace, of all and of each call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Lines kept of each call, and of all. The oldest go.
const LINES_KEPT: usize = 60;

/// What messages of audio and of an actor's routine begin with. Of them are most of a trace's lines, and they
/// say little: the file has them, the last lines don't.
const ROUTINE: [&str; 12] = [
    "sends frame",
    "Twilio's frame",
    "to OpenAI: append",
    "receives input_audio_buffer.append",
    "receives media",
    "to Twilio: media",
    "OpenAI's audio",
    "sends response.output_audio.delta",
    "Wake",
    "reports",
    "published",
    "done",
];

/// Calls whose lines are kept. The lines of the oldest call go.
const CALLS_KEPT: usize = 256;

#[derive(Debug, Default)]
pub(super) struct LastLines {
    /// The calls in the order of appearance, from 1.
    places: BTreeMap<String, usize>,
    of_calls: BTreeMap<usize, VecDeque<Arc<str>>>,
    of_all: VecDeque<Arc<str>>,
}

impl LastLines {
    /// The place of a call in the order of appearance. `None` for no call.
    pub(super) fn alias(&mut self, call: &str) -> Option<usize> {
        if call.is_empty() {
            return None;
        }
        if let Some(place) = self.places.get(call) {
            return Some(*place);
        }
        let place = self.places.len() + 1;
        self.places.insert(call.to_owned(), place);
        Some(place)
    }

    /// Keeps the line of a point, unless its message is routine.
    pub(super) fn push(&mut self, call: Option<usize>, message: &str, line: &str) {
        if ROUTINE.iter().any(|routine| message.starts_with(routine)) {
            return;
        }
        let line: Arc<str> = line.into();
        if let Some(place) = call {
            keep(self.of_calls.entry(place).or_default(), Arc::clone(&line));
            if self.of_calls.len() > CALLS_KEPT {
                self.of_calls.pop_first();
            }
        }
        keep(&mut self.of_all, line);
    }

    pub(super) fn of_all(&self) -> Vec<String> {
        self.of_all.iter().map(ToString::to_string).collect()
    }

    pub(super) fn of_call(&self, call: &str) -> Vec<String> {
        let lines = self.places.get(call).and_then(|place| self.of_calls.get(place));
        lines.into_iter().flatten().map(ToString::to_string).collect()
    }
}

fn keep(lines: &mut VecDeque<Arc<str>>, line: Arc<str>) {
    if lines.len() == LINES_KEPT {
        lines.pop_front();
    }
    lines.push_back(line);
}
