//! CalendarActor: finds slots, books and cancels, for all calls and the API.
//!
//! Requests of one business are carried out one at a time and in order. Different businesses do not
//! wait for each other (CAL-5). Tasks do the work. `protocol::calendar` computes the slots; the
//! database refuses overlapping appointments (CAL-3).

mod job;
mod work;

use std::collections::{BTreeMap, VecDeque};

use entities::Database;
use protocol::calendar::CalendarError;
use protocol::ids::BusinessId;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Delivery, Inbox, InboxReader, TaskCrashed, TaskGroup};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::introspection::Registration;
use crate::trace::{self, Source};
use job::Job;

pub use crate::messages::{Answer, CalendarRequest, ToolUse};

/// Requests that may wait in the inbox. With more, a call gets the error that the calendar is busy.
pub const INBOX_CAPACITY: usize = 1024;

/// Requests of all businesses that are accepted. The others stay in the inbox.
const MAX_ACCEPTED: usize = 1024;

/// Requests of one business that are accepted. One more gets the error that the calendar is busy.
const MAX_PER_BUSINESS: usize = 256;

/// Uses a calendar tool and waits for the answer. `None` if the daemon is stopping.
pub async fn use_tool(calendar: &Inbox<CalendarRequest>, tool_use: ToolUse) -> Option<Answer> {
    let (reply, mut answer) = mpsc::channel(1);
    calendar.send(CalendarRequest::from_channel(tool_use, reply)).await.ok()?;
    answer.recv().await
}

#[derive(Debug)]
pub(crate) enum CalendarMsg {
    /// Something waits in the inbox.
    Wake,
    /// The request in work of this business is answered.
    Done(BusinessId),
    TaskCrashed(TaskCrashed),
}

pub(crate) struct CalendarActor;

pub(crate) struct CalendarArgs {
    pub(crate) inbox: Inbox<CalendarRequest>,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

pub(crate) struct CalendarState {
    reader: InboxReader<CalendarRequest>,
    inbox: Inbox<CalendarRequest>,
    /// One entry per business that has a request in work. Its further requests wait in the queue.
    queues: BTreeMap<BusinessId, VecDeque<Job>>,
    database: Database,
    clock: Clock,
    chance: Chance,
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
        let CalendarArgs { inbox, database, clock, chance, tasks, registration } = args;
        let queues = BTreeMap::new();
        Ok(CalendarState { reader, inbox, queues, database, clock, chance, tasks, registration })
    }

    async fn handle(
        &self,
        me: ActorRef<CalendarMsg>,
        message: CalendarMsg,
        state: &mut CalendarState,
    ) -> Result<(), ActorProcessingErr> {
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            CalendarMsg::Wake => state.reader.woken(),
            CalendarMsg::Done(business) => state.start_next(business, &me),
            CalendarMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        state.accept_requests(&me);
        state.registration.set_state(if state.queues.is_empty() { "idle" } else { "working" });
        state.registration.handled(state.clock.now());
        Ok(())
    }
}

impl CalendarState {
    fn accept_requests(&mut self, me: &ActorRef<CalendarMsg>) {
        while self.accepted() < MAX_ACCEPTED {
            let Some(delivery) = self.reader.receive() else { break };
            trace::taken(&self.registration, &delivery);
            let Delivery { number, event, .. } = delivery;
            // From here on the job makes sure that it is answered, whatever crashes.
            let job = Job::new(CalendarRequest::clone(&event), self.inbox.clone());
            trace::done(&self.registration, number);
            self.reader.ack(number);
            let business = job.business();
            match self.queues.get_mut(&business) {
                None => {
                    self.queues.insert(business, VecDeque::new());
                    self.start(job, me);
                }
                // One request more than the queue holds is in work.
                Some(queue) if queue.len() + 1 < MAX_PER_BUSINESS => queue.push_back(job),
                Some(_) => {
                    tracing::warn!(%business, "too many calendar requests of one business");
                    job.refuse(&CalendarError::Busy);
                }
            }
        }
    }

    fn start_next(&mut self, business: BusinessId, me: &ActorRef<CalendarMsg>) {
        let Some(queue) = self.queues.get_mut(&business) else { return };
        match queue.pop_front() {
            Some(job) => self.start(job, me),
            None => {
                self.queues.remove(&business);
            }
        }
    }

    fn start(&self, mut job: Job, me: &ActorRef<CalendarMsg>) {
        let (me, db) = (me.clone(), self.database.clone());
        let (clock, chance) = (self.clock, self.chance.clone());
        job.start_attempt();
        let span = job.span();
        let work = async move {
            let business = job.business();
            let answer = work::carry_out(&db, clock, &chance, job.tool_use()).await;
            job.answer(answer).await;
            // If the actor crashed meanwhile, its waiting jobs are back in the inbox.
            let _ = me.cast(CalendarMsg::Done(business));
        };
        let work = Source::actor(&self.registration).task("calendar", work);
        self.tasks.spawn("calendar", work.instrument(span));
    }

    fn accepted(&self) -> usize {
        self.queues.values().map(|queue| queue.len() + 1).sum()
    }
}

#[cfg(test)]
mod tests;
