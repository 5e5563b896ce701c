//! Table `conversations`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "conversations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub business_id: Uuid,
    pub person: String,
    pub lead_id: Option<Uuid>,
    pub began_at: DateTimeUtc,
    pub active_at: DateTimeUtc,
    pub last_came_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    pub close_reason: Option<String>,
    pub notes: Option<String>,
    pub opted_out: bool,
    pub needs_person: Option<String>,
    pub needs_person_since: Option<DateTimeUtc>,
    pub state: Option<Json>,
    pub due: bool,
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<DateTimeUtc>,
    pub lease_fence: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
