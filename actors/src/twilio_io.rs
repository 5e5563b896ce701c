//! TwilioIoActor: the owner of what is played to the caller.
//!
//! It takes the agent's audio from the downlink, sends it with its marks, and tells the call what
//! was heard. The caller's frames pass it by: the stream's reader (`pumps`) puts them in the uplink.

mod desk;
mod pumps;

use std::sync::Arc;
use std::time::Duration;

use protocol::call::StreamEnd;
use protocol::ids::StreamSid;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::mpsc;

pub use desk::TwilioDesk;
pub use pumps::attach;

use crate::alarm::Alarm;
use crate::call_parts::CallParts;
use crate::lease::Leased;
use crate::port::{Begun, Reader};
use crate::supervision::introspection::Card;

/// How soon what found no room, in the call's port or on the socket, is offered again.
const OFFER_AGAIN: Duration = Duration::from_millis(20);

/// Reports that may wait for the call before no more events are taken in.
const REPORTS_WAITING: usize = 32;

/// What reaches TwilioIoActor through its port.
#[derive(Debug)]
pub enum TwilioEvent {
    /// A stream has opened; the newest wins.
    Opened {
        /// The stream.
        stream: StreamSid,
        /// The way to its socket: whole messages as text.
        outgoing: mpsc::Sender<String>,
    },
    /// Twilio echoed a mark.
    Mark {
        /// On which stream.
        stream: StreamSid,
        /// The mark's name.
        name: String,
    },
    /// The caller pressed a key.
    Digit {
        /// The key.
        digit: char,
    },
    /// A stream is over.
    Closed {
        /// Which.
        stream: StreamSid,
        /// How.
        how: StreamEnd,
    },
}

/// TwilioIoActor's messages.
#[derive(Debug)]
pub enum TwilioMsg {
    /// Something waits in the port or in the downlink, or the caller is to be listened to.
    Doorbell,
    /// What found no room is to be offered again.
    Alarm,
    /// Panic, to show that the call goes on.
    Crash,
}

/// The actor.
pub struct TwilioIoActor;

/// What it is started with.
pub struct TwilioArgs {
    /// The call it belongs to.
    pub parts: Arc<CallParts>,
    /// Its work, from its predecessor if it has one.
    pub desk: Leased<TwilioDesk>,
    /// Its entry in the introspection.
    pub card: Card,
}

/// TwilioIoActor's state: everything that matters is on the desk.
pub struct TwilioState {
    parts: Arc<CallParts>,
    inbox: Reader<TwilioEvent>,
    desk: Leased<TwilioDesk>,
    alarm: Alarm<TwilioMsg>,
    card: Card,
}

impl Actor for TwilioIoActor {
    type Msg = TwilioMsg;
    type State = TwilioState;
    type Arguments = TwilioArgs;

    async fn pre_start(
        &self,
        me: ActorRef<TwilioMsg>,
        args: TwilioArgs,
    ) -> Result<TwilioState, ActorProcessingErr> {
        me.cast(TwilioMsg::Doorbell)?;
        let inbox = args.parts.twilio.attach(me.clone(), || TwilioMsg::Doorbell);
        args.card.may_crash(&me, || TwilioMsg::Crash);
        args.parts.downlink.attach(me.clone(), || TwilioMsg::Doorbell);
        args.parts.loudness.attach(me.clone(), || TwilioMsg::Doorbell);
        Ok(TwilioState {
            inbox,
            desk: args.desk,
            alarm: Alarm::new(me, || TwilioMsg::Alarm),
            card: args.card,
            parts: args.parts,
        })
    }

    async fn handle(
        &self,
        _me: ActorRef<TwilioMsg>,
        message: TwilioMsg,
        state: &mut TwilioState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TwilioMsg::Doorbell => {
                state.inbox.answer();
                state.parts.downlink.answer();
                state.parts.loudness.answer();
            }
            TwilioMsg::Alarm => state.alarm.rang(),
            TwilioMsg::Crash => panic!("asked to crash"),
        }
        let now = state.parts.clock.now();
        state.take_in();
        state.judge();
        let all_sent = state.desk.send_audio(&state.parts.downlink, now);
        state.parts.loudness.want(state.desk.can_be_interrupted(now));
        state.report();
        let waits = !all_sent || state.desk.is_silenced() || state.desk.report().is_some();
        state.alarm.set(waits.then(|| now + OFFER_AGAIN));
        state.card.set_state(state.desk.state_name());
        state.card.handled(now);
        Ok(())
    }
}

impl TwilioState {
    fn take_in(&mut self) {
        while self.desk.reports_waiting() < REPORTS_WAITING {
            let Some(Begun { number, event, .. }) = self.inbox.begin_next() else { break };
            let now = self.parts.clock.now();
            match &*event {
                TwilioEvent::Opened { stream, outgoing } => {
                    self.desk.on_opened(stream, outgoing, &self.parts.downlink, now);
                }
                TwilioEvent::Mark { stream, name } => self.desk.on_mark(stream, name, now),
                TwilioEvent::Digit { digit } => self.desk.on_digit(*digit),
                TwilioEvent::Closed { stream, how } => self.desk.on_closed(stream, *how),
            }
            self.inbox.remove(number);
        }
    }

    /// Decides frame by frame whether the caller interrupts the agent. What the call has published
    /// says whether it may.
    fn judge(&mut self) {
        let Self { parts, desk, .. } = self;
        let protected = || parts.snapshot.borrow().call.agent_is_protected();
        let (clock, downlink) = (parts.clock, &parts.downlink);
        while let Some(level) = parts.loudness.take() {
            if !desk.hears(level, protected()) {
                continue;
            }
            let cut_off = desk.silence(downlink, clock.now());
            let took = clock.now().saturating_duration_since(level.at);
            if let Some(cut_off) = cut_off {
                let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                tracing::info!(took_us, items = cut_off.items(), "barge-in");
                desk.cut_or_wait(cut_off, took, downlink, clock.now());
            }
        }
        let heard = parts.uplink.hears_caller() && !protected();
        desk.look_whether_it_was_speech(heard, downlink, clock.now());
    }

    fn report(&mut self) {
        while let Some(report) = self.desk.report() {
            if self.parts.call.try_send(report.clone()).is_err() {
                break;
            }
            self.desk.reported();
        }
    }
}
