//! What sending needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use entities::outbox::Backlog;
use tokio::sync::watch;
use uuid::Uuid;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::cluster::Node;
use crate::dialer::Dialer;
use crate::http_client::{Connections, HttpClient};
use crate::metrics::Metrics;
use crate::twilio_rest::TwilioRest;

/// How long a receiver may take to answer, with the connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// How much of a receiver's answer is read, in bytes. Nobody looks at it.
const MOST_BODY: usize = 4 * 1024;

/// The daemon's sender of events. Clones share it.
#[derive(Debug, Clone)]
pub struct Outbox {
    /// This process, for its claims.
    owner: Uuid,
    http: HttpClient,
    at_work: Arc<AtomicU32>,
    backlog: watch::Sender<Backlog>,
}

impl Outbox {
    /// `dialer` reaches no address that a business's own URL must not reach.
    #[must_use]
    pub fn new(owner: Uuid, dialer: Arc<dyn Dialer>, connections: Connections) -> Self {
        Self {
            owner,
            http: HttpClient::new(dialer, connections, PATIENCE, MOST_BODY),
            at_work: Arc::default(),
            backlog: watch::Sender::default(),
        }
    }

    /// How many events are being sent.
    #[must_use]
    pub fn depth(&self) -> usize {
        usize::try_from(self.at_work.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    /// What waits in the database, as it was last looked at.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        *self.backlog.borrow()
    }

    pub(super) fn owner(&self) -> Uuid {
        self.owner
    }

    pub(super) fn http(&self) -> &HttpClient {
        &self.http
    }

    pub(super) fn set_at_work(&self, count: u32) {
        self.at_work.store(count, Ordering::Relaxed);
    }

    pub(super) fn set_backlog(&self, backlog: Backlog) {
        self.backlog.send_replace(backlog);
    }
}

/// What the tasks need.
#[derive(Clone)]
pub(crate) struct OutboxServices {
    pub(crate) outbox: Outbox,
    pub(crate) node: Node,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) database: entities::Database,
    pub(crate) twilio: TwilioRest,
    pub(crate) metrics: Arc<Metrics>,
}
