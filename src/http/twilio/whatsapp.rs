//! Written messages: taken in before the webhook is answered, and what Twilio tells of their delivery
//! (WA-1, WA-2, WA-4). Who answers is MessagingActor.

use std::time::Duration;

use actors::introspection::IntrospectionEvent;
use entities::conversations::{self, ConversationId, TakenIn};
use entities::messages::{
    Delivery, IncomingMessage, MediaItem, MessageId, MessageKind, MessageStatus, report_delivery,
};
use entities::{RecordsError, businesses};
use http::StatusCode;
use protocol::ids::{BusinessId, PhoneNumber};
use protocol::texting::PersonNeeded;
use protocol::twilio::forms::{
    DeliveryForm, DeliveryStatus, Form, MessageFile, MessageForm, MessageKind as Kind,
};
use uuid::Uuid;
use warp::reply::{Reply, Response};

use super::state::TwilioState;
use crate::http::request::Request;
use crate::http::response::empty;

/// How long one try to store a message may take, and all of them. Twilio waits 15 s, and does not ask
/// again: what is not stored by then is lost, unless the sender has a fallback URL.
const TRY_PATIENCE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(12);
/// The pause between tries.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Twilio's code: the person has opted out.
const OPTED_OUT: u32 = 21_610;

/// An answer without a message: what is to be said is sent by REST.
const NOTHING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// Why a message was not taken in.
enum NotTaken {
    /// No business has the number.
    Nobody,
    Failed(String),
}

/// Answers `/twilio/whatsapp`.
pub(super) async fn on_message(state: &TwilioState, form: &Form) -> Response {
    let message = match MessageForm::read(form) {
        Ok(message) => message,
        Err(error) => {
            tracing::error!(%error, "a message could not be read");
            return nothing();
        }
    };
    let (from, to) = (message.from.masked(), message.to.masked());
    match tokio::time::timeout(PATIENCE, take_in(state, &message)).await {
        Ok(Ok((business, taken))) => {
            state.services.metrics.message_came();
            if taken.created {
                tracing::info!(%business, from, kind = ?message.kind, "a message came");
                let conversation = taken.conversation.0;
                let event =
                    IntrospectionEvent::MessageCame { conversation, message: taken.message.id.0 };
                state.services.introspection.tell(event);
            }
            // A repeated one may be the sign that its first delivery was not taken up.
            state.services.messaging.due(business, &message.from);
            nothing()
        }
        Ok(Err(NotTaken::Nobody)) => {
            tracing::warn!(to, "a message to a number that no business has");
            nothing()
        }
        Ok(Err(NotTaken::Failed(error))) => {
            tracing::error!(error, from, "a message could not be stored");
            empty(StatusCode::SERVICE_UNAVAILABLE)
        }
        Err(_) => {
            tracing::error!(from, "a message was not stored within {PATIENCE:?}");
            empty(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// Stores the message. A database that is busy or away is tried again.
async fn take_in(
    state: &TwilioState,
    message: &MessageForm,
) -> Result<(BusinessId, TakenIn), NotTaken> {
    loop {
        let error = match tokio::time::timeout(TRY_PATIENCE, store(state, message)).await {
            Ok(Ok(Some(taken))) => return Ok(taken),
            Ok(Ok(None)) => return Err(NotTaken::Nobody),
            Ok(Err(error @ RecordsError::Database(_))) => error.to_string(),
            Ok(Err(error)) => return Err(NotTaken::Failed(error.to_string())),
            Err(_) => format!("no answer within {TRY_PATIENCE:?}"),
        };
        tracing::warn!(error, "a message is stored at the next try");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn store(
    state: &TwilioState,
    message: &MessageForm,
) -> Result<Option<(BusinessId, TakenIn)>, RecordsError> {
    let services = &state.services;
    let (db, now) = (&services.database, services.clock.wall());
    let Some(business) = businesses::find_by_whatsapp_number(db, &message.to).await? else {
        return Ok(None);
    };
    let row = IncomingMessage {
        id: MessageId(services.new_id()),
        person: message.from.clone(),
        provider_sid: message.sid.clone(),
        body: message.body.clone(),
        kind: row_kind(message.kind),
        media: message.files.iter().map(media).collect(),
    };
    let new_id = ConversationId(services.new_id());
    let taken = conversations::take_in(db, business.id, row, new_id, now).await?;
    Ok(Some((business.id, taken)))
}

/// Answers `/twilio/message-status`.
pub(super) async fn on_delivery(state: &TwilioState, request: &Request, form: &Form) -> Response {
    match DeliveryForm::read(form) {
        Ok(delivery) => {
            if let Err(error) = note_delivery(state, request, &delivery).await {
                tracing::error!(%error, "a message's status could not be stored");
                return empty(StatusCode::SERVICE_UNAVAILABLE);
            }
        }
        Err(error) => tracing::warn!(%error, "a message's status could not be read"),
    }
    empty(StatusCode::NO_CONTENT)
}

async fn note_delivery(
    state: &TwilioState,
    request: &Request,
    form: &DeliveryForm,
) -> Result<(), RecordsError> {
    let services = &state.services;
    let db = &services.database;
    let Some(business) = business_of(state, &form.from).await? else { return Ok(()) };
    let status = row_status(form.status);
    let delivery = Delivery {
        message: named_row(request),
        provider_sid: form.sid.clone(),
        status,
        error_code: form.error_code,
    };
    let Some(message) = report_delivery(db, business, delivery).await? else { return Ok(()) };
    services.metrics.delivery(status.is_failure(), status == MessageStatus::Delivered);
    if status.is_failure() {
        let code = form.error_code;
        tracing::warn!(%business, ?code, "a message did not reach the person");
        let (why, now) = (PersonNeeded::Undelivered, services.clock.wall());
        let opted_out = code == Some(OPTED_OUT);
        let person = &message.person;
        conversations::mark_undelivered(db, business, person, why.as_str(), opted_out, now).await?;
        services.metrics.person_needed(why);
    }
    Ok(())
}

async fn business_of(
    state: &TwilioState,
    number: &PhoneNumber,
) -> Result<Option<BusinessId>, RecordsError> {
    let found = businesses::find_by_whatsapp_number(&state.services.database, number).await?;
    Ok(found.map(|business| business.id))
}

/// The row of the message, from the address that Twilio was given. It is signed with the rest.
fn named_row(request: &Request) -> Option<MessageId> {
    let query = request.query.as_deref()?;
    let (_, id) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "message")?;
    Uuid::parse_str(&id).ok().map(MessageId)
}

fn nothing() -> Response {
    warp::reply::with_header(NOTHING, "content-type", "text/xml; charset=utf-8").into_response()
}

fn media(file: &MessageFile) -> MediaItem {
    MediaItem { url: file.url.clone(), content_type: file.content_type.clone() }
}

fn row_kind(kind: Kind) -> MessageKind {
    match kind {
        Kind::Text => MessageKind::Text,
        Kind::Audio => MessageKind::Audio,
        Kind::Image => MessageKind::Image,
        Kind::Video => MessageKind::Video,
        Kind::File => MessageKind::File,
        Kind::Location => MessageKind::Location,
        Kind::Contact => MessageKind::Contact,
    }
}

fn row_status(status: DeliveryStatus) -> MessageStatus {
    match status {
        DeliveryStatus::Accepted => MessageStatus::Accepted,
        DeliveryStatus::Scheduled => MessageStatus::Scheduled,
        DeliveryStatus::Queued => MessageStatus::Queued,
        DeliveryStatus::Sending => MessageStatus::Sending,
        DeliveryStatus::Sent => MessageStatus::Sent,
        DeliveryStatus::Delivered => MessageStatus::Delivered,
        DeliveryStatus::Read => MessageStatus::Read,
        DeliveryStatus::PartiallyDelivered => MessageStatus::PartiallyDelivered,
        DeliveryStatus::Failed => MessageStatus::Failed,
        DeliveryStatus::Undelivered => MessageStatus::Undelivered,
        DeliveryStatus::Canceled => MessageStatus::Canceled,
    }
}
