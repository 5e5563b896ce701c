//! Whether the caller interrupts the agent: the loudness of the caller's frames in, one decision
//! out. The presets stand in [`crate::business::BargeInSettings`]; what an interruption does is
//! [`crate::call`]'s, and `actors` does it.

use std::time::{Duration, Instant};

/// How long a pause inside speech may be without beginning it anew, in milliseconds.
const LONGEST_GAP_MS: u32 = 60;

/// What it takes to interrupt the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Nothing does.
    Off,
    /// Speech does that meets these.
    On(Thresholds),
}

/// When a sound on the caller's line is an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// How long an answer is heard before it can be interrupted. Speech counts meanwhile.
    pub guard: Duration,
    /// A frame is speech if the root mean square of its 16-bit linear samples is above this.
    pub rms_over: u16,
    /// How much speech it takes.
    pub min_speech: Duration,
    /// How long after one interruption there is no other.
    pub cooldown: Duration,
}

/// What the caller hears of the agent while a frame of the caller's comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Nothing: there is nothing to interrupt.
    Silent,
    /// An answer whose first frame was due to be heard at `since`.
    Audible {
        /// When the guard began.
        since: Instant,
    },
    /// A protected greeting or a closing line: above every preset.
    Protected,
}

/// What follows from a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The agent speaks on.
    Listen,
    /// The caller interrupts the agent.
    Fire,
}

/// Hears the caller's line frame by frame while the agent speaks.
#[derive(Debug, Clone)]
pub struct BargeIn {
    policy: Policy,
    speech: Speech,
    fired: Option<Instant>,
}

impl BargeIn {
    /// Has heard nothing yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, speech: Speech::default(), fired: None }
    }

    /// Whether there is anything to be heard for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        matches!(self.policy, Policy::On(_))
    }

    /// A frame of `frame_ms` came from the caller, with loudness `rms`. Speech is counted only
    /// while it could interrupt something, and anew after it did.
    pub fn frame(&mut self, rms: u16, frame_ms: u32, agent: Agent, now: Instant) -> Decision {
        let (thresholds, since) = match (self.policy, agent) {
            (Policy::On(thresholds), Agent::Audible { since }) => (thresholds, since),
            (Policy::Off, _) | (Policy::On(_), Agent::Silent | Agent::Protected) => {
                self.speech = Speech::default();
                return Decision::Listen;
            }
        };
        if rms <= thresholds.rms_over {
            self.speech.pauses(frame_ms);
            return Decision::Listen;
        }
        self.speech.goes_on(frame_ms);
        let enough = self.speech.length() >= thresholds.min_speech;
        let guarded = now < since + thresholds.guard;
        let cooling = self.fired.is_some_and(|fired| now < fired + thresholds.cooldown);
        if !enough || guarded || cooling {
            return Decision::Listen;
        }
        self.speech = Speech::default();
        self.fired = Some(now);
        Decision::Fire
    }
}

/// The caller's speech as far as it hangs together.
#[derive(Debug, Clone, Default)]
struct Speech {
    /// Loud frames, in milliseconds. Gaps don't count.
    loud_ms: u32,
    /// Quiet frames since the last loud one.
    gap_ms: u32,
}

impl Speech {
    fn goes_on(&mut self, frame_ms: u32) {
        self.loud_ms = self.loud_ms.saturating_add(frame_ms);
        self.gap_ms = 0;
    }

    fn pauses(&mut self, frame_ms: u32) {
        self.gap_ms = self.gap_ms.saturating_add(frame_ms);
        if self.gap_ms > LONGEST_GAP_MS {
            *self = Self::default();
        }
    }

    fn length(&self) -> Duration {
        Duration::from_millis(self.loud_ms.into())
    }
}

#[cfg(test)]
mod tests;
