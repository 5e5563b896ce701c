//! TwilioIoActor's state, which outlives it: the open stream, what was sent on it, and how much of
//! that was heard.

mod awaited_speech;
mod interruption;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use protocol::barge_in::{BargeIn, QuietWatch};
use protocol::business::BargeInSettings;
use protocol::call::{Event, StreamEnd};
use protocol::ids::{Generation, ItemId, StreamSid};
use protocol::playback::{Echo, Heard, MarkName, Playback};
use protocol::twilio::stream::{write_mark, write_media};
use tokio::sync::mpsc;

use crate::audio::downlink::{AgentAudio, Downlink, Piece};
use crate::audio::{BYTES_PER_MS, millis};
use crate::call_clock::CallClock;
use crate::reports::Reports;
use awaited_speech::AwaitedSpeech;

/// The most unplayed audio that Twilio is given. Twilio accepts any amount, but all of it is kept
/// here too, in case the stream is lost.
const MAX_AHEAD: Duration = Duration::from_secs(60);

/// Audio is split at multiples of this many bytes (PIPE-1).
const SPLIT_BYTES: usize = 480;

/// The size of a message without its payload, in bytes.
const ENVELOPE_BYTES: usize = 128;

/// TwilioIoActor's state. Leased, so that a successor goes on with it.
pub(crate) struct PlaybackState {
    time: CallClock,
    stream: Option<OpenStream>,
    playback: Playback,
    /// What was sent and not confirmed as played.
    unplayed: VecDeque<Sent>,
    /// The items that are partly sent or partly played, and how many bytes of each were sent.
    items: Vec<(ItemId, usize)>,
    pub(super) reports: Reports,
    /// The number of the last event that was handled. After a crash it may come again.
    pub(super) handled: u64,
    barge_in: BargeIn,
    /// Waits until the caller is quiet, if CallActor wants to know (PIPE-11).
    quiet: Option<QuietWatch>,
    /// Whether a barge-in waits until OpenAI detects speech (BARGE-5).
    awaits_confirmation: bool,
    /// A `clear` found no room in the socket. Nothing may be sent before it.
    clear_due: bool,
    awaited_speech: Option<AwaitedSpeech>,
    /// What was heard is reported, and nothing more is played.
    stopped: bool,
}

struct Sent {
    audio: AgentAudio,
    /// Where it ends within its item, in bytes.
    ends_at: usize,
}

struct OpenStream {
    sid: StreamSid,
    outgoing: mpsc::Sender<String>,
    since: Instant,
}

impl PlaybackState {
    #[must_use]
    pub(crate) fn new(settings: &BargeInSettings, time: CallClock) -> Self {
        Self {
            time,
            stream: None,
            playback: Playback::new(Generation(0)),
            unplayed: VecDeque::new(),
            items: Vec::new(),
            reports: Reports::default(),
            handled: 0,
            barge_in: BargeIn::new(settings.policy()),
            quiet: None,
            awaits_confirmation: settings.resume_false_interruption,
            clear_due: false,
            awaited_speech: None,
            stopped: false,
        }
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn state_name(&self) -> &'static str {
        match (&self.stream, self.unplayed.is_empty()) {
            (None, _) => "no stream",
            (Some(_), true) => "silent",
            (Some(_), false) => "playing",
        }
    }

    /// A stream opened. What an older one had not played is sent again on this one.
    pub(super) fn on_opened(
        &mut self,
        stream: &StreamSid,
        outgoing: &mpsc::Sender<String>,
        downlink: &Downlink,
        now: Instant,
    ) {
        if self.stream.as_ref().is_some_and(|open| open.sid == *stream) {
            return;
        }
        let heard = self.playback.stream_restarted(now);
        let unheard = self.take_unheard(&heard);
        downlink.put_back(unheard.into_iter());
        self.clear_due = false;
        self.stream =
            Some(OpenStream { sid: stream.clone(), outgoing: outgoing.clone(), since: now });
        self.reports.push(Event::StreamOpened { stream: stream.clone() });
    }

    pub(super) fn on_closed(
        &mut self,
        stream: &StreamSid,
        how: StreamEnd,
        downlink: &Downlink,
        now: Instant,
    ) {
        if self.stream.take_if(|open| open.sid == *stream).is_some() {
            self.playback_stopped(downlink, now);
        }
        self.reports.push(Event::StreamClosed { stream: stream.clone(), how });
    }

    /// The actor stops: nothing more is played.
    pub(super) fn stopping(&mut self, downlink: &Downlink, now: Instant) {
        self.stream = None;
        self.playback_stopped(downlink, now);
        self.stopped = true;
    }

    pub(super) fn on_digit(&mut self, digit: char) {
        self.reports.push(Event::DigitPressed { digit });
    }

    pub(super) fn on_mark(&mut self, stream: &StreamSid, name: &str, now: Instant) {
        if self.stream.as_ref().is_none_or(|open| open.sid != *stream) {
            return;
        }
        match self.playback.mark_echoed(name, now) {
            Echo::Stale => {}
            Echo::Progress { item, heard_ms } => self.forget_played(&item, bytes(heard_ms)),
            Echo::ItemsPlayed(played) => {
                for Heard { response, item, .. } in played {
                    self.forget_played(&item, usize::MAX);
                    self.items.retain(|(known, _)| *known != item);
                    self.reports.push(Event::ItemPlayed { response, item });
                }
            }
        }
    }

    /// Sends what waits in the downlink. Returns false if the rest must be sent later.
    pub(super) fn send_audio(&mut self, downlink: &Downlink, now: Instant) -> bool {
        if !self.send_clear() {
            return false;
        }
        if self.awaited_speech.is_some() {
            return true;
        }
        let Some(open) = &self.stream else { return true };
        let (sid, outgoing) = (open.sid.clone(), open.outgoing.clone());
        while let Some(audio) = downlink.peek() {
            if self.playback.quiet_at(now).is_some_and(|quiet| quiet > now + MAX_AHEAD) {
                return false;
            }
            // One message for the audio, one for the mark behind it.
            let Ok(mut room) = outgoing.try_reserve_many(2) else {
                return outgoing.is_closed();
            };
            let mut send = |text| {
                if let Some(place) = room.next() {
                    place.send(text);
                }
            };
            let mark = match &audio {
                AgentAudio::Piece(piece) => {
                    let mut media =
                        String::with_capacity(piece.payload.as_str().len() + ENVELOPE_BYTES);
                    write_media(&mut media, &sid, piece.payload.as_str());
                    send(media);
                    self.piece_sent(piece, now)
                }
                AgentAudio::ItemEnd { response, item } => {
                    let all_heard = self.playback.heard_ms(item, now).is_none();
                    let mark = self.playback.item_ended(item);
                    let quiet_at = self.playback.quiet_at(now).unwrap_or(now);
                    let plays_until = self.time.moment(quiet_at);
                    self.reports.push(Event::ItemQueued { item: item.clone(), plays_until });
                    if all_heard {
                        // All of it was heard before it was cleared: no mark is needed.
                        let (response, item) = (response.clone(), item.clone());
                        self.reports.push(Event::ItemPlayed { response, item });
                    }
                    mark
                }
            };
            if let Some(mark) = mark {
                let mut text = String::with_capacity(ENVELOPE_BYTES);
                write_mark(&mut text, &sid, &mark.to_string());
                send(text);
            }
            let ends_at = self.bytes_sent(item_of(&audio));
            self.unplayed.push_back(Sent { audio, ends_at });
            downlink.pop();
        }
        true
    }

    fn piece_sent(&mut self, piece: &Piece, now: Instant) -> Option<MarkName> {
        let length = piece.payload.decoded_len();
        match self.items.iter_mut().find(|(known, _)| *known == piece.item) {
            Some((_, sent)) => *sent += length,
            None => {
                self.items.push((piece.item.clone(), length));
                let (response, item) = (piece.response.clone(), piece.item.clone());
                let ready = self
                    .stream
                    .as_ref()
                    .map_or(piece.received_at, |open| open.since.max(piece.received_at));
                let added = now.saturating_duration_since(ready);
                self.reports.push(Event::ItemPlaying { response, item, added });
            }
        }
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.playback.sent(&piece.response, &piece.item, length, now)
    }

    fn bytes_sent(&self, item: &ItemId) -> usize {
        self.items.iter().find(|(known, _)| known == item).map_or(0, |(_, sent)| *sent)
    }

    /// Drops what was played: the first `heard` bytes of this item, and everything before them.
    fn forget_played(&mut self, item: &ItemId, heard: usize) {
        if !self.unplayed.iter().any(|sent| item_of(&sent.audio) == item) {
            return;
        }
        while let Some(front) = self.unplayed.front() {
            if item_of(&front.audio) == item && front.ends_at > heard {
                return;
            }
            let last = !self.unplayed.iter().skip(1).any(|sent| item_of(&sent.audio) == item);
            self.unplayed.pop_front();
            if last {
                return;
            }
        }
    }

    /// Takes back what was sent and not heard, because the stream is lost or cleared. It is split
    /// as finely as allowed, so that hardly anything is heard twice and nothing is missed. An item
    /// that was heard to its end counts as played, since no mark of it will return.
    fn take_unheard(&mut self, heard: &[Heard]) -> Vec<AgentAudio> {
        let mut unheard = Vec::new();
        // The item to resume and the byte to resume at: the first one with unheard audio, or else
        // the last one sent, unless its end was sent too.
        let mut resume = self.items.last().cloned();
        let mut found = false;
        for Sent { audio, ends_at } in std::mem::take(&mut self.unplayed) {
            let piece = match audio {
                AgentAudio::Piece(piece) => piece,
                AgentAudio::ItemEnd { response, item } => {
                    if unheard.iter().any(|before| *item_of(before) == item) {
                        unheard.push(AgentAudio::ItemEnd { response, item });
                    } else {
                        resume.take_if(|(last, _)| *last == item);
                        self.reports.push(Event::ItemPlayed { response, item });
                    }
                    continue;
                }
            };
            let known = heard.iter().find(|heard| heard.item == piece.item);
            let until = known.map_or(usize::MAX, |heard| bytes(heard.heard_ms));
            let mut at = ends_at - piece.payload.decoded_len();
            for payload in piece.payload.pieces(SPLIT_BYTES) {
                let began = at;
                at += payload.decoded_len();
                if at > until {
                    if !std::mem::replace(&mut found, true) {
                        resume = Some((piece.item.clone(), began));
                    }
                    let (response, item) = (piece.response.clone(), piece.item.clone());
                    let received_at = piece.received_at;
                    unheard.push(AgentAudio::Piece(Piece { response, item, payload, received_at }));
                }
            }
        }
        if let Some((item, from)) = &resume {
            self.playback.resumed(item, millis(*from));
        }
        self.items = resume.into_iter().collect();
        unheard
    }
}

fn bytes(millis: u32) -> usize {
    usize::try_from(millis).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_MS)
}

fn item_of(audio: &AgentAudio) -> &ItemId {
    match audio {
        AgentAudio::Piece(piece) => &piece.item,
        AgentAudio::ItemEnd { item, .. } => item,
    }
}

#[cfg(test)]
mod tests;
