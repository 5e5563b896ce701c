//! Table `lead_changes`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// `leads::ChangedBy` without the CallSid, which has its own column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ChangeSource {
    Call,
    Message,
    Api,
}

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "lead_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub business_id: Uuid,
    pub at: DateTimeUtc,
    pub changed_by: ChangeSource,
    pub call_sid: Option<String>,
    pub field: String,
    pub old_value: Option<String>,
    pub new_value: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
