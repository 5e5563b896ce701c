//! What the console's handlers share.

use std::sync::{Arc, Mutex, PoisonError};

use actors::call_parts::Services;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::pulse::Pulse;
use crate::accounts::Accounts;
use crate::cli::check::Finding;
use crate::config::{Config, ModelProvider, PublicUrl};
use crate::http::admin::AdminState;
use crate::test_calls::TestCalls;

/// The most event streams at once. A page without one is read again by hand.
const MAX_STREAMS: usize = 512;
/// Pages that are made at the same time. The others wait, so that they do not stand before the calls' tasks.
const READERS: usize = 2;

/// What the console's handlers share.
pub struct ConsoleState {
    /// What the API's functions need.
    pub operator: Arc<AdminState>,
    /// The address at which browsers reach the console; `None`: that of its listener.
    pub public_url: Option<PublicUrl>,
    /// Who may sign in.
    pub accounts: Accounts,
    /// What the daemon was started with.
    pub config: Config,
    /// Whether a simulated model answers.
    pub practice: bool,
    /// What open pages are told of.
    pub pulse: Pulse,
    /// Places for requests that read a page.
    pub(super) readers: Semaphore,
    /// Test calls from its pages.
    pub(super) test_calls: TestCalls,
    /// Places for event streams.
    pub(super) streams: Arc<Semaphore>,
    /// What the last look at the wiring has found.
    wiring: Mutex<Vec<Finding>>,
}

impl ConsoleState {
    /// Its tasks will be among `tasks`.
    #[must_use]
    pub fn new(operator: Arc<AdminState>, config: Config, tasks: TaskTracker) -> Self {
        let pulse = Pulse::new(Arc::clone(&operator), tasks.clone());
        let test_calls = TestCalls::new(
            operator.services.clone(),
            operator.calls.clone(),
            operator.live.clone(),
            config.server.patience,
            (tasks, operator.stop.clone()),
        );
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        let Services { database, clock, chance, .. } = &operator.services;
        let accounts = Accounts::new(database.clone(), *clock, chance.clone());
        let practice = config.openai.provider == ModelProvider::Practice;
        let public_url = config.console.public_url.clone();
        let (readers, wiring) = (Semaphore::new(READERS), Mutex::default());
        Self {
            operator,
            public_url,
            accounts,
            config,
            practice,
            pulse,
            readers,
            test_calls,
            streams,
            wiring,
        }
    }

    /// What the last look at the wiring has found; empty before the first.
    pub(super) fn wiring(&self) -> Vec<Finding> {
        self.wiring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what a look at the wiring has found.
    pub(super) fn keep_wiring(&self, found: Vec<Finding>) {
        *self.wiring.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}
