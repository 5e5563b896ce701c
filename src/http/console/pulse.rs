//! Tells open pages that something they show has changed (CON-4).
//!
//! One task for each daemon gathers changes, while a page is open. So a hundred open pages add one listener to what the
//! calls tell. What has changed is not sent: pages read it again, by the rules that they were read by.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actors::call_supervisor::CallStatusView;
use actors::cluster::Subject;
use actors::introspection::IntrospectionEvent;
use protocol::ids::{BusinessId, CallSid};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::http::admin::AdminState;

/// Changes are gathered for so long, and told together.
const WINDOW: Duration = Duration::from_secs(1);
/// How often the calls of other nodes are looked at.
const OTHERS_EVERY: Duration = Duration::from_secs(3);
/// Batches that a slow page may fall behind. Then it reads all of its parts.
const BATCHES: usize = 16;

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// A call began, went on or ended. The business is unknown if the call is already over.
    Call { call: CallSid, business: Option<BusinessId> },
    /// A written conversation went on.
    Conversation(Uuid),
    /// A form or a request to the API has changed something.
    Records,
}

/// What has changed within a window.
pub(super) type Batch = Arc<BTreeSet<Change>>;

/// The changes of a daemon. Cheap to clone.
#[derive(Clone)]
pub struct Pulse {
    state: Arc<AdminState>,
    tasks: TaskTracker,
    open: Arc<Mutex<Option<Open>>>,
}

/// While a page is open.
#[derive(Debug)]
struct Open {
    batches: broadcast::Sender<Batch>,
    /// Rung by what changes records.
    bell: broadcast::Sender<()>,
}

impl Pulse {
    /// Its task will be one of `tasks`.
    #[must_use]
    pub fn new(state: Arc<AdminState>, tasks: TaskTracker) -> Self {
        Self { state, tasks, open: Arc::default() }
    }

    /// The changes from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Batch> {
        let mut open = self.lock();
        if let Some(open) = &*open {
            return open.batches.subscribe();
        }
        let (batches, receiver) = broadcast::channel(BATCHES);
        let (bell, rung) = broadcast::channel(1);
        let gatherer = Gatherer {
            state: Arc::clone(&self.state),
            events: self.state.services.introspection.listen(),
            rung,
            calls: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
        };
        *open = Some(Open { batches, bell });
        let (pulse, stop) = (self.clone(), self.state.stop.clone());
        self.tasks.spawn(async move { stop.run_until_cancelled(pulse.run(gatherer)).await });
        receiver
    }

    /// Something was changed by a form or by the API.
    pub fn ring(&self) {
        if let Some(open) = &*self.lock() {
            let _ = open.bell.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self, mut gatherer: Gatherer) {
        loop {
            let batch = Arc::new(gatherer.window().await);
            // Locked: nobody can begin to listen between the look and the end.
            let mut open = self.lock();
            let Some(Open { batches, bell: _ }) = &*open else { return };
            if batches.receiver_count() == 0 {
                *open = None;
                return;
            }
            if !batch.is_empty() {
                let _ = batches.send(batch);
            }
        }
    }
}

struct Gatherer {
    state: Arc<AdminState>,
    events: broadcast::Receiver<IntrospectionEvent>,
    rung: broadcast::Receiver<()>,
    /// The business of each call that was seen here.
    calls: BTreeMap<CallSid, BusinessId>,
    /// The calls of other nodes, as they were last seen.
    elsewhere: BTreeMap<CallSid, Seen>,
}

/// What pages show of a call elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    business: BusinessId,
    phase: String,
    entries: usize,
}

impl Gatherer {
    /// The changes of one window. The others' calls are looked at when it is time.
    async fn window(&mut self) -> BTreeSet<Change> {
        let mut batch = BTreeSet::new();
        let mut end = pin!(sleep(if self.is_shared() { OTHERS_EVERY } else { WINDOW }));
        loop {
            tokio::select! {
                biased;
                () = &mut end => break,
                event = self.events.recv() => match event {
                    Ok(event) => self.note(event, &mut batch).await,
                    Err(RecvError::Lagged(_)) => drop(batch.insert(Change::Records)),
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                rung = self.rung.recv() => match rung {
                    Ok(()) | Err(RecvError::Lagged(_)) => drop(batch.insert(Change::Records)),
                    Err(RecvError::Closed) => std::future::pending().await,
                },
            }
        }
        if self.is_shared() {
            self.look_elsewhere(&mut batch).await;
        }
        batch
    }

    fn is_shared(&self) -> bool {
        self.state.services.node.is_shared()
    }

    async fn note(&mut self, event: IntrospectionEvent, batch: &mut BTreeSet<Change>) {
        match event {
            IntrospectionEvent::CallStarted { call_sid: call }
            | IntrospectionEvent::TurnAdded { call_sid: call, .. } => {
                let business = self.business(&call).await;
                batch.insert(Change::Call { call, business });
            }
            IntrospectionEvent::CallEnded { call_sid: call, .. } => {
                let business = self.calls.remove(&call);
                batch.insert(Change::Call { call, business });
            }
            IntrospectionEvent::MessageCame { conversation, .. }
            | IntrospectionEvent::MessageSent { conversation, .. }
            | IntrospectionEvent::PersonNeeded { conversation, .. } => {
                batch.insert(Change::Conversation(conversation));
            }
            IntrospectionEvent::ActorStarted { .. }
            | IntrospectionEvent::ActorStopped { .. }
            | IntrospectionEvent::ActorCrashed { .. } => {}
        }
    }

    async fn business(&mut self, call: &CallSid) -> Option<BusinessId> {
        if let Some(known) = self.calls.get(call) {
            return Some(*known);
        }
        let business = self.state.calls.find(call.clone()).await?.business();
        self.calls.insert(call.clone(), business);
        Some(business)
    }

    async fn look_elsewhere(&mut self, batch: &mut BTreeSet<Change>) {
        let shown = self.state.elsewhere.show(&self.state.services, Subject::Calls).await;
        let views = shown.into_iter().filter_map(|call| serde_json::from_value(call).ok());
        let now: BTreeMap<CallSid, Seen> = views
            .map(|view: CallStatusView| {
                let (phase, entries) = (view.call.phase, view.call.entries);
                (view.call_sid, Seen { business: view.business_id, phase, entries })
            })
            .collect();
        let changed = now.iter().filter(|(call, seen)| self.elsewhere.get(*call) != Some(seen));
        let gone = self.elsewhere.iter().filter(|(call, _)| !now.contains_key(*call));
        batch.extend(changed.chain(gone).map(|(call, seen)| Change::Call {
            call: call.clone(),
            business: Some(seen.business),
        }));
        self.elsewhere = now;
    }
}
