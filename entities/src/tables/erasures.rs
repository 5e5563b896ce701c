//! Table `erasures`.

use sea_orm::entity::prelude::*;

use crate::values::AskedBy;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "erasures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub business_id: Uuid,
    pub person: String,
    pub key_id: String,
    pub asked_by: AskedBy,
    pub asked_at: DateTimeUtc,
    pub lead_id: Option<Uuid>,
    pub done_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
