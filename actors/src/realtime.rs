//! RealtimeActor: owns the call's session with OpenAI Realtime, and the response gate.
//!
//! It configures the session, replays the call to a new one, and decides when `response.create` and
//! `response.cancel` are sent. Audio does not pass through it: the sender loop (`sender`) and the
//! session's reader (`session`) move it between the socket and the call's two queues.

mod history;
mod sender;
mod session;
mod state;

use std::sync::Arc;
use std::time::Instant;

use protocol::call::SessionFault;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, InboxReader, Leased, TaskCrashed, TaskGroup, TaskHandle};
use tokio::sync::mpsc;

#[cfg(test)]
pub(crate) use sender::SenderLoop;
pub(crate) use state::SessionState;

use crate::call_parts::CallParts;
use crate::introspection::{CRASH_REQUESTED, Registration};
use crate::messages::RealtimeEvent;
use crate::trace::{self, Source};
use session::{LastReceived, Session};
use state::{SessionAction, Socket};

/// Orders to the sender loop that may wait. A loop that is further behind has a dead socket.
const OUTGOING: usize = 64;

#[derive(Debug)]
pub(crate) enum RealtimeMsg {
    /// The first message: take over from the predecessor.
    Begin,
    /// Something waits in the inbox.
    Wake,
    /// A deadline has come.
    Alarm,
    TaskCrashed(TaskCrashed),
    /// Panic on purpose, to show that the call survives it.
    Crash,
}

pub(crate) struct RealtimeActor;

pub(crate) struct RealtimeArgs {
    pub(crate) parts: Arc<CallParts>,
    /// As its predecessor left it.
    pub(crate) session: Leased<SessionState>,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

pub(crate) struct RealtimeState {
    parts: Arc<CallParts>,
    inbox: InboxReader<RealtimeEvent>,
    session: Leased<SessionState>,
    tasks: TaskGroup,
    /// The two tasks of the last session.
    running: Option<[TaskHandle; 2]>,
    alarm: Alarm<RealtimeMsg>,
    registration: Registration,
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
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            RealtimeMsg::Begin => state.begin(now),
            RealtimeMsg::Wake => {
                state.inbox.woken();
                state.handle_events(now);
            }
            RealtimeMsg::Alarm => {
                state.alarm.fired();
                state.handle_events(now);
                let action = state.session.handle_timeout(now);
                state.perform(action, now);
            }
            RealtimeMsg::TaskCrashed(crashed) => return Err(crashed.into()),
            RealtimeMsg::Crash => panic!("{CRASH_REQUESTED}"),
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
    /// Handles what the predecessor's session had sent. Then that session is over.
    fn begin(&mut self, now: Instant) {
        self.handle_events(now);
        if self.session.is_open() {
            self.session_over(SessionFault::Passing, now);
        }
    }

    fn handle_events(&mut self, now: Instant) {
        while !self.session.reports.is_full() {
            let Some(delivery) = self.inbox.receive() else { break };
            trace::taken(&self.registration, &delivery);
            let Delivery { number, event, .. } = delivery;
            if number > self.session.handled {
                let action = self.handle_event(&event, now);
                self.perform(action, now);
                self.session.handled = number;
            }
            trace::done(&self.registration, number);
            self.inbox.ack(number);
        }
    }

    fn handle_event(&mut self, event: &RealtimeEvent, now: Instant) -> SessionAction {
        match event {
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
        }
    }

    fn perform(&mut self, action: SessionAction, now: Instant) {
        match action {
            SessionAction::None => {}
            SessionAction::End(fault) => self.session_over(fault, now),
            SessionAction::Close => {
                self.stop_session();
                self.parts.downlink.end_open_items();
                self.session.closed();
            }
        }
    }

    fn session_over(&mut self, fault: SessionFault, now: Instant) {
        self.stop_session();
        if let SessionFault::Lasting(cause) = fault {
            let cause_name = cause.as_str();
            let business = &self.parts.setup.settings;
            let (model, voice) = (&business.agent.model, &business.agent.voice);
            tracing::error!(
                cause = cause_name,
                model,
                voice,
                "OpenAI refuses, and no retry can help"
            );
            self.parts.services.provider.failed(cause, business, now);
        }
        let broken = self.parts.downlink.drop_unplayed();
        self.session.session_ended(fault, broken, now);
    }

    fn stop_session(&self) {
        if let Some(running) = &self.running {
            running.iter().for_each(TaskHandle::abort);
        }
    }

    fn open_session_if_due(&mut self, now: Instant) {
        if self.session.retry_at().is_none_or(|at| at > now) {
            return;
        }
        let (outgoing, orders) = mpsc::channel(OUTGOING);
        let last_received = Arc::new(LastReceived::new(now));
        let source = Source::actor(&self.registration);
        let number = self.session.next_session();
        let (parts, received) = (Arc::clone(&self.parts), Arc::clone(&last_received));
        let session = Arc::new(Session::new(number, parts, received, source.clone()));
        self.parts.downlink.begin_session(number);
        let (sender, reader) = session::sides(orders);
        let (sending, socket) = (Arc::clone(&session), self.parts.socket.clone());
        // At most one session is alive: the former one drops its socket first.
        let sending = async move { sending.run(socket.take().await, sender).await };
        let receiving = async move { session.receive(reader).await };
        self.running = Some([
            self.tasks.spawn("session", source.clone().task("session", sending)),
            self.tasks.spawn("session reader", source.task("session reader", receiving)),
        ]);
        self.session.opening(Socket { outgoing, last_received }, now);
    }

    fn report(&mut self) {
        trace::handler(&self.registration, format_args!("reports"));
        if self.session.take_spoke() {
            let setup = &self.parts.setup;
            self.parts.services.provider.spoke(&setup.call_sid, &setup.settings);
        }
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
        self.alarm.set(self.session.poll_timeout().into_iter().chain(again).min());
    }
}
