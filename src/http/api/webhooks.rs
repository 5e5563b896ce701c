//! `/api/webhooks`: the events for a business's receiver and its owner, and how to send dead ones again.

use entities::outbox::{self, Number, OutboxFilter, OutboxState, Which};
use http::StatusCode;
use protocol::webhooks::EventKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::page::{Cursor, Limit, Listing};
use super::request::ApiRequest;
use crate::http::response::json;
use crate::outbox_view::Event;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only events in this state.
    #[param(inline)]
    state: Option<OutboxState>,
    /// Only events of this kind, such as `call.ended`.
    #[serde(rename = "type")]
    #[param(value_type = Option<String>)]
    kind: Option<EventKind>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Number>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// A business's events
///
/// Newest first. Sent ones are kept for a week.
#[utoipa::path(
    get, path = "/api/webhooks", operation_id = "listEvents", tag = "webhooks",
    params(EventsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Event>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: EventsQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?.id;
    let filter = OutboxFilter { state: query.state, kind: query.kind };
    let after = query.cursor.map(|cursor| cursor.0);
    let page = outbox::list(request.db(), business, filter, after, query.limit.0).await?;
    Ok(json(StatusCode::OK, &Listing::<Event>::new(page)))
}

/// Which dead events to send again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resend {
    /// The business's slug.
    business: String,
    /// One event; without it, all dead ones.
    #[serde(default)]
    id: Option<Uuid>,
}

/// How many events are sent again.
#[derive(Debug, Serialize, ToSchema)]
struct Resent {
    resent: u64,
}

/// Send dead events again
///
/// They are tried at once, and for 24 h more.
#[utoipa::path(
    post, path = "/api/webhooks/resend", operation_id = "resendEvents", tag = "webhooks",
    request_body = Resend,
    responses((status = 200, description = "How many there were", body = Resent)),
)]
pub(super) async fn resend(request: ApiRequest<'_>) -> ApiResult {
    request.no_query()?;
    let wanted: Resend = request.body()?;
    let business = request.business(Some(&wanted.business)).await?.id;
    let which = wanted.id.map_or(Which::All, Which::One);
    let resent = outbox::resend(request.db(), business, which, request.now(), None).await?;
    if resent == 0 && wanted.id.is_some() {
        let message = "this business has no dead event with this id";
        return Err(ApiError::not_found("no_such_event", message).at("id"));
    }
    Ok(json(StatusCode::OK, &Resent { resent }))
}
