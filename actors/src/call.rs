//! CallActor: runs `protocol::call`.
//!
//! For each event it lets the core handle it, publishes the snapshot, delivers the commands, and
//! then acknowledges the event. So after a crash the successor loses no event and repeats no
//! effect.

pub mod records;
mod route;
mod saving;

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
use saving::Saving;

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
    saving: Saving,
    /// A receiver has no room for a command.
    no_room: bool,
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
            saving: Saving::new(&args.parts),
            no_room: false,
            alarm: Alarm::new(me, || CallMsg::Alarm),
            registration: args.registration,
            parts: args.parts,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<CallMsg>,
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
        state.run_commands(&me);
        state.handle_events(&me);
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

    fn handle_events(&mut self, me: &ActorRef<CallMsg>) {
        while self.call.outbox().count() < MAX_WAITING_COMMANDS {
            let Some(delivery) = self.inbox.receive() else { break };
            trace::taken(&self.registration, &delivery);
            let Delivery { number, event, .. } = delivery;
            if number > self.handled {
                self.call.handle(Event::clone(&event), self.parts.time.now());
                self.handled = number;
                self.publish();
            }
            self.run_commands(me);
            trace::done(&self.registration, number);
            self.inbox.ack(number);
        }
    }

    /// Comes before the commands: a successor then knows of every command that was delivered.
    fn publish(&mut self) {
        let snapshot = Snapshot { call: self.call.clone(), handled: self.handled };
        let before = self.parts.snapshot.send_replace(Arc::new(snapshot));
        // Each change of the call is published once, whichever actor crashes: so it counts once.
        self.parts.services.metrics.changed(&before.call, &self.call, self.parts.clock);
        self.parts.trace.changed(&before.call, &self.call, self.parts.clock);
        self.saving.changed(&before.call, &self.call);
        route::log_changes(&before.call, &self.call);
        trace::published(&self.registration, self.handled, &self.call);
    }

    /// Delivers the commands in order, until one finds no room. Those that wait for the snapshot are
    /// passed over, and with them what the same receiver gets after them. Then the snapshot is written,
    /// behind the records.
    fn run_commands(&mut self, me: &ActorRef<CallMsg>) {
        let now = self.parts.clock.now();
        self.no_room = false;
        let mut supervisor_waits = false;
        let mut next = 0;
        while let Some((number, command)) = self.next_command(next) {
            next = number + 1;
            let follows_a_held_one = supervisor_waits && route::is_for_supervisor(&command);
            if follows_a_held_one || !self.saving.lets(number, &command, &self.call, now) {
                supervisor_waits |= route::is_for_supervisor(&command);
                continue;
            }
            if route::deliver(&self.parts, &self.call, number, command.clone()).is_err() {
                self.no_room = true;
                break;
            }
            self.call.delivered(number);
            self.saving.delivered(number, command);
        }
        let me = me.clone();
        let wake = move || {
            // A dead actor's successor saves anew.
            let _ = me.cast(CallMsg::Wake);
        };
        self.saving.save(&self.parts, &self.call, wake);
    }

    /// The first from this number on. A copy: the command stays in the outbox until it is delivered.
    fn next_command(&self, from: u64) -> Option<(u64, Command)> {
        let mut commands = self.call.outbox().filter(|(number, _)| *number >= from);
        commands.next().map(|(number, command)| (number, command.clone()))
    }

    fn set_alarm(&mut self) {
        let due = self.call.poll_timeout().map(|(at, _)| self.parts.time.instant(at));
        let retry = self.no_room.then(|| self.parts.clock.now() + RETRY_PAUSE);
        let held = self.saving.poll_timeout();
        self.alarm.set(due.into_iter().chain(retry).chain(held).min());
    }
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
