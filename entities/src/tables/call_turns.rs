//! Table `call_turns`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::values::TurnRole;

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "call_turns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_sid: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub business_id: Uuid,
    pub role: TurnRole,
    pub item_id: Option<String>,
    pub text: Option<String>,
    pub heard_ms: Option<i64>,
    pub cut: bool,
    pub at: DateTimeUtc,
    pub waited_ms: Option<i64>,
    pub lasts_ms: Option<i64>,
    pub tool_call: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
