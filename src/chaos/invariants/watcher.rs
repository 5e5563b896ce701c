//! Watches the trace while the calls run. Each call has small state machines; the first step that
//! breaks an invariant is reported.
//!
//! It reads the texts of trace points (`watcher/step.rs`). A text that it does not know is no step, so a test
//! plays a call and checks that each kind of step was seen.

mod call;
mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actors::trace::CRASHED;

use super::broken::{Broken, Invariant};
use crate::chaos::story::{Fault, Peer, Story};
use crate::simulate::trace::TracePoint;
use crate::virtual_time::process::Process;
use call::CallWatch;
use step::Step;

pub(in crate::chaos) struct Watcher {
    /// Of each daemon apart.
    calls: BTreeMap<(Process, String), CallWatch>,
    /// Calls whose media socket can stall. What is written to it is traced when it is read.
    stalls: Stalls,
}

enum Stalls {
    All,
    Some(BTreeSet<usize>),
}

impl Watcher {
    pub(in crate::chaos) fn new(story: &Story) -> Self {
        let stalled = |fault: &Fault| {
            if let Fault::MediaSocketStalls { call, .. } | Fault::MediaSocketCut { call } = fault {
                Some(*call)
            } else {
                None
            }
        };
        let of_all = |fault: &Fault| matches!(fault, Fault::Network { to: Peer::Daemon, .. });
        let faults = || story.troubles.iter().map(|trouble| &trouble.what);
        let stalls = if faults().any(of_all) {
            Stalls::All
        } else {
            Stalls::Some(faults().filter_map(stalled).collect())
        };
        Self { calls: BTreeMap::new(), stalls }
    }

    /// Takes the next point. `place` is the call's place in the story.
    pub(in crate::chaos) fn see(
        &mut self,
        point: &TracePoint<'_>,
        place: Option<usize>,
    ) -> Option<Broken> {
        let step = Step::read(point.actor, point.message)?;
        if let Step::Crashed { error } = step
            && !error.contains(CRASHED)
        {
            let what = format!("an actor crashed that nobody killed: {}", point.message);
            return Some(broken(16, point, place, what));
        }
        if point.call.is_empty() {
            return None;
        }
        let can_stall = match &self.stalls {
            Stalls::All => true,
            Stalls::Some(calls) => place.is_none_or(|place| calls.contains(&place)),
        };
        let call = self.calls.entry((point.process, point.call.to_owned())).or_default();
        let (invariant, what) = call.take(point, &step, can_stall).err()?;
        Some(broken(invariant, point, place, what))
    }
}

fn broken(invariant: u8, point: &TracePoint<'_>, call: Option<usize>, what: String) -> Broken {
    let at = Duration::from_millis(point.at_ms);
    Broken { invariant: Invariant(invariant), call, at, what }
}
