//! What a run prints.

use std::time::Duration;

use super::ended::Endings;
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
    /// Virtual time, or real time if there are real processes.
    played: Duration,
    is_real: bool,
    endings: Endings,
}

impl Tally {
    pub fn add(&mut self, run: &SeedRun) {
        self.seeds += 1;
        self.calls += run.story.callers.len();
        self.played += run.played.took;
        self.is_real |= run.replay.is_real;
        for (reason, count) in &run.played.endings {
            *self.endings.entry(reason.clone()).or_default() += count;
        }
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
        let Self { seeds, calls, broken, played, is_real, endings } = self;
        let (played, took) = (played.as_secs_f64(), took.as_secs_f64());
        let size = if *is_real {
            format!("{calls} calls in {took:.0} s")
        } else {
            format!("{calls} calls, {played:.0} s of virtual time in {took:.1} s")
        };
        let ended: Vec<_> =
            endings.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let ended = format!("ended: {}\n", ended.join(", "));
        if broken.is_empty() {
            return format!("all hold: {seeds} seeds, {size}\n{ended}");
        }
        let list: Vec<String> = broken.iter().map(ToString::to_string).collect();
        let (count, list) = (list.len(), list.join(", "));
        format!("{count} of {seeds} seeds break an invariant ({list}): {size}\n{ended}")
    }
}
