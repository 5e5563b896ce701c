//! What all calls of a carrier share: the settings, the HTTP client, the calls.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use protocol::ids::CallSid;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::debugger::TwilioError;
use super::fetch::{Answer, Fetched, Fetcher};
use super::form::Form;
use super::ids::Ids;
use super::line::Line;
use super::lock::locked;
use super::message_store::MessageStore;
use super::rest::log::RestApi;
use super::settings::{CallbackDelivery, Callee, CarrierSettings};
use super::target::Target;
use super::view::{Webhook, WebhookRun};
use crate::trace;
use crate::transport::Dialer;

#[derive(Debug)]
pub(super) struct Network {
    pub(super) settings: CarrierSettings,
    pub(super) ids: Arc<Ids>,
    pub(super) dialer: Arc<dyn Dialer>,
    pub(super) fetcher: Fetcher,
    pub(super) rest: RestApi,
    pub(super) messages: MessageStore,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// In the order in which they were made.
    calls: watch::Sender<Vec<Arc<Line>>>,
    delivery: Mutex<CallbackDelivery>,
    callees: Mutex<BTreeMap<String, Callee>>,
}

impl Network {
    pub(super) fn new(settings: CarrierSettings, dialer: Arc<dyn Dialer>) -> Self {
        let ids = Arc::new(Ids::new(settings.seed));
        let token = settings.auth_token.clone();
        let pause = (settings.retry_pause, settings.webhook_patience);
        Self {
            fetcher: Fetcher::new(token, pause, Arc::clone(&ids), Arc::clone(&dialer)),
            ids,
            dialer,
            delivery: Mutex::new(settings.delivery),
            settings,
            rest: RestApi::default(),
            messages: MessageStore::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            calls: watch::Sender::default(),
            callees: Mutex::default(),
        }
    }

    /// Runs a task of the carrier until it ends or the carrier stops.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_boxed(Box::pin(task));
    }

    /// Boxed, so that tokio's code for a task is compiled once and not for each future.
    fn spawn_boxed(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Makes a request for a call and records it. Dropping the future does not cancel the request: if
    /// the caller hangs up meanwhile, it still gets its answer.
    pub(super) async fn request(
        self: &Arc<Self>,
        line: &Arc<Line>,
        what: Webhook,
        target: &Target,
        form: Form,
    ) -> Result<Answer, TwilioError> {
        let (network, line, target) = (Arc::clone(self), Arc::clone(line), target.clone());
        trace::point(line.sid.as_str(), "twilio", 0, format_args!("{what:?} {}", target.url));
        let making = async move {
            let fetched = network.fetcher.fetch(&target.url, target.method, &form).await;
            record(&line, what, target.url, fetched)
        };
        let (sender, result) = oneshot::channel();
        self.spawn(async move {
            // The call may have gone on without the answer.
            let _ = sender.send(making.await);
        });
        result.await.unwrap_or_else(|_| Err(TwilioError::Http("the carrier stops".to_owned())))
    }

    pub(super) fn add(&self, line: Arc<Line>) {
        self.calls.send_modify(|calls| calls.push(line));
    }

    pub(super) fn call(&self, sid: &CallSid) -> Option<Arc<Line>> {
        self.calls.borrow().iter().find(|line| line.sid == *sid).cloned()
    }

    /// All calls, updated as calls are made.
    pub(super) fn calls(&self) -> watch::Receiver<Vec<Arc<Line>>> {
        self.calls.subscribe()
    }

    pub(super) fn delivery(&self) -> CallbackDelivery {
        *locked(&self.delivery)
    }

    pub(super) fn set_delivery(&self, delivery: CallbackDelivery) {
        *locked(&self.delivery) = delivery;
    }

    pub(super) fn callee(&self, number: &str) -> Callee {
        locked(&self.callees).get(number).copied().unwrap_or_default()
    }

    pub(super) fn set_callee(&self, number: &str, callee: Callee) {
        locked(&self.callees).insert(number.to_owned(), callee);
    }
}

fn record(
    line: &Line,
    what: Webhook,
    url: String,
    fetched: Fetched,
) -> Result<Answer, TwilioError> {
    let Fetched { attempts, took, violation, result, status } = fetched;
    let outcome = format_args!("{what:?} {url}: attempts {attempts}, status {status:?}");
    trace::point(line.sid.as_str(), "twilio", 0, outcome);
    if let Some(violation) = violation {
        line.violation(violation);
    }
    line.update(|view| view.requests.push(WebhookRun { what, url, attempts, status, took }));
    result.inspect_err(|error| line.error(error.clone()))
}
