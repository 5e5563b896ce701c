//! Table `call_snapshots`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "call_snapshots")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_sid: String,
    pub business_id: Uuid,
    /// Milliseconds since the call began.
    pub taken_ms: i64,
    pub setup: String,
    pub state: String,
    pub resumes: String,
}

/// That there is one.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Presence {
    pub call_sid: String,
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
