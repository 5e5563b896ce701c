//! Barge-in: the playback is cleared at once. Then it is cut (BARGE-3), or, if the business wants
//! confirmation, it waits up to a second for OpenAI to detect speech (BARGE-5). CallActor and
//! RealtimeActor do the rest.

use std::time::{Duration, Instant};

use protocol::barge_in::{AgentAudibility, Decision, Policy, QuietWatch, Thresholds};
use protocol::call::{AgentCut, CutItem, Event};
use protocol::playback::Heard;
use protocol::twilio::stream::write_clear;
use tokio::sync::mpsc::error::TrySendError;

use super::awaited_speech::AwaitedSpeech;
use super::{ENVELOPE_BYTES, PlaybackState, item_of};
use crate::audio::downlink::{Downlink, Dropped};
use crate::audio::loudness::{Level, Listening};
use crate::audio::millis;

/// How long OpenAI may take to detect speech after a barge-in (BARGE-5).
const CONFIRMED_WITHIN: Duration = Duration::from_secs(1);

impl PlaybackState {
    /// Which frames of the caller matter now: speech, while the agent can be interrupted; all, while
    /// the caller's quiet is awaited.
    pub(in crate::twilio_io) fn listening(&self, now: Instant) -> Listening {
        if self.stream.is_none() {
            return Listening::Off;
        }
        if self.quiet.is_some() {
            return Listening::ToEveryFrame;
        }
        match self.barge_in.policy() {
            Policy::On(Thresholds { rms_over, .. }) if self.playback.audible(now) => {
                Listening::ForSpeech { rms_over }
            }
            Policy::On(_) | Policy::Off => Listening::Off,
        }
    }

    /// From now on the caller's quiet is awaited (PIPE-11).
    pub(in crate::twilio_io) fn await_quiet(&mut self) {
        self.quiet = Some(QuietWatch::new(self.barge_in.policy()));
    }

    /// Takes the loudness of a frame, and reports the quiet that is awaited.
    pub(in crate::twilio_io) fn watch_for_quiet(&mut self, level: Level) {
        if self.quiet.take_if(|watch| watch.frame(level.rms, level.millis)).is_some() {
            self.reports.push(Event::CallerQuiet);
        }
    }

    /// Takes the loudness of a frame. Returns whether the caller interrupts with this frame.
    pub(in crate::twilio_io) fn judge(&mut self, level: Level, protected: bool) -> bool {
        let since = self.stream.as_ref().and_then(|_| self.playback.agent_started(level.at));
        let agent = match since {
            None => AgentAudibility::Silent,
            Some(_) if protected => AgentAudibility::Protected,
            Some(since) => AgentAudibility::Audible { since },
        };
        if level.quiet_before > 0 {
            self.barge_in.frame(0, level.quiet_before, agent, level.at);
        }
        self.barge_in.frame(level.rms, level.millis, agent, level.at) == Decision::Interrupt
    }

    /// Makes Twilio drop what it has not played. Returns the items that were not played to their
    /// end; `None` if there was nothing to drop, because the agent had just finished.
    pub(in crate::twilio_io) fn clear(
        &mut self,
        downlink: &Downlink,
        now: Instant,
    ) -> Option<Vec<Heard>> {
        let heard = self.playback.clear(now);
        let (interrupted, whole) = heard.into_iter().partition::<Vec<_>, _>(Heard::is_cut);
        for Heard { response, item, .. } in whole {
            self.items.retain(|(known, _)| *known != item);
            self.unplayed.retain(|sent| *item_of(&sent.audio) != item);
            self.reports.push(Event::ItemPlayed { response, item });
        }
        if interrupted.is_empty() && downlink.is_empty() {
            return None;
        }
        self.clear_due = true;
        self.send_clear();
        Some(interrupted)
    }

    /// Follows [`clear`](Self::clear): cuts the downlink, or waits for OpenAI to detect speech.
    pub(in crate::twilio_io) fn cut_or_await_speech(
        &mut self,
        interrupted: Vec<Heard>,
        latency: Duration,
        downlink: &Downlink,
        now: Instant,
    ) {
        if self.awaits_confirmation {
            let unheard = self.take_unheard(&interrupted);
            let until = now + CONFIRMED_WITHIN;
            self.awaited_speech = Some(AwaitedSpeech { interrupted, latency, until, unheard });
        } else {
            self.cut(interrupted, latency, downlink);
        }
    }

    /// Whether a barge-in waits for OpenAI to detect speech.
    pub(in crate::twilio_io) fn awaits_speech(&self) -> bool {
        self.awaited_speech.is_some()
    }

    /// Ends the wait, if there is one: cuts the downlink if OpenAI detects speech, or lets the
    /// agent speak on if the time is over.
    pub(in crate::twilio_io) fn cut_or_resume(
        &mut self,
        is_speech: bool,
        downlink: &Downlink,
        now: Instant,
    ) {
        let decided = self.awaited_speech.take_if(|awaited| is_speech || now >= awaited.until);
        let Some(AwaitedSpeech { interrupted, latency, unheard, .. }) = decided else { return };
        if is_speech {
            self.cut(interrupted, latency, downlink);
        } else {
            tracing::info!("barge-in: no speech was detected, the agent speaks on");
            downlink.put_back(unheard.into_iter());
        }
    }

    /// Sends the `clear` that is due. Returns false if the socket has no room for it yet.
    pub(super) fn send_clear(&mut self) -> bool {
        if self.clear_due
            && let Some(open) = &self.stream
        {
            let mut text = String::with_capacity(ENVELOPE_BYTES);
            write_clear(&mut text, &open.sid);
            if let Err(TrySendError::Full(_)) = open.outgoing.try_send(text) {
                return false;
            }
        }
        self.clear_due = false;
        true
    }

    /// Drops all audio of the interrupted response, and reports what was heard of it.
    fn cut(&mut self, interrupted: Vec<Heard>, took: Duration, downlink: &Downlink) {
        let (number, dropped) = downlink.cut();
        self.unplayed.clear();
        self.items.clear();
        let items = self.items_cut(interrupted, dropped);
        self.reports.push(Event::AgentInterrupted(AgentCut { number, took, items }));
    }

    /// Reports what was heard of the items under way, since nothing more of them is played on this
    /// stream.
    pub(super) fn playback_stopped(&mut self, downlink: &Downlink, now: Instant) {
        let mut heard = self.playback.unfinished(now);
        if let Some(awaited) = &self.awaited_speech {
            heard.extend(awaited.interrupted.iter().cloned());
        }
        let cut = heard.into_iter().filter(Heard::is_cut).collect();
        let items = self.items_cut(cut, downlink.waiting());
        self.reports.push(Event::PlaybackStopped { items });
    }

    /// How much of each item was heard and had arrived: first the items that were sent to Twilio,
    /// then the others. An item of which only the end was missing was heard whole.
    fn items_cut(&mut self, interrupted: Vec<Heard>, mut dropped: Vec<Dropped>) -> Vec<CutItem> {
        let mut items = Vec::new();
        for Heard { response, item, heard_ms, sent_ms, .. } in interrupted {
            let unsent = dropped.iter().position(|dropped| dropped.item == item);
            match unsent.map(|place| dropped.remove(place)) {
                Some(Dropped { bytes: 0, .. }) if heard_ms == sent_ms => {
                    self.reports.push(Event::ItemPlayed { response, item });
                }
                unsent => {
                    let unsent = unsent.map_or(0, |dropped| dropped.bytes);
                    let came_ms = sent_ms.saturating_add(millis(unsent));
                    items.push(CutItem { response, item, heard_ms, came_ms });
                }
            }
        }
        for Dropped { response, item, bytes } in dropped {
            if bytes == 0 {
                self.reports.push(Event::ItemPlayed { response, item });
            } else {
                items.push(CutItem { response, item, heard_ms: 0, came_ms: millis(bytes) });
            }
        }
        items
    }
}
