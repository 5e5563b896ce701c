//! `/api/messages`: written messages of a business, in both directions.

use entities::messages::{
    self, MediaItem, MessageAuthor, MessageCost, MessageDirection, MessageId, MessageKind,
    MessageRecord, MessageStatus,
};
use http::StatusCode;
use jiff::Timestamp;
use protocol::ids::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::page::{Cursor, Limit, Listing};
use super::request::ApiRequest;
use crate::http::response::json;

/// A written message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Message {
    id: Uuid,
    /// The person's number, in E.164, whoever wrote.
    #[schema(value_type = String, example = "+972501234567")]
    person: PhoneNumber,
    direction: MessageDirection,
    kind: MessageKind,
    /// The text, whole.
    body: String,
    /// The files that came with it. They are at Twilio.
    media: Vec<MediaItem>,
    /// Who wrote an outgoing message; null for incoming ones.
    author: Option<MessageAuthor>,
    status: MessageStatus,
    /// Twilio's error code, if it did not reach the person.
    error_code: Option<u32>,
    /// Of an incoming message: whether it was answered, or wants no answer.
    handled: bool,
    /// The newest message that this one answers.
    in_reply_to: Option<Uuid>,
    /// Twilio's name for it; null until Twilio has it.
    provider_sid: Option<String>,
    /// What the text model has cost for it; null if it was not asked.
    cost: Option<MessageCost>,
    /// When it came or was written.
    created_at: Timestamp,
}

impl From<MessageRecord> for Message {
    fn from(record: MessageRecord) -> Self {
        Self {
            id: record.id.0,
            person: record.person,
            direction: record.direction,
            kind: record.kind,
            body: record.body,
            media: record.media,
            author: record.author,
            status: record.status,
            error_code: record.error_code,
            handled: record.handled,
            in_reply_to: record.in_reply_to.map(|id| id.0),
            provider_sid: record.provider_sid,
            cost: record.cost,
            created_at: record.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MessagesQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only messages with the person of this number, in E.164.
    person: Option<String>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<MessageId>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// A business's messages
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/messages", operation_id = "listMessages", tag = "messages",
    params(MessagesQuery),
    responses((status = 200, description = "A page of them", body = Listing<Message>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: MessagesQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?.id;
    let person = query.person.as_deref().map(person).transpose()?;
    let after = query.cursor.map(|cursor| cursor.0);
    let page = messages::list(request.db(), business, person.as_ref(), after, query.limit.0);
    Ok(json(StatusCode::OK, &Listing::<Message>::new(page.await?)))
}

fn person(text: &str) -> Result<PhoneNumber, ApiError> {
    PhoneNumber::parse(text).map_err(|_| {
        let message =
            "is no telephone number in E.164, as in +972501234567 (in a query: %2B972501234567)";
        ApiError::bad_request("bad_parameter", message).at("person")
    })
}
