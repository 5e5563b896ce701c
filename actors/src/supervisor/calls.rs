//! The way to the tree, for those outside of it.

use protocol::call::CallSetup;
use protocol::ids::CallSid;
use ractor::ActorRef;
use ractor::concurrency::Duration as RactorDuration;
use ractor::rpc::CallResult;

use super::message::{CallRefused, SupervisorMsg};
use crate::call_supervisor::CallHandle;

/// How long the root may take to answer: it never waits for anything slow.
const ANSWER_PATIENCE: RactorDuration = RactorDuration::from_secs(2);

/// The way to the tree, for the HTTP side. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    root: ActorRef<SupervisorMsg>,
}

impl Calls {
    /// The calls under this root.
    #[must_use]
    pub fn new(root: ActorRef<SupervisorMsg>) -> Self {
        Self { root }
    }

    /// Starts a call, or gives the one that is there already.
    ///
    /// # Errors
    /// [`CallRefused`] says why not.
    pub async fn start(&self, setup: CallSetup) -> Result<CallHandle, CallRefused> {
        let setup = Box::new(setup);
        let asked =
            self.root.call(|reply| SupervisorMsg::Start { setup, reply }, Some(ANSWER_PATIENCE));
        match asked.await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Err(CallRefused::Failed),
        }
    }

    /// A living call.
    pub async fn find(&self, call: CallSid) -> Option<CallHandle> {
        let asked =
            self.root.call(|reply| SupervisorMsg::Find { call, reply }, Some(ANSWER_PATIENCE));
        match asked.await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => None,
        }
    }

    /// All living calls.
    pub async fn list(&self) -> Vec<CallHandle> {
        match self.root.call(SupervisorMsg::List, Some(ANSWER_PATIENCE)).await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Vec::new(),
        }
    }

    /// No new calls; the running ones end politely (RES-6).
    pub fn drain(&self) {
        // A root that is gone has no calls.
        let _ = self.root.cast(SupervisorMsg::Drain);
    }
}
