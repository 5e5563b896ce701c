//! Table `calls`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::values::{CallDirection, CallStatus};

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "calls")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_sid: String,
    pub business_id: Uuid,
    pub lead_id: Option<Uuid>,
    pub direction: CallDirection,
    pub status: CallStatus,
    pub from_number: Option<String>,
    pub to_number: String,
    pub prompt_version: i32,
    pub started_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub duration_secs: Option<i64>,
    pub end_reason: Option<String>,
    pub ended_by: Option<String>,
    pub stats: Option<Json>,
    pub node_id: Option<Uuid>,
    pub fence: i32,
    /// The person was erased then.
    pub erased_at: Option<DateTimeUtc>,
    pub is_test: bool,
}

/// How a call has ended, if it has, and which node has it.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct EndRow {
    pub ended_at: Option<DateTimeUtc>,
    pub end_reason: Option<String>,
    pub status: CallStatus,
    pub answered_at: Option<DateTimeUtc>,
    pub node_id: Option<Uuid>,
    pub fence: i32,
}

/// A call, as it is read.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Row {
    pub call_sid: String,
    pub business_id: Uuid,
    pub lead_id: Option<Uuid>,
    pub direction: CallDirection,
    pub status: CallStatus,
    pub from_number: Option<String>,
    pub to_number: String,
    pub prompt_version: i32,
    pub started_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub duration_secs: Option<i64>,
    pub end_reason: Option<String>,
    pub ended_by: Option<String>,
    pub stats: Option<Json>,
    pub is_test: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::businesses::Entity",
        from = "Column::BusinessId",
        to = "super::businesses::Column::Id"
    )]
    Business,
}

impl Related<super::businesses::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Business.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
