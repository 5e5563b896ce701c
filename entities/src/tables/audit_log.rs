//! Table `audit_log`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: DateTimeUtc,
    pub user_id: Option<Uuid>,
    pub user_name: String,
    pub action: String,
    pub business_id: Option<Uuid>,
    pub object: Option<String>,
    pub address: Option<String>,
    pub detail: Option<Json>,
    pub person: Option<String>,
    pub lead_id: Option<Uuid>,
    pub call_sid: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
