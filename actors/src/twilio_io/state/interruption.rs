//! What TwilioIoActor's playback does when the caller talks over the agent: silence first, then the cut
//! (BARGE-3), or, if the business wants to be sure that it was speech, a second's wait (BARGE-5).
//! The rest is the call's and `realtime`'s.

use std::time::{Duration, Instant};

use protocol::barge_in::{AgentAudibility, Decision};
use protocol::call::{AgentCut, CutItem, Event};
use protocol::playback::Heard;
use protocol::twilio::stream::write_clear;
use tokio::sync::mpsc::error::TrySendError;

use super::cut_off::{CutOff, Silenced};
use super::{BYTES_PER_MS, ENVELOPE, PlaybackState, item_of};
use crate::audio::downlink::{Downlink, Dropped};
use crate::audio::loudness::Level;

/// How long OpenAI may take to hear speech in what silenced the agent (BARGE-5).
const CONFIRMED_WITHIN: Duration = Duration::from_secs(1);

impl PlaybackState {
    /// Whether the caller's loudness matters.
    pub(in crate::twilio_io) fn can_be_interrupted(&self, now: Instant) -> bool {
        self.stream.is_some() && self.barge_in.is_on() && self.playback.audible(now)
    }

    /// Judges a frame of the caller's. Returns whether the caller interrupts with it.
    pub(in crate::twilio_io) fn hears(&mut self, level: Level, protected: bool) -> bool {
        let since = self.stream.as_ref().and_then(|_| self.playback.agent_started(level.at));
        let agent = match since {
            None => AgentAudibility::Silent,
            Some(_) if protected => AgentAudibility::Protected,
            Some(since) => AgentAudibility::Audible { since },
        };
        self.barge_in.frame(level.rms, level.millis, agent, level.at) == Decision::Interrupt
    }

    /// Has Twilio drop what it has not played. `None` if there was nothing left to be dropped: the
    /// agent had just finished, and its last mark was on the way.
    pub(in crate::twilio_io) fn silence(
        &mut self,
        downlink: &Downlink,
        now: Instant,
    ) -> Option<CutOff> {
        let heard = self.playback.clear(now);
        let (cut, whole) = heard.into_iter().partition::<Vec<_>, _>(Heard::is_cut);
        for Heard { response, item, .. } in whole {
            self.items.retain(|(known, _)| *known != item);
            self.unplayed.retain(|sent| *item_of(&sent.audio) != item);
            self.reports.push(Event::ItemPlayed { response, item });
        }
        if cut.is_empty() && downlink.is_empty() {
            return None;
        }
        self.clear_due = true;
        self.send_clear();
        Some(CutOff { heard: cut })
    }

    /// What follows the silence: the cut, or the wait for speech to be heard.
    pub(in crate::twilio_io) fn cut_or_wait(
        &mut self,
        cut_off: CutOff,
        took: Duration,
        downlink: &Downlink,
        now: Instant,
    ) {
        if self.confirms {
            let rest = self.take_unheard(&cut_off.heard);
            let until = now + CONFIRMED_WITHIN;
            self.silenced = Some(Silenced { cut_off, took, until, rest });
        } else {
            self.cut(cut_off, took, downlink);
        }
    }

    /// Whether the agent was silenced by what may have been no speech.
    pub(in crate::twilio_io) fn is_silenced(&self) -> bool {
        self.silenced.is_some()
    }

    /// While the agent waits: `heard` says that OpenAI hears speech, which it interrupts for. If that
    /// does not come in time, the agent speaks on.
    pub(in crate::twilio_io) fn look_whether_it_was_speech(
        &mut self,
        heard: bool,
        downlink: &Downlink,
        now: Instant,
    ) {
        let decided = self.silenced.take_if(|silenced| heard || now >= silenced.until);
        let Some(Silenced { cut_off, took, rest, .. }) = decided else { return };
        if heard {
            self.cut(cut_off, took, downlink);
        } else {
            tracing::info!("barge-in: it was no speech, the agent speaks on");
            downlink.put_back(rest.into_iter());
        }
    }

    /// Sends the `clear` that is due. Returns false if the socket has no room for it yet.
    pub(super) fn send_clear(&mut self) -> bool {
        if self.clear_due
            && let Some(open) = &self.stream
        {
            let mut text = String::with_capacity(ENVELOPE);
            write_clear(&mut text, &open.sid);
            if let Err(TrySendError::Full(_)) = open.outgoing.try_send(text) {
                return false;
            }
        }
        self.clear_due = false;
        true
    }

    /// The agent was interrupted: nothing of what it was saying goes out any more.
    fn cut(&mut self, cut_off: CutOff, took: Duration, downlink: &Downlink) {
        let (number, dropped) = downlink.cut();
        self.unplayed.clear();
        self.items.clear();
        let items = self.items_cut(cut_off.heard, dropped);
        self.reports.push(Event::AgentInterrupted(AgentCut { number, took, items }));
    }

    /// What was heard of each item and how much of it had come: of those that went to Twilio, then of
    /// those that had not. One of which only the end was missing was heard whole.
    fn items_cut(&mut self, heard: Vec<Heard>, mut dropped: Vec<Dropped>) -> Vec<CutItem> {
        let mut items = Vec::new();
        for Heard { response, item, heard_ms, sent_ms, .. } in heard {
            let waited = dropped.iter().position(|dropped| dropped.item == item);
            match waited.map(|place| dropped.remove(place)) {
                Some(Dropped { bytes: 0, .. }) if heard_ms == sent_ms => {
                    self.reports.push(Event::ItemPlayed { response, item });
                }
                waited => {
                    let waited = waited.map_or(0, |dropped| dropped.bytes);
                    let came_ms = sent_ms.saturating_add(millis(waited));
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

fn millis(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_PER_MS).unwrap_or(u32::MAX)
}
