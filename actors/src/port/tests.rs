use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::FutureExt;
use proptest::prelude::*;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::*;

/// A bell that counts how many doorbells lie in its reader's mailbox.
#[derive(Clone, Default)]
struct Mailbox(Arc<AtomicUsize>);

impl Mailbox {
    fn attach<E>(port: &Port<E>) -> (Self, Reader<E>) {
        let mailbox = Self::default();
        let ringing = mailbox.clone();
        let reader = port.attach_with(move || {
            ringing.0.fetch_add(1, Ordering::SeqCst);
        });
        (mailbox, reader)
    }

    fn doorbells(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes one doorbell out, if there is one.
    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
    }
}

/// Takes out all that waits.
fn numbers<E>(reader: &Reader<E>) -> Vec<u64> {
    let taken = std::iter::from_fn(|| {
        let number = reader.begin_next()?.number;
        reader.remove(number);
        Some(number)
    });
    taken.collect()
}

fn begun(number: u64, attempt: u32, event: char) -> Option<Begun<char>> {
    Some(Begun { number, attempt, event: Arc::new(event) })
}

#[test]
fn res_2_invariant_7_a_successor_sees_the_event_again_that_its_predecessor_had_begun() {
    let port = Port::new(4);
    port.try_send('a').unwrap();
    port.try_send('b').unwrap();

    let (_, first) = Mailbox::attach(&port);
    assert_eq!(first.begin_next(), begun(1, 1, 'a'));

    let (mailbox, second) = Mailbox::attach(&port);
    assert_eq!(mailbox.doorbells(), 1, "what waited rings at once");
    assert_eq!(second.begin_next(), begun(1, 2, 'a'));
    second.remove(1);
    assert_eq!(second.begin_next(), begun(2, 1, 'b'));
}

#[test]
fn res_2_what_a_dead_generation_left_behind_takes_nothing_from_its_successor() {
    let port = Port::new(4);
    port.try_send('a').unwrap();
    let (_, dead) = Mailbox::attach(&port);
    let (mailbox, alive) = Mailbox::attach(&port);

    assert_eq!(dead.begin_next(), None);
    dead.remove(1);
    dead.not_begun(1);
    dead.answer();
    assert_eq!(port.depth(), 1);
    drop(dead);
    assert_eq!(alive.begin_next().unwrap().attempt, 1);
    alive.remove(1);
    alive.answer();
    mailbox.take();
    port.try_send('b').unwrap();
    assert_eq!(mailbox.doorbells(), 1, "the dead reader's end did not silence the bell");
}

#[test]
fn res_2_an_event_that_crashed_its_handler_twice_is_set_aside_and_counted() {
    let port = Port::new(2);
    port.try_send("poison").unwrap();
    port.try_send("bread").unwrap();
    for _ in 0..ATTEMPTS {
        let (_, crashing) = Mailbox::attach(&port);
        assert_eq!(*crashing.begin_next().unwrap().event, "poison");
    }

    let (_, third) = Mailbox::attach(&port);
    assert_eq!(*third.begin_next().unwrap().event, "bread");
    assert_eq!(port.pressure().set_aside, 1);
    assert_eq!(port.try_send("butter"), Ok(()), "its place is free again");
}

#[test]
fn res_2_an_event_that_only_could_not_be_carried_out_is_begun_as_often_as_it_takes() {
    let port = Port::new(1);
    port.try_send('a').unwrap();
    let (_, reader) = Mailbox::attach(&port);
    for _ in 0..ATTEMPTS * 3 {
        assert_eq!(reader.begin_next(), begun(1, 1, 'a'));
        reader.not_begun(1);
    }
    assert_eq!(port.pressure().set_aside, 0);
}

#[tokio::test]
async fn res_7_a_full_port_makes_its_sender_wait_and_serves_waiters_in_order() {
    let port = Port::new(1);
    let (_, reader) = Mailbox::attach(&port);
    port.send('a').await.unwrap();
    assert_eq!(port.try_send('x'), Err(NotTaken::Full));

    let mut second = Box::pin(port.send('b'));
    let mut third = Box::pin(port.send('c'));
    assert!(second.as_mut().now_or_never().is_none());
    assert!(third.as_mut().now_or_never().is_none());
    reader.remove(1);
    assert!(third.as_mut().now_or_never().is_none(), "it came later");
    second.await.unwrap();
    reader.remove(2);
    third.await.unwrap();

    assert_eq!(reader.begin_next(), begun(3, 1, 'c'));
    let pressure = Pressure { waited: 2, refused: 1, ..Pressure::default() };
    assert_eq!(port.pressure(), pressure);
}

#[tokio::test]
async fn a_sender_that_gives_up_waiting_has_sent_nothing() {
    let port = Port::new(1);
    port.send('a').await.unwrap();
    let mut given_up = Box::pin(port.send('b'));
    assert!(given_up.as_mut().now_or_never().is_none());
    drop(given_up);

    let (_, reader) = Mailbox::attach(&port);
    assert_eq!(numbers(&reader), [1]);
    port.send('c').await.unwrap();
    assert_eq!(reader.begin_next(), begun(2, 1, 'c'));
}

#[tokio::test]
async fn a_closed_port_takes_nothing_and_what_waits_can_still_be_read() {
    let port = Port::new(1);
    let (_, reader) = Mailbox::attach(&port);
    port.send('a').await.unwrap();
    let waiting = tokio::spawn({
        let port = port.clone();
        async move { port.send('b').await }
    });
    tokio::task::yield_now().await;
    port.close();

    assert_eq!(waiting.await.unwrap(), Err(PortClosed));
    assert_eq!(port.send('c').await, Err(PortClosed));
    assert_eq!(port.try_send('d'), Err(NotTaken::Closed));
    assert_eq!(reader.begin_next(), begun(1, 1, 'a'));
}

#[test]
fn res_2_a_restarted_sender_may_send_its_outbox_again_and_nothing_is_done_twice() {
    let port = Port::new(2);
    assert_eq!(port.send_numbered(4, "cancel"), Ok(Delivered::Accepted));
    assert_eq!(port.send_numbered(7, "tell"), Ok(Delivered::Accepted));
    assert_eq!(port.send_numbered(4, "cancel"), Ok(Delivered::Duplicate), "though full");
    assert_eq!(port.send_numbered(8, "ask"), Err(NotTaken::Full));

    let (_, reader) = Mailbox::attach(&port);
    assert_eq!(numbers(&reader), [1, 2]);
    assert_eq!(port.send_numbered(7, "tell"), Ok(Delivered::Duplicate), "though handled");
    assert_eq!(port.send_numbered(8, "ask"), Ok(Delivered::Accepted), "8 had not been taken");
    assert_eq!(numbers(&reader), [3]);
    let pressure = Pressure { refused: 1, duplicates: 2, ..Pressure::default() };
    assert_eq!(port.pressure(), pressure);
}

#[test]
fn however_much_waits_one_doorbell_lies_in_the_mailbox_until_it_is_answered() {
    let port = Port::new(4);
    let (mailbox, reader) = Mailbox::attach(&port);
    assert_eq!(mailbox.doorbells(), 0, "nothing waits");
    for event in 0..3 {
        port.try_send(event).unwrap();
    }
    assert!(mailbox.take());
    assert!(!mailbox.take());
    reader.answer();
    port.try_send(3).unwrap();
    assert_eq!(mailbox.doorbells(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Send,
    SendNumbered(u64),
    /// Takes the doorbell and handles all that waits, or dies of the event after so many.
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

/// What a port should do, as plainly as it can be said.
#[derive(Default)]
struct Model {
    waiting: VecDeque<(u64, u32)>,
    sent: u64,
    seen: u64,
    set_aside: u64,
}

impl Model {
    fn push(&mut self) {
        self.sent += 1;
        self.waiting.push_back((self.sent, 0));
    }

    fn begin(&mut self) -> Option<(u64, u32)> {
        while self.waiting.front().is_some_and(|&(_, begun)| begun == ATTEMPTS) {
            self.waiting.pop_front();
            self.set_aside += 1;
        }
        let first = self.waiting.front_mut()?;
        first.1 += 1;
        Some(*first)
    }
}

proptest! {
    #[test]
    fn res_2_over_any_story_no_event_is_lost_doubled_or_missed(
        capacity in 1..5usize,
        story in proptest::collection::vec(step(), 0..120),
    ) {
        let port = Port::new(capacity);
            let mut model = Model::default();
        let (mut mailbox, mut reader) = Mailbox::attach(&port);
        for step in story {
            let room = model.waiting.len() < capacity;
            match step {
                Step::Send => {
                    prop_assert_eq!(port.try_send(()).is_ok(), room);
                    if room {
                        model.push();
                    }
                }
                Step::SendNumbered(number) => {
                    let expected = match (number <= model.seen, room) {
                        (true, _) => Ok(Delivered::Duplicate),
                        (false, true) => Ok(Delivered::Accepted),
                        (false, false) => Err(NotTaken::Full),
                    };
                    prop_assert_eq!(port.send_numbered(number, ()), expected);
                    if expected == Ok(Delivered::Accepted) {
                        model.seen = number;
                        model.push();
                    }
                }
                Step::Read { crash_after } => {
                    if mailbox.take() {
                        reader.answer();
                        for nth in 0.. {
                            let begun = reader.begin_next();
                            prop_assert_eq!(begun.as_ref().map(|b| (b.number, b.attempt)), model.begin());
                            let Some(begun) = begun else { break };
                            if crash_after == Some(nth) {
                                (mailbox, reader) = Mailbox::attach(&port);
                                break;
                            }
                            reader.remove(begun.number);
                            model.waiting.pop_front();
                        }
                    }
                }
            }
            prop_assert_eq!(port.depth(), model.waiting.len());
            prop_assert!(port.depth() <= capacity);
            prop_assert!(mailbox.doorbells() <= 1);
            prop_assert!(mailbox.doorbells() == 1 || port.depth() == 0, "something waits unheard");
            prop_assert_eq!(port.pressure().set_aside, model.set_aside);
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

    let port = Port::new(CAPACITY);
    for sender in 0..SENDERS {
        let port = port.clone();
        tokio::spawn(async move {
            for event in 0..EACH {
                port.send((sender, event)).await.unwrap();
                assert!(port.depth() <= CAPACITY);
            }
        });
    }

    let mut handled: BTreeMap<usize, u64> = BTreeMap::new();
    let mut total = 0;
    'generations: loop {
        let bell = Arc::new(tokio::sync::Notify::new());
        let ringing = Arc::clone(&bell);
        let reader = port.attach_with(move || ringing.notify_one());
        loop {
            bell.notified().await;
            reader.answer();
            while let Some(begun) = reader.begin_next() {
                // Every 97th event kills its reader the first time.
                if begun.number % 97 == 0 && begun.attempt == 1 {
                    continue 'generations;
                }
                let (sender, event) = *begun.event;
                let expected = handled.entry(sender).or_default();
                assert_eq!(event, *expected);
                *expected += 1;
                total += 1;
                reader.remove(begun.number);
            }
            if total == SENDERS as u64 * EACH {
                break 'generations;
            }
        }
    }
    assert_eq!((port.depth(), port.pressure().set_aside), (0, 0));
}

struct Counting;

#[derive(Debug)]
enum CountingMsg {
    Doorbell,
}

struct CountingState {
    reader: Reader<u64>,
    sum: Arc<AtomicU64>,
}

impl Actor for Counting {
    type Msg = CountingMsg;
    type State = CountingState;
    type Arguments = (Port<u64>, Arc<AtomicU64>);

    async fn pre_start(
        &self,
        me: ActorRef<CountingMsg>,
        (port, sum): Self::Arguments,
    ) -> Result<CountingState, ActorProcessingErr> {
        Ok(CountingState { reader: port.attach(me, || CountingMsg::Doorbell), sum })
    }

    async fn handle(
        &self,
        _: ActorRef<CountingMsg>,
        CountingMsg::Doorbell: CountingMsg,
        state: &mut CountingState,
    ) -> Result<(), ActorProcessingErr> {
        state.reader.answer();
        while let Some(begun) = state.reader.begin_next() {
            assert!(*begun.event != 13 || begun.attempt == 2, "thirteen");
            state.sum.fetch_add(*begun.event, Ordering::SeqCst);
            state.reader.remove(begun.number);
        }
        Ok(())
    }
}

#[tokio::test]
async fn res_2_a_restarted_actor_goes_on_with_the_event_its_predecessor_died_of() {
    let port = Port::new(8);
    let sum = Arc::new(AtomicU64::new(0));
    for event in [1, 13, 100] {
        port.send(event).await.unwrap();
    }
    let arguments = (port.clone(), Arc::clone(&sum));
    let (_, first) = Actor::spawn(None, Counting, arguments.clone()).await.unwrap();
    first.await.unwrap();
    assert_eq!((sum.load(Ordering::SeqCst), port.depth()), (1, 2));
    port.send(1_000).await.unwrap();

    let (second, ended) = Actor::spawn(None, Counting, arguments).await.unwrap();
    second.drain().unwrap();
    ended.await.unwrap();
    assert_eq!((sum.load(Ordering::SeqCst), port.depth()), (1_114, 0));
}
