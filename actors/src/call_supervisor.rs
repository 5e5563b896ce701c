//! CallSupervisor: supervises the four actors of one call.
//!
//! It holds what a restart needs: audio queues, inboxes, leased state, the media socket's tasks,
//! the last snapshot. It restarts an actor that fails, and stops everything when the call is over.
//! `handlers` says how it handles its messages.

mod apology;
mod children;
mod handlers;
mod hang_up;
mod message;
mod no_webhooks;
mod open_stream;
mod redirect;
mod state;
mod teardown;
mod view;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

pub use apology::apology;
pub(crate) use message::CallSupervisorMsg;
pub(crate) use redirect::Redirect;
pub(crate) use state::CallSupervisorState;
pub(crate) use teardown::finish_stored_call;
pub use view::{CallHandle, CallStatusView, FramesView};

use crate::call_parts::CallParts;
use crate::introspection::Registration;
use crate::trace;

pub(crate) struct CallSupervisor;

pub(crate) struct CallSupervisorArgs {
    pub(crate) parts: Arc<CallParts>,
    pub(crate) registration: Registration,
}

impl Actor for CallSupervisor {
    type Msg = CallSupervisorMsg;
    type State = CallSupervisorState;
    type Arguments = CallSupervisorArgs;

    async fn pre_start(
        &self,
        me: ActorRef<CallSupervisorMsg>,
        args: CallSupervisorArgs,
    ) -> Result<CallSupervisorState, ActorProcessingErr> {
        Ok(CallSupervisorState::start(me, args.parts, args.registration).await?)
    }

    async fn handle(
        &self,
        me: ActorRef<CallSupervisorMsg>,
        message: CallSupervisorMsg,
        state: &mut CallSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            CallSupervisorMsg::Wake => state.inbox.woken(),
            CallSupervisorMsg::Alarm => {
                state.alarm.fired();
                state.on_alarm(&me);
            }
            CallSupervisorMsg::Joined(part) => state.children.joined(part),
            CallSupervisorMsg::TakenDown => {
                // Events arrived meanwhile, mostly a late status.
                state.handle_events(&me).await;
                state.registration.set_state("over");
                me.stop(None);
                return Ok(());
            }
        }
        state.handle_events(&me).await;
        if !state.ending {
            state.children.start_due(&me).await?;
        }
        state.set_alarm();
        state.registration.handled(state.parts.clock.now());
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<CallSupervisorMsg>,
        event: SupervisionEvent,
        state: &mut CallSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        if !state.ending {
            state.on_supervision_event(&event, &me);
            state.set_alarm();
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _me: ActorRef<CallSupervisorMsg>,
        state: &mut CallSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        state.stop_at_once().await;
        Ok(())
    }
}
