//! Businesses, their phone numbers and their prompts.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Query};
use sea_orm::{
    ColumnTrait, DerivePartialModel, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};

use crate::appointments::{AppointmentRecord, AppointmentStatus};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::leads::LeadRecord;
use crate::page::{Page, rows_for};
use crate::tables::{appointments, business_numbers, businesses, leads, prompts};

mod import;

pub use import::{ImportBusiness, ImportError, Imported, import};

/// Bounds the part of the prompt that lists a person's appointments.
const MAX_APPOINTMENTS: u64 = 10;

#[derive(Debug, Clone, PartialEq)]
pub struct BusinessRecord {
    pub id: BusinessId,
    /// Its name in commands and URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The number that it sends messages from.
    pub whatsapp_number: Option<PhoneNumber>,
    /// An IANA time zone name.
    pub timezone: String,
    /// A BCP 47 tag.
    pub language: String,
    /// How long transcripts and messages are kept (OPS-7); in whole seconds.
    pub retention: Duration,
    /// All settings as they were imported.
    pub settings: serde_json::Value,
    /// The first import.
    pub created_at: Timestamp,
    /// The last import.
    pub updated_at: Timestamp,
}

/// What answering a call needs, in one read (CALL-1).
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceLookup {
    pub business: BusinessRecord,
    /// The version of the newest prompt.
    pub prompt_version: i32,
    pub prompt_text: String,
    /// `None` if the person is new, or withholds the number.
    pub lead: Option<LeadRecord>,
    /// The lead's booked appointments that have not ended, the next one first; at most ten.
    pub appointments: Vec<AppointmentRecord>,
}

/// Finds a business by one of its numbers, in one statement with its newest prompt, the person's lead
/// and the lead's appointments that end after `now`. A `their_number` of `None` is a withheld number.
pub async fn find_for_voice(
    db: &Database,
    our_number: &PhoneNumber,
    their_number: Option<&PhoneNumber>,
    now: Timestamp,
) -> Result<Option<VoiceLookup>, RecordsError> {
    let (our_number, their_number) = (our_number.clone(), their_number.cloned());
    db.read_first(move |db| async move {
        let (db, their_number) = (&db, their_number.as_ref());
        let rows = businesses::Entity::find()
            .join(JoinType::InnerJoin, join_numbers())
            .join(JoinType::InnerJoin, join_newest_prompt())
            .join(JoinType::LeftJoin, join_lead_with(their_number))
            .join(JoinType::LeftJoin, join_booked_after(now))
            .filter(business_numbers::Column::Number.eq(our_number.as_str()))
            .order_by_asc(appointments::Column::StartsAt)
            .limit(MAX_APPOINTMENTS)
            .into_partial_model::<VoiceRow>()
            .all(db)
            .await?;
        collect_lookup(rows)
    })
    .await
}

pub async fn find_by_slug(
    db: &Database,
    slug: &Slug,
) -> Result<Option<BusinessRecord>, RecordsError> {
    let slug = slug.clone();
    db.read(move |db| async move {
        let db = &db;
        let filter = businesses::Column::Slug.eq(slug.as_str());
        let found = businesses::Entity::find().filter(filter).one(db).await?;
        found.map(BusinessRecord::try_from).transpose()
    })
    .await
}

/// Finds the business that sends messages from a number (WA-1).
pub async fn find_by_whatsapp_number(
    db: &Database,
    number: &PhoneNumber,
) -> Result<Option<BusinessRecord>, RecordsError> {
    let number = number.clone();
    db.read(move |db| async move {
        let db = &db;
        let filter = businesses::Column::WhatsappNumber.eq(number.as_str());
        let found = businesses::Entity::find().filter(filter).one(db).await?;
        found.map(BusinessRecord::try_from).transpose()
    })
    .await
}

/// A page of all businesses, ordered by slug, that begins behind `after`.
pub async fn list(
    db: &Database,
    after: Option<&Slug>,
    limit: u32,
) -> Result<Page<BusinessRecord, Slug>, RecordsError> {
    let after = after.cloned();
    db.read(move |db| async move {
        let db = &db;
        let mut query = businesses::Entity::find();
        if let Some(after) = after {
            query = query.filter(businesses::Column::Slug.gt(after.as_str()));
        }
        let rows =
            query.order_by_asc(businesses::Column::Slug).limit(rows_for(limit)).all(db).await?;
        let rows = rows.into_iter().map(BusinessRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |business: &BusinessRecord| business.slug.clone()))
    })
    .await
}

/// A business's phone numbers, sorted.
pub async fn numbers(
    db: &Database,
    business: BusinessId,
) -> Result<Vec<PhoneNumber>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let rows = business_numbers::Entity::find()
            .filter(business_numbers::Column::BusinessId.eq(business.0))
            .order_by_asc(business_numbers::Column::Number)
            .all(db)
            .await?;
        rows.iter().map(|row| column::id("business_numbers.number", &row.number)).collect()
    })
    .await
}

/// One version of a business's prompt.
pub async fn prompt(
    db: &Database,
    business: BusinessId,
    version: i32,
) -> Result<Option<String>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let found = prompts::Entity::find_by_id((business.0, version)).one(db).await?;
        Ok(found.map(|prompt| prompt.text))
    })
    .await
}

fn join_numbers() -> RelationDef {
    businesses::Entity::has_many(business_numbers::Entity).into()
}

fn join_newest_prompt() -> RelationDef {
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

fn join_lead_with(phone: Option<&PhoneNumber>) -> RelationDef {
    // A comparison with null is never true: a withheld number finds no lead.
    let phone = phone.map(|number| number.as_str().to_owned());
    businesses::Entity::has_many(leads::Entity)
        .on_condition(move |_, lead| {
            Expr::col((lead, leads::Column::Phone)).eq(Expr::val(phone.clone())).into_condition()
        })
        .into()
}

fn join_booked_after(now: Timestamp) -> RelationDef {
    leads::Entity::has_many(appointments::Entity)
        .on_condition(move |_, appointment| {
            let column_of = |column: appointments::Column| Expr::col((appointment.clone(), column));
            column_of(appointments::Column::Status)
                .eq(AppointmentStatus::Booked)
                .and(column_of(appointments::Column::EndsAt).gt(column::from_instant(now)))
                .into_condition()
        })
        .into()
}

/// One row of the join. There is one per appointment of the lead, or one without an appointment.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "businesses::Entity")]
struct VoiceRow {
    #[sea_orm(nested)]
    business: businesses::Model,
    #[sea_orm(nested)]
    prompt: prompts::Model,
    #[sea_orm(nested)]
    lead: Option<leads::Model>,
    #[sea_orm(nested)]
    appointment: Option<appointments::Model>,
}

fn collect_lookup(rows: Vec<VoiceRow>) -> Result<Option<VoiceLookup>, RecordsError> {
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
            whatsapp_number: column::optional_id(
                "businesses.whatsapp_number",
                row.whatsapp_number,
            )?,
            timezone: row.timezone,
            language: row.language,
            retention: column::seconds("businesses.retention_secs", row.retention_secs)?,
            settings: row.settings,
            created_at: column::instant("businesses.created_at", row.created_at)?,
            updated_at: column::instant("businesses.updated_at", row.updated_at)?,
        })
    }
}
