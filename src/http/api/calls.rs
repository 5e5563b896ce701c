//! `/api/calls`: lists and shows calls, places one, and hangs up.

mod placing;

use actors::call_parts::Services;
use actors::cluster::{Handed, Order};
use actors::messages::SupervisorEvent;
use actors::stored_call::{self, NotRestored};
use actors::supervisor::Calls;
use entities::Database;
use entities::call_turns;
use entities::calls::{self, CallFilter, CallStatus};
use http::StatusCode;
use jiff::Timestamp;
use protocol::call::EndReason;
use protocol::ids::{BusinessId, CallSid, PhoneNumber};
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult, ErrorAnswer};
use super::page::{Cursor, Limit, Listing, NOT_A_CURSOR};
use super::query::{self, BusinessQuery};
use super::request::ApiRequest;
use crate::http::admin::state::AdminState;
use crate::http::response::{empty, json};
use crate::http::shown::{Call, CallDetails};
use placing::{NewCall, Placed};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only calls that began then or later.
    #[serde(default, deserialize_with = "query::timestamp")]
    since: Option<Timestamp>,
    /// Only calls that began before then.
    #[serde(default, deserialize_with = "query::timestamp")]
    until: Option<Timestamp>,
    /// Only calls with this person, in E.164.
    #[param(value_type = Option<String>, example = "+972501234567")]
    #[serde(default, deserialize_with = "query::phone")]
    phone: Option<PhoneNumber>,
    /// Only calls that ended for this reason.
    #[param(value_type = Option<String>, example = "user_goodbye")]
    reason: Option<EndReason>,
    /// Only calls with this status at Twilio.
    #[param(inline)]
    status: Option<CallStatus>,
    /// Only tests from a page of the console, or none of them.
    is_test: Option<bool>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<CallSid>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// A business's calls
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/calls", operation_id = "listCalls", tag = "calls",
    params(CallsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Call>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: CallsQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?.id;
    let after = query.cursor.map(|cursor| cursor.0);
    let filter = CallFilter {
        since: query.since,
        until: query.until,
        phone: query.phone,
        end_reason: query.reason.map(|reason| reason.as_str().to_owned()),
        status: query.status,
        is_test: query.is_test,
    };
    let page = calls::list(request.db(), business, filter, after.as_ref(), query.limit.0).await;
    let page = match page {
        Err(entities::RecordsError::NotFound) => {
            return Err(ApiError::bad_request("bad_parameter", NOT_A_CURSOR).at("cursor"));
        }
        page => page?,
    };
    Ok(json(StatusCode::OK, &Listing::<Call>::new(page)))
}

/// One call, with what was said in it
#[utoipa::path(
    get, path = "/api/calls/{call_sid}", operation_id = "showCall", tag = "calls",
    params(("call_sid" = String, Path, description = "The call's SID at Twilio"), BusinessQuery),
    responses((status = 200, description = "The call and its turns", body = CallDetails)),
)]
pub(super) async fn show(request: ApiRequest<'_>) -> ApiResult {
    let call_sid = request.call_sid()?;
    let business = request.business_in_query().await?.id;
    let call = calls::get(request.db(), business, &call_sid).await?.ok_or_else(no_such_call)?;
    let turns = call_turns::of_call(request.db(), business, &call_sid).await?;
    Ok(json(StatusCode::OK, &CallDetails::new(call, turns)))
}

/// Call a person for a business
///
/// The answer comes when Twilio has taken the call.
#[utoipa::path(
    post, path = "/api/calls", operation_id = "placeCall", tag = "calls",
    request_body = NewCall,
    responses((status = 201, description = "Twilio has taken the call", body = Placed)),
)]
pub(super) async fn place(request: ApiRequest<'_>) -> ApiResult {
    request.no_query()?;
    let placed = placing::place(request, request.body()?).await?;
    Ok(json(StatusCode::CREATED, &placed))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct HangUpQuery {
    /// The slug of the business that must have the call. Any business, if not given.
    business: Option<String>,
}

/// End a running call
#[utoipa::path(
    post, path = "/api/calls/{call_sid}/hangup", operation_id = "hangUpCall", tag = "calls",
    params(("call_sid" = String, Path, description = "The call's SID at Twilio"), HangUpQuery),
    responses(
        (status = 202, description = "The call is being ended"),
        (status = 409, description = "The call is over, or runs nowhere", body = ErrorAnswer),
    ),
)]
pub(super) async fn hang_up(request: ApiRequest<'_>) -> ApiResult {
    let query: HangUpQuery = request.query()?;
    let call_sid = request.call_sid()?;
    let business = match query.business {
        Some(slug) => Some(request.business(Some(&slug)).await?.id),
        None => request.access().business(),
    };
    let AdminState { services, calls, .. } = request.state;
    end(services, calls, business, &call_sid).await?;
    Ok(empty(StatusCode::ACCEPTED))
}

/// Ends a call that runs here or on another node; of one business, or of any.
pub(in crate::http) async fn end(
    services: &Services,
    calls: &Calls,
    business: Option<BusinessId>,
    call_sid: &CallSid,
) -> Result<(), ApiError> {
    let call = calls.find(call_sid.clone()).await;
    let call = call.filter(|call| business.is_none_or(|business| business == call.business()));
    let Some(call) = call else {
        return end_elsewhere(services, calls, business, call_sid).await;
    };
    call.tell(SupervisorEvent::OperatorHangUp).map_err(|_| over())
}

/// The order goes to the node that has the call. If that is dead, the call goes on here for its hang-up.
async fn end_elsewhere(
    services: &Services,
    calls: &Calls,
    business: Option<BusinessId>,
    call: &CallSid,
) -> Result<(), ApiError> {
    let live = match services.node.hand_on(call, business, &Order::HangUp).await? {
        Handed::On | Handed::Left => return Ok(()),
        Handed::Back(live) => live,
    };
    // Of a call that nobody has answered there is nothing to go on with.
    if live.is_none_or(|live| live.lease.is_none()) {
        return Err(not_running(&services.database, business, call).await?);
    }
    match stored_call::hang_up(services, calls, call).await {
        Ok(()) => Ok(()),
        Err(NotRestored::Records(error)) => Err(error.into()),
        Err(NotRestored::Over) => Err(over()),
        Err(why) => {
            tracing::error!(%why, %call, "a call of a dead daemon can't be ended");
            Err(not_running(&services.database, business, call).await?)
        }
    }
}

/// Why a call that does not run here can't be hung up.
async fn not_running(
    db: &Database,
    business: Option<BusinessId>,
    call: &CallSid,
) -> Result<ApiError, ApiError> {
    let found = match business {
        Some(business) => calls::get(db, business, call).await?,
        None => calls::of_any_business(db, call).await?,
    };
    Ok(match found {
        None => no_such_call(),
        Some(record) if record.ended_at.is_some() => over(),
        Some(_) => {
            let message = "the call runs nowhere: nobody has answered it yet, or its daemon has died and left nothing to go on with";
            ApiError::conflict("not_running", message)
        }
    })
}

fn over() -> ApiError {
    ApiError::conflict("call_over", "the call is over")
}

fn no_such_call() -> ApiError {
    ApiError::not_found("no_such_call", "there is no such call")
}
