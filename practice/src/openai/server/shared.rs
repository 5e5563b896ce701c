//! What a server shares with its sessions.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::options::Options;
use crate::chance::seed_for;
use crate::clock::now;
use crate::openai::behaviour::{Behaviour, ConnectRefusal, LinkFault, ResponseFault};
use crate::openai::record::Log;
use crate::openai::session::Setup;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) behaviour: watch::Sender<Behaviour>,
    pub(super) commands: broadcast::Sender<Command>,
    refusals: Mutex<VecDeque<ConnectRefusal>>,
    pub(super) log: Log,
    pub(super) epoch: Instant,
    sessions: AtomicU64,
    responses_asked: Arc<AtomicUsize>,
}

/// What all living sessions are told to do.
#[derive(Debug, Clone)]
pub(super) enum Command {
    Drop,
    Stall,
    GoOn,
    Expire,
    Inject(Value),
    FaultNextResponse(ResponseFault),
    FailLink(LinkFault),
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        Self {
            behaviour: watch::Sender::new(options.behaviour.clone()),
            commands: broadcast::Sender::new(COMMANDS_WAITING),
            refusals: Mutex::default(),
            log: Log::new(options.keeps_audio),
            epoch: now(),
            sessions: AtomicU64::new(0),
            responses_asked: Arc::default(),
            options,
        }
    }

    /// Time since the server started.
    pub(super) fn now(&self) -> Duration {
        now().saturating_duration_since(self.epoch)
    }

    pub(super) fn command(&self, command: Command) {
        // Fails without sessions; then there is nothing to do.
        drop(self.commands.send(command));
    }

    pub(super) fn refusals(&self) -> MutexGuard<'_, VecDeque<ConnectRefusal>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection, and says whether it is refused.
    pub(super) fn next_refusal(&self) -> Option<ConnectRefusal> {
        self.log.change(|record| record.connections += 1);
        self.refusals().pop_front().or_else(|| self.behaviour.borrow().refuses)
    }

    pub(super) fn setup(&self, refusal: Option<ConnectRefusal>) -> Setup {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        Setup {
            number,
            seed: seed_for(self.options.seed, &number.to_le_bytes()),
            behaviour: self.behaviour.borrow().clone(),
            brain: self.options.brain.clone(),
            voice: self.options.voice.clone(),
            log: self.log.clone(),
            key: self.options.key.clone(),
            refusal,
            responses_asked: Arc::clone(&self.responses_asked),
        }
    }
}

/// Commands that may wait for a session. One that falls further behind misses the oldest.
const COMMANDS_WAITING: usize = 64;
