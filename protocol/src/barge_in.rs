//! Detects that the caller interrupts the agent, by the loudness of the caller's frames. The
//! presets are in [`crate::business::BargeInSettings`]. `actors::twilio_io` acts on it, and
//! [`crate::call`] is told.

mod quiet;

use std::time::{Duration, Instant};

pub use quiet::QuietWatch;

/// Milliseconds of quiet that speech may contain. After a longer gap it counts from 0.
const LONGEST_GAP_MS: u32 = 60;

/// Whether the caller can interrupt the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Never.
    Off,
    /// By speech above these thresholds.
    On(Thresholds),
}

/// When the caller's speech is an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// How long a response is heard before it can be interrupted. Speech counts meanwhile.
    pub guard: Duration,
    /// A frame is speech if the root mean square of its 16-bit linear samples is above this.
    pub rms_over: u16,
    /// How much speech it takes.
    pub min_speech: Duration,
    /// How long after an interruption there is no other.
    pub cooldown: Duration,
}

/// What the caller hears of the agent as a frame of theirs comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentAudibility {
    /// Nothing.
    Silent,
    /// A response.
    Audible {
        /// When its first frame was due to be heard. The guard counts from here.
        since: Instant,
    },
    /// A protected greeting or a last line. It cannot be interrupted, whatever the policy.
    Protected,
}

/// What follows from a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The agent speaks on.
    Continue,
    /// The caller interrupts the agent.
    Interrupt,
}

/// Judges the caller's frames while the agent speaks.
#[derive(Debug, Clone)]
pub struct BargeIn {
    policy: Policy,
    speech: Speech,
    fired: Option<Instant>,
}

impl BargeIn {
    /// No frame came yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, speech: Speech::default(), fired: None }
    }

    /// What the business has chosen.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// A frame came from the caller: `frame_ms` long, with the root mean square `rms` of its 16-bit
    /// linear samples. Speech counts only while the agent can be interrupted, and from 0 after it
    /// was.
    pub fn frame(
        &mut self,
        rms: u16,
        frame_ms: u32,
        agent: AgentAudibility,
        now: Instant,
    ) -> Decision {
        let (thresholds, since) = match (self.policy, agent) {
            (Policy::On(thresholds), AgentAudibility::Audible { since }) => (thresholds, since),
            (Policy::Off, _)
            | (Policy::On(_), AgentAudibility::Silent | AgentAudibility::Protected) => {
                self.speech = Speech::default();
                return Decision::Continue;
            }
        };
        if rms <= thresholds.rms_over {
            self.speech.pauses(frame_ms);
            return Decision::Continue;
        }
        self.speech.goes_on(frame_ms);
        let enough = self.speech.length() >= thresholds.min_speech;
        let guarded = now < since + thresholds.guard;
        let cooling = self.fired.is_some_and(|fired| now < fired + thresholds.cooldown);
        if !enough || guarded || cooling {
            return Decision::Continue;
        }
        self.speech = Speech::default();
        self.fired = Some(now);
        Decision::Interrupt
    }
}

/// The caller's speech since the last long gap.
#[derive(Debug, Clone, Default)]
struct Speech {
    /// Milliseconds of loud frames. Gaps do not count.
    loud_ms: u32,
    /// Milliseconds of quiet frames since the last loud one.
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
