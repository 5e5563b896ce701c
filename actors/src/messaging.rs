//! MessagingActor: answers written messages, for all businesses (WA-5).
//!
//! Each conversation that moves has one task (`worker`), which drives `protocol::texting` and does its
//! jobs (`jobs`). What is owed is in the database. So the actor's inbox carries only news: one that is
//! lost is found by the next look at what is due.

mod context;
mod jobs;
mod records;
mod services;
mod tools;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entities::{RecordsError, conversations};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, InboxReader, TaskCrashed, TaskGroup};
use tokio::sync::mpsc;

use crate::introspection::Registration;
use crate::outage::Outage;
use crate::trace::{self, Source};
use crate::written::{News, Pair};

pub(crate) use services::MessagingServices;

/// How often it is looked for conversations on which nobody works.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The same if other nodes work on this database: one of them may have died.
const LOOK_AMONG_NODES: Duration = Duration::from_secs(5);
/// Conversations that are worked on at once. The others wait in the database.
const MAX_AT_WORK: usize = 2_000;
/// News that wait for one conversation. What does not fit is in the database.
const MAX_NEWS: usize = 64;

#[derive(Debug)]
pub(crate) enum MessagingMsg {
    /// Something waits in the inbox.
    Wake,
    /// It is time to look for what is due.
    Alarm,
    /// This is due, on whatever node it came.
    Found(Result<Vec<Pair>, RecordsError>),
    /// The task of this conversation has ended. It has taken so many news; `None` if it had no claim.
    Rested {
        pair: Pair,
        taken: Option<u64>,
    },
    TaskCrashed(TaskCrashed),
}

pub(crate) struct MessagingActor;

pub(crate) struct MessagingArgs {
    pub(crate) services: MessagingServices,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

/// A conversation that is worked on.
struct AtWork {
    news: mpsc::Sender<News>,
    /// How many news it was sent, and the last of them.
    sent: u64,
    last: Option<News>,
}

pub(crate) struct MessagingState {
    services: Arc<MessagingServices>,
    reader: InboxReader<News>,
    /// The conversations that are worked on here.
    workers: BTreeMap<Pair, AtWork>,
    /// A look is under way.
    looking: bool,
    /// The last look has found more than may be worked on.
    more: bool,
    alarm: Alarm<MessagingMsg>,
    tasks: TaskGroup,
    outage: Outage,
    registration: Registration,
}

impl Actor for MessagingActor {
    type Msg = MessagingMsg;
    type State = MessagingState;
    type Arguments = MessagingArgs;

    async fn pre_start(
        &self,
        me: ActorRef<MessagingMsg>,
        args: MessagingArgs,
    ) -> Result<MessagingState, ActorProcessingErr> {
        me.cast(MessagingMsg::Wake)?;
        me.cast(MessagingMsg::Alarm)?;
        args.tasks.report_panics_to(me.clone(), MessagingMsg::TaskCrashed);
        let reader = args.services.messaging.inbox().attach(me.clone(), || MessagingMsg::Wake);
        args.registration.set_state("idle");
        Ok(MessagingState {
            services: Arc::new(args.services),
            reader,
            workers: BTreeMap::new(),
            looking: false,
            more: false,
            alarm: Alarm::new(me, || MessagingMsg::Alarm),
            tasks: args.tasks,
            outage: Outage::default(),
            registration: args.registration,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<MessagingMsg>,
        message: MessagingMsg,
        state: &mut MessagingState,
    ) -> Result<(), ActorProcessingErr> {
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            MessagingMsg::Wake => {
                state.reader.woken();
                state.take_news(&me);
            }
            MessagingMsg::Alarm => {
                state.alarm.fired();
                state.look(&me);
            }
            MessagingMsg::Found(found) => state.on_found(found, &me),
            MessagingMsg::Rested { pair, taken } => state.on_rested(pair, taken, &me),
            MessagingMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        state.registration.set_state(if state.workers.is_empty() { "idle" } else { "working" });
        state.registration.handled(state.services.clock.now());
        Ok(())
    }
}

impl AtWork {
    fn tell(&mut self, news: News) {
        if self.news.try_send(news.clone()).is_ok() {
            self.sent += 1;
            self.last = Some(news);
        }
    }
}

impl MessagingState {
    fn take_news(&mut self, me: &ActorRef<MessagingMsg>) {
        while let Some(delivery) = self.reader.receive() {
            trace::taken(&self.registration, &delivery);
            let news = News::clone(&delivery.event);
            self.reader.ack(delivery.number);
            trace::done(&self.registration, delivery.number);
            let pair = news.pair();
            match self.workers.get_mut(&pair) {
                // What a full one does not take is in the database, which it reads before it rests.
                Some(worker) => worker.tell(news),
                None if news.begins_work() => self.start(pair, Some(news), me),
                None => {}
            }
        }
    }

    fn start(&mut self, pair: Pair, first: Option<News>, me: &ActorRef<MessagingMsg>) {
        if self.workers.len() >= MAX_AT_WORK {
            self.more = true;
            return;
        }
        let (sender, news) = mpsc::channel(MAX_NEWS);
        let mut worker = AtWork { news: sender, sent: 0, last: None };
        if let Some(first) = first {
            worker.tell(first);
        }
        self.workers.insert(pair.clone(), worker);
        let (services, me) = (Arc::clone(&self.services), me.clone());
        let work = async move {
            let taken = worker::work(&services, &pair, news).await;
            let _ = me.cast(MessagingMsg::Rested { pair, taken });
        };
        self.tasks
            .spawn("conversation", Source::actor(&self.registration).task("conversation", work));
    }

    /// News that came when it had looked for the last time begin the work anew.
    fn on_rested(&mut self, pair: Pair, taken: Option<u64>, me: &ActorRef<MessagingMsg>) {
        let Some(worker) = self.workers.remove(&pair) else { return };
        if taken.is_some_and(|taken| taken < worker.sent) {
            self.start(pair, worker.last, me);
        } else if std::mem::take(&mut self.more) {
            self.look(me);
        }
    }

    fn look(&mut self, me: &ActorRef<MessagingMsg>) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (services, me) = (Arc::clone(&self.services), me.clone());
        let work = async move {
            let limit = u32::try_from(MAX_AT_WORK).unwrap_or(u32::MAX);
            // Those that are worked on here are known by name.
            let (now, passed_over) = (services.clock.wall(), services.claimant().passes_over());
            let found =
                conversations::due_of_all(&services.database, now, &passed_over, limit).await;
            let _ = me.cast(MessagingMsg::Found(found));
        };
        self.tasks.spawn("look", Source::actor(&self.registration).task("look", work));
    }

    fn on_found(&mut self, found: Result<Vec<Pair>, RecordsError>, me: &ActorRef<MessagingMsg>) {
        self.looking = false;
        let now = self.services.clock.now();
        let pause = if self.services.node.is_shared() { LOOK_AMONG_NODES } else { LOOK_EVERY };
        self.alarm.set(Some(now + pause));
        match found {
            Ok(due) => {
                self.outage.ended();
                for pair in due {
                    if !self.workers.contains_key(&pair) {
                        self.start(pair, None, me);
                    }
                }
            }
            Err(error) => {
                if let Some(failures) = self.outage.failed(now) {
                    tracing::error!(%error, failures, "what is due could not be read");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
