//! Table `messages`.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::values::{
    MediaItems, MessageAuthor, MessageCost, MessageDirection, MessageKind, MessageStatus,
};

#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
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
    pub kind: MessageKind,
    pub media: Option<MediaItems>,
    pub handled: bool,
    pub author: Option<MessageAuthor>,
    pub error_code: Option<i64>,
    pub cost: Option<MessageCost>,
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
