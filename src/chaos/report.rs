//! What a run prints.

use std::time::Duration;

use super::play::SeedRun;

impl SeedRun {
    /// What broke, when, the last events, the story, and how to play it again. `None` if every
    /// invariant held.
    #[must_use]
    pub fn broken_lines(&self) -> Option<String> {
        let Self { replay, story, businesses, played } = self;
        let broken = played.broken.as_ref()?;
        let call = broken.call.map(|call| format!(", call {}", call + 1)).unwrap_or_default();
        let (seed, at) = (story.seed, broken.at.as_secs_f64());
        let mut text = format!("BREAKS  seed {seed}: {} at {at:.3} s{call}\n", broken.invariant);
        text.push_str(&format!("        {}\n", broken.what));
        let mut section = |title: &str, lines: &[String]| {
            text.push_str(&format!("        {title}:\n"));
            for line in lines {
                text.push_str(&format!("          {line}\n"));
            }
        };
        section("the last events", &played.last_events);
        section("the story", &story.lines(businesses));
        text.push_str(&format!("        again: {replay}\n"));
        Some(text)
    }
}

/// Counts the seeds of a run.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    seeds: usize,
    calls: usize,
    broken: Vec<u64>,
    virtual_time: Duration,
}

impl Tally {
    pub fn add(&mut self, run: &SeedRun) {
        self.seeds += 1;
        self.calls += run.story.callers.len();
        self.virtual_time += run.played.took;
        if run.played.broken.is_some() {
            self.broken.push(run.story.seed);
        }
    }

    #[must_use]
    pub fn all_hold(&self) -> bool {
        self.broken.is_empty()
    }

    /// The last line. `took` is real time.
    #[must_use]
    pub fn summary(&self, took: Duration) -> String {
        let Self { seeds, calls, broken, virtual_time } = self;
        let (played, took) = (virtual_time.as_secs_f64(), took.as_secs_f64());
        let size = format!("{calls} calls, {played:.0} s of virtual time in {took:.1} s");
        if broken.is_empty() {
            return format!("all hold: {seeds} seeds, {size}\n");
        }
        let list: Vec<String> = broken.iter().map(ToString::to_string).collect();
        let (count, list) = (list.len(), list.join(", "));
        format!("{count} of {seeds} seeds break an invariant ({list}): {size}\n")
    }
}
