//! Places a call (CALL-7). Once somebody answers, Twilio asks the voice webhook, and the call goes on
//! like any other.

use std::panic::resume_unwind;

use actors::call_parts::Services;
use actors::messages::JournalEntry;
use actors::twilio_rest::PlacingFault;
use entities::businesses::{BusinessRecord, CallKey, Standing, VoiceLookup, find_for_voice};
use entities::calls::{self, CallDirection, CallStatus};
use http::StatusCode;
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{CallSid, PhoneNumber, Slug};
use protocol::openai::fault::FatalCause;
use protocol::phone::e164;
use protocol::twilio::rest::NewOutbound;
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;
use utoipa::ToSchema;

use crate::http::admin::state::AdminState;
use crate::http::api::error::ApiError;
use crate::http::api::request::{ApiRequest, settings};
use crate::http::readiness::NotReady;

/// A call to place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCall {
    /// The slug of the business that calls.
    business: String,
    /// The person's number. Without a country code it belongs to the business's country.
    #[schema(example = "+972501234567")]
    to: String,
}

/// A call that Twilio has taken.
#[derive(Serialize, ToSchema)]
pub(super) struct Placed {
    /// Its SID at Twilio.
    #[schema(value_type = String)]
    call_sid: CallSid,
    status: CallStatus,
}

/// Places the call; returns when Twilio has taken it.
pub(super) async fn place(request: ApiRequest<'_>, call: NewCall) -> Result<Placed, ApiError> {
    let state = request.state;
    check_capacity(state).await?;
    let business = request.business(Some(&call.business)).await?;
    if business.standing != Standing::Answering {
        let message = "the business is paused or removed: it places no calls";
        return Err(ApiError::conflict("not_answering", message).at("business"));
    }
    let settings = settings(&business)?;
    let now = state.services.clock.now();
    let admitted = state.services.provider.would_admit(&settings, now);
    admitted.map_err(|cause| not_now(NotReady::Provider(cause)))?;
    let to = e164(&call.to, settings.phone_numbers.first())
        .map_err(|flaw| bad_number(&flaw.to_string()))?;
    if settings.phone_numbers.contains(&to) {
        return Err(bad_number("is the business's own number"));
    }
    let (from, found) = number_to_call_from(request, &business, &settings, &to).await?;
    let outbound = NewOutbound {
        to,
        from,
        url: format!("{}/twilio/voice", state.public_url),
        status_callback: format!("{}/twilio/status", state.public_url),
        machine_detection: settings.outbound.machine_detection,
    };
    let placing = Placing {
        services: state.services.clone(),
        business: business.slug,
        outbound,
        found,
        started_at: request.now(),
    };
    // A client that goes away must not leave a call without its row.
    match state.placing.spawn(placing.carry_out().in_current_span()).await {
        Ok(placed) => placed,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => Err(not_now(NotReady::Draining)),
    }
}

/// A call that is about to be placed.
struct Placing {
    services: Services,
    business: Slug,
    outbound: NewOutbound,
    /// What the business's database knows of the person.
    found: VoiceLookup,
    started_at: Timestamp,
}

impl Placing {
    /// Asks Twilio for the call, and has its row written.
    async fn carry_out(self) -> Result<Placed, ApiError> {
        let Self { services, business, outbound, found, started_at } = self;
        let placed = services.twilio.place(&outbound, started_at).await;
        let call_sid = placed.map_err(|fault| api_error(&fault))?;
        tracing::info!(call = %call_sid, %business, to = outbound.to.masked(), "call placed");
        let status = CallStatus::Queued;
        let row = calls::NewCall {
            call_sid: call_sid.clone(),
            direction: CallDirection::Outbound,
            status,
            from_number: Some(outbound.from),
            to_number: outbound.to,
            lead_id: found.lead.map(|lead| lead.id),
            prompt_version: found.prompt_version,
            started_at,
            is_test: false,
        };
        services.journal.record(JournalEntry::placed(found.business.id, row));
        Ok(Placed { call_sid, status })
    }
}

/// Checks that the daemon would take the call once it is answered. Otherwise the person would hear an
/// apology, and the business would pay for it.
async fn check_capacity(state: &AdminState) -> Result<(), ApiError> {
    if let Some(reason) = state.readiness.own_reasons().await.into_iter().next() {
        return Err(not_now(reason));
    }
    if state.calls.list().await.len() >= state.limit.get() {
        let message = "there are as many calls as server.max_calls allows";
        return Err(ApiError::unavailable("full", message));
    }
    Ok(())
}

/// The number that the business calls from, and what its database knows of the person.
async fn number_to_call_from(
    request: ApiRequest<'_>,
    business: &BusinessRecord,
    settings: &BusinessSettings,
    to: &PhoneNumber,
) -> Result<(PhoneNumber, VoiceLookup), ApiError> {
    let from = settings.phone_numbers.first().cloned();
    let found = match &from {
        Some(from) => {
            let key = CallKey { our_number: from, their_number: Some(to), call: None };
            find_for_voice(request.db(), key, request.now()).await?
        }
        None => None,
    };
    let found = from.zip(found).filter(|(_, found)| found.business.id == business.id);
    found.ok_or_else(|| ApiError::internal(&format!("{} has no number", business.slug)))
}

/// Nothing is placed. The reasons are those of `/readyz`.
fn not_now(reason: NotReady) -> ApiError {
    let message = match reason {
        NotReady::Draining => "the daemon is stopping and takes no new calls",
        NotReady::DatabaseUnreachable => "the database can't be reached; try again later",
        NotReady::DatabaseBusy => "the database is busy; try again later",
        NotReady::DatabaseFile => "the database's file was deleted or replaced",
        NotReady::DatabaseReadOnly => "the database takes no writes",
        NotReady::DatabaseFull => "the database's disk is full",
        NotReady::DatabaseSchema => {
            "the database's schema is not that of this version: see `frontdesk migrate status`"
        }
        NotReady::JournalFull => "neither the database nor the disk takes records of calls",
        NotReady::Provider(FatalCause::BadKey) => "OpenAI refuses the key",
        NotReady::Provider(FatalCause::Quota) => "OpenAI's quota is used up",
        NotReady::Provider(FatalCause::AccountClosed) => "the account at OpenAI is closed",
        NotReady::Provider(FatalCause::BadModel) => "OpenAI does not know the business's model",
        NotReady::Provider(FatalCause::BadVoice) => "OpenAI does not know the business's voice",
        NotReady::Provider(FatalCause::BetaShape | FatalCause::Refused) => "OpenAI refuses calls",
    };
    ApiError::unavailable(reason.as_str(), message)
}

fn bad_number(message: &str) -> ApiError {
    ApiError::bad_request("bad_number", message).at("to")
}

fn api_error(fault: &PlacingFault) -> ApiError {
    tracing::error!(%fault, "a call was not placed");
    let (code, advice) = match fault {
        PlacingFault::Refused(_) => ("twilio_refused", "nothing was placed"),
        PlacingFault::NotPlaced(_) => ("twilio_unreachable", "nothing was placed; try again later"),
        PlacingFault::Unknown(_) => {
            ("outcome_unknown", "look at Twilio's list of calls before you try again")
        }
    };
    ApiError::new(StatusCode::BAD_GATEWAY, code, format!("{fault}; {advice}"))
}
