//! CallSupervisor: one per call, small, and the one that stays. It holds what a restart needs (the
//! audio queues, the ports' inboxes, the desks, the sockets' tasks, the last snapshot), starts the four
//! actors again when they fail, and takes everything down when the call is over.

mod children;
mod order;
mod ruins;
mod view;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use protocol::call::{Call, CallSetup, Now};
use protocol::ids::StreamSid;
use protocol::twilio::forms::CallStatus;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::watch;

pub use order::apology;
pub use view::{CallHandle, CallStatusView, FramesView};

use crate::alarm::Alarm;
use crate::call_parts::{CallParts, Services, Snapshot};
use crate::downlink::Downlink;
use crate::link::Link;
use crate::loudness::Loudness;
use crate::port::{Begun, Port, Reader};
use crate::realtime::RealtimeView;
use crate::supervision::exit::{self, Exit};
use crate::supervision::introspection::{ActorKind, Card};
use crate::supervision::tasks::TaskGroup;
use crate::twilio_io;
use crate::uplink::Uplink;
use children::Children;

/// Events that may wait for a part of a call. The parts talk tens of times a second at most.
const PORT: usize = 256;

/// How often the status line is written (PIPE-7).
const STATUS_EVERY: Duration = Duration::from_secs(3);

/// What reaches the supervisor of a call through its port.
#[derive(Debug)]
pub enum SupervisorEvent {
    /// CallActor wants something done.
    Order(SupervisorOrder),
    /// A media socket was accepted for this call.
    Attach {
        /// Which media handshake of the daemon's it was, from 1: the newest has the call (CALL-9).
        handshake: u64,
        /// The stream.
        stream: StreamSid,
        /// Its socket; taken once.
        link: Mutex<Option<Link>>,
    },
    /// Twilio reported the call's status.
    Status {
        /// The status.
        status: CallStatus,
        /// Seconds, with a terminal status.
        duration_secs: Option<u32>,
    },
    /// An operator ends the call.
    OperatorHangUp,
    /// Twilio says how a transfer to a person has ended.
    TransferEnded {
        /// Whether the person answered.
        answered: bool,
    },
    /// The daemon is to stop.
    Shutdown,
}

/// What CallActor wants of the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisorOrder {
    /// End the call at Twilio.
    HangUp,
    /// Have Twilio apologise and end the call.
    Apologise,
    /// Have Twilio put the caller through to a person.
    Transfer,
    /// Take everything down.
    Finish,
}

/// The supervisor's messages.
#[derive(Debug)]
pub enum CallSupervisorMsg {
    /// Something waits in the port.
    Doorbell,
    /// A restart is due, or a status line.
    Alarm,
    /// What a part left behind has been joined: it may be started again when its pause is over.
    Joined {
        /// The part.
        kind: ActorKind,
    },
    /// Everything of the call is down.
    TakenDown,
}

/// The actor.
pub struct CallSupervisor;

/// What it is started with.
pub struct CallSupervisorArgs {
    /// What its parts share; the spawner keeps it too, as the call's handle.
    pub parts: Arc<CallParts>,
    /// Its entry in the introspection.
    pub card: Card,
}

/// Makes what the parts of a new call share.
#[must_use]
pub fn parts(setup: CallSetup, services: Services) -> Arc<CallParts> {
    let clock = services.clock;
    let now = Now { at: clock.now(), wall: clock.wall() };
    let call = Call::new(setup.clone(), now);
    let (snapshot, _) = watch::channel(Arc::new(Snapshot { call, handled: 0 }));
    Arc::new(CallParts {
        setup: Arc::new(setup),
        clock,
        services,
        uplink: Arc::new(Uplink::default()),
        downlink: Arc::new(Downlink::default()),
        loudness: Arc::new(Loudness::default()),
        call: Port::new(PORT),
        twilio: Port::new(PORT),
        realtime: Port::new(PORT),
        lead: Port::new(PORT),
        supervisor: Port::new(PORT),
        snapshot,
        resumes: Mutex::default(),
        realtime_view: watch::Sender::new(RealtimeView::default()),
    })
}

/// The supervisor's state.
pub struct CallSupervisorState {
    parts: Arc<CallParts>,
    inbox: Reader<SupervisorEvent>,
    children: Children,
    /// The open stream's socket: its tasks outlive every actor.
    stream: Option<TaskGroup>,
    /// The newest media handshake of the call.
    handshake: u64,
    /// Requests to Twilio that the end of the call waits for.
    requests: TaskGroup,
    hung_up: bool,
    ending: bool,
    /// A call that Twilio says is over is taken down by then, whatever its actors do.
    finish_by: Option<Instant>,
    status_at: Instant,
    alarm: Alarm<CallSupervisorMsg>,
    card: Card,
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
        let parts = args.parts;
        let now = parts.clock.now();
        let inbox = parts.supervisor.attach(me.clone(), || CallSupervisorMsg::Doorbell);
        let children = Children::start(&me, &parts, &args.card).await?;
        args.card.set_state("running");
        Ok(CallSupervisorState {
            inbox,
            children,
            stream: None,
            requests: TaskGroup::new(),
            handshake: 0,
            hung_up: false,
            ending: false,
            finish_by: None,
            status_at: now + STATUS_EVERY,
            alarm: Alarm::new(me, || CallSupervisorMsg::Alarm),
            card: args.card,
            parts,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<CallSupervisorMsg>,
        message: CallSupervisorMsg,
        state: &mut CallSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CallSupervisorMsg::Doorbell => state.inbox.answer(),
            CallSupervisorMsg::Alarm => {
                state.alarm.rang();
                state.on_alarm(&me);
            }
            CallSupervisorMsg::Joined { kind } => state.children.joined(kind),
            CallSupervisorMsg::TakenDown => {
                // What came while it was taken down is in the port: a late status, mostly.
                state.take_in(&me).await;
                state.card.set_state("over");
                me.stop(None);
                return Ok(());
            }
        }
        state.take_in(&me).await;
        state.restart_what_is_due(&me).await?;
        state.set_alarm();
        state.card.handled(state.parts.clock.now());
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<CallSupervisorMsg>,
        event: SupervisionEvent,
        state: &mut CallSupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        if let Some((who, exit)) = exit::read(&event)
            && !state.ending
        {
            state.child_ended(&me, who, &exit);
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
