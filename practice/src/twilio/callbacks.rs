//! The status callbacks of one call, sent in order by one task.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::clock::rfc2822;
use super::form::Form;
use super::line::Line;
use super::network::Network;
use super::settings::CallbackDelivery;
use super::target::Target;
use super::view::{CallStatus, Webhook};
use crate::clock::WallClock;

/// Sends a call's callbacks.
#[derive(Debug)]
pub(super) struct Callbacks {
    sender: mpsc::Sender<Callback>,
    worker: JoinHandle<()>,
    target: Option<Target>,
    wanted: Vec<CallEvent>,
    wall_clock: WallClock,
    sequence: u32,
}

/// A step in a call's progress that can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(super) enum CallEvent {
    Initiated,
    Ringing,
    Answered,
    Completed,
}

/// One request to be made.
#[derive(Debug, Clone)]
pub(super) struct Callback {
    pub(super) what: Webhook,
    pub(super) target: Target,
    pub(super) form: Form,
}

impl Callbacks {
    /// Starts the task that sends a call's callbacks; it ends with [`Callbacks::finish`].
    pub(super) fn start(
        network: Arc<Network>,
        line: Arc<Line>,
        target: Option<Target>,
        wanted: Vec<CallEvent>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let wall_clock = network.settings.wall_clock.clone();
        let worker = tokio::spawn(deliver(network, line, receiver));
        Self { sender, worker, target, wanted, wall_clock, sequence: 0 }
    }

    /// Reports a step, if it was asked for.
    pub(super) async fn report(&mut self, event: CallEvent, status: CallStatus, mut form: Form) {
        let Some(target) = self.target.clone().filter(|_| self.wanted.contains(&event)) else {
            return;
        };
        let mut add = |name: &str, value: String| form.push((name.to_owned(), value));
        add("CallbackSource", "call-progress-events".to_owned());
        add("Timestamp", rfc2822(self.wall_clock.now()));
        add("SequenceNumber", self.sequence.to_string());
        self.sequence += 1;
        self.send(Callback { what: Webhook::Status(status), target, form }).await;
    }

    /// For the callbacks of media sockets.
    pub(super) fn sender(&self) -> mpsc::Sender<Callback> {
        self.sender.clone()
    }

    pub(super) async fn send(&self, callback: Callback) {
        if self.sender.send(callback).await.is_err() {
            tracing::warn!("practice carrier: the callbacks' task is gone");
        }
    }

    /// Waits until every callback is answered or lost.
    pub(super) async fn finish(self) {
        drop(self.sender);
        if let Err(error) = self.worker.await {
            tracing::warn!(%error, "practice carrier: the callbacks' task failed");
        }
    }
}

/// Callbacks that may wait. A sender of more waits too.
const WAITING: usize = 64;

async fn deliver(network: Arc<Network>, line: Arc<Line>, mut receiver: mpsc::Receiver<Callback>) {
    let mut held: Option<Callback> = None;
    while let Some(callback) = receiver.recv().await {
        let mut copies = 1;
        match network.delivery() {
            CallbackDelivery::Faithful => {}
            CallbackDelivery::Duplicated(more) => copies += more,
            CallbackDelivery::Delayed(by) => tokio::time::sleep(by).await,
            CallbackDelivery::Lost => copies = 0,
            CallbackDelivery::Swapped if held.is_none() => {
                held = Some(callback);
                continue;
            }
            CallbackDelivery::Swapped => {}
        }
        for _ in 0..copies {
            send(&network, &line, &callback).await;
        }
        if let Some(held) = held.take() {
            send(&network, &line, &held).await;
        }
    }
    if let Some(held) = held {
        send(&network, &line, &held).await;
    }
}

async fn send(network: &Arc<Network>, line: &Arc<Line>, callback: &Callback) {
    let Callback { what, target, form } = callback;
    // An error is in the line's log of requests. Nobody acts on it.
    let _ = network.request(line, *what, target, form.clone()).await;
}
