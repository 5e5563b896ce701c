//! CallSupervisor's state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{ActorRef, SpawnErr};
use supervision::{Alarm, InboxReader, TaskGroup};

use super::children::CallChildren;
use super::hang_up::HangUpOnce;
use super::message::CallSupervisorMsg;
use super::open_stream::OpenStream;
use crate::call_parts::CallParts;
use crate::introspection::Registration;
use crate::messages::SupervisorEvent;

/// How often the status line is logged (PIPE-7).
pub(super) const STATUS_EVERY: Duration = Duration::from_secs(3);

pub(crate) struct CallSupervisorState {
    pub(super) parts: Arc<CallParts>,
    pub(super) inbox: InboxReader<SupervisorEvent>,
    pub(super) children: CallChildren,
    pub(super) stream: Option<OpenStream>,
    /// The number of the call's newest media handshake.
    pub(super) handshake: u64,
    /// Requests to Twilio. The teardown waits for them.
    pub(super) requests: TaskGroup,
    pub(super) hang_up: HangUpOnce,
    pub(super) ending: bool,
    /// When the teardown begins, because the call is over at Twilio.
    pub(super) finish_by: Option<Instant>,
    pub(super) status_at: Instant,
    pub(super) alarm: Alarm<CallSupervisorMsg>,
    pub(super) registration: Registration,
}

impl CallSupervisorState {
    /// Starts the four actors.
    pub(super) async fn start(
        me: ActorRef<CallSupervisorMsg>,
        parts: Arc<CallParts>,
        registration: Registration,
    ) -> Result<Self, SpawnErr> {
        let inbox = parts.supervisor.attach(me.clone(), || CallSupervisorMsg::Wake);
        let children = CallChildren::start(&me, &parts, registration.id()).await?;
        registration.set_state("running");
        Ok(Self {
            inbox,
            children,
            stream: None,
            handshake: 0,
            requests: TaskGroup::new(),
            hang_up: HangUpOnce::default(),
            ending: false,
            finish_by: None,
            status_at: parts.clock.now() + STATUS_EVERY,
            alarm: Alarm::new(me, || CallSupervisorMsg::Alarm),
            registration,
            parts,
        })
    }
}
