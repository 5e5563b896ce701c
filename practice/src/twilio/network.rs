//! What all calls of a carrier share: settings, the way to the daemon, the registry of calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::CallSid;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::debugger::Trouble;
use super::fetch::{Answer, Fetched, Fetcher};
use super::form::Form;
use super::line::Line;
use super::messages::Mailroom;
use super::rest::RestDesk;
use super::settings::{Callee, CarrierSettings};
use super::status::CallbackDelivery;
use super::twiml::Target;
use super::view::{Webhook, WebhookRun};

/// The inside of a carrier.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) settings: CarrierSettings,
    pub(super) fetcher: Fetcher,
    pub(super) rest: RestDesk,
    pub(super) mailroom: Mailroom,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// Calls in the order they were made.
    calls: watch::Sender<Vec<Arc<Line>>>,
    delivery: Mutex<CallbackDelivery>,
    callees: Mutex<HashMap<String, Callee>>,
}

impl Network {
    pub(super) fn new(settings: CarrierSettings, fetcher: Fetcher) -> Self {
        Self {
            delivery: Mutex::new(settings.delivery),
            settings,
            fetcher,
            rest: RestDesk::default(),
            mailroom: Mailroom::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            calls: watch::Sender::default(),
            callees: Mutex::default(),
        }
    }

    /// Runs a task of the carrier until it ends or the carrier stops.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Makes a request of a call and notes it. Whoever stops waiting doesn't cancel it: a request
    /// that is under way when its caller hangs up is answered all the same.
    pub(super) async fn request(
        self: &Arc<Self>,
        line: &Arc<Line>,
        what: Webhook,
        target: &Target,
        form: Form,
    ) -> Result<Answer, Trouble> {
        let (network, line, target) = (Arc::clone(self), Arc::clone(line), target.clone());
        let making = async move {
            let fetched = network.fetcher.fetch(&target.url, target.method, &form).await;
            note(&line, what, target.url, fetched)
        };
        let (sender, result) = oneshot::channel();
        self.spawn(async move {
            // Nobody may be waiting any more.
            let _ = sender.send(making.await);
        });
        result.await.unwrap_or_else(|_| Err(Trouble::Http("the carrier stops".to_owned())))
    }

    /// Enters a call.
    pub(super) fn enter(&self, line: Arc<Line>) {
        self.calls.send_modify(|calls| calls.push(line));
    }

    /// The call of this SID.
    pub(super) fn call(&self, sid: &CallSid) -> Option<Arc<Line>> {
        self.calls.borrow().iter().find(|line| line.sid == *sid).cloned()
    }

    /// All calls, now and as more are made.
    pub(super) fn calls(&self) -> watch::Receiver<Vec<Arc<Line>>> {
        self.calls.subscribe()
    }

    pub(super) fn delivery(&self) -> CallbackDelivery {
        *locked(&self.delivery)
    }

    pub(super) fn set_delivery(&self, delivery: CallbackDelivery) {
        *locked(&self.delivery) = delivery;
    }

    /// How a number behaves when it is called.
    pub(super) fn callee(&self, number: &str) -> Callee {
        locked(&self.callees).get(number).copied().unwrap_or_default()
    }

    pub(super) fn set_callee(&self, number: &str, callee: Callee) {
        locked(&self.callees).insert(number.to_owned(), callee);
    }
}

fn note(line: &Line, what: Webhook, url: String, fetched: Fetched) -> Result<Answer, Trouble> {
    let Fetched { attempts, took, violation, result, status } = fetched;
    if let Some(violation) = violation {
        line.violation(violation);
    }
    line.see(|view| view.requests.push(WebhookRun { what, url, attempts, status, took }));
    result.inspect_err(|trouble| line.trouble(trouble.clone()))
}

/// A fresh SID with this prefix.
pub(super) fn sid(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}

/// No holder of these locks can leave them half changed.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
