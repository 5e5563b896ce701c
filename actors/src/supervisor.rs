//! Supervisor: the root of the tree. It keeps the shared actors alive, starts a supervisor for each
//! call and forgets it when the call is over, and gives up upwards when a shared actor can't be kept
//! alive.

mod calls;
mod message;
mod shared;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::call::CallSetup;
use protocol::ids::CallSid;
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent,
};
use supervision::exit::{self, Exit};
use supervision::{ActorInfo, Alarm, Generation, stop_in_reverse};
use tracing::Instrument;

use crate::call_parts::{CallParts, Services};
use crate::call_supervisor::{CallHandle, CallSupervisor, CallSupervisorArgs};
use crate::introspection::{ActorKind, IntrospectionEvent, Registration};
use crate::messages::SupervisorEvent;
pub use calls::Calls;
pub use message::{CallRefused, SupervisorMsg};
use shared::SharedActors;

/// How long a child may take to stop when everything stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// The actor.
pub struct Supervisor;

/// What it is started with.
pub struct SupervisorArgs {
    /// What calls need of the daemon.
    pub services: Services,
    /// At most this many calls at once.
    pub max_calls: usize,
}

/// The root's state.
pub struct SupervisorState {
    services: Services,
    max_calls: usize,
    draining: bool,
    shared: SharedActors,
    calls: HashMap<CallSid, (ActorCell, CallHandle)>,
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
        let SupervisorArgs { services, max_calls } = args;
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
            max_calls,
            draining: false,
            shared,
            calls: HashMap::new(),
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
        match message {
            SupervisorMsg::Start { setup, reply } => {
                let answer = state.start_call(&me, *setup).await;
                answer_to(reply, answer);
            }
            SupervisorMsg::Find { call, reply } => {
                answer_to(reply, state.calls.get(&call).map(|(_, handle)| handle.clone()));
            }
            SupervisorMsg::List(reply) => {
                let all = state.calls.values().map(|(_, handle)| handle.clone()).collect();
                answer_to(reply, all);
            }
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
            state.forget_call(who, &exit);
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
        // All calls stop side by side: there can be many, and one may be slow.
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
    ) -> Result<CallHandle, CallRefused> {
        if let Some((_, handle)) = self.calls.get(&setup.call_sid) {
            return Ok(handle.clone());
        }
        if self.draining {
            return Err(CallRefused::Draining);
        }
        if self.calls.len() >= self.max_calls {
            return Err(CallRefused::Full);
        }
        let call_sid = setup.call_sid.clone();
        let parts = CallParts::new(setup, self.services.clone());
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
        // Whatever an actor of this call logs carries the call's id: actors inherit the span they are
        // spawned in.
        let span = tracing::info_span!("call", sid = %call_sid);
        let spawning = Actor::spawn_linked(None, CallSupervisor, args, me.get_cell());
        let spawned = spawning.instrument(span).await;
        let (actor, _) = spawned.map_err(|error| {
            tracing::error!(%error, call = %call_sid, "the call could not be started");
            CallRefused::Failed
        })?;
        tracing::info!(call = %call_sid, "call started");
        let event = IntrospectionEvent::CallStarted { call_sid: call_sid.clone() };
        self.services.introspection.tell(event);
        let handle = CallHandle::new(parts);
        self.calls.insert(call_sid, (actor.get_cell(), handle.clone()));
        Ok(handle)
    }

    /// A call is temporary: whatever it ended of, it is not started again from here. Twilio's next
    /// webhook is what brings it back.
    fn forget_call(&mut self, who: ActorId, exit: &Exit) {
        let found = self.calls.iter().find(|(_, (cell, _))| cell.get_id() == who);
        let Some(call) = found.map(|(call, _)| call.clone()) else { return };
        if let Some((_, handle)) = self.calls.remove(&call) {
            handle.parts().close();
        }
        if *exit != Exit::Finished {
            tracing::error!(%call, ?exit, "the supervisor of a call failed");
        }
    }

    fn drain(&mut self) {
        self.draining = true;
        self.registration.set_state("draining");
        for (call, (_, handle)) in &self.calls {
            if let Err(error) = handle.tell(SupervisorEvent::Shutdown) {
                tracing::warn!(%call, %error, "a call could not be told to end");
            }
        }
    }
}

fn answer_to<T>(reply: RpcReplyPort<T>, answer: T) {
    // Whoever asked may have given up.
    let _ = reply.send(answer);
}
