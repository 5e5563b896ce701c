//! Events that are received together.

use super::*;

fn filled(events: &str) -> Inbox<char> {
    let inbox = Inbox::new(16);
    events.chars().for_each(|event| inbox.try_send(event).unwrap());
    inbox
}

/// Receives a batch of at most `max` events. Returns them, and the number of the last one.
fn receive(reader: &InboxReader<char>, max: usize) -> (String, u64) {
    let mut asked = 0;
    let batch = reader.receive_batch(|_| {
        asked += 1;
        asked <= max
    });
    let last = batch.last().map_or(0, |delivery| delivery.number);
    (batch.iter().map(|delivery| *delivery.event).collect(), last)
}

#[test]
fn a_batch_takes_what_waits_in_order_and_ends_with_the_event_that_does_not_join() {
    let inbox = filled("abc,de");
    let (_, reader) = Mailbox::attach(&inbox);
    let words = || reader.receive_batch(|event| *event != ',');
    assert_eq!(words().len(), 3);
    reader.ack_through(3);
    assert_eq!(words().len(), 3, "the first one comes whatever is said of it");
    reader.ack_through(5);
    assert_eq!(inbox.depth(), 1);
    reader.ack_through(6);
    assert!(words().is_empty());
}

#[test]
fn res_2_of_a_batch_that_crashes_its_reader_only_the_event_to_blame_is_dropped() {
    let inbox = filled("abXcd");
    let mut handled = String::new();
    let mut crashes = 0;
    'generations: loop {
        let (_, reader) = Mailbox::attach(&inbox);
        loop {
            let (batch, last) = receive(&reader, 16);
            if batch.contains('X') {
                crashes += 1;
                continue 'generations;
            }
            if batch.is_empty() {
                break 'generations;
            }
            handled.push_str(&batch);
            reader.ack_through(last);
        }
    }
    assert_eq!((handled.as_str(), crashes), ("abcd", MAX_ATTEMPTS));
    assert_eq!((inbox.depth(), inbox.stats().dead_letters), (0, 1));
}

#[test]
fn res_2_a_batch_that_is_given_back_comes_again_as_a_whole_without_limit() {
    let inbox = filled("abcd");
    let (_, reader) = Mailbox::attach(&inbox);
    for _ in 0..MAX_ATTEMPTS * 3 {
        assert_eq!(receive(&reader, 3), ("abc".to_owned(), 3));
        reader.nack_through(3);
    }
    // Half of it was handled.
    assert_eq!(receive(&reader, 3).1, 3);
    reader.ack_through(2);
    reader.nack_through(3);
    assert_eq!(receive(&reader, 3), ("cd".to_owned(), 4));
    assert_eq!(inbox.stats().dead_letters, 0);
}

#[test]
fn a_reader_that_was_replaced_takes_no_batch_and_gives_none_back() {
    let inbox = filled("ab");
    let (_, dead) = Mailbox::attach(&inbox);
    let (_, reader) = Mailbox::attach(&inbox);
    assert_eq!(receive(&dead, 2).1, 0);
    assert_eq!(receive(&reader, 2).1, 2);
    dead.nack_through(2);
    dead.ack_through(2);
    let (_, successor) = Mailbox::attach(&inbox);
    assert_eq!(receive(&successor, 2), ("a".to_owned(), 1), "it was received before");
}
