//! Supervisor: the root of the tree. It keeps the shared actors alive, starts a supervisor for each
//! call and forgets it when the call is over, and gives up upwards when a shared actor can't be kept
//! alive.

mod calls;
mod shared;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::call::CallSetup;
use protocol::ids::{CallSid, Generation};
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent,
};
use thiserror::Error;
use tracing::Instrument;

use crate::alarm::Alarm;
use crate::call_parts::Services;
use crate::call_supervisor::{
    self, CallHandle, CallSupervisor, CallSupervisorArgs, SupervisorEvent,
};
use crate::supervision::children::stop_in_reverse;
use crate::supervision::exit::{self, Exit};
use crate::supervision::introspection::{ActorKind, ActorSpec, Card, IntrospectionEvent};
pub use calls::Calls;
use shared::Shared;

/// How long a child may take to stop when everything stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Why a call was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CallRefused {
    /// There are as many calls as there may be (RES-7).
    #[error("there are as many calls as there may be")]
    Full,
    /// The daemon is about to stop (RES-6).
    #[error("the daemon takes no new calls")]
    Draining,
    /// The root did not answer, or the tree could not be made.
    #[error("the call could not be started")]
    Failed,
}

/// The root's messages.
#[derive(Debug)]
pub enum SupervisorMsg {
    /// A webhook wants a call: a new one, or the one that is there already (CALL-9).
    Start {
        /// The facts of the call.
        setup: Box<CallSetup>,
        /// Where the answer goes.
        reply: RpcReplyPort<Result<CallHandle, CallRefused>>,
    },
    /// Somebody wants a living call.
    Find {
        /// Which.
        call: CallSid,
        /// Where the answer goes.
        reply: RpcReplyPort<Option<CallHandle>>,
    },
    /// Somebody wants all living calls.
    List(RpcReplyPort<Vec<CallHandle>>),
    /// No new calls; the running ones are to end politely.
    Drain,
    /// What a shared actor left behind has been joined.
    Joined(ActorKind),
    /// A restart is due.
    Alarm,
}

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
    shared: Shared,
    calls: HashMap<CallSid, (ActorCell, CallHandle)>,
    alarm: Alarm<SupervisorMsg>,
    card: Card,
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
        let spec = ActorSpec {
            kind: ActorKind::Supervisor,
            parent: None,
            call_sid: None,
            generation: Generation(0),
            last_error: None,
            depth: Box::new(|| 0),
        };
        let card = services.introspection.register(spec, services.clock.now());
        card.set_state("running");
        let shared = Shared::start(&me, &services, card.id()).await?;
        Ok(SupervisorState {
            services,
            max_calls,
            draining: false,
            shared,
            calls: HashMap::new(),
            alarm: Alarm::new(me, || SupervisorMsg::Alarm),
            card,
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
            SupervisorMsg::Joined(kind) => state.shared.joined(kind),
            SupervisorMsg::Alarm => state.alarm.rang(),
        }
        state.shared.restart_due(&me, &state.services).await?;
        state.alarm.set(state.shared.starts_at());
        state.card.handled(state.services.clock.now());
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<SupervisorMsg>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        let Some((who, exit)) = exit::read(&event) else { return Ok(()) };
        if !state.forget_call(who, &exit) {
            state.shared.ended(who, &exit, &me, &state.services)?;
            state.alarm.set(state.shared.starts_at());
        }
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
        state.shared.stop(&state.services, STOP_PATIENCE).await;
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
        let parts = call_supervisor::parts(setup, self.services.clone());
        let port = parts.supervisor.clone();
        let spec = ActorSpec {
            kind: ActorKind::CallSupervisor,
            parent: Some(self.card.id()),
            call_sid: Some(call_sid.clone()),
            generation: Generation(0),
            last_error: None,
            depth: Box::new(move || port.depth()),
        };
        let card = self.services.introspection.register(spec, self.services.clock.now());
        let args = CallSupervisorArgs { parts: Arc::clone(&parts), card };
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
    fn forget_call(&mut self, who: ActorId, exit: &Exit) -> bool {
        let found = self.calls.iter().find(|(_, (cell, _))| cell.get_id() == who);
        let Some(call) = found.map(|(call, _)| call.clone()) else { return false };
        if let Some((_, handle)) = self.calls.remove(&call) {
            handle.parts().close();
        }
        if *exit != Exit::Finished {
            tracing::error!(%call, ?exit, "the supervisor of a call failed");
        }
        true
    }

    fn drain(&mut self) {
        self.draining = true;
        self.card.set_state("draining");
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
