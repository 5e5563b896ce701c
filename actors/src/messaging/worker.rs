//! The task of one conversation: it claims the row, drives the state machine, stores each step, and rests
//! when nothing is owed. Whatever it dies of, its successor goes on from the last step.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use entities::businesses::Standing;
use entities::conversations::{self, Claim, Claimed, ConversationRecord, Step};
use entities::leads::{self, ChangedBy, LeadChanges};
use entities::messages::MessageRecord;
use entities::{RecordsError, businesses};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::texting::history::content;
use protocol::texting::{
    Conversation, Event, MessageId, Outgoing, Record, Rules, State, Text, Timer,
};
use tokio::sync::mpsc;

use super::context::{Context, attached};
use super::jobs::{self, JobDone};
use super::{MessagingServices, records};
use crate::introspection::IntrospectionEvent;
use crate::written::{News, Pair};

/// How long a claim lasts without being renewed, if nobody knows that its node has died.
const LEASE: Duration = Duration::from_secs(60);
/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// The pause after a database error.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The work has to stop. What is owed is in the database.
#[derive(Debug)]
enum Stop {
    /// Another owner has the conversation.
    Lost,
    /// The database takes nothing, or the conversation can't be read.
    Failed(RecordsError),
}

impl From<RecordsError> for Stop {
    fn from(error: RecordsError) -> Self {
        Self::Failed(error)
    }
}

type RunningJob = (u64, Pin<Box<dyn Future<Output = JobDone> + Send>>);

pub(super) struct Worker<'a> {
    services: &'a Arc<MessagingServices>,
    pair: &'a Pair,
    claim: Claim,
    record: ConversationRecord,
    conversation: Conversation,
    /// Read by the last `Prepare`.
    context: Option<Arc<Context>>,
    renew_at: Timestamp,
    /// How many news have come.
    taken: u64,
}

/// Works on a conversation until nothing is owed, or another owner has it. Returns how many news it has
/// taken, if it had a claim.
pub(super) async fn work(
    services: &Arc<MessagingServices>,
    pair: &Pair,
    mut news: mpsc::Receiver<News>,
) -> Option<u64> {
    let worked = async {
        let Some(mut worker) = Worker::claim(services, pair).await? else { return Ok(None) };
        let done = worker.run(&mut news).await;
        conversations::release(&services.database, worker.claim).await?;
        done.map(|()| Some(worker.taken))
    };
    match worked.await {
        Ok(taken) => taken,
        Err(Stop::Lost) => {
            tracing::info!(business = %pair.0, "another owner has a conversation");
            None
        }
        Err(Stop::Failed(error)) => {
            tracing::error!(%error, business = %pair.0, "a conversation waits: the database failed");
            None
        }
    }
}

impl<'a> Worker<'a> {
    async fn claim(
        services: &'a Arc<MessagingServices>,
        pair: &'a Pair,
    ) -> Result<Option<Self>, Stop> {
        let (db, now) = (&services.database, services.clock.wall());
        let (business, person) = pair;
        let by = services.claimant();
        let claimed = conversations::claim(db, *business, person, by, now + LEASE, now).await?;
        let Some(Claimed { claim, record, state, owed, by_hand }) = claimed else {
            return Ok(None);
        };
        let found = businesses::find_for_text(db, *business, person, now).await?;
        let found = found.ok_or(Stop::Failed(RecordsError::NotFound))?;
        if found.business.standing != Standing::Answering {
            // What is owed waits until the business answers again.
            conversations::release(db, claim).await?;
            return Ok(None);
        }
        let settings = BusinessSettings::from_json(found.business.settings)
            .map_err(|_| Stop::Failed(RecordsError::Corrupt { column: "businesses.settings" }))?;
        let state = match state.map(serde_json::from_value::<State>) {
            None => State::default(),
            Some(Ok(state)) => state,
            Some(Err(error)) => {
                // A state of another version: the texts are there, and are answered anew.
                tracing::error!(%error, "the state of a conversation can't be read");
                State::default()
            }
        };
        let mut conversation = Conversation::new(Rules::of(Arc::new(settings)), state);
        conversation.set_opted_out(record.opted_out);
        conversation.resume(now);
        let (context, renew_at) = (None, now + RENEW_EVERY);
        let mut worker =
            Self { services, pair, claim, record, conversation, context, renew_at, taken: 0 };
        worker.take_in(owed, by_hand, now);
        Ok(Some(worker))
    }

    async fn run(&mut self, news: &mut mpsc::Receiver<News>) -> Result<(), Stop> {
        let mut running: Option<RunningJob> = None;
        loop {
            self.store().await?;
            if self.conversation.is_at_rest() {
                if self.has_news(news).await? {
                    continue;
                }
                return Ok(());
            }
            self.start_job(&mut running);
            let deadline = self.conversation.poll_timeout();
            let wake_at = deadline.map_or(self.renew_at, |(at, _)| at.min(self.renew_at));
            let wait = wake_at.duration_since(self.now());
            let wait = Duration::try_from(wait).unwrap_or_default();
            let job = async {
                match &mut running {
                    Some((number, work)) => (*number, work.await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                (number, done) = job => {
                    running = None;
                    self.on_job_done(number, done);
                }
                came = news.recv() => match came {
                    Some(came) => self.on_news(came).await?,
                    // The actor is gone: its successor goes on.
                    None => return Err(Stop::Lost),
                },
                () = tokio::time::sleep(wait) => self.on_time(deadline).await?,
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.services.clock.wall()
    }

    /// Before it rests: news that wait, and what has come on another node.
    async fn has_news(&mut self, news: &mut mpsc::Receiver<News>) -> Result<bool, Stop> {
        while let Ok(came) = news.try_recv() {
            self.on_news(came).await?;
        }
        if self.conversation.is_at_rest() {
            self.read_waiting().await?;
        }
        Ok(!self.conversation.is_at_rest() || self.conversation.has_records())
    }

    async fn on_news(&mut self, news: News) -> Result<(), Stop> {
        let now = self.now();
        self.taken += 1;
        match news {
            News::Due(..) => self.read_waiting().await?,
            News::CallBegan(..) => self.conversation.handle(Event::CallBegan, now),
            News::CallEnded { call, .. } => {
                self.conversation.handle(Event::CallEnded { call }, now);
            }
        }
        Ok(())
    }

    async fn on_time(&mut self, due: Option<(Timestamp, Timer)>) -> Result<(), Stop> {
        if self.now() >= self.renew_at {
            self.renew().await?;
        }
        if let Some((at, timer)) = due
            && at <= self.now()
        {
            if timer == Timer::Settled {
                // One more may have come on another node.
                self.read_waiting().await?;
            }
            self.conversation.handle_timeout(self.now());
        }
        Ok(())
    }

    fn on_job_done(&mut self, job: u64, done: JobDone) {
        if let Some(context) = done.context {
            self.context = Some(context);
        }
        if let Some(cost) = done.cost {
            self.conversation.add_cost(job, cost);
        }
        self.conversation.handle(Event::JobDone { job, result: done.result }, self.now());
    }

    async fn read_waiting(&mut self) -> Result<(), Stop> {
        let (business, person) = self.pair;
        let (owed, by_hand) =
            conversations::waiting(&self.services.database, *business, person).await?;
        self.take_in(owed, by_hand, self.now());
        Ok(())
    }

    fn take_in(&mut self, owed: Vec<MessageRecord>, by_hand: Vec<MessageRecord>, now: Timestamp) {
        for message in owed {
            self.conversation.handle(Event::TextCame(text(&message)), now);
        }
        for message in by_hand {
            let outgoing = Outgoing { id: MessageId(message.id.0), body: message.body };
            self.conversation.handle(Event::OperatorWrote(outgoing), now);
        }
    }

    /// Starts the job that the state asks for, unless it runs.
    fn start_job(&self, running: &mut Option<RunningJob>) {
        let Some((number, job)) = self.conversation.job() else {
            *running = None;
            return;
        };
        if running.as_ref().is_some_and(|(begun, _)| *begun == number) {
            return;
        }
        let task = jobs::Task {
            services: Arc::clone(self.services),
            pair: self.pair.clone(),
            began_at: self.record.began_at,
            conversation: self.claim.conversation,
            rules: self.conversation.rules().clone(),
            context: self.context.clone(),
        };
        *running = Some((number, Box::pin(task.run(job))));
    }

    async fn renew(&mut self) -> Result<(), Stop> {
        let now = self.now();
        match conversations::renew(&self.services.database, self.claim, now + LEASE).await {
            Ok(true) => self.renew_at = now + RENEW_EVERY,
            Ok(false) => return Err(Stop::Lost),
            // The lease outlasts some of these.
            Err(error) if now < self.renew_at + (LEASE - RENEW_EVERY) / 2 => {
                tracing::warn!(%error, "a claim was not renewed");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Stores what was decided. No job begins before it is stored.
    async fn store(&mut self) -> Result<(), Stop> {
        let records = self.conversation.take_records();
        let state = serde_json::to_value(self.conversation.state())
            .map_err(|_| RecordsError::Corrupt { column: "conversations.state" })?;
        let now = self.now();
        let mut step = Step {
            state,
            due: !self.conversation.is_at_rest(),
            lease_until: now + LEASE,
            lead: self.context.as_ref().map(|context| context.lead),
            began: None,
            closed: None,
            notes: None,
            opted_out: None,
            needs_person: None,
            messages: Vec::new(),
        };
        let settings = self.conversation.rules().settings();
        let model = self.services.text_model.model(&settings.whatsapp.model);
        for record in &records {
            records::add(&mut step, record, model);
        }
        self.write_lead_status(&records).await?;
        if let Some(began) = step.began {
            self.record.began_at = began;
        }
        let (db, person) = (&self.services.database, &self.pair.1);
        let until = self.renew_at + (LEASE - RENEW_EVERY);
        loop {
            match conversations::store(db, self.claim, person, step.clone(), now).await {
                Ok(true) => break,
                Ok(false) => return Err(Stop::Lost),
                Err(error @ RecordsError::Database(_)) if self.now() < until => {
                    tracing::warn!(%error, "a step of a conversation is stored later");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.renew_at = now + RENEW_EVERY;
        self.tell(&records);
        Ok(())
    }

    /// Before the step, since it may be written twice.
    async fn write_lead_status(&self, records: &[Record]) -> Result<(), Stop> {
        let Some(context) = &self.context else { return Ok(()) };
        for record in records {
            if let Record::LeadStatus(status) = record {
                let (db, now) = (&self.services.database, self.now());
                let (none, by) = (LeadChanges::default(), ChangedBy::Message);
                let status = Some((*status).into());
                leads::merge_details(db, self.pair.0, context.lead, none, status, by, now).await?;
            }
        }
        Ok(())
    }

    /// Shows what was decided to those who watch.
    fn tell(&self, records: &[Record]) {
        let conversation = self.claim.conversation.0;
        for record in records {
            if let Record::ForPerson(why) = record {
                self.services.metrics.person_needed(*why);
                tracing::warn!(%conversation, why = why.as_str(), "a conversation needs a person");
                let event = IntrospectionEvent::PersonNeeded {
                    conversation,
                    reason: why.as_str().to_owned(),
                };
                self.services.introspection.tell(event);
            } else if let Record::Sent { id, .. } = record {
                self.services.metrics.message_sent();
                let event = IntrospectionEvent::MessageSent { conversation, message: id.0 };
                self.services.introspection.tell(event);
            }
        }
    }
}

fn text(message: &MessageRecord) -> Text {
    let content = content(&message.body, attached(message.kind));
    Text { id: MessageId(message.id.0), at: message.created_at, content }
}
