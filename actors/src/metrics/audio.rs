//! The frames of the calls that go on, and of those that are over.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use protocol::ids::CallSid;

use crate::audio::loudness::Loudness;
use crate::audio::uplink::Uplink;

/// The caller's frames, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frames {
    pub sent: u64,
    pub blocked: u64,
    pub padded: u64,
    pub unjudged: u64,
}

/// The calls and their audio at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AudioView {
    /// Calls that go on.
    pub calls: usize,
    /// Of all calls so far.
    pub frames: Frames,
    /// Frames that wait for a session.
    pub waiting: usize,
}

/// One lock: a call that ends is counted among the living or the dead, never twice. No frame takes it.
#[derive(Default)]
pub(super) struct Audio {
    live: BTreeMap<CallSid, (Arc<Uplink>, Arc<Loudness>)>,
    past: Frames,
}

impl Audio {
    pub(super) fn begin(&mut self, call: CallSid, uplink: Arc<Uplink>, loudness: Arc<Loudness>) {
        self.live.insert(call, (uplink, loudness));
    }

    /// Returns whether the call went on until now.
    pub(super) fn end(&mut self, call: &CallSid) -> bool {
        let Some((uplink, loudness)) = self.live.remove(call) else { return false };
        self.past += frames(&uplink, &loudness);
        true
    }

    pub(super) fn view(&self) -> AudioView {
        let mut view = AudioView { calls: self.live.len(), frames: self.past, waiting: 0 };
        for (uplink, loudness) in self.live.values() {
            view.frames += frames(uplink, loudness);
            view.waiting += uplink.counters().depth;
        }
        view
    }
}

fn frames(uplink: &Uplink, loudness: &Loudness) -> Frames {
    let counted = uplink.counters();
    Frames {
        sent: counted.sent,
        blocked: counted.blocked,
        padded: counted.padded,
        unjudged: loudness.dropped(),
    }
}

impl AddAssign for Frames {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.blocked += other.blocked;
        self.padded += other.padded;
        self.unjudged += other.unjudged;
    }
}
