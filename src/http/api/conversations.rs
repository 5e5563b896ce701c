//! `/api/conversations`: lists and shows written conversations, marks one as seen to, and answers by hand.

use actors::call_parts::Services;
use entities::Database;
use entities::businesses::BusinessRecord;
use entities::conversations::{
    self, After, ByHand, ConversationId, ConversationRecord, mark_handled, write_by_hand,
};
use entities::messages::{self, MessageId, MessageRecord};
use http::StatusCode;
use protocol::ids::BusinessId;
use protocol::texting::{MOST_BY_HAND, one_message, window_is_open};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::messages::Message;
use super::page::{Cursor, Limit, Listing};
use super::query::BusinessQuery;
use super::request::{ApiRequest, settings};
use crate::http::response::json;
use crate::http::shown::Conversation;

/// Messages that are shown with a conversation.
pub(in crate::http) const MAX_SHOWN: u32 = 200;

/// A conversation as a row of a page.
struct Row(Conversation);

impl From<Row> for Conversation {
    fn from(row: Row) -> Self {
        row.0
    }
}

/// A conversation with its newest messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationDetails {
    #[serde(flatten)]
    conversation: Conversation,
    /// The newest 200, oldest first.
    messages: Vec<Message>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationsQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only conversations that need a person of the business.
    #[param(value_type = Option<bool>)]
    #[serde(default, deserialize_with = "flag")]
    needs_person: bool,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<After>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// A query has texts alone.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("expected true or false"))
}

/// A business's conversations
///
/// The one that moved last comes first.
#[utoipa::path(
    get, path = "/api/conversations", operation_id = "listConversations", tag = "messages",
    params(ConversationsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Conversation>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: ConversationsQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?.id;
    let after = query.cursor.map(|cursor| cursor.0);
    let (needs_person, limit, now) = (query.needs_person, query.limit.0, request.now());
    let page = conversations::list(request.db(), business, needs_person, after, limit).await?;
    let rows = page.items.into_iter().map(|record| Row(Conversation::of(record, now))).collect();
    let page = entities::Page { items: rows, next: page.next };
    Ok(json(StatusCode::OK, &Listing::<Conversation>::new(page)))
}

/// One conversation, with its messages
#[utoipa::path(
    get, path = "/api/conversations/{id}", operation_id = "showConversation", tag = "messages",
    params(("id" = Uuid, Path, description = "The conversation"), BusinessQuery),
    responses((status = 200, description = "It and its messages", body = ConversationDetails)),
)]
pub(super) async fn show(request: ApiRequest<'_>) -> ApiResult {
    let business = request.business_in_query().await?.id;
    let record = find(request.db(), business, ConversationId(request.id()?)).await?;
    let messages =
        messages::conversation(request.db(), business, &record.person, MAX_SHOWN).await?;
    let conversation = Conversation::of(record, request.now());
    let messages = messages.into_iter().map(Message::from).collect();
    Ok(json(StatusCode::OK, &ConversationDetails { conversation, messages }))
}

/// Mark a conversation as seen to
///
/// It needs no person any more, until the next reason.
#[utoipa::path(
    post, path = "/api/conversations/{id}/handled", operation_id = "markConversationHandled",
    tag = "messages",
    params(("id" = Uuid, Path, description = "The conversation"), BusinessQuery),
    responses((status = 200, description = "The conversation", body = Conversation)),
)]
pub(super) async fn handled(request: ApiRequest<'_>) -> ApiResult {
    let business = request.business_in_query().await?.id;
    let id = find(request.db(), business, ConversationId(request.id()?)).await?.id;
    let record = mark_handled(request.db(), business, id).await?;
    Ok(json(StatusCode::OK, &Conversation::of(record, request.now())))
}

/// A message by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// The whole text: at most 1,600 UTF-16 units.
    #[schema(min_length = 1, max_length = 1600)]
    body: String,
}

/// Answer by hand
///
/// The message is stored, and sent at once, or after the person's call. Only within 24 h of their last
/// message.
#[utoipa::path(
    post, path = "/api/conversations/{id}/messages", operation_id = "writeMessage", tag = "messages",
    params(("id" = Uuid, Path, description = "The conversation"), BusinessQuery),
    request_body = NewMessage,
    responses((status = 201, description = "The message, on its way", body = Message)),
)]
pub(super) async fn write(request: ApiRequest<'_>) -> ApiResult {
    let business = request.business_in_query().await?;
    let id = ConversationId(request.id()?);
    find(request.db(), business.id, id).await?;
    let message: NewMessage = request.body()?;
    let stored = answer_by_hand(&request.state.services, &business, id, &message.body).await?;
    Ok(json(StatusCode::CREATED, &Message::from(stored)))
}

/// Stores an answer by hand, which is sent at once, or after the person's call.
pub(in crate::http) async fn answer_by_hand(
    services: &Services,
    business: &BusinessRecord,
    conversation: ConversationId,
    body: &str,
) -> Result<MessageRecord, ApiError> {
    let (db, now) = (&services.database, services.clock.wall());
    let record = find(db, business.id, conversation).await?;
    let body = one_message(body)
        .map_err(|flaw| ApiError::bad_request("bad_field", flaw.to_string()).at("body"))?;
    if settings(business)?.whatsapp_number.is_none() {
        let message = "this business has no whatsapp_number: give it one, and import it again";
        return Err(ApiError::conflict("no_sender", message));
    }
    if !window_is_open(record.last_came_at, now) {
        let message = "the person's last message is older than 24 h: WhatsApp delivers nothing but \
                       templates now; call them, or wait until they write";
        return Err(ApiError::conflict("window_closed", message));
    }
    let (_, waiting) = conversations::waiting(db, business.id, &record.person).await?;
    if waiting.len() >= MOST_BY_HAND {
        let message =
            "as many messages as may wait in a conversation wait already: try again later";
        return Err(ApiError::conflict("too_many_messages", message));
    }
    let by_hand = ByHand { id: MessageId(services.new_id()), body };
    let stored = write_by_hand(db, business.id, record.id, by_hand, now).await?;
    services.messaging.due(business.id, &record.person);
    Ok(stored)
}

/// The business's conversation with this id.
pub(in crate::http) async fn find(
    db: &Database,
    business: BusinessId,
    conversation: ConversationId,
) -> Result<ConversationRecord, ApiError> {
    conversations::get(db, business, conversation).await?.ok_or_else(|| {
        ApiError::not_found("no_such_conversation", "this business has no such conversation")
    })
}
