//! CallActor: runs `protocol::call`.
//!
//! For each event it lets the core handle it, publishes the snapshot, delivers the commands, and
//! then acknowledges the event. So after a crash the successor loses no event and repeats no
//! effect.

pub mod records;
mod route;

use std::sync::Arc;

use protocol::call::{Call, Command, Event};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, InboxReader};

use crate::call_parts::{CallParts, Snapshot};
use crate::introspection::{CRASH_REQUESTED, Registration};
#[cfg(feature = "mistakes")]
use crate::mistake::planted;
use crate::reports::RETRY_PAUSE;
use crate::trace;

/// Commands that may wait for room. With more, no further events are handled.
const MAX_WAITING_COMMANDS: usize = 64;

#[derive(Debug)]
pub(crate) enum CallMsg {
    /// Something waits in the inbox.
    Wake,
    /// A deadline has come.
    Alarm,
    /// Panic on purpose, to show that the call survives it.
    Crash,
}

pub(crate) struct CallActor;

pub(crate) struct CallArgs {
    pub(crate) parts: Arc<CallParts>,
    pub(crate) registration: Registration,
}

pub(crate) struct CallState {
    parts: Arc<CallParts>,
    inbox: InboxReader<Event>,
    call: Call,
    /// The number of the last event that `call` has handled.
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
        #[cfg(feature = "mistakes")]
        let call =
            if planted!(ForgottenOutbox if handled > 0) { without_outbox(call) } else { call };
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
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            CallMsg::Wake => state.inbox.woken(),
            CallMsg::Alarm => {
                state.alarm.fired();
                state.handle_timeout();
            }
            CallMsg::Crash => panic!("{CRASH_REQUESTED}"),
        }
        state.run_commands();
        state.handle_events();
        state.set_alarm();
        state.registration.set_state(state.call.phase().name());
        state.registration.handled(state.parts.clock.now());
        Ok(())
    }
}

#[cfg(feature = "mistakes")]
fn without_outbox(mut call: Call) -> Call {
    let numbers: Vec<u64> = call.outbox().map(|(number, _)| number).collect();
    numbers.into_iter().for_each(|number| call.delivered(number));
    call
}

impl CallState {
    fn handle_timeout(&mut self) {
        let now = self.parts.time.now();
        // The alarm also fires to retry commands that found no room. Then there is nothing to
        // publish.
        if self.call.poll_timeout().is_some_and(|(due, _)| due <= now.at) {
            self.call.handle_timeout(now);
            self.publish();
        }
    }

    fn handle_events(&mut self) {
        while self.call.outbox().count() < MAX_WAITING_COMMANDS {
            let Some(delivery) = self.inbox.receive() else { break };
            trace::taken(&self.registration, &delivery);
            let Delivery { number, event, .. } = delivery;
            if number > self.handled {
                self.call.handle(Event::clone(&event), self.parts.time.now());
                self.handled = number;
                self.publish();
            }
            self.run_commands();
            trace::done(&self.registration, number);
            self.inbox.ack(number);
        }
    }

    /// Comes before the commands: a successor then knows of every command that was delivered.
    fn publish(&mut self) {
        let snapshot = Snapshot { call: self.call.clone(), handled: self.handled };
        let before = self.parts.snapshot.send_replace(Arc::new(snapshot));
        // Each change of the call is published once, whichever actor crashes: so it counts once.
        self.parts.services.metrics.changed(&before.call, &self.call);
        route::log_changes(&before.call, &self.call);
        trace::published(&self.registration, self.handled, &self.call);
    }

    /// Delivers the commands in order, until one finds no room.
    fn run_commands(&mut self) {
        while let Some((number, command)) = self.next_command() {
            if route::deliver(&self.parts, &self.call, number, command).is_err() {
                break;
            }
            self.call.delivered(number);
        }
    }

    /// A copy: the command stays in the outbox until it is delivered.
    fn next_command(&self) -> Option<(u64, Command)> {
        self.call.outbox().next().map(|(number, command)| (number, command.clone()))
    }

    fn set_alarm(&mut self) {
        let due = self.call.poll_timeout().map(|(at, _)| self.parts.time.instant(at));
        let waiting = self.call.outbox().next().is_some();
        let retry = waiting.then(|| self.parts.clock.now() + RETRY_PAUSE);
        self.alarm.set(due.into_iter().chain(retry).min());
    }
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
