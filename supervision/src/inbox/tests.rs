mod batches;
mod crashes;
mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;

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
    dead.nack_through(1);
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
        reader.nack_through(1);
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

#[test]
fn events_can_be_moved_elsewhere_without_an_attempt() {
    let inbox = Inbox::new(4);
    for event in ['a', 'b', 'c'] {
        inbox.try_send(event).unwrap();
    }
    let reader = inbox.attach_with(|| {});
    let moved = reader.peek(2);
    assert_eq!(
        moved.iter().map(|(number, event)| (*number, **event)).collect::<Vec<_>>(),
        [(1, 'a'), (2, 'b')]
    );
    reader.ack_through(2);
    let rest = reader.receive().unwrap();
    assert_eq!((rest.number, rest.attempt, *rest.event), (3, 1, 'c'));
    for event in ['d', 'e', 'f'] {
        inbox.try_send(event).unwrap();
    }
    assert!(inbox.try_send('g').is_err(), "three places are free again, and no more");
    let stale = reader;
    let successor = inbox.attach_with(|| {});
    assert_eq!(stale.peek(9), []);
    stale.ack_through(9);
    assert_eq!(successor.peek(9).len(), 4);
}
