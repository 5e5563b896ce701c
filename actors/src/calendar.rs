//! CalendarActor: one for all calls. It finds slots, books and cancels: for one business in the order
//! in which it was asked, for different businesses side by side, so that one's slow query delays no
//! other (CAL-5). The work is done by tasks; that nothing is booked over another appointment is the
//! database's own rule (CAL-3). Which slots there are is `protocol::calendar`'s to say.

mod job;
mod work;

use std::collections::{HashMap, VecDeque};

use protocol::calendar::CalendarError;
use protocol::ids::BusinessId;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use sea_orm::DatabaseConnection;
use supervision::{Delivery, Inbox, InboxReader, TaskCrashed, TaskGroup};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::introspection::Registration;
use job::Job;

pub use crate::messages::{Answer, CalendarRequest, ToolUse};

/// Requests that may wait at the door; a call that asks more is told that the calendar is busy.
pub const WAITING: usize = 1024;

/// Requests of all businesses that are taken in; the others stay at the door.
const INSIDE: usize = 1024;

/// Requests of one business that are taken in; one more is told that the calendar is busy.
const OF_ONE_BUSINESS: usize = 256;

/// Uses a tool of the calendar's and waits for its answer. `None` if the daemon is stopping.
pub async fn use_tool(calendar: &Inbox<CalendarRequest>, used: ToolUse) -> Option<Answer> {
    let (reply, mut answer) = mpsc::channel(1);
    calendar.send(CalendarRequest::asked_by(used, reply)).await.ok()?;
    answer.recv().await
}

/// CalendarActor's messages.
#[derive(Debug)]
pub enum CalendarMsg {
    /// Something waits in the inbox.
    Wake,
    /// What was done for this business is done.
    Done(BusinessId),
    /// A task of this actor panicked.
    TaskCrashed(TaskCrashed),
}

/// The actor.
pub struct CalendarActor;

/// What it is started with.
pub struct CalendarArgs {
    /// What it is asked.
    pub inbox: Inbox<CalendarRequest>,
    /// Where appointments are.
    pub database: DatabaseConnection,
    /// The clocks.
    pub clock: Clock,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its place in the introspection.
    pub registration: Registration,
}

/// CalendarActor's state.
pub struct CalendarState {
    reader: InboxReader<CalendarRequest>,
    inbox: Inbox<CalendarRequest>,
    /// What waits of each business for which a task is at work.
    lines: HashMap<BusinessId, VecDeque<Job>>,
    database: DatabaseConnection,
    clock: Clock,
    tasks: TaskGroup,
    registration: Registration,
}

impl Actor for CalendarActor {
    type Msg = CalendarMsg;
    type State = CalendarState;
    type Arguments = CalendarArgs;

    async fn pre_start(
        &self,
        me: ActorRef<CalendarMsg>,
        args: CalendarArgs,
    ) -> Result<CalendarState, ActorProcessingErr> {
        me.cast(CalendarMsg::Wake)?;
        args.tasks.report_panics_to(me.clone(), CalendarMsg::TaskCrashed);
        let reader = args.inbox.attach(me, || CalendarMsg::Wake);
        args.registration.set_state("idle");
        let CalendarArgs { inbox, database, clock, tasks, registration } = args;
        let lines = HashMap::new();
        Ok(CalendarState { reader, inbox, lines, database, clock, tasks, registration })
    }

    async fn handle(
        &self,
        me: ActorRef<CalendarMsg>,
        message: CalendarMsg,
        state: &mut CalendarState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CalendarMsg::Wake => state.reader.woken(),
            CalendarMsg::Done(business) => state.next_of(business, &me),
            CalendarMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        state.take_in(&me);
        state.registration.set_state(if state.lines.is_empty() { "idle" } else { "working" });
        state.registration.handled(state.clock.now());
        Ok(())
    }
}

impl CalendarState {
    fn take_in(&mut self, me: &ActorRef<CalendarMsg>) {
        while self.inside() < INSIDE {
            let Some(Delivery { number, event, .. }) = self.reader.receive() else { break };
            // From here on the job itself sees to it that it is answered, whatever happens.
            let job = Job::new(CalendarRequest::clone(&event), self.inbox.clone());
            self.reader.ack(number);
            let business = job.business();
            match self.lines.get_mut(&business) {
                None => {
                    self.lines.insert(business, VecDeque::new());
                    self.begin(job, me);
                }
                // One more than the line holds is in work.
                Some(line) if line.len() + 1 < OF_ONE_BUSINESS => line.push_back(job),
                Some(_) => {
                    tracing::warn!(%business, "more is asked of the calendar than it can do");
                    job.refuse(&CalendarError::Busy);
                }
            }
        }
    }

    fn next_of(&mut self, business: BusinessId, me: &ActorRef<CalendarMsg>) {
        let Some(line) = self.lines.get_mut(&business) else { return };
        match line.pop_front() {
            Some(job) => self.begin(job, me),
            None => {
                self.lines.remove(&business);
            }
        }
    }

    fn begin(&self, mut job: Job, me: &ActorRef<CalendarMsg>) {
        let (me, db, clock) = (me.clone(), self.database.clone(), self.clock);
        job.begun();
        self.tasks.spawn("calendar", async move {
            let business = job.business();
            let answer = work::carry_out(&db, clock, job.used()).await;
            job.answer(answer).await;
            // An actor that died meanwhile has left what waited to its successor.
            let _ = me.cast(CalendarMsg::Done(business));
        });
    }

    fn inside(&self) -> usize {
        self.lines.values().map(|line| line.len() + 1).sum()
    }
}

#[cfg(test)]
mod tests;
