//! Table `messages`.

use sea_orm::entity::prelude::*;

use crate::values::{MessageDirection, MessageStatus};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub business_id: Uuid,
    pub person: String,
    pub direction: MessageDirection,
    pub provider_sid: Option<String>,
    pub body: String,
    pub status: MessageStatus,
    pub created_at: DateTimeUtc,
    pub in_reply_to: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
