//! Table `leads`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::values::{LeadFields, LeadSource, LeadStatus};

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "leads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub business_id: Uuid,
    pub phone: Option<String>,
    pub call_sid: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
    pub status: LeadStatus,
    pub source: LeadSource,
    pub fields: LeadFields,
    pub last_call_sid: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// The person was erased then. Who they were is not known any more.
    pub erased_at: Option<DateTimeUtc>,
    /// A person of the business saw to it then.
    pub seen_to_at: Option<DateTimeUtc>,
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
