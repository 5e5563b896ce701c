//! What the console's handlers share.

use std::sync::Arc;

use actors::call_parts::Services;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::pulse::Pulse;
use crate::accounts::Accounts;
use crate::config::PublicUrl;
use crate::http::admin::AdminState;

/// The most event streams at once. A page without one is read again by hand.
const MAX_STREAMS: usize = 512;

/// What the console's handlers share.
pub struct ConsoleState {
    /// What the API's functions need.
    pub operator: Arc<AdminState>,
    /// The address at which browsers reach the console; `None`: that of its listener.
    pub public_url: Option<PublicUrl>,
    /// Who may sign in.
    pub accounts: Accounts,
    /// Whether a simulated model answers.
    pub practice: bool,
    /// What open pages are told of.
    pub pulse: Pulse,
    /// Places for event streams.
    pub(super) streams: Arc<Semaphore>,
}

impl ConsoleState {
    /// Its tasks will be among `tasks`.
    #[must_use]
    pub fn new(
        operator: Arc<AdminState>,
        public_url: Option<PublicUrl>,
        practice: bool,
        tasks: TaskTracker,
    ) -> Self {
        let pulse = Pulse::new(Arc::clone(&operator), tasks);
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        let Services { database, clock, chance, .. } = &operator.services;
        let accounts = Accounts::new(database.clone(), *clock, chance.clone());
        Self { operator, public_url, accounts, practice, pulse, streams }
    }
}
