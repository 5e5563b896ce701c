//! Businesses, their numbers and their prompts: the rooms a call is let into.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Query};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DerivePartialModel, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationDef,
};

use crate::appointments::{AppointmentRecord, AppointmentStatus};
use crate::column;
use crate::error::RecordsError;
use crate::leads::LeadRecord;
use crate::page::{Page, rows_for};
use crate::tables::{appointments, business_numbers, businesses, leads, prompts};

mod import;

pub use import::{ImportBusiness, ImportRefused, Imported, import};

/// A prompt that lists more of a person's appointments would hold little else.
const MOST_APPOINTMENTS: u64 = 10;

/// A business. Its settings are as they were imported: their type is the caller's.
#[derive(Debug, Clone, PartialEq)]
pub struct BusinessRecord {
    /// The tenant.
    pub id: BusinessId,
    /// Its name in commands and addresses.
    pub slug: Slug,
    /// Its name as people say it.
    pub name: String,
    /// The number it texts from, if it does.
    pub whatsapp_number: Option<PhoneNumber>,
    /// Its time zone's name in the IANA database.
    pub timezone: String,
    /// The language it answers in, as a BCP 47 tag.
    pub language: String,
    /// How long transcripts and messages are kept (OPS-7), in whole seconds.
    pub retention: Duration,
    /// All its settings.
    pub settings: serde_json::Value,
    /// When it was first imported.
    pub created_at: Timestamp,
    /// When it was last imported.
    pub updated_at: Timestamp,
}

/// What the answer to a call needs to know, in one read (CALL-1).
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceLookup {
    /// Whose number was called, or calls.
    pub business: BusinessRecord,
    /// The version of its newest prompt.
    pub prompt_version: i32,
    /// Its newest prompt.
    pub prompt_text: String,
    /// The person's lead, if that person has called before.
    pub lead: Option<LeadRecord>,
    /// The lead's booked appointments that are not over, the next first; at most ten.
    pub appointments: Vec<AppointmentRecord>,
}

/// Finds a business by one of its numbers, with its newest prompt, the lead of the person at the
/// other end (`None`: a withheld number) and what that lead has booked after `now`, in one statement.
///
/// # Errors
/// [`RecordsError`].
pub async fn find_for_voice(
    db: &DatabaseConnection,
    our_number: &PhoneNumber,
    their_number: Option<&PhoneNumber>,
    now: Timestamp,
) -> Result<Option<VoiceLookup>, RecordsError> {
    let rows = businesses::Entity::find()
        .join(JoinType::InnerJoin, to_numbers())
        .join(JoinType::InnerJoin, to_newest_prompt())
        .join(JoinType::LeftJoin, to_lead_of(their_number))
        .join(JoinType::LeftJoin, to_booked_after(now))
        .filter(business_numbers::Column::Number.eq(our_number.as_str()))
        .order_by_asc(appointments::Column::StartsAt)
        .limit(MOST_APPOINTMENTS)
        .into_partial_model::<Found>()
        .all(db)
        .await?;
    lookup(rows)
}

/// Finds a business by its name in commands and addresses.
///
/// # Errors
/// [`RecordsError`].
pub async fn find_by_slug(
    db: &DatabaseConnection,
    slug: &Slug,
) -> Result<Option<BusinessRecord>, RecordsError> {
    let filter = businesses::Column::Slug.eq(slug.as_str());
    let found = businesses::Entity::find().filter(filter).one(db).await?;
    found.map(BusinessRecord::try_from).transpose()
}

/// Finds the business that texts from a number (WA-1).
///
/// # Errors
/// [`RecordsError`].
pub async fn find_by_whatsapp_number(
    db: &DatabaseConnection,
    number: &PhoneNumber,
) -> Result<Option<BusinessRecord>, RecordsError> {
    let filter = businesses::Column::WhatsappNumber.eq(number.as_str());
    let found = businesses::Entity::find().filter(filter).one(db).await?;
    found.map(BusinessRecord::try_from).transpose()
}

/// All businesses in the order of their slugs, from the one after `after`.
///
/// # Errors
/// [`RecordsError`].
pub async fn list(
    db: &DatabaseConnection,
    after: Option<&Slug>,
    limit: u32,
) -> Result<Page<BusinessRecord, Slug>, RecordsError> {
    let mut query = businesses::Entity::find();
    if let Some(after) = after {
        query = query.filter(businesses::Column::Slug.gt(after.as_str()));
    }
    let rows = query.order_by_asc(businesses::Column::Slug).limit(rows_for(limit)).all(db).await?;
    let rows = rows.into_iter().map(BusinessRecord::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |business: &BusinessRecord| business.slug.clone()))
}

/// The numbers a business is called on, in order.
///
/// # Errors
/// [`RecordsError`].
pub async fn numbers(
    db: &DatabaseConnection,
    business: BusinessId,
) -> Result<Vec<PhoneNumber>, RecordsError> {
    let rows = business_numbers::Entity::find()
        .filter(business_numbers::Column::BusinessId.eq(business.0))
        .order_by_asc(business_numbers::Column::Number)
        .all(db)
        .await?;
    rows.iter().map(|row| column::id("business_numbers.number", &row.number)).collect()
}

/// One version of a business's prompt.
///
/// # Errors
/// [`RecordsError`].
pub async fn prompt(
    db: &DatabaseConnection,
    business: BusinessId,
    version: i32,
) -> Result<Option<String>, RecordsError> {
    let found = prompts::Entity::find_by_id((business.0, version)).one(db).await?;
    Ok(found.map(|prompt| prompt.text))
}

fn to_numbers() -> RelationDef {
    businesses::Entity::has_many(business_numbers::Entity).into()
}

fn to_newest_prompt() -> RelationDef {
    businesses::Entity::has_many(prompts::Entity)
        .on_condition(|business, prompt| {
            let newest = Query::select()
                .expr(Expr::col(("newest", prompts::Column::Version)).max())
                .from_as(prompts::Entity, "newest")
                .and_where(
                    Expr::col(("newest", prompts::Column::BusinessId))
                        .equals((business, businesses::Column::Id)),
                )
                .take();
            Expr::col((prompt, prompts::Column::Version)).eq(newest).into_condition()
        })
        .into()
}

fn to_lead_of(person: Option<&PhoneNumber>) -> RelationDef {
    // A comparison with null is never true: a withheld number has no lead here.
    let phone = person.map(|number| number.as_str().to_owned());
    businesses::Entity::has_many(leads::Entity)
        .on_condition(move |_, lead| {
            Expr::col((lead, leads::Column::Phone)).eq(Expr::val(phone.clone())).into_condition()
        })
        .into()
}

fn to_booked_after(now: Timestamp) -> RelationDef {
    leads::Entity::has_many(appointments::Entity)
        .on_condition(move |_, appointment| {
            let its = |column: appointments::Column| Expr::col((appointment.clone(), column));
            its(appointments::Column::Status)
                .eq(AppointmentStatus::Booked)
                .and(its(appointments::Column::EndsAt).gt(column::from_instant(now)))
                .into_condition()
        })
        .into()
}

/// One row of the joined tables: the business as often as the lead has appointments, or once.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "businesses::Entity")]
struct Found {
    #[sea_orm(nested)]
    business: businesses::Model,
    #[sea_orm(nested)]
    prompt: prompts::Model,
    #[sea_orm(nested)]
    lead: Option<leads::Model>,
    #[sea_orm(nested)]
    appointment: Option<appointments::Model>,
}

fn lookup(rows: Vec<Found>) -> Result<Option<VoiceLookup>, RecordsError> {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else { return Ok(None) };
    let appointments = std::iter::once(first.appointment).chain(rows.map(|row| row.appointment));
    Ok(Some(VoiceLookup {
        business: first.business.try_into()?,
        prompt_version: first.prompt.version,
        prompt_text: first.prompt.text,
        lead: first.lead.map(LeadRecord::try_from).transpose()?,
        appointments: (appointments.flatten())
            .map(AppointmentRecord::try_from)
            .collect::<Result<_, _>>()?,
    }))
}

impl TryFrom<businesses::Model> for BusinessRecord {
    type Error = RecordsError;

    fn try_from(row: businesses::Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: BusinessId(row.id),
            slug: column::id("businesses.slug", &row.slug)?,
            name: row.name,
            whatsapp_number: column::id_if_any("businesses.whatsapp_number", row.whatsapp_number)?,
            timezone: row.timezone,
            language: row.language,
            retention: column::seconds("businesses.retention_secs", row.retention_secs)?,
            settings: row.settings,
            created_at: column::instant("businesses.created_at", row.created_at)?,
            updated_at: column::instant("businesses.updated_at", row.updated_at)?,
        })
    }
}
