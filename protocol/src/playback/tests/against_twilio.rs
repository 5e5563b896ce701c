//! Playback against a small model of Twilio: a buffer that plays 8 bytes per millisecond, marks
//! that are echoed when they are reached or dropped, and a network that takes time.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

const MOST_PIECE: u32 = 1_440;
const MARK_EVERY: u32 = 1_440;

enum Sent {
    Audio { item: u32, bytes: u32 },
    Mark(String),
    Clear,
}

/// Twilio and the network, stepped by the millisecond.
struct Twilio {
    now: u64,
    latency: u64,
    /// Every how many echoes one is lost; 0 for never.
    loses: u64,
    echoed: u64,
    on_the_way: VecDeque<(u64, Sent)>,
    buffer: VecDeque<Sent>,
    echoes: VecDeque<(u64, String)>,
    played: BTreeMap<u32, u32>,
}

impl Twilio {
    fn new(latency: u64, loses: u64) -> Self {
        Self {
            now: 0,
            latency,
            loses,
            echoed: 0,
            on_the_way: VecDeque::new(),
            buffer: VecDeque::new(),
            echoes: VecDeque::new(),
            played: BTreeMap::new(),
        }
    }

    fn send(&mut self, sent: Sent) {
        self.on_the_way.push_back((self.now + self.latency, sent));
    }

    /// One millisecond passes. Returns the echoes that arrive.
    fn tick(&mut self) -> Vec<String> {
        self.now += 1;
        while let Some((_, sent)) = self.on_the_way.pop_front_if(|(at, _)| *at <= self.now) {
            match sent {
                Sent::Clear => self.discard(),
                Sent::Audio { .. } | Sent::Mark(_) => self.buffer.push_back(sent),
            }
        }
        self.play();
        let mut arrived = Vec::new();
        while let Some((_, name)) = self.echoes.pop_front_if(|(at, _)| *at <= self.now) {
            self.echoed += 1;
            if self.loses == 0 || !self.echoed.is_multiple_of(self.loses) {
                arrived.push(name);
            }
        }
        arrived
    }

    fn play(&mut self) {
        let mut left = 8;
        while let Some(sent) = self.buffer.pop_front() {
            match sent {
                Sent::Mark(name) => self.echoes.push_back((self.now + self.latency, name)),
                Sent::Audio { item, bytes } => {
                    let taken = bytes.min(left);
                    *self.played.entry(item).or_default() += taken;
                    left -= taken;
                    if taken < bytes {
                        self.buffer.push_front(Sent::Audio { item, bytes: bytes - taken });
                        return;
                    }
                }
                Sent::Clear => unreachable!("obeyed when it arrives"),
            }
        }
    }

    fn discard(&mut self) {
        for sent in self.buffer.drain(..) {
            match sent {
                Sent::Mark(name) => self.echoes.push_back((self.now + self.latency, name)),
                Sent::Audio { .. } | Sent::Clear => {}
            }
        }
    }

    fn played(&self, item: u32) -> u32 {
        self.played.get(&item).copied().unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Send(u32),
    NextItem,
    Wait(u64),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..=MOST_PIECE).prop_map(Step::Send),
        4 => Just(Step::Send(MOST_PIECE)),
        2 => Just(Step::NextItem),
        6 => (0_u64..400).prop_map(Step::Wait),
        1 => Just(Step::Clear),
    ]
}

/// A playback, the model, and what was reported of the items so far.
struct Call {
    began: Instant,
    playback: Playback,
    twilio: Twilio,
    item: u32,
    /// Bytes sent of each item.
    sent: BTreeMap<u32, u32>,
    stale_before: u32,
    told: Vec<Heard>,
}

impl Call {
    fn new(latency: u64, loses: u64) -> Self {
        Self {
            began: start(),
            playback: Playback::new(Generation(1)),
            twilio: Twilio::new(latency, loses),
            item: 0,
            sent: BTreeMap::new(),
            stale_before: 0,
            told: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        self.began + ms(self.twilio.now)
    }

    fn perform(&mut self, step: &Step) {
        match step {
            Step::Send(bytes) => self.send(*bytes),
            Step::NextItem => self.next_item(),
            Step::Wait(millis) => (0..*millis).for_each(|_| self.tick()),
            Step::Clear => {
                let now = self.now();
                self.told.extend(self.playback.clear(now));
                self.twilio.send(Sent::Clear);
                self.stale_before += 1;
                self.item += 1;
            }
        }
    }

    fn send(&mut self, bytes: u32) {
        let (now, number) = (self.now(), self.item);
        let mark = self.playback.sent(&response(number / 2), &item(number), bytes, now);
        *self.sent.entry(number).or_default() += bytes;
        self.twilio.send(Sent::Audio { item: number, bytes });
        self.mark(mark);
    }

    fn next_item(&mut self) {
        let mark = self.playback.item_ended(&item(self.item));
        self.mark(mark);
        self.item += 1;
    }

    fn mark(&mut self, mark: Option<MarkName>) {
        if let Some(name) = mark {
            self.twilio.send(Sent::Mark(name.to_string()));
        }
    }

    fn tick(&mut self) {
        for name in self.twilio.tick() {
            let now = self.now();
            let old = name.parse::<MarkName>().unwrap().epoch.cleared < self.stale_before;
            match self.playback.mark_echoed(&name, now) {
                Echo::Stale => assert!(old, "{name} is of this buffer"),
                Echo::Progress { .. } => assert!(!old, "{name} is of a cleared buffer"),
                Echo::ItemsPlayed(items) => {
                    assert!(!old, "{name} is of a cleared buffer");
                    for heard in items {
                        let number = number(&heard.item);
                        assert_eq!(self.twilio.played(number), self.sent[&number]);
                        assert!(!heard.is_cut());
                        self.told.push(heard);
                    }
                }
            }
        }
    }

    /// By how many bytes more of an item counts as heard than was sent, and than was played.
    fn excess(&self, number: u32) -> (i64, i64) {
        let Some(heard_ms) = self.playback.heard_ms(&item(number), self.now()) else {
            return (0, 0);
        };
        let heard = i64::from(heard_ms) * 8;
        let played = i64::from(self.twilio.played(number));
        (heard - i64::from(self.sent[&number]), heard - played)
    }
}

fn number(item: &ItemId) -> u32 {
    item.as_str()["item_".len()..].parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn barge_3_trap_openai_8_trap_twilio_5_heard_exceeds_what_was_played_by_no_more_than_a_mark(
        steps in proptest::collection::vec(step(), 1..60),
        latency in 0_u64..150,
        loses in prop_oneof![Just(0), 2_u64..6],
    ) {
        let mut call = Call::new(latency, loses);
        let mut last = BTreeMap::<u32, u32>::new();
        for step in &steps {
            call.perform(step);
            for item_number in 0..=call.item {
                let (over_sent, over_played) = call.excess(item_number);
                prop_assert!(over_sent <= 0);
                prop_assert!(over_played <= i64::from(MARK_EVERY + MOST_PIECE));
                if let Some(heard) = call.playback.heard_ms(&item(item_number), call.now()) {
                    let before = last.insert(item_number, heard).unwrap_or_default();
                    prop_assert!(before <= heard, "nothing heard is unheard again");
                }
            }
        }
    }

    #[test]
    fn greet_3_every_item_is_told_once_as_played_or_cut_and_at_the_end_all_is_quiet(
        steps in proptest::collection::vec(step(), 1..60),
        latency in 0_u64..150,
    ) {
        let mut call = Call::new(latency, 0);
        steps.iter().for_each(|step| call.perform(step));
        call.perform(&Step::NextItem);
        call.perform(&Step::Wait(60 * 180 + 1_000));
        let mut told: Vec<_> = call.told.iter().map(|heard| number(&heard.item)).collect();
        let mut sent: Vec<_> = call.sent.keys().copied().collect();
        prop_assert!(told.is_sorted(), "in the order in which they were sent");
        told.sort_unstable();
        sent.sort_unstable();
        prop_assert_eq!(told, sent);
        prop_assert!(!call.playback.audible(call.now()));
        prop_assert_eq!(call.playback.agent_started(call.now()), None);
    }

    #[test]
    fn barge_3_what_is_told_at_a_clear_lags_what_was_played_by_no_more_than_the_way_and_a_mark(
        pieces in 1_u64..40,
        wait_ms in 0_u64..4_000,
        latency in 0_u64..150,
    ) {
        let mut call = Call::new(latency, 0);
        (0..pieces).for_each(|_| call.send(MOST_PIECE));
        call.perform(&Step::Wait(wait_ms));
        let played = call.twilio.played(0) / 8;
        call.perform(&Step::Clear);
        let [cut] = &call.told[..] else { panic!("one item was sent and not ended") };
        let played = i64::from(played);
        let heard = i64::from(cut.heard_ms);
        prop_assert!(heard <= played + 180 && played <= heard + i64::try_from(latency).unwrap());
    }
}
