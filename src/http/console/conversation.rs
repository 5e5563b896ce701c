//! One written conversation: what was written, the answer by hand, and the mark that it was seen to.

use console::done::Done;
use console::messages::{ConversationPage, Delivery, Message, MessageKind as Kind, Reply};
use console::shell::{Place, Shell};
use entities::audit::{self, About, NewEntry};
use entities::conversations::{
    self, ConversationId, ConversationRecord, OnTelephone, mark_handled,
};
use entities::messages::{
    self, MessageAuthor, MessageDirection, MessageKind, MessageRecord, MessageStatus,
};
use entities::{RecordsError, leads};
use protocol::texting::window_is_open;

use super::answer;
use super::desk::Desk;
use super::messages::need;
use super::persons;
use super::refused::{Answer, Refused};
use super::visit::Visit;
use super::wrong::Wrong;
use crate::http::api::conversations::{MAX_SHOWN, answer_by_hand, find};

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    shown(&visit, None).await
}

/// Sends an answer that a person has written.
pub(super) async fn write(visit: Visit<'_>) -> Answer {
    let id = ConversationId(visit.id()?);
    let body = visit.form.raw("body").unwrap_or_default();
    let services = &visit.state.operator.services;
    let written = answer_by_hand(services, visit.business()?, id, body).await;
    if let Err(error) = &written {
        return shown(&visit, Some(Wrong::of(error)?)).await;
    }
    note(&visit, id, "message.write").await?;
    Ok(visit.done(&format!("messages/{}", id.0), Done::MessageSent))
}

/// Notes that a person has seen to the conversation.
pub(super) async fn handled(visit: Visit<'_>) -> Answer {
    let id = ConversationId(visit.id()?);
    let business = visit.business()?.id;
    mark_handled(visit.db(), business, id).await?;
    note(&visit, id, "message.handled").await?;
    Ok(visit.done(&format!("messages/{}", id.0), Done::ConversationSeenTo))
}

async fn note(visit: &Visit<'_>, id: ConversationId, action: &'static str) -> Result<(), Refused> {
    let conversation = find(visit.db(), visit.business()?.id, id).await?;
    let about =
        About { person: Some(conversation.person), lead: conversation.lead_id, ..About::default() };
    let entry = NewEntry { object: Some(id.0.to_string()), about, ..visit.entry(action) };
    Ok(audit::write(visit.db(), entry).await?)
}

async fn shown(visit: &Visit<'_>, wrong: Option<Wrong>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let conversation = find(desk.db(), desk.id(), ConversationId(visit.id()?)).await?;
    let draft = visit.form.raw("body").unwrap_or_default().to_owned();
    let said = wrong.as_ref().map(|wrong| wrong.text(visit));
    let page = page(&desk, conversation, draft, said).await?;
    let mut shell = visit.shell(Place::Messages).await?;
    if !matches!(page.reply, Reply::Open { .. }) {
        // Where there is no field any more.
        shell.notices.extend(wrong.as_ref().map(|wrong| wrong.notice(visit)));
    }
    let events = Some(visit.at(&format!("events/conversation?about={}", page.id)));
    let shell = Shell { events, ..shell };
    Ok(answer::page_with(answer::status_of(wrong.is_some()), &shell, &page))
}

async fn page(
    desk: &Desk<'_>,
    conversation: ConversationRecord,
    draft: String,
    wrong: Option<String>,
) -> Result<ConversationPage, RecordsError> {
    let (db, business) = (desk.db(), desk.id());
    let written = messages::conversation(db, business, &conversation.person, MAX_SHOWN).await?;
    let lead = match conversation.lead_id {
        Some(lead) => leads::get(db, business, lead).await?,
        None => None,
    };
    let reply = if desk.settings.whatsapp_number.is_none() {
        Reply::NoNumber
    } else if window_is_open(conversation.last_came_at, desk.now) {
        Reply::Open { draft, wrong }
    } else {
        Reply::WindowClosed
    };
    let on_telephone = conversations::on_telephone(db, business, &conversation.person, desk.now);
    let in_call = on_telephone.await? == OnTelephone::Yes;
    Ok(ConversationPage {
        id: conversation.id.0,
        need: need(&conversation),
        person: persons::of_number(&conversation.person, lead.as_ref()),
        reply,
        messages: written.into_iter().map(message).collect(),
        notes: conversation.notes,
        opted_out: conversation.opted_out,
        in_call,
    })
}

fn message(record: MessageRecord) -> Message {
    let is_ours = record.direction == MessageDirection::Outgoing;
    Message {
        id: record.id.0,
        at: record.created_at,
        body: record.body,
        kind: match record.kind {
            MessageKind::Text => Kind::Text,
            MessageKind::Audio => Kind::Audio,
            MessageKind::Image => Kind::Image,
            MessageKind::Video => Kind::Video,
            MessageKind::File => Kind::File,
            MessageKind::Location => Kind::Location,
            MessageKind::Contact => Kind::Contact,
        },
        sent: is_ours.then(|| delivery(record.status)),
        by_hand: record.author == Some(MessageAuthor::Operator),
        error_code: record.error_code,
    }
}

fn delivery(status: MessageStatus) -> Delivery {
    match status {
        MessageStatus::Held => Delivery::Held,
        MessageStatus::Received
        | MessageStatus::Queued
        | MessageStatus::Accepted
        | MessageStatus::Scheduled
        | MessageStatus::Sending => Delivery::Queued,
        MessageStatus::Sent | MessageStatus::PartiallyDelivered => Delivery::Sent,
        MessageStatus::Delivered => Delivery::Delivered,
        MessageStatus::Read => Delivery::Read,
        MessageStatus::Failed | MessageStatus::Undelivered | MessageStatus::Canceled => {
            Delivery::Failed
        }
    }
}
