use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::FutureExt;
use proptest::prelude::*;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::*;

/// Counts the wake messages in its reader's mailbox.
#[derive(Clone, Default)]
struct Mailbox(Arc<AtomicUsize>);

impl Mailbox {
    fn attach<E>(inbox: &Inbox<E>) -> (Self, InboxReader<E>) {
        let mailbox = Self::default();
        let waking = mailbox.clone();
        let reader = inbox.attach_with(move || {
            waking.0.fetch_add(1, Ordering::SeqCst);
        });
        (mailbox, reader)
    }

    fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes one wake message out, if there is one.
    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
    }
}

/// Receives and acknowledges all that waits. Returns the numbers.
fn numbers<E>(reader: &InboxReader<E>) -> Vec<u64> {
    let taken = std::iter::from_fn(|| {
        let number = reader.receive()?.number;
        reader.ack(number);
        Some(number)
    });
    taken.collect()
}

fn delivery(number: u64, attempt: u32, event: char) -> Option<Delivery<char>> {
    Some(Delivery { number, attempt, event: Arc::new(event) })
}

#[test]
fn res_2_invariant_7_a_successor_receives_the_unacknowledged_event_again() {
    let inbox = Inbox::new(4);
    inbox.try_send('a').unwrap();
    inbox.try_send('b').unwrap();

    let (_, first) = Mailbox::attach(&inbox);
    assert_eq!(first.receive(), delivery(1, 1, 'a'));

    let (mailbox, second) = Mailbox::attach(&inbox);
    assert_eq!(mailbox.wakes(), 1, "it is woken at once if something waits");
    assert_eq!(second.receive(), delivery(1, 2, 'a'));
    second.ack(1);
    assert_eq!(second.receive(), delivery(2, 1, 'b'));
}

#[test]
fn res_2_a_dead_generations_reader_takes_nothing_from_its_successor() {
    let inbox = Inbox::new(4);
    inbox.try_send('a').unwrap();
    let (_, dead) = Mailbox::attach(&inbox);
    let (mailbox, alive) = Mailbox::attach(&inbox);

    assert_eq!(dead.receive(), None);
    dead.ack(1);
    dead.nack(1);
    dead.woken();
    assert_eq!(inbox.depth(), 1);
    drop(dead);
    assert_eq!(alive.receive().unwrap().attempt, 1);
    alive.ack(1);
    alive.woken();
    mailbox.take();
    inbox.try_send('b').unwrap();
    assert_eq!(mailbox.wakes(), 1, "dropping the dead reader left the wake flag alone");
}

#[test]
fn res_2_an_event_that_crashed_its_handler_twice_is_dropped_and_counted() {
    let inbox = Inbox::new(2);
    inbox.try_send("poison").unwrap();
    inbox.try_send("bread").unwrap();
    for _ in 0..MAX_ATTEMPTS {
        let (_, crashing) = Mailbox::attach(&inbox);
        assert_eq!(*crashing.receive().unwrap().event, "poison");
    }

    let (_, third) = Mailbox::attach(&inbox);
    assert_eq!(*third.receive().unwrap().event, "bread");
    assert_eq!(inbox.stats().dead_letters, 1);
    assert_eq!(inbox.try_send("butter"), Ok(()), "its place is free again");
}

#[test]
fn res_2_a_nacked_event_is_delivered_again_without_limit() {
    let inbox = Inbox::new(1);
    inbox.try_send('a').unwrap();
    let (_, reader) = Mailbox::attach(&inbox);
    for _ in 0..MAX_ATTEMPTS * 3 {
        assert_eq!(reader.receive(), delivery(1, 1, 'a'));
        reader.nack(1);
    }
    assert_eq!(inbox.stats().dead_letters, 0);
}

#[tokio::test]
async fn res_7_a_full_inbox_makes_its_sender_wait_and_serves_waiters_in_order() {
    let inbox = Inbox::new(1);
    let (_, reader) = Mailbox::attach(&inbox);
    inbox.send('a').await.unwrap();
    assert_eq!(inbox.try_send('x'), Err(TrySendError::Full));

    let mut second = Box::pin(inbox.send('b'));
    let mut third = Box::pin(inbox.send('c'));
    assert!(second.as_mut().now_or_never().is_none());
    assert!(third.as_mut().now_or_never().is_none());
    reader.ack(1);
    assert!(third.as_mut().now_or_never().is_none(), "it came later");
    second.await.unwrap();
    reader.ack(2);
    third.await.unwrap();

    assert_eq!(reader.receive(), delivery(3, 1, 'c'));
    let stats = InboxStats { waited: 2, refused: 1, ..InboxStats::default() };
    assert_eq!(inbox.stats(), stats);
}

#[tokio::test]
async fn a_sender_that_gives_up_waiting_has_sent_nothing() {
    let inbox = Inbox::new(1);
    inbox.send('a').await.unwrap();
    let mut given_up = Box::pin(inbox.send('b'));
    assert!(given_up.as_mut().now_or_never().is_none());
    drop(given_up);

    let (_, reader) = Mailbox::attach(&inbox);
    assert_eq!(numbers(&reader), [1]);
    inbox.send('c').await.unwrap();
    assert_eq!(reader.receive(), delivery(2, 1, 'c'));
}

#[tokio::test]
async fn a_closed_inbox_accepts_nothing_and_what_waits_can_still_be_received() {
    let inbox = Inbox::new(1);
    let (_, reader) = Mailbox::attach(&inbox);
    inbox.send('a').await.unwrap();
    let waiting = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.send('b').await }
    });
    tokio::task::yield_now().await;
    inbox.close();

    assert_eq!(waiting.await.unwrap(), Err(InboxClosed));
    assert_eq!(inbox.send('c').await, Err(InboxClosed));
    assert_eq!(inbox.try_send('d'), Err(TrySendError::Closed));
    assert_eq!(reader.receive(), delivery(1, 1, 'a'));
}

#[test]
fn res_2_a_restarted_sender_can_send_its_outbox_again_and_duplicates_are_dropped() {
    let inbox = Inbox::new(2);
    assert_eq!(inbox.send_numbered(4, "cancel"), Ok(SendOutcome::Accepted));
    assert_eq!(inbox.send_numbered(7, "tell"), Ok(SendOutcome::Accepted));
    assert_eq!(inbox.send_numbered(4, "cancel"), Ok(SendOutcome::Duplicate), "though full");
    assert_eq!(inbox.send_numbered(8, "ask"), Err(TrySendError::Full));

    let (_, reader) = Mailbox::attach(&inbox);
    assert_eq!(numbers(&reader), [1, 2]);
    assert_eq!(inbox.send_numbered(7, "tell"), Ok(SendOutcome::Duplicate), "though handled");
    assert_eq!(
        inbox.send_numbered(8, "ask"),
        Ok(SendOutcome::Accepted),
        "8 was not accepted before"
    );
    assert_eq!(numbers(&reader), [3]);
    let stats = InboxStats { refused: 1, duplicates: 2, ..InboxStats::default() };
    assert_eq!(inbox.stats(), stats);
}

#[test]
fn the_mailbox_holds_at_most_one_wake_message_however_much_waits() {
    let inbox = Inbox::new(4);
    let (mailbox, reader) = Mailbox::attach(&inbox);
    assert_eq!(mailbox.wakes(), 0, "nothing waits");
    for event in 0..3 {
        inbox.try_send(event).unwrap();
    }
    assert!(mailbox.take());
    assert!(!mailbox.take());
    reader.woken();
    inbox.try_send(3).unwrap();
    assert_eq!(mailbox.wakes(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Send,
    SendNumbered(u64),
    /// Takes the wake message and handles all that waits. Crashes at the event after so many, if any.
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
                            prop_assert_eq!(delivery.as_ref().map(|b| (b.number, b.attempt)), model.receive());
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
            prop_assert!(mailbox.wakes() == 1 || inbox.depth() == 0, "something waits and the reader is not woken");
            prop_assert_eq!(inbox.stats().dead_letters, model.dead_letters);
        }
    }
}

/// Four threads send, one reads and now and then dies; each event is handled once and in its
/// sender's order, and nothing waits at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn res_2_under_real_concurrency_every_event_is_handled_once_and_in_order() {
    const SENDERS: usize = 4;
    const EACH: u64 = 2_000;
    const CAPACITY: usize = 8;

    let inbox = Inbox::new(CAPACITY);
    for sender in 0..SENDERS {
        let inbox = inbox.clone();
        tokio::spawn(async move {
            for event in 0..EACH {
                inbox.send((sender, event)).await.unwrap();
                assert!(inbox.depth() <= CAPACITY);
            }
        });
    }

    let mut handled: BTreeMap<usize, u64> = BTreeMap::new();
    let mut total = 0;
    'generations: loop {
        let woken = Arc::new(tokio::sync::Notify::new());
        let waking = Arc::clone(&woken);
        let reader = inbox.attach_with(move || waking.notify_one());
        loop {
            woken.notified().await;
            reader.woken();
            while let Some(delivery) = reader.receive() {
                // Every 97th event kills its reader the first time.
                if delivery.number % 97 == 0 && delivery.attempt == 1 {
                    continue 'generations;
                }
                let (sender, event) = *delivery.event;
                let expected = handled.entry(sender).or_default();
                assert_eq!(event, *expected);
                *expected += 1;
                total += 1;
                reader.ack(delivery.number);
            }
            if total == SENDERS as u64 * EACH {
                break 'generations;
            }
        }
    }
    assert_eq!((inbox.depth(), inbox.stats().dead_letters), (0, 0));
}

struct Counting;

#[derive(Debug)]
enum CountingMsg {
    Wake,
}

struct CountingState {
    reader: InboxReader<u64>,
    sum: Arc<AtomicU64>,
}

impl Actor for Counting {
    type Msg = CountingMsg;
    type State = CountingState;
    type Arguments = (Inbox<u64>, Arc<AtomicU64>);

    async fn pre_start(
        &self,
        me: ActorRef<CountingMsg>,
        (inbox, sum): Self::Arguments,
    ) -> Result<CountingState, ActorProcessingErr> {
        Ok(CountingState { reader: inbox.attach(me, || CountingMsg::Wake), sum })
    }

    async fn handle(
        &self,
        _: ActorRef<CountingMsg>,
        CountingMsg::Wake: CountingMsg,
        state: &mut CountingState,
    ) -> Result<(), ActorProcessingErr> {
        state.reader.woken();
        while let Some(delivery) = state.reader.receive() {
            assert!(*delivery.event != 13 || delivery.attempt == 2, "thirteen");
            state.sum.fetch_add(*delivery.event, Ordering::SeqCst);
            state.reader.ack(delivery.number);
        }
        Ok(())
    }
}

#[tokio::test]
async fn res_2_a_restarted_actor_receives_the_event_that_crashed_its_predecessor() {
    let inbox = Inbox::new(8);
    let sum = Arc::new(AtomicU64::new(0));
    for event in [1, 13, 100] {
        inbox.send(event).await.unwrap();
    }
    let arguments = (inbox.clone(), Arc::clone(&sum));
    let (_, first) = Actor::spawn(None, Counting, arguments.clone()).await.unwrap();
    first.await.unwrap();
    assert_eq!((sum.load(Ordering::SeqCst), inbox.depth()), (1, 2));
    inbox.send(1_000).await.unwrap();

    let (second, ended) = Actor::spawn(None, Counting, arguments).await.unwrap();
    second.drain().unwrap();
    ended.await.unwrap();
    assert_eq!((sum.load(Ordering::SeqCst), inbox.depth()), (1_114, 0));
}
