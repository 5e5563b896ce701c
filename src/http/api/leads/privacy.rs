//! `/api/leads/{id}/export`, and the erasure of a lead (LEAD-5).

use entities::privacy::{self, AskedBy, Erased, Export, Outcome, Subject};
use http::StatusCode;
use protocol::ids::LeadId;
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
    let subject = Subject::Lead(LeadId(request.id()?));
    let business = request.business_in_query().await?.id;
    let found = privacy::export(request.db(), business, subject, request.now()).await;
    let found = found.map_err(no_such_lead)?;
    tracing::info!(%business, "what is stored of a person was given out");
    Ok(json(StatusCode::OK, &found))
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
    let subject = Subject::Lead(LeadId(request.id()?));
    let business = request.business_in_query().await?.id;
    let (db, now) = (request.db(), request.now());
    let key = db.person_key().ok_or_else(|| ApiError::internal("there is no key of hashes"))?;
    let id = request.state.services.new_id();
    let asked = privacy::ask(db, &key, business, subject, AskedBy::Api, id, now).await;
    let outcome = person_keeper::carry_out(db, &key, asked.map_err(no_such_lead)?, now).await?;
    let (status, state, erased) = match outcome {
        Outcome::Done(erased) => (StatusCode::OK, State::Erased, Some(erased)),
        Outcome::Waits | Outcome::OtherKey => (StatusCode::ACCEPTED, State::Waits, None),
    };
    Ok(json(status, &Erasure { id, state, erased }))
}

fn no_such_lead(error: entities::RecordsError) -> ApiError {
    if matches!(error, entities::RecordsError::NotFound) {
        return ApiError::no_such_lead();
    }
    error.into()
}
