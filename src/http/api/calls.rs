//! `/api/calls`: the calls that are and were, a new one, and the end of one. Who places calls is
//! `http::placing`.

mod record;

use entities::{call_turns, calls};
use http::StatusCode;
use protocol::ids::CallSid;
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::{Cursor, Limit, Listing};
use super::query::OfBusiness;
use super::{Answer, Ask, Nothing, Refusal};
use crate::http::placing::{self, Placed, Wanted};
use crate::http::request::{answer, json};
use actors::messages::SupervisorEvent;
use record::{Call, CallDetails};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsQuery {
    /// Whose: the business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Where the list goes on: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<CallSid>>,
    /// How many to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// A business's calls
///
/// The last begun first.
#[utoipa::path(
    get, path = "/api/calls", operation_id = "listCalls", tag = "calls",
    params(CallsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Call>)),
)]
pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let query: CallsQuery = ask.query()?;
    let business = ask.business(query.business.as_deref()).await?.id;
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.unwrap_or_default().0;
    let page = match calls::list(ask.db(), business, after.as_ref(), limit).await {
        Err(entities::RecordsError::NotFound) => {
            let message = "is no cursor of this list: take it from `next` of the page before";
            return Err(Refusal::bad("bad_parameter", message).about("cursor"));
        }
        page => page?,
    };
    Ok(json(StatusCode::OK, &Listing::<Call>::of(page)))
}

/// One call, with what was said in it
#[utoipa::path(
    get, path = "/api/calls/{call_sid}", operation_id = "showCall", tag = "calls",
    params(("call_sid" = String, Path, description = "The call, as Twilio names it"), OfBusiness),
    responses((status = 200, description = "The call and its turns", body = CallDetails)),
)]
pub(super) async fn show(ask: Ask<'_>) -> Answer {
    let query: OfBusiness = ask.query()?;
    let call_sid = ask.call_sid()?;
    let business = ask.business(query.business.as_deref()).await?.id;
    let call = calls::get(ask.db(), business, &call_sid).await?.ok_or_else(no_such_call)?;
    let turns = call_turns::of_call(ask.db(), business, &call_sid).await?;
    Ok(json(StatusCode::OK, &CallDetails::of(call, turns)))
}

/// Call a person for a business
///
/// Answered when Twilio has the call.
#[utoipa::path(
    post, path = "/api/calls", operation_id = "placeCall", tag = "calls",
    request_body = Wanted,
    responses((status = 201, description = "Twilio has the call", body = Placed)),
)]
pub(super) async fn place(ask: Ask<'_>) -> Answer {
    ask.query::<Nothing>()?;
    let placed = placing::place(ask.side, ask.body()?).await?;
    Ok(json(StatusCode::CREATED, &placed))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct HangUpQuery {
    /// Whose the call must be, if it is to be looked at.
    business: Option<String>,
}

/// End a living call
#[utoipa::path(
    post, path = "/api/calls/{call_sid}/hangup", operation_id = "hangUpCall", tag = "calls",
    params(("call_sid" = String, Path, description = "The call, as Twilio names it"), HangUpQuery),
    responses((status = 202, description = "The call is being ended")),
)]
pub(super) async fn hang_up(ask: Ask<'_>) -> Answer {
    let query: HangUpQuery = ask.query()?;
    let call_sid = ask.call_sid()?;
    let business = match query.business {
        Some(slug) => Some(ask.business(Some(&slug)).await?.id),
        None => None,
    };
    let call = ask.side.calls.find(call_sid).await;
    let call = call.filter(|call| business.is_none_or(|its| its == call.business()));
    let call = call.ok_or_else(no_such_call)?;
    call.tell(SupervisorEvent::OperatorHangUp)
        .map_err(|_| Refusal::new(StatusCode::CONFLICT, "call_over", "the call is over already"))?;
    Ok(answer(StatusCode::ACCEPTED))
}

impl Ask<'_> {
    fn call_sid(&self) -> Result<CallSid, Refusal> {
        CallSid::parse(self.named)
            .map_err(|wrong| Refusal::bad("bad_call_sid", wrong.to_string()).about("call_sid"))
    }
}

fn no_such_call() -> Refusal {
    Refusal::not_found("no_such_call", "there is no such call")
}
