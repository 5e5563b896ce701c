//! `/api/leads`: the people who called a business.

pub(super) mod history;

use std::collections::BTreeMap;

use actors::lead::Details;
use entities::leads::{self, ChangedBy, LeadChanges, LeadRecord, LeadSource, LeadStatus};
use http::StatusCode;
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{CallSid, LeadId, PhoneNumber};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Cursor, Limit, Listing};
use super::query::OfBusiness;
use super::{Answer, Ask, Refusal, settings};
use crate::http::request::json;

/// A lead.
#[derive(Debug, Serialize, ToSchema)]
struct Lead {
    id: Uuid,
    /// The number the person calls from, in E.164; null where it was withheld.
    #[schema(value_type = Option<String>, example = "+972501234567")]
    phone: Option<PhoneNumber>,
    /// The name, once told.
    full_name: Option<String>,
    /// The address for letters, once told.
    email: Option<String>,
    /// How far it has come.
    status: LeadStatus,
    /// How the person first came.
    source: LeadSource,
    /// Everything else that was told, by the name of the field.
    fields: BTreeMap<String, String>,
    /// The newest call of this person.
    #[schema(value_type = Option<String>)]
    last_call_sid: Option<CallSid>,
    /// When the person first came.
    created_at: Timestamp,
    /// When something last changed.
    updated_at: Timestamp,
}

impl From<LeadRecord> for Lead {
    fn from(record: LeadRecord) -> Self {
        Self {
            id: record.id.0,
            phone: record.phone,
            full_name: record.full_name,
            email: record.email,
            status: record.status,
            source: record.source,
            fields: record.fields.0,
            last_call_sid: record.last_call_sid,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadsQuery {
    /// Whose: the business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only of this status.
    #[param(inline)]
    status: Option<LeadStatus>,
    /// Where the list goes on: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<LeadId>>,
    /// How many to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// A business's leads
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/leads", operation_id = "listLeads", tag = "leads",
    params(LeadsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Lead>)),
)]
pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let query: LeadsQuery = ask.query()?;
    let business = ask.business(query.business.as_deref()).await?.id;
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.unwrap_or_default().0;
    let page = leads::list(ask.db(), business, query.status, after, limit).await?;
    Ok(json(StatusCode::OK, &Listing::<Lead>::of(page)))
}

/// One lead
#[utoipa::path(
    get, path = "/api/leads/{id}", operation_id = "showLead", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), OfBusiness),
    responses((status = 200, description = "The lead", body = Lead)),
)]
pub(super) async fn show(ask: Ask<'_>) -> Answer {
    let query: OfBusiness = ask.query()?;
    let id = LeadId(ask.id()?);
    let business = ask.business(query.business.as_deref()).await?.id;
    let found = leads::get(ask.db(), business, id).await?.ok_or_else(no_such_lead)?;
    Ok(json(StatusCode::OK, &Lead::from(found)))
}

/// What is told of a lead; what is left out, null or empty changes nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeadPatch {
    /// The name.
    #[schema(value_type = Option<String>, max_length = 2000)]
    full_name: Option<Value>,
    /// The address for letters.
    #[schema(value_type = Option<String>, max_length = 2000)]
    email: Option<Value>,
    /// The business's own fields, by name; those not named here stay.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    fields: Option<Value>,
    /// How far it has come; what was decided is not reopened.
    status: Option<LeadStatus>,
}

/// Write down what is told of a lead
///
/// By the rules that hold in a call: laid over what is known, nothing is erased. Where one value is
/// refused, nothing is written.
#[utoipa::path(
    patch, path = "/api/leads/{id}", operation_id = "changeLead", tag = "leads",
    request_body = LeadPatch,
    params(("id" = Uuid, Path, description = "The lead"), OfBusiness),
    responses((status = 200, description = "The lead as it is now", body = Lead)),
)]
pub(super) async fn change(ask: Ask<'_>) -> Answer {
    let query: OfBusiness = ask.query()?;
    let id = LeadId(ask.id()?);
    let LeadPatch { full_name, email, fields, status } = ask.body()?;
    let business = ask.business(query.business.as_deref()).await?;
    let settings = settings(&business)?;
    let told = [("full_name", full_name), ("email", email), ("fields", fields)];
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let changes = changes(told.collect(), &settings)?;
    let known = leads::get(ask.db(), business.id, id).await?.ok_or_else(no_such_lead)?;
    if status == Some(LeadStatus::InProgress) && known.status != LeadStatus::InProgress {
        let message = "what was decided is not reopened";
        return Err(Refusal::new(StatusCode::CONFLICT, "decided", message).about("status"));
    }
    let now = ask.side.services.clock.wall();
    let by = ChangedBy::Api;
    let lead = leads::merge_details(ask.db(), business.id, id, changes, status, by, now).await?;
    tracing::info!(lead = %id, "the operator has changed a lead");
    Ok(json(StatusCode::OK, &Lead::from(lead)))
}

/// What is told, if all of it can be taken.
fn changes(told: Map<String, Value>, settings: &BusinessSettings) -> Result<LeadChanges, Refusal> {
    let home = settings.phone_numbers.first();
    let home = home.ok_or_else(|| Refusal::internal("the business has no number"))?;
    let Details { changes, refused, ignored } = Details::of(told, &settings.lead_fields(), home);
    if let Some(field) = refused.into_iter().next() {
        let message = "is not what it should be, or too long; nothing was written";
        return Err(Refusal::bad("bad_value", message).about(field));
    }
    if let Some(field) = ignored.into_iter().next() {
        let message = "is none of this business's fields; nothing was written";
        return Err(Refusal::bad("unknown_field", message).about(field));
    }
    Ok(changes)
}

pub(super) fn no_such_lead() -> Refusal {
    Refusal::not_found("no_such_lead", "this business has no such lead")
}
