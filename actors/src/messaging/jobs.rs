//! The jobs of a conversation, done outside the state machine. Each can be done again: what it does twice
//! counts once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use entities::conversations::ConversationId;
use entities::{RecordsError, messages};
use jiff::Timestamp;
use protocol::ids::MessageSid;
use protocol::openai::responses::{HistoryItem, TextRequest, Tools};
use protocol::texting::history::after_call;
use protocol::texting::{Cost, Job, JobResult, Outgoing, Prepared, Rules, SendFault};
use protocol::twilio::rest::messaging::{MessageBody, NewMessage};

use super::MessagingServices;
use super::context::{Context, is_on_call, is_on_call_here};
use crate::lead::facts;
use crate::text_model::{Answered, ModelAnswer, Spent};
use crate::twilio_rest::{SendFault as TwilioFault, Sending};
use crate::written::Pair;

/// The pause before a job is done again after a database error.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Messages that are told apart from the one that is looked for, by their ids.
const MAX_KNOWN: u32 = 50;

/// What a job brings, and what it has read on the way.
pub(super) struct JobDone {
    pub(super) result: JobResult,
    pub(super) context: Option<Arc<Context>>,
    /// What the text model has cost.
    pub(super) cost: Option<Cost>,
}

/// One job's surroundings.
pub(super) struct Task {
    pub(super) services: Arc<MessagingServices>,
    pub(super) pair: Pair,
    pub(super) began_at: Timestamp,
    pub(super) conversation: ConversationId,
    pub(super) rules: Rules,
    /// Read by the last `Prepare`.
    pub(super) context: Option<Arc<Context>>,
}

impl Task {
    /// Does the job, until the database lets it.
    pub(super) async fn run(self, job: Job) -> JobDone {
        loop {
            match self.attempt(&job).await {
                Ok(done) => return done,
                Err(error) => {
                    tracing::warn!(%error, "a job of a conversation is tried again");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    async fn attempt(&self, job: &Job) -> Result<JobDone, RecordsError> {
        let mut cost = None;
        let result = match job {
            Job::Prepare { after_call } => {
                let settings = self.rules.settings();
                let (services, pair) = (&self.services, &self.pair);
                let after_call = after_call.as_ref();
                let read = Context::read(services, pair, settings, self.began_at, after_call);
                let context = read.await?;
                let prepared = Prepared {
                    on_call: context.on_call,
                    answer: self.services.chance.new_id(self.services.clock.wall()),
                    lead: facts(&context.lead_row, []),
                    call_earns_message: context.call_earns_message,
                };
                let result = JobResult::Prepared(prepared);
                return Ok(JobDone { result, context: Some(Arc::new(context)), cost });
            }
            Job::AskModel { more, tools, after_call } => {
                let (result, spent) = self.ask(more.clone(), *tools, after_call.is_some()).await;
                cost = spent.map(|Spent { tries, usage }| Cost { questions: tries, usage });
                result
            }
            Job::RunTool { tool, call, offered } => match &self.context {
                Some(context) => self.run_tool(context, *tool, call.clone(), offered.clone()).await,
                None => JobResult::NoAnswer,
            },
            Job::LookForCall => {
                JobResult::Looked { on_call: is_on_call(&self.services, &self.pair).await? }
            }
            Job::Send { message, look_first, since } => {
                self.send(message, *look_first, *since).await?
            }
        };
        Ok(JobDone { result, context: None, cost })
    }

    async fn ask(
        &self,
        more: Vec<HistoryItem>,
        tools: Tools,
        follows_a_call: bool,
    ) -> (JobResult, Option<Spent>) {
        // Each process prepares before it asks.
        let Some(context) = &self.context else { return (JobResult::NoAnswer, None) };
        let settings = self.rules.settings();
        let mut history = context.history.clone();
        history.extend(follows_a_call.then(after_call));
        history.extend(more);
        let text_model = &self.services.text_model;
        let model = text_model.model(&settings.whatsapp.model).to_owned();
        let instructions = Arc::clone(&context.instructions);
        let mut request = TextRequest::new(Arc::clone(settings), &model, instructions, history);
        request.tools = tools;
        match text_model.answer(&request).await {
            Ok(Answered { answer, spent }) => {
                let result = match answer {
                    ModelAnswer::Reply(reply) => JobResult::Replied(reply),
                    ModelAnswer::Calls(calls) => JobResult::Called(calls),
                };
                (result, Some(spent))
            }
            Err(error) => {
                tracing::error!(%error, business = %self.pair.0, "a message gets no answer");
                (JobResult::NoAnswer, Some(error.spent))
            }
        }
    }

    async fn send(
        &self,
        message: &Outgoing,
        look_first: bool,
        since: Timestamp,
    ) -> Result<JobResult, RecordsError> {
        let settings = self.rules.settings();
        let (business, person) = &self.pair;
        let refused = JobResult::SendFailed(SendFault::Refused { code: None });
        let (Some(from), Ok(body)) =
            (settings.whatsapp_number.clone(), MessageBody::new(&message.body))
        else {
            return Ok(refused);
        };
        let db = &self.services.database;
        let newest = messages::conversation(db, *business, person, MAX_KNOWN).await?;
        let known: BTreeSet<MessageSid> = (newest.iter())
            .filter_map(|known| MessageSid::parse(known.provider_sid.as_deref()?).ok())
            .collect();
        let status_callback = self.services.messaging.status_callback(message.id.0);
        let to = person.clone();
        let sending =
            Sending { message: NewMessage { from, to, body, status_callback }, since, known };
        if let Some(sid) = told_by_callback(&newest, message) {
            return Ok(JobResult::Sent { sid });
        }
        let twilio = &self.services.twilio;
        if look_first {
            return Ok(match twilio.find_message(&sending).await {
                Ok(Some(found)) => JobResult::Sent { sid: found.sid.to_string() },
                Ok(None) => JobResult::NotThere,
                Err(why) => {
                    tracing::warn!(why, "Twilio could not say whether a message was sent");
                    JobResult::SendFailed(SendFault::Unknown)
                }
            });
        }
        // A call may have begun while the step was stored, or while Twilio was busy (WA-3).
        let may_send = || !is_on_call_here(&self.services, &self.pair);
        if !may_send() {
            return Ok(JobResult::NotThere);
        }
        // Once this node is cut off, another one may send it.
        let may_repeat = || may_send() && self.services.node.is_in_touch();
        Ok(match twilio.send_message(&sending, may_repeat).await {
            Ok(accepted) => JobResult::Sent { sid: accepted.sid.to_string() },
            Err(fault) => {
                tracing::warn!(%fault, "a message was not sent");
                JobResult::SendFailed(match fault {
                    TwilioFault::Refused(error, _) => SendFault::Refused { code: error.code },
                    TwilioFault::NotSent(_) => SendFault::NotTaken,
                    TwilioFault::Unknown(_) => SendFault::Unknown,
                })
            }
        })
    }
}

/// A status callback names the message's row: one that has come tells that Twilio has the message.
fn told_by_callback(newest: &[messages::MessageRecord], message: &Outgoing) -> Option<String> {
    newest.iter().find(|row| row.id.0 == message.id.0)?.provider_sid.clone()
}
