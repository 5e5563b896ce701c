//! The handle by which the rest of the daemon starts and finds calls.

use entities::calls::CallLease;
use protocol::call::CallSetup;
use protocol::ids::{CallSid, Fence};
use ractor::ActorRef;
use ractor::concurrency::Duration as RactorDuration;
use ractor::rpc::CallResult;

use super::message::{CallRefused, Reported, ReportedStatus, SupervisorMsg};
use crate::call_locks::CallLocks;
use crate::call_supervisor::CallHandle;
use crate::saved::StoredCall;

/// How long the root may take to answer. It never waits for anything slow.
const ANSWER_PATIENCE: RactorDuration = RactorDuration::from_secs(2);

/// Starts and finds calls. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    root: ActorRef<SupervisorMsg>,
    locks: CallLocks,
}

impl Calls {
    #[must_use]
    pub fn new(root: ActorRef<SupervisorMsg>) -> Self {
        Self { root, locks: CallLocks::default() }
    }

    /// Starts a call, or returns the one that is running already.
    ///
    /// # Errors
    /// [`CallRefused`] if there is none and none can be started.
    pub async fn start(
        &self,
        setup: CallSetup,
        lease: CallLease,
    ) -> Result<CallHandle, CallRefused> {
        let setup = Box::new(setup);
        let start = |reply| SupervisorMsg::Start { setup, lease, reply };
        match self.root.call(start, Some(ANSWER_PATIENCE)).await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Err(CallRefused::Failed),
        }
    }

    /// Goes on with a call of another process, or returns the one that is running already.
    pub(crate) async fn resume(&self, stored: StoredCall) -> Result<CallHandle, CallRefused> {
        let stored = Box::new(stored);
        let asked =
            self.root.call(|reply| SupervisorMsg::Resume { stored, reply }, Some(ANSWER_PATIENCE));
        match asked.await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Err(CallRefused::Failed),
        }
    }

    /// Held by whoever goes on with a call of another process, or ends it.
    pub(crate) fn locks(&self) -> &CallLocks {
        &self.locks
    }

    /// Tells a call its status; returns what is known of it here. A call that does not run never starts
    /// after a terminal status (CALL-11).
    pub async fn report(&self, reported: ReportedStatus) -> Reported {
        let asked = self
            .root
            .call(|reply| SupervisorMsg::Report { reported, reply }, Some(ANSWER_PATIENCE));
        match asked.await {
            Ok(CallResult::Success(known)) => known,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Reported::Unknown,
        }
    }

    pub async fn find(&self, call: CallSid) -> Option<CallHandle> {
        let asked =
            self.root.call(|reply| SupervisorMsg::Find { call, reply }, Some(ANSWER_PATIENCE));
        match asked.await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => None,
        }
    }

    /// Whether a call runs or could run here.
    ///
    /// # Errors
    /// [`CallRefused`] if it is known to be over, or the daemon drains. Then nothing is to be taken from the node that
    /// has it.
    pub async fn may_run(&self, call: CallSid) -> Result<(), CallRefused> {
        let asked =
            self.root.call(|reply| SupervisorMsg::MayRun { call, reply }, Some(ANSWER_PATIENCE));
        match asked.await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => Err(CallRefused::Failed),
        }
    }

    /// All living calls. None if the root does not answer in time.
    pub async fn list(&self) -> Vec<CallHandle> {
        self.try_list().await.unwrap_or_default()
    }

    /// Whether the root supervisor answers in time. While it doesn't, no call can begin.
    pub async fn are_supervised(&self) -> bool {
        self.try_list().await.is_some()
    }

    async fn try_list(&self) -> Option<Vec<CallHandle>> {
        match self.root.call(SupervisorMsg::List, Some(ANSWER_PATIENCE)).await {
            Ok(CallResult::Success(answer)) => Some(answer),
            Ok(CallResult::Timeout | CallResult::SenderError) | Err(_) => None,
        }
    }

    /// Another node has taken the call over under `fence`. It is let go here, unless this node has it under that
    /// number or a newer one.
    pub fn let_go(&self, call: CallSid, fence: Fence) {
        let _ = self.root.cast(SupervisorMsg::LetGo { call, fence });
    }

    /// Tells the calls that the database can't be reached.
    pub fn cut_off(&self) {
        let _ = self.root.cast(SupervisorMsg::CutOff);
    }

    /// Refuses new calls. The running ones go on (RES-6).
    pub fn refuse_new(&self) {
        // A stopped root has no calls.
        let _ = self.root.cast(SupervisorMsg::RefuseNew);
    }

    /// Refuses new calls, and lets the running ones end politely (RES-6).
    pub fn drain(&self) {
        // A stopped root has no calls.
        let _ = self.root.cast(SupervisorMsg::Drain);
    }
}
