//! Planned failures of a session's link.

use std::time::Duration;

use super::state::{Output, Phase, RealtimeSession};
use crate::openai::behaviour::LinkFault;

impl RealtimeSession {
    /// The link fails behind what was sent so far. Only a stall leaves the session alive.
    pub(crate) fn fail_link(&mut self, fault: LinkFault, now: Duration) {
        let due = (now + self.behaviour.rtt).max(self.last_due);
        self.last_due = due;
        let output = match fault {
            LinkFault::Closed(code) => Output::Close(code, reason(code).to_owned()),
            LinkFault::Dropped | LinkFault::BlackHole | LinkFault::Stalled(_) => {
                Output::Lose(fault)
            }
        };
        self.outputs.push_back((due, output));
        match fault {
            LinkFault::Closed(_) | LinkFault::Dropped | LinkFault::BlackHole => {
                self.phase = Phase::Over;
            }
            LinkFault::Stalled(_) => {}
        }
    }

    pub(super) fn fail_link_if_due(&mut self, now: Duration) {
        if let Some((due, fault)) = self.link_fails.filter(|(due, _)| *due <= now)
            && self.phase != Phase::Over
        {
            self.link_fails = None;
            self.fail_link(fault, due);
        }
    }
}

/// The close frame's reason.
fn reason(code: u16) -> &'static str {
    if code == 1011 { "server_error" } else { "" }
}
