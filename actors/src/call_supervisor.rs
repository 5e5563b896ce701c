//! CallSupervisor: one per call, small, and the one that stays.
//!
//! It holds what a restart needs: the audio queues, the inboxes, the leased state, the sockets' tasks,
//! the last snapshot. It starts the four actors again when they fail, and takes everything down when
//! the call is over. What it does about its messages is in `handlers`.

mod apology;
mod children;
mod handlers;
mod message;
mod state;
mod teardown;
mod view;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

pub use apology::apology;
pub use message::{CallSupervisorMsg, Part};
pub use state::CallSupervisorState;
pub use view::{CallHandle, CallStatusView, FramesView};

use crate::call_parts::CallParts;
use crate::introspection::Registration;

/// Supervises one call.
pub struct CallSupervisor;

/// What it is started with.
pub struct CallSupervisorArgs {
    /// What its parts share; the spawner keeps it too, as the call's handle.
    pub parts: Arc<CallParts>,
    /// Its place in the introspection.
    pub registration: Registration,
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
        match message {
            CallSupervisorMsg::Wake => state.inbox.woken(),
            CallSupervisorMsg::Alarm => {
                state.alarm.fired();
                state.on_alarm(&me);
            }
            CallSupervisorMsg::Joined(part) => state.children.joined(part),
            CallSupervisorMsg::TakenDown => {
                // What came while it was taken down is in the inbox: mostly a late status.
                state.take_in(&me).await;
                state.registration.set_state("over");
                me.stop(None);
                return Ok(());
            }
        }
        state.take_in(&me).await;
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
