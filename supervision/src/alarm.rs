//! The one timer of an actor, always set to its next deadline.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ractor::{ActorRef, Message};
use tokio::task::JoinHandle;

/// Sends its actor one message, at the time it was last [set](Self::set) to.
///
/// A message that is already in the mailbox when the alarm is set again still arrives. So handlers
/// must read the clock and do only what is due, and then set the alarm again. Dropping the alarm
/// disarms it.
///
/// Most deadlines move on before they come. So a later time starts no new timer: the one that runs
/// sleeps on when it wakes too early.
pub struct Alarm<M> {
    actor: ActorRef<M>,
    message: fn() -> M,
    deadline: Arc<Mutex<Deadline>>,
    timer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Deadline {
    /// When to send the message.
    at: Option<Instant>,
    /// The time whose message was sent, until the actor handles it.
    sent: Option<Instant>,
    /// When the timer wakes; `None` while none runs.
    wakes_at: Option<Instant>,
    /// The number of the timer. One that was replaced may still wake.
    timer: u64,
}

impl Deadline {
    /// A timer has slept until `now`. Returns when it must wake again; `None` if it is over, and
    /// whether the message is due.
    fn woke(&mut self, timer: u64, now: Instant) -> (Option<Instant>, bool) {
        if self.timer != timer {
            return (None, false);
        }
        let is_due = self.at.is_some_and(|at| at <= now);
        if is_due {
            self.sent = self.at.take();
        }
        self.wakes_at = self.at;
        (self.wakes_at, is_due)
    }
}

impl<M: Message> Alarm<M> {
    /// An alarm that is not set. It will send `message` to `actor`.
    #[must_use]
    pub fn new(actor: ActorRef<M>, message: fn() -> M) -> Self {
        Self { actor, message, deadline: Arc::default(), timer: None }
    }

    /// Sets the alarm to `at`; `None` disarms it. Setting the same time again costs nothing.
    pub fn set(&mut self, at: Option<Instant>) {
        let mut deadline = lock(&self.deadline);
        if at.is_some() && deadline.sent == at {
            deadline.at = None;
            return;
        }
        deadline.at = at;
        let Some(at) = at else { return };
        if deadline.wakes_at.is_some_and(|wakes_at| wakes_at <= at) {
            return;
        }
        deadline.timer += 1;
        deadline.wakes_at = Some(at);
        let number = deadline.timer;
        drop(deadline);
        let (actor, message) = (self.actor.clone(), self.message);
        let fire = move || {
            // A stopped actor needs no alarm.
            let _ = actor.cast(message());
        };
        let timer = spawn_timer(number, at, Arc::clone(&self.deadline), Box::new(fire));
        if let Some(replaced) = self.timer.replace(timer) {
            replaced.abort();
        }
    }

    /// The message arrived. Call this first when it is handled, so that the same time can be set
    /// again.
    ///
    /// It disarms the alarm: the message may be late, and the alarm set to another time by now.
    /// Otherwise that timer would fire besides the one that the handler sets.
    pub fn fired(&mut self) {
        let mut deadline = lock(&self.deadline);
        deadline.at = None;
        deadline.sent = None;
    }
}

/// Not generic, so that tokio's code for a task is compiled once and not for each actor.
fn spawn_timer(
    number: u64,
    at: Instant,
    deadline: Arc<Mutex<Deadline>>,
    fire: Box<dyn FnOnce() + Send>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut wakes_at = at;
        loop {
            tokio::time::sleep_until(wakes_at.into()).await;
            let (again, is_due) = lock(&deadline).woke(number, wakes_at);
            if is_due {
                return fire();
            }
            let Some(at) = again else { return };
            wakes_at = at;
        }
    })
}

fn lock(deadline: &Mutex<Deadline>) -> MutexGuard<'_, Deadline> {
    deadline.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M> Drop for Alarm<M> {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
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

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_moves_on_starts_no_timer_and_still_comes() {
        let (report, mut reports) = mpsc::channel(4);
        let (actor, _) = Actor::spawn(None, Sleeper, report).await.unwrap();
        let start = Clock::system().now();
        let mut alarm = Alarm::new(actor, || ());
        for millis in 1_000..1_500 {
            alarm.set(Some(start + Duration::from_millis(millis)));
        }
        assert_eq!(lock(&alarm.deadline).timer, 1);
        assert_eq!(reports.recv().await, Some(start + Duration::from_millis(1_499)));
        alarm.fired();
        alarm.set(Some(start + Duration::from_secs(2)));
        assert_eq!(reports.recv().await, Some(start + Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_whose_message_is_on_its_way_is_not_sent_twice() {
        let (report, mut reports) = mpsc::channel(4);
        let (actor, _) = Actor::spawn(None, Sleeper, report).await.unwrap();
        let soon = Clock::system().now() + Duration::from_secs(1);
        let mut alarm = Alarm::new(actor, || ());
        alarm.set(Some(soon));
        assert_eq!(reports.recv().await, Some(soon));
        // Another message is handled before this one, and the deadline is still there.
        alarm.set(Some(soon));
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(reports.try_recv().is_err());
        alarm.fired();
        alarm.set(Some(soon));
        assert!(reports.recv().await.is_some(), "the handler may set it again");
    }
}
