//! Readers that crash: under concurrency, and as actors.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::*;

/// Four threads send. One reads, and crashes now and then.
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
                // Every 97th event crashes its reader once.
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
