//! RealtimeActor: the owner of the call's Realtime session and of the response gate.
//!
//! It configures the session, replays the call to a new one, and decides when `response.create` and
//! `response.cancel` go out. Audio passes it by: the session's task (`session`) carries it between
//! the socket and the call's two audio queues.

mod history;
mod session;
mod state;

use std::sync::Arc;
use std::time::Instant;

use protocol::call::SessionFault;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, InboxReader, Leased, TaskCrashed, TaskGroup};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub use state::SessionState;

use crate::call_parts::CallParts;
use crate::introspection::Registration;
use crate::messages::RealtimeEvent;
use session::{LastHeard, SessionTask};
use state::{SessionAction, Socket};

/// Orders to a session's sender loop that may wait; a loop further behind has a dead socket.
const OUTGOING: usize = 64;

/// RealtimeActor's messages.
#[derive(Debug)]
pub enum RealtimeMsg {
    /// First of all: take over what a predecessor left.
    Begin,
    /// Something waits in the inbox.
    Wake,
    /// A deadline has come.
    Alarm,
    /// A task of this actor panicked.
    TaskCrashed(TaskCrashed),
    /// Panic, to show that the call goes on.
    Crash,
}

/// The actor.
pub struct RealtimeActor;

/// What it is started with.
pub struct RealtimeArgs {
    /// The call it belongs to.
    pub parts: Arc<CallParts>,
    /// Its work, from its predecessor if it has one.
    pub session: Leased<SessionState>,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its place in the introspection.
    pub registration: Registration,
}

/// RealtimeActor's state: everything that matters is on the desk.
pub struct RealtimeState {
    parts: Arc<CallParts>,
    inbox: InboxReader<RealtimeEvent>,
    session: Leased<SessionState>,
    tasks: TaskGroup,
    running: Option<RunningSession>,
    alarm: Alarm<RealtimeMsg>,
    registration: Registration,
}

struct RunningSession {
    stop: CancellationToken,
    over: oneshot::Receiver<()>,
}

impl Actor for RealtimeActor {
    type Msg = RealtimeMsg;
    type State = RealtimeState;
    type Arguments = RealtimeArgs;

    async fn pre_start(
        &self,
        me: ActorRef<RealtimeMsg>,
        args: RealtimeArgs,
    ) -> Result<RealtimeState, ActorProcessingErr> {
        me.cast(RealtimeMsg::Begin)?;
        let inbox = args.parts.realtime.attach(me.clone(), || RealtimeMsg::Wake);
        args.registration.allow_crash(&me, || RealtimeMsg::Crash);
        args.tasks.report_panics_to(me.clone(), RealtimeMsg::TaskCrashed);
        Ok(RealtimeState {
            inbox,
            session: args.session,
            tasks: args.tasks,
            running: None,
            alarm: Alarm::new(me, || RealtimeMsg::Alarm),
            registration: args.registration,
            parts: args.parts,
        })
    }

    async fn handle(
        &self,
        _me: ActorRef<RealtimeMsg>,
        message: RealtimeMsg,
        state: &mut RealtimeState,
    ) -> Result<(), ActorProcessingErr> {
        let now = state.parts.clock.now();
        match message {
            RealtimeMsg::Begin => state.begin(now),
            RealtimeMsg::Wake => {
                state.inbox.woken();
                state.take_in(now);
            }
            RealtimeMsg::Alarm => {
                state.alarm.fired();
                state.take_in(now);
                let action = state.session.handle_timeout(now);
                state.perform(action, now);
            }
            RealtimeMsg::TaskCrashed(crashed) => return Err(crashed.into()),
            RealtimeMsg::Crash => panic!("asked to crash"),
        }
        state.report();
        state.open_session_if_due(now);
        state.set_alarm(now);
        state.registration.set_state(state.session.state_name());
        state.registration.handled(now);
        Ok(())
    }
}

impl RealtimeState {
    /// What the predecessor's session had brought is taken in as it came; then that session is over.
    fn begin(&mut self, now: Instant) {
        self.take_in(now);
        if self.session.is_open() {
            self.session_over(SessionFault::Passing, now);
        }
    }

    fn take_in(&mut self, now: Instant) {
        while !self.session.reports.is_full() {
            let Some(Delivery { number, event, .. }) = self.inbox.receive() else { break };
            let action = match &*event {
                RealtimeEvent::Order(order) => self.session.on_order(order, now),
                RealtimeEvent::Received { session, event } => {
                    self.session.on_received(*session, event, now)
                }
                RealtimeEvent::AudioBegan { session, response, item } => {
                    self.session.on_audio_began(*session, response, item, now);
                    SessionAction::None
                }
                RealtimeEvent::Ended { session, fault } if self.session.is_current(*session) => {
                    SessionAction::End(*fault)
                }
                RealtimeEvent::Ended { .. } => SessionAction::None,
            };
            self.perform(action, now);
            self.inbox.ack(number);
        }
    }

    fn perform(&mut self, action: SessionAction, now: Instant) {
        match action {
            SessionAction::None => {}
            SessionAction::End(fault) => self.session_over(fault, now),
            SessionAction::Close => {
                self.stop_session();
                self.session.closed();
            }
        }
    }

    fn session_over(&mut self, fault: SessionFault, now: Instant) {
        self.stop_session();
        self.session.session_ended(fault, now);
    }

    fn stop_session(&self) {
        if let Some(running) = &self.running {
            running.stop.cancel();
        }
        self.parts.downlink.end_open_items();
    }

    fn open_session_if_due(&mut self, now: Instant) {
        if self.session.retry_at().is_none_or(|at| at > now) {
            return;
        }
        let (outgoing, orders) = mpsc::channel(OUTGOING);
        let (ended, over) = oneshot::channel::<()>();
        let last_heard = Arc::new(LastHeard::new(now));
        let stop = CancellationToken::new();
        let task = SessionTask {
            session: self.session.next_session(),
            connector: Arc::clone(&self.parts.services.connector),
            model: self.parts.setup.settings.agent.model.clone(),
            clock: self.parts.clock,
            uplink: Arc::clone(&self.parts.uplink),
            downlink: Arc::clone(&self.parts.downlink),
            inbox: self.parts.realtime.clone(),
            last_heard: Arc::clone(&last_heard),
        };
        let previous = self.running.replace(RunningSession { stop: stop.clone(), over });
        self.tasks.spawn("session", async move {
            // At most one session is alive: the one before has let go of its socket first.
            if let Some(previous) = previous {
                let _ = previous.over.await;
            }
            stop.run_until_cancelled(task.run(orders)).await;
            drop(ended);
        });
        self.session.opening(Socket { outgoing, last_heard }, now);
    }

    fn report(&mut self) {
        self.session.reports.send(&self.parts.call);
        let view = self.session.view();
        self.parts.realtime_view.send_if_modified(|shown| {
            let changed = *shown != view;
            *shown = view;
            changed
        });
    }

    fn set_alarm(&mut self, now: Instant) {
        let again = self.session.reports.retry_at(now);
        self.alarm.set(self.session.poll_timeout(now).into_iter().chain(again).min());
    }
}
