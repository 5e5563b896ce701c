//! The one timer of an actor, always set to its next deadline.

use std::time::Instant;

use ractor::{ActorRef, Message};
use tokio::task::JoinHandle;

/// Sends its actor one message, at the time it was last [set](Self::set) to.
///
/// A message that is already in the mailbox when the alarm is set again still arrives. So handlers
/// must read the clock and do only what is due, and then set the alarm again. Dropping the alarm
/// disarms it.
pub struct Alarm<M> {
    actor: ActorRef<M>,
    message: fn() -> M,
    armed: Option<(Instant, JoinHandle<()>)>,
}

impl<M: Message> Alarm<M> {
    /// An alarm that is not set. It will send `message` to `actor`.
    #[must_use]
    pub fn new(actor: ActorRef<M>, message: fn() -> M) -> Self {
        Self { actor, message, armed: None }
    }

    /// Sets the alarm to `at`; `None` disarms it. Setting the same time again costs nothing.
    pub fn set(&mut self, at: Option<Instant>) {
        if self.armed.as_ref().map(|(armed, _)| *armed) == at {
            return;
        }
        self.disarm();
        self.armed = at.map(|at| {
            let (actor, message) = (self.actor.clone(), self.message);
            let fire = move || {
                // A stopped actor needs no alarm.
                let _ = actor.cast(message());
            };
            (at, at_time(at, Box::new(fire)))
        });
    }

    /// The message arrived. Call this first when it is handled, so that the same time can be set
    /// again.
    ///
    /// It disarms the alarm: the message may be late, and the alarm set to another time by now.
    /// Otherwise that timer would fire besides the one that the handler sets.
    pub fn fired(&mut self) {
        self.disarm();
    }
}

/// Not generic, so that tokio's code for a task is compiled once and not for each actor.
fn at_time(at: Instant, fire: Box<dyn FnOnce() + Send>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::time::sleep_until(at.into()).await;
        fire();
    })
}

impl<M> Alarm<M> {
    fn disarm(&mut self) {
        if let Some((_, timer)) = self.armed.take() {
            timer.abort();
        }
    }
}

impl<M> Drop for Alarm<M> {
    fn drop(&mut self) {
        self.disarm();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ractor::Actor;
    use tokio::sync::mpsc;

    use super::*;
    use crate::clock::Clock;
    use crate::testing::Sleeper;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_set_again_fires_once_at_the_last_time() {
        let (report, mut reports) = mpsc::channel(4);
        let (actor, _) = Actor::spawn(None, Sleeper, report).await.unwrap();
        let start = Clock::system().now();
        let mut alarm = Alarm::new(actor, || ());
        alarm.set(Some(start + Duration::from_secs(1)));
        alarm.set(Some(start + Duration::from_secs(5)));
        alarm.set(Some(start + Duration::from_secs(2)));

        assert_eq!(reports.recv().await, Some(start + Duration::from_secs(2)));
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(reports.try_recv().is_err(), "the other times do not fire");
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_disarmed_or_dropped_does_not_fire() {
        let (report, mut reports) = mpsc::channel(4);
        let (actor, _) = Actor::spawn(None, Sleeper, report).await.unwrap();
        let soon = Clock::system().now() + Duration::from_secs(1);
        let mut disarmed = Alarm::new(actor.clone(), || ());
        disarmed.set(Some(soon));
        disarmed.set(None);
        let mut dropped = Alarm::new(actor, || ());
        dropped.set(Some(soon));
        drop(dropped);

        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(reports.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_message_leaves_no_second_timer_behind() {
        let (report, mut reports) = mpsc::channel(4);
        let (actor, _) = Actor::spawn(None, Sleeper, report).await.unwrap();
        let start = Clock::system().now();
        let mut alarm = Alarm::new(actor, || ());
        alarm.set(Some(start + Duration::from_secs(1)));
        reports.recv().await.unwrap();
        // Another message was handled first, and set the alarm again.
        alarm.set(Some(start + Duration::from_secs(2)));
        alarm.fired();
        alarm.set(Some(start + Duration::from_secs(3)));

        assert_eq!(reports.recv().await, Some(start + Duration::from_secs(3)));
    }
}
