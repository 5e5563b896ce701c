//! Watches who has the calls of several daemons.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use actors::clock::Clock;
use entities::Database;
use practice::twilio::CallerHandle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::chaos::ended::{LOOK_EVERY, Tenure};

type Calls = watch::Receiver<Vec<Option<CallerHandle>>>;

/// A task that looks at the leases.
pub(in crate::chaos) struct Tenures {
    seen: Arc<Mutex<Vec<Tenure>>>,
    /// `None` with one daemon, which nobody takes a call from.
    task: Option<JoinHandle<()>>,
}

impl Tenures {
    pub(in crate::chaos) fn watch(
        of_several: bool,
        database: Database,
        calls: Calls,
        (clock, began): (Clock, Instant),
    ) -> Self {
        let seen = Arc::<Mutex<Vec<Tenure>>>::default();
        let kept = Arc::clone(&seen);
        let looking = || look(database, calls, (clock, began), kept);
        let task = of_several.then(|| tokio::spawn(looking()));
        Self { seen, task }
    }

    /// Stops to look.
    pub(in crate::chaos) async fn ended(self) -> Vec<Tenure> {
        if let Some(task) = self.task {
            task.abort();
            // It was told to end.
            let _ = task.await;
        }
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn look(
    database: Database,
    calls: Calls,
    (clock, began): (Clock, Instant),
    seen: Arc<Mutex<Vec<Tenure>>>,
) {
    let mut last = BTreeMap::new();
    loop {
        let dialled = calls.borrow().clone();
        for (call, handle) in dialled.iter().enumerate() {
            let Some(handle) = handle.as_ref().filter(|it| it.view().borrow().ended.is_none())
            else {
                continue;
            };
            let found = entities::calls::lease_of_live(&database, handle.call_sid()).await;
            let Some(lease) = found.ok().flatten().and_then(|found| found.lease) else { continue };
            if last.insert(call, lease) != Some(lease) {
                let since = clock.now().saturating_duration_since(began);
                let tenure = Tenure { call, lease, since };
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(tenure);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
