//! Supervisor: the root of the tree. It restarts the shared actors, and starts one CallSupervisor
//! per call. It fails, and ends the process, when a shared actor fails too often.

mod calls;
mod message;
mod over;
mod shared;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use entities::calls::CallLease;
use protocol::call::{Call, CallSetup, EndReason};
use protocol::ids::{CallSid, Fence};
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SpawnErr,
    SupervisionEvent,
};
use supervision::exit::{self, Exit};
use supervision::{ActorInfo, Alarm, Generation, InSpan, stop_in_reverse};
use tokio::task::JoinHandle;

use crate::call_parts::{CallParts, Services};
use crate::call_supervisor::{CallHandle, CallSupervisor, CallSupervisorArgs};
use crate::introspection::{ActorKind, IntrospectionEvent, Registration};
use crate::messages::SupervisorEvent;
use crate::saved::StoredCall;
use crate::trace;
pub use calls::Calls;
pub use message::{CallRefused, Reported, ReportedStatus, SupervisorMsg};
use over::OverCalls;
use shared::SharedActors;

/// How long a child may take to stop. Then it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

pub struct Supervisor;

/// The root that is being started, and the task that ends with it.
pub type Starting = Pin<
    Box<dyn Future<Output = Result<(ActorRef<SupervisorMsg>, JoinHandle<()>), SpawnErr>> + Send>,
>;

pub struct SupervisorArgs {
    pub services: Services,
    pub limit: CallLimit,
}

/// The most calls at once. Running calls are not touched by a lower limit. Clones share it.
#[derive(Debug, Clone)]
pub struct CallLimit(Arc<AtomicUsize>);

impl CallLimit {
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(most)))
    }

    #[must_use]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Holds for the calls that begin from now on.
    pub fn set(&self, most: usize) {
        self.0.store(most, Ordering::Relaxed);
    }
}

impl Supervisor {
    /// Starts the root and all that stands under it.
    ///
    /// Boxed, so that the actors are compiled in this crate. The code of an `async fn` is otherwise
    /// compiled in the crate that awaits it.
    #[must_use]
    pub fn start(args: SupervisorArgs) -> Starting {
        Box::pin(Self::spawn(None, Self, args))
    }
}

pub struct SupervisorState {
    services: Services,
    limit: CallLimit,
    draining: bool,
    shared: SharedActors,
    calls: BTreeMap<CallSid, (ActorCell, CallHandle)>,
    over: OverCalls,
    alarm: Alarm<SupervisorMsg>,
    registration: Registration,
}

impl Actor for Supervisor {
    type Msg = SupervisorMsg;
    type State = SupervisorState;
    type Arguments = SupervisorArgs;

    async fn pre_start(
        &self,
        me: ActorRef<SupervisorMsg>,
        args: SupervisorArgs,
    ) -> Result<SupervisorState, ActorProcessingErr> {
        let SupervisorArgs { services, limit } = args;
        let spec = ActorInfo {
            kind: ActorKind::Supervisor,
            parent: None,
            scope: None,
            generation: Generation(0),
            last_error: None,
            depth: Box::new(|| 0),
        };
        let registration = services.introspection.register(spec, services.clock.now());
        registration.set_state("running");
        let shared = SharedActors::start(&me, &services, registration.id()).await?;
        Ok(SupervisorState {
            services,
            limit,
            draining: false,
            shared,
            calls: BTreeMap::new(),
            over: OverCalls::default(),
            alarm: Alarm::new(me, || SupervisorMsg::Alarm),
            registration,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<SupervisorMsg>,
        message: SupervisorMsg,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        trace::handler(&state.registration, format_args!("{}", trace::Shown(&message)));
        match message {
            SupervisorMsg::Start { setup, lease, reply } => {
                let answer = state.start_call(&me, *setup, lease).await;
                send_reply(reply, answer);
            }
            SupervisorMsg::Resume { stored, reply } => {
                let answer = state.resume_call(&me, *stored).await;
                send_reply(reply, answer);
            }
            SupervisorMsg::Report { reported, reply } => {
                send_reply(reply, state.report(reported));
            }
            SupervisorMsg::LetGo { call, fence } => state.let_go(&call, fence),
            SupervisorMsg::CutOff => state.tell_all(|| SupervisorEvent::CutOff),
            SupervisorMsg::Find { call, reply } => {
                send_reply(reply, state.calls.get(&call).map(|(_, handle)| handle.clone()));
            }
            SupervisorMsg::MayRun { call, reply } => {
                let runs = state.calls.contains_key(&call);
                send_reply(reply, if runs { Ok(()) } else { state.may_run(&call) });
            }
            SupervisorMsg::List(reply) => {
                let all = state.calls.values().map(|(_, handle)| handle.clone()).collect();
                send_reply(reply, all);
            }
            SupervisorMsg::RefuseNew => state.refuse_new(),
            SupervisorMsg::Drain => state.drain(),
            SupervisorMsg::Joined(part) => state.shared.joined(part),
            SupervisorMsg::Alarm => state.alarm.fired(),
        }
        state.shared.start_due(&me).await?;
        state.alarm.set(state.shared.next_restart());
        state.registration.handled(state.services.clock.now());
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<SupervisorMsg>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        if let Some((who, exit)) = exit::read(&event) {
            state.remove_call(who, &exit);
        }
        state.shared.on_event(&event, &me)?;
        state.alarm.set(state.shared.next_restart());
        Ok(())
    }

    async fn post_stop(
        &self,
        _me: ActorRef<SupervisorMsg>,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        let calls = state.calls.values().map(|(cell, _)| cell.clone()).collect::<Vec<_>>();
        // All calls stop in parallel: there can be many, and one may be slow.
        for call in &calls {
            call.stop(None);
        }
        stop_in_reverse(calls.into_iter(), STOP_PATIENCE).await;
        state.shared.stop(STOP_PATIENCE).await;
        Ok(())
    }
}

impl SupervisorState {
    async fn start_call(
        &mut self,
        me: &ActorRef<SupervisorMsg>,
        setup: CallSetup,
        lease: CallLease,
    ) -> Result<CallHandle, CallRefused> {
        if let Some((_, handle)) = self.calls.get(&setup.call_sid) {
            return Ok(handle.clone());
        }
        self.may_run(&setup.call_sid)?;
        if self.calls.len() >= self.limit.get() {
            return Err(CallRefused::Full);
        }
        if !self.services.journal.has_room_for_a_call() {
            return Err(CallRefused::JournalFull);
        }
        self.start_tree(me, CallParts::new(setup, lease, self.services.clone())).await
    }

    /// A call that began before the limit of calls was reached goes on past it.
    async fn resume_call(
        &mut self,
        me: &ActorRef<SupervisorMsg>,
        stored: StoredCall,
    ) -> Result<CallHandle, CallRefused> {
        let call = stored.setup.call_sid.clone();
        if let Some((_, handle)) = self.calls.get(&call) {
            return Ok(handle.clone());
        }
        self.may_run(&call)?;
        let at_twilio = stored.at_twilio;
        let go_on = |setup, snapshot, now| Call::resume(setup, snapshot, at_twilio, now);
        let parts = CallParts::stored(stored, self.services.clone(), go_on);
        let parts = parts.map_err(|error| {
            tracing::error!(%error, %call, "the call could not go on");
            CallRefused::Failed
        })?;
        self.start_tree(me, parts).await
    }

    fn may_run(&self, call: &CallSid) -> Result<(), CallRefused> {
        if self.over.contains(call) {
            Err(CallRefused::Over)
        } else if self.draining {
            Err(CallRefused::Draining)
        } else {
            Ok(())
        }
    }

    async fn start_tree(
        &mut self,
        me: &ActorRef<SupervisorMsg>,
        parts: Arc<CallParts>,
    ) -> Result<CallHandle, CallRefused> {
        let call_sid = parts.setup.call_sid.clone();
        let inbox = parts.supervisor.clone();
        let spec = ActorInfo {
            kind: ActorKind::CallSupervisor,
            parent: Some(self.registration.id()),
            scope: Some(call_sid.clone()),
            generation: Generation(0),
            last_error: None,
            depth: Box::new(move || inbox.depth()),
        };
        let registration = self.services.introspection.register(spec, self.services.clock.now());
        let args = CallSupervisorArgs { parts: Arc::clone(&parts), registration };
        let span = parts.span();
        let supervisor = InSpan::new(CallSupervisor, span.clone());
        let spawned = Actor::spawn_linked(None, supervisor, args, me.get_cell()).await;
        let (actor, _) = spawned.map_err(|error| {
            span.in_scope(|| tracing::error!(%error, "the call could not be started"));
            parts.services.metrics.call_refused(&call_sid);
            CallRefused::Failed
        })?;
        let resumed = parts.is_resumed;
        span.in_scope(|| tracing::info!(resumed, "call started"));
        let event = IntrospectionEvent::CallStarted { call_sid: call_sid.clone() };
        self.services.introspection.tell(event);
        let handle = CallHandle::new(parts);
        self.calls.insert(call_sid, (actor.get_cell(), handle.clone()));
        Ok(handle)
    }

    /// A call is never restarted from here, however it ended. Twilio's next webhook is answered with a hang-up.
    fn remove_call(&mut self, who: ActorId, exit: &Exit) {
        let found = self.calls.iter().find(|(_, (cell, _))| cell.get_id() == who);
        let Some(call) = found.map(|(call, _)| call.clone()) else { return };
        if let Some((_, handle)) = self.calls.remove(&call) {
            handle.parts().close(EndReason::Internal);
            if *exit != Exit::Finished {
                let span = handle.parts().span();
                span.in_scope(|| tracing::error!(?exit, "a call's supervisor failed"));
            }
            // It goes on elsewhere, and may come back.
            if handle.parts().is_let_go() {
                return;
            }
        }
        self.over.add(call, self.services.clock.now());
    }

    fn report(&mut self, reported: ReportedStatus) -> Reported {
        let ReportedStatus { call, status, duration_secs } = reported;
        let event = SupervisorEvent::Status { status, duration_secs };
        if let Some((_, handle)) = self.calls.get(&call)
            && handle.tell(event).is_ok()
        {
            return Reported::Runs;
        }
        let known = self.calls.contains_key(&call) || self.over.contains(&call);
        if status.is_terminal() {
            self.over.add(call, self.services.clock.now());
        }
        if known { Reported::WasOver } else { Reported::Unknown }
    }

    fn refuse_new(&mut self) {
        self.draining = true;
        self.registration.set_state("draining");
    }

    fn drain(&mut self) {
        self.refuse_new();
        self.tell_all(|| SupervisorEvent::Shutdown);
    }

    fn tell_all(&self, event: impl Fn() -> SupervisorEvent) {
        for (_, handle) in self.calls.values() {
            if let Err(error) = handle.tell(event()) {
                let span = handle.parts().span();
                span.in_scope(
                    || tracing::warn!(%error, "a call was not told what the daemon does"),
                );
            }
        }
    }

    /// A call that this node has under a newer number is not meant.
    fn let_go(&self, call: &CallSid, fence: Fence) {
        let Some((_, handle)) = self.calls.get(call) else { return };
        if handle.parts().lease.fence >= fence {
            return;
        }
        if let Err(error) = handle.tell(SupervisorEvent::LetGo) {
            let span = handle.parts().span();
            span.in_scope(
                || tracing::error!(%error, "a call that another node has was not let go"),
            );
        }
    }
}

fn send_reply<T>(reply: RpcReplyPort<T>, answer: T) {
    // The asker may have given up.
    let _ = reply.send(answer);
}
