//! An inbox and its model do the same, whatever happens.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Send,
    SendNumbered(u64),
    /// Takes the wake message and handles all that waits. Crashes at the event after so many, if
    /// any.
    Read {
        crash_after: Option<usize>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Send),
        2 => (1..30u64).prop_map(Step::SendNumbered),
        3 => proptest::option::of(0..4usize).prop_map(|crash_after| Step::Read { crash_after }),
    ]
}

/// A model of an inbox, without locks and wake messages.
#[derive(Default)]
struct Model {
    waiting: VecDeque<(u64, u32)>,
    sent: u64,
    highest_sent: u64,
    dead_letters: u64,
}

impl Model {
    fn push(&mut self) {
        self.sent += 1;
        self.waiting.push_back((self.sent, 0));
    }

    fn receive(&mut self) -> Option<(u64, u32)> {
        while self.waiting.front().is_some_and(|&(_, delivery)| delivery == MAX_ATTEMPTS) {
            self.waiting.pop_front();
            self.dead_letters += 1;
        }
        let first = self.waiting.front_mut()?;
        first.1 += 1;
        Some(*first)
    }
}

proptest! {
    #[test]
    fn res_2_no_event_is_lost_doubled_or_reordered_whatever_crashes(
        capacity in 1..5usize,
        story in proptest::collection::vec(step(), 0..120),
    ) {
        let inbox = Inbox::new(capacity);
        let mut model = Model::default();
        let (mut mailbox, mut reader) = Mailbox::attach(&inbox);
        for step in story {
            let room = model.waiting.len() < capacity;
            match step {
                Step::Send => {
                    prop_assert_eq!(inbox.try_send(()).is_ok(), room);
                    if room {
                        model.push();
                    }
                }
                Step::SendNumbered(number) => {
                    let expected = match (number <= model.highest_sent, room) {
                        (true, _) => Ok(SendOutcome::Duplicate),
                        (false, true) => Ok(SendOutcome::Accepted),
                        (false, false) => Err(TrySendError::Full),
                    };
                    prop_assert_eq!(inbox.send_numbered(number, ()), expected);
                    if expected == Ok(SendOutcome::Accepted) {
                        model.highest_sent = number;
                        model.push();
                    }
                }
                Step::Read { crash_after } => {
                    if mailbox.take() {
                        reader.woken();
                        for nth in 0.. {
                            let delivery = reader.receive();
                            let shown = delivery.as_ref().map(|one| (one.number, one.attempt));
                            prop_assert_eq!(shown, model.receive());
                            let Some(delivery) = delivery else { break };
                            if crash_after == Some(nth) {
                                (mailbox, reader) = Mailbox::attach(&inbox);
                                break;
                            }
                            reader.ack(delivery.number);
                            model.waiting.pop_front();
                        }
                    }
                }
            }
            prop_assert_eq!(inbox.depth(), model.waiting.len());
            prop_assert!(inbox.depth() <= capacity);
            prop_assert!(mailbox.wakes() <= 1);
            prop_assert!(mailbox.wakes() == 1 || inbox.depth() == 0, "not woken");
            prop_assert_eq!(inbox.stats().dead_letters, model.dead_letters);
        }
    }
}
