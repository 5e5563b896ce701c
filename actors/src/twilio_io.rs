//! TwilioIoActor: owns what is played to the caller, and detects barge-in.
//!
//! It sends the agent's audio from the downlink with marks, and reports to CallActor what was
//! heard. The caller's frames do not pass through it: the stream reader (`pumps`) puts them into
//! the uplink.

mod pumps;
mod state;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, InboxReader, Leased};

pub(crate) use pumps::attach;
pub(crate) use state::PlaybackState;

use crate::call_parts::CallParts;
use crate::introspection::{CRASH_REQUESTED, Registration};
use crate::messages::TwilioEvent;
use crate::reports::RETRY_PAUSE;
use crate::trace;

#[derive(Debug)]
pub(crate) enum TwilioMsg {
    /// Something waits in the inbox, in the downlink, or in the loudness queue.
    Wake,
    /// Retry what found no room.
    Alarm,
    /// Panic on purpose, to show that the call survives it.
    Crash,
}

pub(crate) struct TwilioIoActor;

/// Reports to the call's record what the caller has heard, if the actor has died and not reported it. The marks that
/// wait count. One that has crashed the actor does not.
pub(crate) fn finish(parts: &CallParts, mut playback: Leased<PlaybackState>) {
    if playback.has_stopped() {
        return;
    }
    let now = parts.clock.now();
    let inbox = parts.twilio.attach_with(|| {});
    while let Some(Delivery { number, attempt, event }) = inbox.receive() {
        if number > playback.handled
            && attempt == 1
            && let TwilioEvent::Mark { stream, name } = &*event
        {
            playback.on_mark(stream, name, now);
        }
        inbox.ack(number);
    }
    playback.stopping(&parts.downlink, now);
    playback.reports.send(&parts.call);
}

pub(crate) struct TwilioArgs {
    pub(crate) parts: Arc<CallParts>,
    /// As its predecessor left it.
    pub(crate) playback: Leased<PlaybackState>,
    pub(crate) registration: Registration,
}

pub(crate) struct TwilioState {
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
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            TwilioMsg::Wake => {
                state.inbox.woken();
                state.parts.downlink.woken();
                state.parts.loudness.woken();
            }
            TwilioMsg::Alarm => state.alarm.fired(),
            TwilioMsg::Crash => panic!("{CRASH_REQUESTED}"),
        }
        let now = state.parts.clock.now();
        state.handle_events();
        state.detect_barge_in();
        let all_sent = state.playback.send_audio(&state.parts.downlink, now);
        state.parts.loudness.listen(state.playback.listening(now));
        trace::handler(&state.registration, format_args!("reports"));
        state.playback.reports.send(&state.parts.call);
        let waits = !all_sent || state.playback.awaits_speech();
        let retry = waits.then(|| now + RETRY_PAUSE);
        state.alarm.set(retry.or(state.playback.reports.retry_at(now)));
        state.registration.set_state(state.playback.state_name());
        state.registration.handled(now);
        Ok(())
    }

    /// The call is being taken down: its record is told what the caller has heard.
    async fn post_stop(
        &self,
        _me: ActorRef<TwilioMsg>,
        state: &mut TwilioState,
    ) -> Result<(), ActorProcessingErr> {
        let now = state.parts.clock.now();
        state.handle_events();
        state.playback.stopping(&state.parts.downlink, now);
        state.playback.reports.send(&state.parts.call);
        Ok(())
    }
}

impl TwilioState {
    fn handle_events(&mut self) {
        while !self.playback.reports.is_full() {
            let Some(delivery) = self.inbox.receive() else { break };
            trace::taken(&self.registration, &delivery);
            let Delivery { number, event, .. } = delivery;
            if number > self.playback.handled {
                self.handle_event(&event);
                self.playback.handled = number;
            }
            trace::done(&self.registration, number);
            self.inbox.ack(number);
        }
    }

    fn handle_event(&mut self, event: &TwilioEvent) {
        let now = self.parts.clock.now();
        match event {
            TwilioEvent::Opened { stream, outgoing } => {
                self.playback.on_opened(stream, outgoing, &self.parts.downlink, now);
            }
            TwilioEvent::Mark { stream, name } => self.playback.on_mark(stream, name, now),
            TwilioEvent::AwaitQuiet => self.playback.await_quiet(),
            TwilioEvent::Digit { digit } => self.playback.on_digit(*digit),
            TwilioEvent::Closed { stream, how } => {
                self.playback.on_closed(stream, *how, &self.parts.downlink, now);
            }
        }
    }

    /// Decides for each frame whether the caller interrupts the agent. The call's snapshot says
    /// whether the agent is protected.
    fn detect_barge_in(&mut self) {
        let Self { parts, playback, .. } = self;
        let protected = || parts.snapshot.borrow().call.agent_is_protected();
        let (clock, downlink) = (parts.clock, &parts.downlink);
        while let Some(level) = parts.loudness.pop() {
            playback.watch_for_quiet(level);
            if !playback.judge(level, protected()) {
                continue;
            }
            let interrupted = playback.clear(downlink, clock.now());
            let latency = clock.now().saturating_duration_since(level.at);
            if let Some(interrupted) = interrupted {
                let took_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
                tracing::info!(took_us, items = interrupted.len(), "barge-in");
                playback.cut_or_await_speech(interrupted, latency, downlink, clock.now());
            }
        }
        let is_speech = parts.uplink.is_speech_active() && !protected();
        playback.cut_or_resume(is_speech, downlink, clock.now());
    }
}
