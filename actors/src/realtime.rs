//! RealtimeActor: the owner of the call's Realtime session and of the response gate.
//!
//! It configures the session, replays the call to a new one, and decides when `response.create` and
//! `response.cancel` go out. Audio passes it by: the session's task (`session`) carries it between
//! the socket and the call's two audio queues.

mod desk;
mod history;
mod session;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::call::{Entry, Interruption, SessionFault};
use protocol::ids::{ItemId, ResponseId};
use protocol::response_gate::{Ask, AskNumber};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub use desk::{RealtimeDesk, RealtimeView};
pub use settings::session_settings;

use crate::alarm::Alarm;
use crate::call_parts::CallParts;
use crate::lease::Leased;
use crate::link::Text;
use crate::port::{Begun, Reader};
use crate::supervision::introspection::Card;
use crate::supervision::tasks::{TaskCrashed, TaskGroup};
use desk::{Socket, Wish};
use session::{LastHeard, SessionTask};

/// How soon reports that the call had no room for are offered again.
const OFFER_AGAIN: Duration = Duration::from_millis(20);

/// Reports that may wait for the call before no more events are taken in.
const REPORTS_WAITING: usize = 32;

/// Orders to a session's sender loop that may wait; a loop further behind has a dead socket.
const OUTGOING: usize = 64;

/// What reaches RealtimeActor through its port.
#[derive(Debug)]
pub enum RealtimeEvent {
    /// The call wants something.
    Order(RealtimeOrder),
    /// A session's socket brought an event that is not audio.
    Received {
        /// Which session of the call.
        session: u32,
        /// The event.
        text: Text,
    },
    /// A session's socket brought the first audio of an item.
    AudioBegan {
        /// Which session of the call.
        session: u32,
        /// The response.
        response: ResponseId,
        /// The item.
        item: ItemId,
    },
    /// A session's task is over.
    Ended {
        /// Which session of the call.
        session: u32,
        /// Whether another try can help.
        fault: SessionFault,
    },
}

/// What the call wants of its session.
#[derive(Debug, Clone)]
pub enum RealtimeOrder {
    /// A session, which has waited for this.
    Open,
    /// None, until one is wanted again.
    Close,
    /// A response.
    Ask(Ask),
    /// This ask not any more.
    Withdraw(AskNumber),
    /// This told to the model.
    Tell(Arc<Entry>),
    /// What the caller did not hear forgotten: the agent was cut off.
    Interrupt(Interruption),
    /// Answers asked for, now that all tools have answered.
    ToolsDone,
    /// The call so far told to a new session, and then the live audio.
    Replay {
        /// Which session it is for.
        session: u32,
        /// The call so far.
        history: Vec<Arc<Entry>>,
    },
}

/// RealtimeActor's messages.
#[derive(Debug)]
pub enum RealtimeMsg {
    /// First of all: take over what a predecessor left.
    Begin,
    /// Something waits in the port.
    Doorbell,
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
    pub desk: Leased<RealtimeDesk>,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its entry in the introspection.
    pub card: Card,
}

/// RealtimeActor's state: everything that matters is on the desk.
pub struct RealtimeState {
    parts: Arc<CallParts>,
    inbox: Reader<RealtimeEvent>,
    desk: Leased<RealtimeDesk>,
    tasks: TaskGroup,
    running: Option<RunningSession>,
    alarm: Alarm<RealtimeMsg>,
    card: Card,
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
        let inbox = args.parts.realtime.attach(me.clone(), || RealtimeMsg::Doorbell);
        args.card.may_crash(&me, || RealtimeMsg::Crash);
        args.tasks.tell(me.clone(), RealtimeMsg::TaskCrashed);
        Ok(RealtimeState {
            inbox,
            desk: args.desk,
            tasks: args.tasks,
            running: None,
            alarm: Alarm::new(me, || RealtimeMsg::Alarm),
            card: args.card,
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
            RealtimeMsg::Doorbell => {
                state.inbox.answer();
                state.take_in(now);
            }
            RealtimeMsg::Alarm => {
                state.alarm.rang();
                state.take_in(now);
                let wish = state.desk.handle_timeout(now);
                state.fulfil(wish, now);
            }
            RealtimeMsg::TaskCrashed(crashed) => return Err(crashed.into()),
            RealtimeMsg::Crash => panic!("asked to crash"),
        }
        state.report();
        state.open_session_if_due(now);
        state.set_alarm(now);
        state.card.set_state(state.desk.state_name());
        state.card.handled(now);
        Ok(())
    }
}

impl RealtimeState {
    /// What the predecessor's session had brought is taken in as it came; then that session is over.
    fn begin(&mut self, now: Instant) {
        self.take_in(now);
        if self.desk.is_open() {
            self.session_over(SessionFault::Passing, now);
        }
    }

    fn take_in(&mut self, now: Instant) {
        while self.desk.reports_waiting() < REPORTS_WAITING {
            let Some(Begun { number, event, .. }) = self.inbox.begin_next() else { break };
            let wish = match &*event {
                RealtimeEvent::Order(order) => self.desk.on_order(order, now),
                RealtimeEvent::Received { session, text } => self.desk.on_text(*session, text, now),
                RealtimeEvent::AudioBegan { session, response, item } => {
                    self.desk.on_audio_began(*session, response, item, now);
                    Wish::None
                }
                RealtimeEvent::Ended { session, fault } if self.desk.is_current(*session) => {
                    Wish::EndSession(*fault)
                }
                RealtimeEvent::Ended { .. } => Wish::None,
            };
            self.fulfil(wish, now);
            self.inbox.remove(number);
        }
    }

    fn fulfil(&mut self, wish: Wish, now: Instant) {
        match wish {
            Wish::None => {}
            Wish::EndSession(fault) => self.session_over(fault, now),
            Wish::CloseSession => {
                self.stop_session();
                self.desk.closed();
            }
        }
    }

    fn session_over(&mut self, fault: SessionFault, now: Instant) {
        self.stop_session();
        self.desk.session_ended(fault, now);
    }

    fn stop_session(&self) {
        if let Some(running) = &self.running {
            running.stop.cancel();
        }
        self.parts.downlink.end_open_items();
    }

    fn open_session_if_due(&mut self, now: Instant) {
        if self.desk.retry_at().is_none_or(|at| at > now) {
            return;
        }
        let (outgoing, orders) = mpsc::channel(OUTGOING);
        let (ended, over) = oneshot::channel::<()>();
        let last_heard = Arc::new(LastHeard::new(now));
        let stop = CancellationToken::new();
        let task = SessionTask {
            session: self.desk.next_session(),
            connector: Arc::clone(&self.parts.services.connector),
            model: self.parts.setup.settings.agent.model.clone(),
            clock: self.parts.clock,
            uplink: Arc::clone(&self.parts.uplink),
            downlink: Arc::clone(&self.parts.downlink),
            port: self.parts.realtime.clone(),
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
        self.desk.opening(Socket { outgoing, last_heard }, now);
    }

    fn report(&mut self) {
        while let Some(report) = self.desk.report() {
            if self.parts.call.try_send(report.clone()).is_err() {
                break;
            }
            self.desk.reported();
        }
        let view = self.desk.view();
        self.parts.realtime_view.send_if_modified(|shown| {
            let changed = *shown != view;
            *shown = view;
            changed
        });
    }

    fn set_alarm(&mut self, now: Instant) {
        let again = (self.desk.reports_waiting() > 0).then(|| now + OFFER_AGAIN);
        self.alarm.set(self.desk.poll_timeout(now).into_iter().chain(again).min());
    }
}
