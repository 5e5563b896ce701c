//! CalendarActor: one for all calls. It finds slots, books and cancels: for one business in the order
//! in which it was asked, for different businesses side by side, so that one's slow query delays no
//! other (CAL-5). The work is done by tasks; that nothing is booked over another appointment is the
//! database's own rule (CAL-3). Which slots there are is `protocol::calendar`'s to say.

mod job;
mod work;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use protocol::business::BusinessSettings;
use protocol::calendar::{Done, Refusal, Tool};
use protocol::call::{FunctionCall, ToolOutcome};
use protocol::ids::{BusinessId, CallSid, LeadId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use sea_orm::DatabaseConnection;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::port::{Begun, Port, Reader};
use crate::supervision::introspection::Card;
use crate::supervision::tasks::{TaskCrashed, TaskGroup};
use job::Job;

pub use job::CalendarRequest;

/// Requests that may wait at the door; a call that asks more is told that the calendar is busy.
pub const WAITING: usize = 1024;

/// Requests of all businesses that are taken in; the others stay at the door.
const INSIDE: usize = 1024;

/// Requests of one business that are taken in; one more is told that the calendar is busy.
const OF_ONE_BUSINESS: usize = 256;

/// One use of a tool of the calendar's, with everything it needs: the business comes from whoever
/// uses it, never from the arguments (LEAD-3).
#[derive(Debug, Clone)]
pub struct ToolUse {
    /// The tenant.
    pub business: BusinessId,
    /// The tenant's settings, its calendar's rules among them.
    pub settings: Arc<BusinessSettings>,
    /// The call in which it is used, if it is one.
    pub call_sid: Option<CallSid>,
    /// For whom; nothing is booked or cancelled for nobody.
    pub lead: Option<LeadId>,
    /// Which tool.
    pub tool: Tool,
    /// The tool call: its id is the idempotency key of what it books (CAL-4).
    pub call: FunctionCall,
}

/// What became of one use of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For a program.
    pub done: Done,
    /// For a model.
    pub told: ToolOutcome,
}

/// Uses a tool of the calendar's and waits for its answer. `None` if the daemon is stopping.
pub async fn use_tool(calendar: &Port<CalendarRequest>, used: ToolUse) -> Option<Answer> {
    let (reply, mut answer) = mpsc::channel(1);
    calendar.send(CalendarRequest::asked_by(used, reply)).await.ok()?;
    answer.recv().await
}

/// CalendarActor's messages.
#[derive(Debug)]
pub enum CalendarMsg {
    /// Something waits in the port.
    Doorbell,
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
    pub port: Port<CalendarRequest>,
    /// Where appointments are.
    pub database: DatabaseConnection,
    /// The clocks.
    pub clock: Clock,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its entry in the introspection.
    pub card: Card,
}

/// CalendarActor's state.
pub struct CalendarState {
    inbox: Reader<CalendarRequest>,
    port: Port<CalendarRequest>,
    /// What waits of each business for which a task is at work.
    lines: HashMap<BusinessId, VecDeque<Job>>,
    database: DatabaseConnection,
    clock: Clock,
    tasks: TaskGroup,
    card: Card,
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
        me.cast(CalendarMsg::Doorbell)?;
        args.tasks.tell(me.clone(), CalendarMsg::TaskCrashed);
        let inbox = args.port.attach(me, || CalendarMsg::Doorbell);
        args.card.set_state("idle");
        let CalendarArgs { port, database, clock, tasks, card } = args;
        Ok(CalendarState { inbox, port, lines: HashMap::new(), database, clock, tasks, card })
    }

    async fn handle(
        &self,
        me: ActorRef<CalendarMsg>,
        message: CalendarMsg,
        state: &mut CalendarState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CalendarMsg::Doorbell => state.inbox.answer(),
            CalendarMsg::Done(business) => state.next_of(business, &me),
            CalendarMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        state.take_in(&me);
        state.card.set_state(if state.lines.is_empty() { "idle" } else { "working" });
        state.card.handled(state.clock.now());
        Ok(())
    }
}

impl CalendarState {
    fn take_in(&mut self, me: &ActorRef<CalendarMsg>) {
        while self.inside() < INSIDE {
            let Some(Begun { number, event, .. }) = self.inbox.begin_next() else { break };
            // From here on the job itself sees to it that it is answered, whatever happens.
            let job = Job::new(CalendarRequest::clone(&event), self.port.clone());
            self.inbox.remove(number);
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
                    job.refuse(&Refusal::Busy);
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
