//! What the state machine has decided, as changes of rows.

use entities::conversations::{ClosedWith, MessageChange, Step};
use entities::messages::{MessageCost, MessageId as RowId, MessageStatus};
use protocol::openai::usage::cost_micro_usd;
use protocol::texting::{Cost, MessageId, Record};

/// Adds a decision to the step. `model` is the text model of the business.
pub(super) fn add(step: &mut Step, record: &Record, model: &str) {
    let row = |id: &MessageId| RowId(id.0);
    match record {
        Record::Began { at } => (step.began, step.closed) = (Some(*at), None),
        Record::Handled(ids) => {
            step.messages.push(MessageChange::Handled(ids.iter().map(row).collect()));
        }
        Record::Stored { message, answers, cost } => step.messages.push(MessageChange::Stored {
            id: row(&message.id),
            body: message.body.clone(),
            answers: answers.as_ref().map(row),
            status: MessageStatus::Queued,
            cost: cost.map(|cost| row_cost(&cost, model)),
        }),
        Record::Held { message, answers, cost } => step.messages.push(MessageChange::Stored {
            id: row(&message.id),
            body: message.body.clone(),
            answers: answers.as_ref().map(row),
            status: MessageStatus::Held,
            cost: cost.map(|cost| row_cost(&cost, model)),
        }),
        Record::Sent { id, sid } => {
            let provider_sid = sid.clone();
            step.messages.push(MessageChange::Sent { id: row(id), provider_sid });
        }
        Record::Refused { id, code } => {
            step.messages.push(MessageChange::Failed { id: row(id), error_code: *code });
        }
        // Written before.
        Record::LeadStatus(_) => {}
        Record::GivenUp { id } => step.messages.push(MessageChange::GivenUp(row(id))),
        Record::Noted(notes) => step.notes = Some(notes.clone()),
        Record::ForPerson(why) => step.needs_person = Some(why.as_str()),
        Record::OptedOut(out) => step.opted_out = Some(*out),
        Record::Closed(reason) => {
            step.closed = Some(ClosedWith { reason: reason.as_str().to_owned() });
        }
    }
}

/// Known prices alone make a cost: of other models it stays unknown.
fn row_cost(cost: &Cost, model: &str) -> MessageCost {
    let Cost { questions, usage } = cost;
    MessageCost {
        model: model.to_owned(),
        questions: *questions,
        input_tokens: usage.text_in,
        cached_tokens: usage.text_cached,
        output_tokens: usage.text_out,
        cost_micro_usd: cost_micro_usd(usage, model),
    }
}
