//! Works through an inbox one event at a time. The work itself is done in tasks, outside the actor.

use std::time::{Duration, Instant};

use ractor::Message;

use crate::alarm::Alarm;
use crate::inbox::{Delivery, InboxReader};

/// An inbox whose events are processed one at a time, each in a task, and retried when that fails.
///
/// Call it in the actor's handler like this:
///
/// ```text
/// Wake           => serial.woken(),
/// Done(number)   => serial.done(number),
/// Failed(number) => serial.failed(number, now),
/// Retry          => serial.retry(),
/// // after each of them:
/// if let Some(delivery) = serial.start_next() {
///     tasks.spawn("work", async move { /* work, then send Done or Failed */ });
/// }
/// ```
///
/// An event stays in the inbox until it is done. If the actor dies, its successor receives it
/// again.
pub struct Serial<E, M> {
    reader: InboxReader<E>,
    retry: Alarm<M>,
    pause: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// The event with this number is in work.
    Working(u64),
    /// The event that failed waits for its retry.
    Pausing,
}

impl<E, M: Message> Serial<E, M> {
    /// `pause` after a failure, `retry` sends the actor the message for which it calls
    /// [`retry`](Self::retry).
    #[must_use]
    pub fn new(reader: InboxReader<E>, retry: Alarm<M>, pause: Duration) -> Self {
        Self { reader, retry, pause, state: State::Idle }
    }

    /// Call it first when the actor handles the wake message; see [`InboxReader::woken`].
    pub fn woken(&self) {
        self.reader.woken();
    }

    /// The next event, or `None` while another is in work or none waits. Report its end with
    /// [`done`](Self::done) or [`failed`](Self::failed).
    pub fn start_next(&mut self) -> Option<Delivery<E>> {
        if self.is_busy() {
            return None;
        }
        let delivery = self.reader.receive()?;
        self.state = State::Working(delivery.number);
        Some(delivery)
    }

    /// The work on event `number` is done and its effects are stored: the event leaves the inbox.
    /// Does nothing if another event is in work.
    pub fn done(&mut self, number: u64) {
        if self.state == State::Working(number) {
            self.state = State::Idle;
            self.reader.ack(number);
        }
    }

    /// The work on event `number` failed, and not because of the event. It is retried after the
    /// pause. The attempt does not count towards [`MAX_ATTEMPTS`](crate::inbox::MAX_ATTEMPTS). Does
    /// nothing if another event is in work.
    pub fn failed(&mut self, number: u64, now: Instant) {
        if self.state == State::Working(number) {
            self.state = State::Pausing;
            self.reader.nack_through(number);
            self.retry.set(Some(now + self.pause));
        }
    }

    /// The pause is over: the failed event can start again.
    pub fn retry(&mut self) {
        if self.state == State::Pausing {
            self.retry.fired();
            self.state = State::Idle;
        }
    }

    /// Whether an event is in work or waits for its retry.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.state != State::Idle
    }
}

#[cfg(test)]
mod tests {
    use ractor::Actor;
    use tokio::sync::mpsc;

    use super::*;
    use crate::clock::Clock;
    use crate::inbox::Inbox;
    use crate::testing::Sleeper;

    const PAUSE: Duration = Duration::from_millis(500);

    /// Two events wait. The receiver hears when a retry is due.
    async fn with_two_events() -> (Serial<char, ()>, Inbox<char>, mpsc::Receiver<Instant>) {
        let (report, retries) = mpsc::channel(4);
        let (actor, _) = Actor::spawn(None, Sleeper, report).await.unwrap();
        let inbox = Inbox::new(4);
        inbox.try_send('a').unwrap();
        inbox.try_send('b').unwrap();
        let alarm = Alarm::new(actor, || ());
        (Serial::new(inbox.attach_with(|| {}), alarm, PAUSE), inbox, retries)
    }

    #[tokio::test(start_paused = true)]
    async fn one_event_is_in_work_at_a_time_and_a_failed_one_is_retried_after_the_pause() {
        let (mut serial, inbox, mut retries) = with_two_events().await;

        assert_eq!(*serial.start_next().unwrap().event, 'a');
        assert!(serial.start_next().is_none(), "one is in work");
        let began = Clock::system().now();
        serial.failed(1, began);
        assert!(serial.start_next().is_none(), "the pause is not over");
        retries.recv().await.unwrap();
        assert!(Clock::system().now() >= began + PAUSE);
        serial.retry();

        let again = serial.start_next().unwrap();
        assert_eq!((*again.event, again.attempt), ('a', 1), "the failed attempt does not count");
        serial.done(1);
        assert_eq!(*serial.start_next().unwrap().event, 'b');
        serial.done(2);
        assert_eq!((serial.is_busy(), inbox.depth()), (false, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_about_another_event_does_not_end_the_one_in_work() {
        let (mut serial, _, mut retries) = with_two_events().await;
        let now = Clock::system().now();

        let first = serial.start_next().unwrap();
        serial.done(2);
        serial.failed(2, now);
        serial.retry();
        assert!(serial.start_next().is_none(), "event 1 is in work");
        tokio::time::sleep(2 * PAUSE).await;
        assert!(retries.try_recv().is_err(), "event 1 did not fail");

        serial.done(first.number);
        assert_eq!(*serial.start_next().unwrap().event, 'b');
        serial.failed(2, now);
        serial.done(2);
        assert!(serial.start_next().is_none(), "the pause is not over");
    }
}
