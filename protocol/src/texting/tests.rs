//! The conversation stepped by hand.

mod answers;
mod calls;
#[cfg(feature = "mistakes")]
mod planted_mistakes;
mod story;
mod table;

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::business::{AfterCall, LeadStatus};
use crate::call::{EndReason, ToolOutcome};
use crate::ids::{PhoneNumber, Slug, ToolCallId};
use crate::openai::responses::{
    Asked, Control, EndClaim, HistoryItem, ModelReply, ToolCall, ToolCalls,
};
use crate::tools::Tool;

const NOON: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn after(seconds: u64) -> Timestamp {
    NOON + Duration::from_secs(seconds)
}

fn settings() -> BusinessSettings {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let mut settings =
        BusinessSettings::new(Slug::parse("locks").unwrap(), "Locks", vec![number.clone()]);
    settings.whatsapp_number = Some(number);
    settings.whatsapp.after_call = AfterCall::Lead;
    settings.ending.required_lead_fields = vec!["city".to_owned()];
    settings
}

fn conversation_of(settings: BusinessSettings) -> Conversation {
    Conversation::new(Rules::of(Arc::new(settings)), State::default())
}

fn idle() -> Conversation {
    conversation_of(settings())
}

fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

const ANSWER: u128 = 1000;

fn text(number: u128, words: &str, at: Timestamp) -> Event {
    Event::TextCame(Text { id: id(number), at, content: Content::Words(words.to_owned()) })
}

fn by_hand(number: u128) -> Event {
    Event::OperatorWrote(Outgoing { id: id(number), body: "We call you.".to_owned() })
}

fn call_sid() -> CallSid {
    CallSid::parse(&format!("CA{:032x}", 7)).unwrap()
}

fn prepared(on_call: bool) -> JobResult {
    JobResult::Prepared(Prepared {
        on_call,
        answer: Uuid::from_u128(ANSWER),
        lead: LeadFacts::default(),
        call_earns_message: true,
    })
}

fn reply(words: &str) -> ModelReply {
    let control = Control {
        should_end_call: false,
        end_reason: None,
        lead_status: LeadStatus::InProgress,
        missing_fields: Vec::new(),
        notes: String::new(),
    };
    ModelReply { reply: words.to_owned(), control }
}

fn ending_reply(words: &str, reason: EndClaim) -> ModelReply {
    let mut reply = reply(words);
    reply.control.should_end_call = true;
    reply.control.end_reason = Some(reason);
    reply
}

fn tool_call(call: &str, is_offered: bool) -> ToolCall {
    let (id, name) = (ToolCallId::parse(call).unwrap(), "update_lead_details".to_owned());
    let asked = if is_offered {
        Asked::Run { tool: Tool::UpdateLeadDetails, arguments: "{}".to_owned() }
    } else {
        Asked::Refused { output: "{}".to_owned() }
    };
    ToolCall { id, name, asked }
}

fn called(calls: Vec<ToolCall>) -> JobResult {
    let item = |call: &ToolCall| HistoryItem::Returned { item: json!({ "call_id": call.id }) };
    JobResult::Called(ToolCalls { items: calls.iter().map(item).collect(), calls })
}

fn tool_finished() -> JobResult {
    let outcome = ToolOutcome::new("{\"ok\":true}".to_owned(), true);
    JobResult::ToolFinished { outcome, lead: None }
}

fn sent() -> JobResult {
    JobResult::Sent { sid: "SM1".to_owned() }
}

/// Ends the job in work.
fn done(conversation: &mut Conversation, result: JobResult, now: Timestamp) {
    let (job, _) = conversation.job().expect("a job is in work");
    conversation.handle(Event::JobDone { job, result }, now);
}

fn settling() -> Conversation {
    let mut conversation = idle();
    conversation.handle(text(1, "When are you open?", NOON), NOON);
    conversation.take_records();
    conversation
}

fn preparing() -> Conversation {
    let mut conversation = settling();
    conversation.handle_timeout(after(2));
    conversation
}

fn asking() -> Conversation {
    let mut conversation = preparing();
    done(&mut conversation, prepared(false), after(2));
    conversation
}

fn running() -> Conversation {
    let mut conversation = asking();
    done(&mut conversation, called(vec![tool_call("call_1", true)]), after(3));
    conversation
}

fn clearing() -> Conversation {
    let mut conversation = asking();
    done(&mut conversation, JobResult::Replied(reply("At nine.")), after(4));
    conversation.take_records();
    conversation
}

fn sending() -> Conversation {
    let mut conversation = clearing();
    done(&mut conversation, JobResult::Looked { on_call: false }, after(4));
    conversation.take_records();
    conversation
}

fn pausing() -> Conversation {
    let mut conversation = sending();
    done(&mut conversation, JobResult::SendFailed(SendFault::NotTaken), after(4));
    conversation
}

fn on_a_call() -> Conversation {
    let mut conversation = preparing();
    done(&mut conversation, prepared(true), after(2));
    conversation
}

fn name_of(record: &Record) -> &'static str {
    match record {
        Record::Began { .. } => "Began",
        Record::Handled(_) => "Handled",
        Record::Stored { .. } => "Stored",
        Record::Held { .. } => "Held",
        Record::Sent { .. } => "Sent",
        Record::Refused { .. } => "Refused",
        Record::GivenUp { .. } => "GivenUp",
        Record::LeadStatus(_) => "LeadStatus",
        Record::Noted(_) => "Noted",
        Record::ForPerson(_) => "ForPerson",
        Record::OptedOut(_) => "OptedOut",
        Record::Closed(_) => "Closed",
    }
}

fn name_of_job(conversation: &Conversation) -> &'static str {
    match conversation.job() {
        None => "–",
        Some((_, Job::Prepare { .. })) => "Prepare",
        Some((_, Job::AskModel { .. })) => "AskModel",
        Some((_, Job::RunTool { .. })) => "RunTool",
        Some((_, Job::LookForCall)) => "LookForCall",
        Some((_, Job::Send { .. })) => "Send",
    }
}
