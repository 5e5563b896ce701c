//! Work on a call that only one at a time may do, such as going on with it after a restart.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::CallSid;

type Locks = BTreeMap<CallSid, Arc<tokio::sync::Mutex<()>>>;

/// A lock for each call that somebody works on. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallLocks(Arc<Mutex<Locks>>);

impl CallLocks {
    /// Does `work` when nobody else works on the call.
    pub(crate) async fn alone<T>(&self, call: &CallSid, work: impl Future<Output = T>) -> T {
        let lock = Arc::clone(self.locks().entry(call.clone()).or_default());
        let done = {
            let _alone = lock.lock().await;
            work.await
        };
        let mut locks = self.locks();
        // Two: the list's and this one's.
        if Arc::strong_count(&lock) <= 2 {
            locks.remove(call);
        }
        done
    }

    fn locks(&self) -> MutexGuard<'_, Locks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
