//! CallActor: a thin shell over `protocol::call`. It looks at an event, lets the core handle it,
//! publishes the snapshot, hands the commands to those who perform them, and only then lets the
//! event go: whatever it dies of, its successor misses nothing and does nothing twice.

pub mod records;
mod route;

use std::sync::Arc;

use protocol::call::{Call, Event, Now};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, InboxReader};

use crate::call_parts::{CallParts, Snapshot};
use crate::introspection::Registration;
use crate::reports::OFFER_AGAIN;

/// Commands that may wait for room before no more events are taken in.
const COMMANDS_WAITING: usize = 64;

/// CallActor's messages.
#[derive(Debug)]
pub enum CallMsg {
    /// Something waits in the inbox.
    Wake,
    /// A deadline has come.
    Alarm,
    /// Panic, to show that the call goes on.
    Crash,
}

/// The actor.
pub struct CallActor;

/// What it is started with.
pub struct CallArgs {
    /// The call it is.
    pub parts: Arc<CallParts>,
    /// Its place in the introspection.
    pub registration: Registration,
}

/// CallActor's state: the call as the last snapshot has it, and what happens to it next.
pub struct CallState {
    parts: Arc<CallParts>,
    inbox: InboxReader<Event>,
    call: Call,
    handled: u64,
    alarm: Alarm<CallMsg>,
    registration: Registration,
}

impl Actor for CallActor {
    type Msg = CallMsg;
    type State = CallState;
    type Arguments = CallArgs;

    async fn pre_start(
        &self,
        me: ActorRef<CallMsg>,
        args: CallArgs,
    ) -> Result<CallState, ActorProcessingErr> {
        let Snapshot { call, handled } = args.parts.snapshot.borrow().as_ref().clone();
        me.cast(CallMsg::Wake)?;
        let inbox = args.parts.call.attach(me.clone(), || CallMsg::Wake);
        args.registration.allow_crash(&me, || CallMsg::Crash);
        Ok(CallState {
            inbox,
            call,
            handled,
            alarm: Alarm::new(me, || CallMsg::Alarm),
            registration: args.registration,
            parts: args.parts,
        })
    }

    async fn handle(
        &self,
        _me: ActorRef<CallMsg>,
        message: CallMsg,
        state: &mut CallState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CallMsg::Wake => state.inbox.woken(),
            CallMsg::Alarm => {
                state.alarm.fired();
                state.call.handle_timeout(state.now());
                state.publish();
            }
            CallMsg::Crash => panic!("asked to crash"),
        }
        state.run_commands();
        state.take_in();
        state.set_alarm();
        state.registration.set_state(state.call.phase().name());
        state.registration.handled(state.parts.clock.now());
        Ok(())
    }
}

impl CallState {
    fn take_in(&mut self) {
        while self.call.outbox().count() < COMMANDS_WAITING {
            let Some(Delivery { number, event, .. }) = self.inbox.receive() else { break };
            if number > self.handled {
                self.call.handle(Event::clone(&event), self.now());
                self.handled = number;
                self.publish();
            }
            self.run_commands();
            self.inbox.ack(number);
        }
    }

    fn publish(&mut self) {
        let snapshot = Snapshot { call: self.call.clone(), handled: self.handled };
        let before = self.parts.snapshot.send_replace(Arc::new(snapshot));
        route::log_changes(&before.call, &self.call);
    }

    fn run_commands(&mut self) {
        let waiting: Vec<_> =
            self.call.outbox().map(|(number, command)| (number, command.clone())).collect();
        for (number, command) in waiting {
            if route::deliver(&self.parts, &self.call, number, command).is_err() {
                break;
            }
            self.call.delivered(number);
        }
    }

    fn set_alarm(&mut self) {
        let due = self.call.poll_timeout().map(|(at, _)| at);
        let waiting = self.call.outbox().next().is_some();
        let again = waiting.then(|| self.parts.clock.now() + OFFER_AGAIN);
        self.alarm.set(due.into_iter().chain(again).min());
    }

    fn now(&self) -> Now {
        Now { at: self.parts.clock.now(), wall: self.parts.clock.wall() }
    }
}
