//! `/api/leads/{id}/export`, and the erasure of a lead (LEAD-5).

use actors::call_parts::Services;
use entities::privacy::{self, AskedBy, Erased, Export, Outcome, Subject};
use http::StatusCode;
use protocol::ids::{BusinessId, LeadId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::api::error::{ApiError, ApiResult};
use crate::http::api::query::BusinessQuery;
use crate::http::api::request::ApiRequest;
use crate::http::response::json;
use crate::person_keeper;

/// What was asked for, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
struct Erasure {
    /// Its row in the table `erasures`.
    id: Uuid,
    /// `erased`, or `waits` for the end of the person's call.
    state: State,
    /// What was erased; null while it waits.
    erased: Option<Erased>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Erased,
    Waits,
}

/// Everything that is stored of a person
///
/// The rows of each table, as they are stored.
#[utoipa::path(
    get, path = "/api/leads/{id}/export", operation_id = "exportLead", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), BusinessQuery),
    responses((status = 200, description = "All rows", body = Export)),
)]
pub(in super::super) async fn export(request: ApiRequest<'_>) -> ApiResult {
    let lead = LeadId(request.id()?);
    let business = request.business_in_query().await?.id;
    Ok(json(StatusCode::OK, &give_out(&request.state.services, business, lead).await?))
}

/// Everything that is stored of a lead.
pub(in crate::http) async fn give_out(
    services: &Services,
    business: BusinessId,
    lead: LeadId,
) -> Result<Export, ApiError> {
    let (db, now) = (&services.database, services.clock.wall());
    let found = privacy::export(db, business, Subject::Lead(lead), now).await;
    let found = found.map_err(no_such_lead)?;
    tracing::info!(%business, "what is stored of a person was given out");
    Ok(found)
}

/// Erase a person
///
/// Their name, number and words go, in every table. A person who is in a call is erased at its end.
#[utoipa::path(
    delete, path = "/api/leads/{id}", operation_id = "eraseLead", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), BusinessQuery),
    responses(
        (status = 200, description = "The person is erased", body = Erasure),
        (status = 202, description = "The person is erased when their call is over", body = Erasure),
    ),
)]
pub(in super::super) async fn erase(request: ApiRequest<'_>) -> ApiResult {
    let lead = LeadId(request.id()?);
    let business = request.business_in_query().await?.id;
    let (id, outcome) = forget(&request.state.services, business, lead).await?;
    let (status, state, erased) = match outcome {
        Outcome::Done(erased) => (StatusCode::OK, State::Erased, Some(erased)),
        Outcome::Waits | Outcome::OtherKey => (StatusCode::ACCEPTED, State::Waits, None),
    };
    Ok(json(status, &Erasure { id, state, erased }))
}

/// Asks for the erasure of a lead, and carries it out unless a call of the person goes on. Returns its id.
pub(in crate::http) async fn forget(
    services: &Services,
    business: BusinessId,
    lead: LeadId,
) -> Result<(Uuid, Outcome), ApiError> {
    let (db, now) = (&services.database, services.clock.wall());
    let key = db.person_key().ok_or_else(|| ApiError::internal("there is no key of hashes"))?;
    let id = services.new_id();
    let subject = Subject::Lead(lead);
    let asked = privacy::ask(db, &key, business, subject, AskedBy::Api, id, now).await;
    let outcome = person_keeper::carry_out(db, &key, asked.map_err(no_such_lead)?, now).await?;
    Ok((id, outcome))
}

fn no_such_lead(error: entities::RecordsError) -> ApiError {
    if matches!(error, entities::RecordsError::NotFound) {
        return ApiError::no_such_lead();
    }
    error.into()
}
