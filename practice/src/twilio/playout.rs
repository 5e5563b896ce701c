//! Twilio's playout buffer. Pure.
//!
//! Audio drains at 8 bytes per millisecond from its arrival. A mark is echoed once all audio before
//! it has played. `clear` discards the rest and returns the marks.

use std::collections::VecDeque;

use bytes::Bytes;

/// What happens while the buffer drains. Positions are samples on the line's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Played {
    /// The caller heard this.
    Audio { at: u64, ulaw: Bytes },
    /// A mark was reached and must be echoed.
    Mark { at: u64, name: String },
}

/// The buffer of one stream.
#[derive(Debug, Default)]
pub(super) struct Playout {
    queue: VecDeque<Queued>,
    /// The position up to which audio has played. Without meaning while the queue is empty.
    cursor: u64,
    buffered: u64,
}

#[derive(Debug)]
enum Queued {
    Audio(Bytes),
    Mark(String),
}

impl Playout {
    /// Samples waiting to be played.
    pub(super) fn buffered(&self) -> u64 {
        self.buffered
    }

    /// Adds audio that arrived. Call [`Playout::advance`] with `now` first.
    pub(super) fn push(&mut self, now: u64, ulaw: Bytes) {
        self.start_at(now);
        self.buffered += ulaw.len() as u64;
        self.queue.push_back(Queued::Audio(ulaw));
    }

    /// Adds a mark that arrived. If no audio is before it, the next [`Playout::advance`] returns it.
    pub(super) fn mark(&mut self, now: u64, name: String) {
        self.start_at(now);
        self.queue.push_back(Queued::Mark(name));
    }

    /// Discards the audio and returns every waiting mark, in order.
    pub(super) fn clear(&mut self) -> Vec<String> {
        self.buffered = 0;
        let marks = self.queue.drain(..).filter_map(|queued| match queued {
            Queued::Mark(name) => Some(name),
            Queued::Audio(_) => None,
        });
        marks.collect()
    }

    /// Plays what is due by `now`.
    pub(super) fn advance(&mut self, now: u64) -> Vec<Played> {
        let mut played = Vec::new();
        while let Some(front) = self.queue.front_mut() {
            let at = self.cursor;
            match front {
                Queued::Audio(ulaw) => {
                    let due = now.saturating_sub(at).min(ulaw.len() as u64);
                    if due > 0 {
                        self.cursor += due;
                        self.buffered -= due;
                        played.push(Played::Audio { at, ulaw: ulaw.split_to(due as usize) });
                    }
                    if !ulaw.is_empty() {
                        break;
                    }
                    self.queue.pop_front();
                }
                Queued::Mark(name) => {
                    played.push(Played::Mark { at, name: std::mem::take(name) });
                    self.queue.pop_front();
                }
            }
        }
        played
    }

    /// When the next mark is due.
    pub(super) fn next_mark(&self) -> Option<u64> {
        let mut at = self.cursor;
        for queued in &self.queue {
            match queued {
                Queued::Audio(ulaw) => at += ulaw.len() as u64,
                Queued::Mark(_) => return Some(at),
            }
        }
        None
    }

    fn start_at(&mut self, now: u64) {
        if self.queue.is_empty() {
            self.cursor = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn audio(bytes: usize) -> Bytes {
        vec![0x55; bytes].into()
    }

    fn marks(played: &[Played]) -> Vec<(u64, &str)> {
        let marks = played.iter().filter_map(|played| match played {
            Played::Mark { at, name } => Some((*at, name.as_str())),
            Played::Audio { .. } => None,
        });
        marks.collect()
    }

    fn heard(played: &[Played]) -> u64 {
        let bytes = played.iter().map(|played| match played {
            Played::Audio { ulaw, .. } => ulaw.len() as u64,
            Played::Mark { .. } => 0,
        });
        bytes.sum()
    }

    #[test]
    fn audio_drains_eight_bytes_per_millisecond_from_its_arrival() {
        let mut playout = Playout::default();
        playout.push(1000, audio(480));
        assert_eq!(heard(&playout.advance(1100)), 100);
        assert_eq!(playout.buffered(), 380);
        assert_eq!(heard(&playout.advance(5000)), 380);
        assert_eq!(playout.buffered(), 0);
    }

    #[test]
    fn greet_3_a_mark_comes_back_when_the_audio_before_it_has_been_played_and_not_sooner() {
        let mut playout = Playout::default();
        playout.push(0, audio(320));
        playout.mark(0, "one".to_owned());
        playout.push(0, audio(160));
        playout.mark(0, "two".to_owned());
        assert_eq!(playout.next_mark(), Some(320));
        assert!(marks(&playout.advance(319)).is_empty());
        assert_eq!(marks(&playout.advance(320)), [(320, "one")]);
        assert_eq!(playout.next_mark(), Some(480));
        assert_eq!(marks(&playout.advance(10_000)), [(480, "two")]);
        assert_eq!(playout.next_mark(), None);
    }

    #[test]
    fn a_mark_on_an_empty_buffer_comes_back_at_once() {
        let mut playout = Playout::default();
        playout.push(0, audio(160));
        playout.advance(500);
        playout.mark(700, "late".to_owned());
        assert_eq!(marks(&playout.advance(700)), [(700, "late")]);
    }

    #[test]
    fn barge_3_clear_drops_the_audio_and_gives_back_every_pending_mark_in_order() {
        let mut playout = Playout::default();
        playout.push(0, audio(160));
        playout.mark(0, "a".to_owned());
        playout.push(0, audio(160));
        playout.mark(0, "b".to_owned());
        assert_eq!(heard(&playout.advance(40)), 40);
        assert_eq!(playout.clear(), ["a", "b"]);
        assert_eq!(playout.buffered(), 0);
        assert!(playout.advance(10_000).is_empty());
    }

    #[test]
    fn after_an_underrun_new_audio_plays_from_its_own_arrival() {
        let mut playout = Playout::default();
        playout.push(0, audio(160));
        playout.advance(1000);
        playout.push(1000, audio(160));
        let played = playout.advance(1160);
        assert!(matches!(&played[..], [Played::Audio { at: 1000, ulaw }] if ulaw.len() == 160));
    }

    #[derive(Debug, Clone)]
    enum Arrival {
        Audio(usize),
        Mark,
        Clear,
        Later(u64),
    }

    fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
        let arrival = prop_oneof![
            (1..2000_usize).prop_map(Arrival::Audio),
            Just(Arrival::Mark),
            Just(Arrival::Clear),
            (0..1500_u64).prop_map(Arrival::Later),
        ];
        proptest::collection::vec(arrival, 0..40)
    }

    proptest! {
        #[test]
        fn every_mark_comes_back_once_in_order_and_no_byte_is_played_twice(story in arrivals()) {
            let mut playout = Playout::default();
            let (mut now, mut pushed, mut dropped, mut sent) = (0, 0, 0, 0);
            let mut played = Vec::new();
            let mut echoed = Vec::new();
            for arrival in story.into_iter().chain([Arrival::Later(1_000_000)]) {
                match arrival {
                    Arrival::Audio(bytes) => {
                        playout.push(now, audio(bytes));
                        pushed += bytes as u64;
                    }
                    Arrival::Mark => {
                        playout.mark(now, sent.to_string());
                        sent += 1;
                    }
                    Arrival::Clear => {
                        dropped += playout.buffered();
                        echoed.extend(playout.clear());
                    }
                    Arrival::Later(samples) => now += samples,
                }
                let more = playout.advance(now);
                echoed.extend(marks(&more).into_iter().map(|(_, name)| name.to_owned()));
                played.extend(more);
            }
            prop_assert_eq!(heard(&played) + dropped, pushed);
            prop_assert_eq!(echoed, (0..sent).map(|n| n.to_string()).collect::<Vec<_>>());
            let starts: Vec<_> = played.iter().map(|played| match played {
                Played::Audio { at, .. } | Played::Mark { at, .. } => *at,
            }).collect();
            prop_assert!(starts.is_sorted());
        }
    }
}
