//! TwilioIoActor: the owner of what is played to the caller.
//!
//! It takes the agent's audio from the downlink, sends it with its marks, and tells the call what
//! was heard. The caller's frames pass it by: the stream's reader (`pumps`) puts them in the uplink.

mod pumps;
mod state;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, InboxReader, Leased};

pub use pumps::attach;
pub use state::PlaybackState;

use crate::call_parts::CallParts;
use crate::introspection::Registration;
use crate::messages::TwilioEvent;
use crate::reports::OFFER_AGAIN;

/// TwilioIoActor's messages.
#[derive(Debug)]
pub enum TwilioMsg {
    /// Something waits in the inbox or in the downlink, or the caller is to be listened to.
    Wake,
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
    pub playback: Leased<PlaybackState>,
    /// Its place in the introspection.
    pub registration: Registration,
}

/// TwilioIoActor's state: everything that matters is on the playback.
pub struct TwilioState {
    parts: Arc<CallParts>,
    inbox: InboxReader<TwilioEvent>,
    playback: Leased<PlaybackState>,
    alarm: Alarm<TwilioMsg>,
    registration: Registration,
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
        me.cast(TwilioMsg::Wake)?;
        let inbox = args.parts.twilio.attach(me.clone(), || TwilioMsg::Wake);
        args.registration.allow_crash(&me, || TwilioMsg::Crash);
        args.parts.downlink.attach(me.clone(), || TwilioMsg::Wake);
        args.parts.loudness.attach(me.clone(), || TwilioMsg::Wake);
        Ok(TwilioState {
            inbox,
            playback: args.playback,
            alarm: Alarm::new(me, || TwilioMsg::Alarm),
            registration: args.registration,
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
            TwilioMsg::Wake => {
                state.inbox.woken();
                state.parts.downlink.woken();
                state.parts.loudness.woken();
            }
            TwilioMsg::Alarm => state.alarm.fired(),
            TwilioMsg::Crash => panic!("asked to crash"),
        }
        let now = state.parts.clock.now();
        state.take_in();
        state.judge();
        let all_sent = state.playback.send_audio(&state.parts.downlink, now);
        state.parts.loudness.want(state.playback.can_be_interrupted(now));
        state.playback.reports.send(&state.parts.call);
        let waits = !all_sent || state.playback.is_silenced();
        let again = waits.then(|| now + OFFER_AGAIN);
        state.alarm.set(again.or(state.playback.reports.retry_at(now)));
        state.registration.set_state(state.playback.state_name());
        state.registration.handled(now);
        Ok(())
    }
}

impl TwilioState {
    fn take_in(&mut self) {
        while !self.playback.reports.is_full() {
            let Some(Delivery { number, event, .. }) = self.inbox.receive() else { break };
            let now = self.parts.clock.now();
            match &*event {
                TwilioEvent::Opened { stream, outgoing } => {
                    self.playback.on_opened(stream, outgoing, &self.parts.downlink, now);
                }
                TwilioEvent::Mark { stream, name } => self.playback.on_mark(stream, name, now),
                TwilioEvent::Digit { digit } => self.playback.on_digit(*digit),
                TwilioEvent::Closed { stream, how } => self.playback.on_closed(stream, *how),
            }
            self.inbox.ack(number);
        }
    }

    /// Decides frame by frame whether the caller interrupts the agent. What the call has published
    /// says whether it may.
    fn judge(&mut self) {
        let Self { parts, playback, .. } = self;
        let protected = || parts.snapshot.borrow().call.agent_is_protected();
        let (clock, downlink) = (parts.clock, &parts.downlink);
        while let Some(level) = parts.loudness.take() {
            if !playback.hears(level, protected()) {
                continue;
            }
            let cut_off = playback.silence(downlink, clock.now());
            let took = clock.now().saturating_duration_since(level.at);
            if let Some(cut_off) = cut_off {
                let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                tracing::info!(took_us, items = cut_off.items(), "barge-in");
                playback.cut_or_wait(cut_off, took, downlink, clock.now());
            }
        }
        let heard = parts.uplink.hears_caller() && !protected();
        playback.look_whether_it_was_speech(heard, downlink, clock.now());
    }
}
