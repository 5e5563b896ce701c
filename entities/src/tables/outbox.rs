//! Table `outbox`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::values::OutboxState;

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub id: Uuid,
    pub business_id: Uuid,
    pub target: String,
    pub event: String,
    pub series: Option<String>,
    pub call_sid: Option<String>,
    pub lead_id: Option<Uuid>,
    pub person: Option<String>,
    pub data: Option<Json>,
    pub prepared: bool,
    pub state: OutboxState,
    pub created_at: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub tries: i64,
    pub first_tried_at: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub last_error: Option<String>,
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
