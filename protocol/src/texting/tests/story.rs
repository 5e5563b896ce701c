//! Any story of events: nothing is lost, nothing is answered twice, and no rule of sending is broken.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Text {
        words: &'static str,
    },
    Media,
    ByHand,
    CallBegins,
    CallEnds,
    /// The job in work ends in one of several ways.
    Job(u8),
    Wait(u32),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec!["when?", "stop", "start", "no thanks", "thanks, bye"]);
    prop_oneof![
        3 => words.prop_map(|words| Step::Text { words }),
        1 => Just(Step::Media),
        1 => Just(Step::ByHand),
        1 => Just(Step::CallBegins),
        1 => Just(Step::CallEnds),
        12 => any::<u8>().prop_map(Step::Job),
        6 => (0u32..30).prop_map(Step::Wait),
        1 => (0u32..100_000).prop_map(Step::Wait),
        1 => Just(Step::Crash),
    ]
}

/// The person, the telephone and Twilio.
#[derive(Default)]
struct World {
    now: u64,
    wrote: BTreeSet<MessageId>,
    last_came: Option<Timestamp>,
    handled: BTreeMap<MessageId, u32>,
    on_call: bool,
    /// When it was last looked for a call: a message is sent at once then.
    looked_at: Option<Timestamp>,
    /// What Twilio has, by row.
    at_twilio: BTreeMap<MessageId, String>,
    rows: u128,
}

impl World {
    fn now(&self) -> Timestamp {
        after(self.now)
    }

    fn next(&mut self) -> u128 {
        self.rows += 1;
        self.rows
    }

    fn take(&mut self, conversation: &mut Conversation) {
        for record in conversation.take_records() {
            if let Record::Handled(ids) = record {
                ids.into_iter().for_each(|id| *self.handled.entry(id).or_default() += 1);
            } else if let Record::Stored { message, .. } | Record::Held { message, .. } = record {
                assert!(fits(&message.body), "{} units", units(&message.body));
            }
        }
    }

    /// Does the job in work, in one of several ways.
    fn work(&mut self, conversation: &mut Conversation, how: u8) {
        let Some((_, job)) = conversation.job() else { return };
        let result = match job {
            Job::Prepare { .. } => {
                let JobResult::Prepared(prepared) = prepared(self.on_call) else { unreachable!() };
                let call_earns_message = how.is_multiple_of(2);
                let answer = Uuid::from_u128(100_000 + self.next());
                JobResult::Prepared(Prepared { answer, call_earns_message, ..prepared })
            }
            Job::AskModel { more, .. } => match how % 8 {
                0 => JobResult::NoAnswer,
                1 => JobResult::Replied(reply(&"א".repeat(1900))),
                2 if more.len() < 30 => called(vec![tool_call("call_1", true)]),
                3 => JobResult::Replied(ending_reply("Bye", EndClaim::UserGoodbye)),
                4 => JobResult::Replied(ending_reply("Bye", EndClaim::LeadComplete)),
                _ => JobResult::Replied(reply("At nine.")),
            },
            Job::RunTool { .. } => tool_finished(),
            Job::LookForCall => {
                self.looked_at = Some(self.now());
                JobResult::Looked { on_call: self.on_call }
            }
            Job::Send { message, look_first, .. } => self.send(&message, look_first, how),
        };
        done(conversation, result, self.now());
    }

    fn send(&mut self, message: &Outgoing, look_first: bool, how: u8) -> JobResult {
        let there = self.at_twilio.contains_key(&message.id);
        if look_first {
            return match how % 4 {
                0 => JobResult::SendFailed(SendFault::Unknown),
                _ if there => sent(),
                _ => JobResult::NotThere,
            };
        }
        assert!(!there, "{:?} is sent twice", message.id);
        assert!(window_is_open(self.last_came, self.looked_at.unwrap()), "the window is closed");
        match how % 6 {
            0 => JobResult::SendFailed(SendFault::NotTaken),
            1 => JobResult::SendFailed(SendFault::Refused { code: None }),
            2 => JobResult::SendFailed(SendFault::Unknown),
            kind => {
                self.at_twilio.insert(message.id, message.body.clone());
                // Twilio has it, and the answer may be lost.
                if kind == 3 { JobResult::SendFailed(SendFault::Unknown) } else { sent() }
            }
        }
    }
}

fn play(conversation: &mut Conversation, world: &mut World, step: Step) {
    match step {
        Step::Text { words } => {
            let number = world.next();
            world.wrote.insert(id(number));
            world.last_came = Some(world.now());
            conversation.handle(text(number, words, world.now()), world.now());
        }
        Step::Media => {
            let number = world.next();
            world.wrote.insert(id(number));
            world.last_came = Some(world.now());
            let (id, at) = (id(number), world.now());
            conversation.handle(Event::TextCame(Text { id, at, content: Content::Media }), at);
        }
        Step::ByHand => {
            let number = world.next();
            conversation.handle(by_hand(number), world.now());
        }
        Step::CallBegins => {
            world.on_call = true;
            conversation.handle(Event::CallBegan, world.now());
        }
        Step::CallEnds => {
            world.on_call = false;
            conversation.handle(Event::CallEnded { call: call_sid() }, world.now());
        }
        Step::Job(how) => world.work(conversation, how),
        Step::Wait(seconds) => {
            world.now += u64::from(seconds);
            conversation.handle_timeout(world.now());
        }
        Step::Crash => {
            let json = serde_json::to_string(conversation.state()).unwrap();
            let state = serde_json::from_str(&json).unwrap();
            world.take(conversation);
            *conversation = Conversation::new(conversation.rules.clone(), state);
            conversation.resume(world.now());
        }
    }
    world.take(conversation);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wa_2_every_text_is_handled_once_whatever_happens(steps in prop::collection::vec(step(), 0..200)) {
        let (mut conversation, mut world) = (idle(), World::default());
        for step in steps {
            play(&mut conversation, &mut world, step);
        }
        // In the end everything works.
        play(&mut conversation, &mut world, Step::CallEnds);
        for _ in 0..300 {
            if conversation.is_at_rest() {
                break;
            }
            play(&mut conversation, &mut world, Step::Wait(2));
            play(&mut conversation, &mut world, Step::Job(5));
            if let Some((at, _)) = conversation.poll_timeout() {
                let wait = at.duration_since(world.now()).as_secs().max(0) + 1;
                play(&mut conversation, &mut world, Step::Wait(u32::try_from(wait).unwrap()));
            }
        }
        prop_assert!(conversation.is_at_rest(), "{:?}", conversation.state());
        let handled: BTreeSet<MessageId> = world.handled.keys().copied().collect();
        prop_assert_eq!(&handled, &world.wrote);
        prop_assert!(world.handled.values().all(|times| *times == 1), "{:?}", world.handled);
    }

    #[test]
    fn wa_3_nothing_is_sent_while_a_call_is_known(steps in prop::collection::vec(step(), 0..200)) {
        let (mut conversation, mut world) = (idle(), World::default());
        for step in steps {
            let before = conversation.state().phase();
            play(&mut conversation, &mut world, step);
            let sends = matches!(conversation.job(), Some((_, Job::Send { look_first: false, .. })));
            let begins = sends && before != PhaseName::Sending;
            prop_assert!(!(begins && world.on_call), "{before:?}");
        }
    }

    #[test]
    fn no_text_makes_the_reader_of_words_panic(words in any::<String>()) {
        let _ = opt_out(&words);
        prop_assert_eq!(fits(&words), words.encode_utf16().count() <= 1600);
    }
}
