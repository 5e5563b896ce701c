//! What CallActor, the journal and a process that takes the call up share of a call's snapshot (RES-4).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entities::calls::CallLease;
use jiff::{SignedDuration, Timestamp};
use protocol::call::snapshot::CallSnapshot;
use protocol::call::{AtTwilio, CallSetup};

/// How many resumes a call may have within one period (CALL-1).
const MAX_RESUMES: usize = 5;
const RESUME_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// The times at which Twilio asked to resume a call.
pub(crate) type Resumes = Vec<Timestamp>;

/// What a call goes on from.
#[derive(Debug)]
pub struct StoredCall {
    pub(crate) setup: CallSetup,
    pub(crate) snapshot: CallSnapshot,
    pub(crate) resumes: Resumes,
    pub(crate) at_twilio: AtTwilio,
    /// Under which this node has it.
    pub(crate) lease: CallLease,
}

/// The newest snapshot of a call that is in the database, or waits for it on disk. Clones are the same
/// call's.
#[derive(Clone, Default)]
pub(crate) struct Saved(Arc<Shared>);

#[derive(Default)]
struct Shared {
    newest: AtomicU64,
    /// Wakes who waits for one.
    waiting: Mutex<Option<Wake>>,
}

type Wake = Box<dyn Fn() + Send>;

impl Saved {
    /// The journal has kept the snapshot with this number.
    pub(crate) fn kept(&self, number: u64) {
        self.0.newest.fetch_max(number, Ordering::SeqCst);
        if let Some(wake) = self.waiting().take() {
            wake();
        }
    }

    pub(crate) fn newest(&self) -> u64 {
        self.0.newest.load(Ordering::SeqCst)
    }

    /// Calls `wake` when the next one is kept.
    pub(crate) fn wake(&self, wake: impl Fn() + Send + 'static) {
        *self.waiting() = Some(Box::new(wake));
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Wake>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call may resume at `now`: at most 5 times within 60 s. Counts this time, and forgets what counts
/// no longer.
pub(crate) fn may_resume(resumes: &mut Resumes, now: Timestamp) -> bool {
    let since = now.checked_sub(RESUME_PERIOD).unwrap_or(Timestamp::MIN);
    resumes.retain(|at| *at > since);
    if resumes.len() >= MAX_RESUMES {
        return false;
    }
    resumes.push(now);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_1_a_call_may_resume_five_times_within_a_minute() {
        let start: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let at = |secs| start + SignedDuration::from_secs(secs);
        let mut resumes = Vec::new();
        for secs in 0..5 {
            assert!(may_resume(&mut resumes, at(secs)));
        }
        assert!(!may_resume(&mut resumes, at(59)), "a refusal does not count");
        assert!(may_resume(&mut resumes, at(60)));
        assert!(!may_resume(&mut resumes, at(60)));
        assert!(may_resume(&mut resumes, at(61)));
    }
}
