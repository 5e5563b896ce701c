//! Calls that are known to be over and do not run here: they ended, or their terminal status came before
//! their webhook (CALL-11). The database knows it too, but a little later.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use protocol::ids::CallSid;

/// How long a call is remembered.
const KEPT: Duration = Duration::from_secs(3600);
/// How many are remembered. Past it the oldest are forgotten.
const MAX_KEPT: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct OverCalls {
    oldest_first: VecDeque<(Instant, CallSid)>,
    known: BTreeSet<CallSid>,
}

impl OverCalls {
    pub(super) fn add(&mut self, call: CallSid, now: Instant) {
        if self.known.insert(call.clone()) {
            self.oldest_first.push_back((now, call));
        }
        while let Some((since, call)) = self.oldest_first.front()
            && (self.oldest_first.len() > MAX_KEPT || *since + KEPT <= now)
        {
            self.known.remove(call);
            self.oldest_first.pop_front();
        }
    }

    pub(super) fn contains(&self, call: &CallSid) -> bool {
        self.known.contains(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(n: usize) -> CallSid {
        CallSid::parse(&format!("CA{n:032x}")).unwrap()
    }

    #[test]
    fn call_11_calls_that_are_over_are_remembered_for_an_hour_and_in_a_bounded_number() {
        let (mut over, start) = (OverCalls::default(), crate::clock::Clock::start().now());
        over.add(call(0), start);
        over.add(call(1), start + KEPT / 2);
        assert!(over.contains(&call(0)) && !over.contains(&call(2)));
        over.add(call(1), start + KEPT);
        assert!(!over.contains(&call(0)) && over.contains(&call(1)));
        for n in 2..MAX_KEPT + 2 {
            over.add(call(n), start + KEPT);
        }
        assert!(!over.contains(&call(1)) && over.contains(&call(2)));
        assert_eq!((over.known.len(), over.oldest_first.len()), (MAX_KEPT, MAX_KEPT));
    }
}
