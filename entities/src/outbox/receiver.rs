//! Who is told of a business's events.

use protocol::ids::{BusinessId, Slug};
use protocol::webhooks::{EventKind, Target, WebhookSecret};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::businesses::BusinessRecord;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::{businesses, subscriptions, webhooks};

/// Who is told, as a business's file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOutbox {
    pub webhook: Option<ImportWebhook>,
    pub subscriptions: Vec<(Target, EventKind)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportWebhook {
    pub url: String,
    /// `None`: the stored one stays.
    pub secret: Option<WebhookSecret>,
}

/// Who is told, and of which business.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub business: BusinessRecord,
    /// The URL and the secret; `None` if the business has no receiver.
    pub webhook: Option<(String, WebhookSecret)>,
}

impl Receiver {
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.business.slug
    }
}

/// Who is told of this business's events.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn receiver(db: &Database, business: BusinessId) -> Result<Receiver, RecordsError> {
    db.read(move |db| async move {
        let row = businesses::Entity::find_by_id(business.0).one(&db).await?;
        let business: BusinessRecord = row.ok_or(RecordsError::NotFound)?.try_into()?;
        let webhook = webhooks::Entity::find_by_id(business.id.0).one(&db).await?;
        let secret = |text: &str| {
            let unreadable = RecordsError::Corrupt { column: "webhooks.secret" };
            WebhookSecret::parse(text).map_err(|_| unreadable)
        };
        let webhook = webhook.map(|row| Ok::<_, RecordsError>((row.url, secret(&row.secret)?)));
        Ok(Receiver { business, webhook: webhook.transpose()? })
    })
    .await
}

/// Whether a secret is stored for the business with this slug.
pub async fn has_secret(db: &Database, slug: &Slug) -> Result<bool, RecordsError> {
    let slug = slug.clone();
    db.read(move |db| async move {
        let business =
            businesses::Entity::find().filter(businesses::Column::Slug.eq(slug.as_str()));
        let Some(business) = business.one(&db).await? else { return Ok(false) };
        Ok(webhooks::Entity::find_by_id(business.id).one(&db).await?.is_some())
    })
    .await
}

/// Replaces what is stored. `false` if there is no secret, neither here nor in the database.
pub(crate) async fn store_subscriptions(
    db: &DatabaseTransaction,
    business: BusinessId,
    outbox: ImportOutbox,
) -> Result<bool, RecordsError> {
    let stored = webhooks::Entity::find_by_id(business.0).one(db).await?;
    match outbox.webhook {
        None => {
            webhooks::Entity::delete_by_id(business.0).exec(db).await?;
        }
        Some(ImportWebhook { url, secret }) => {
            let secret = secret.map(|secret| secret.expose()).or(stored.map(|row| row.secret));
            let Some(secret) = secret else { return Ok(false) };
            let row = webhooks::ActiveModel {
                business_id: Set(business.0),
                url: Set(url),
                secret: Set(secret),
            };
            let again = OnConflict::column(webhooks::Column::BusinessId)
                .update_columns([webhooks::Column::Url, webhooks::Column::Secret])
                .to_owned();
            webhooks::Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
        }
    }
    let of_business = subscriptions::Column::BusinessId.eq(business.0);
    subscriptions::Entity::delete_many().filter(of_business).exec(db).await?;
    if outbox.subscriptions.is_empty() {
        return Ok(true);
    }
    let rows = outbox.subscriptions.into_iter().map(|(target, kind)| subscriptions::ActiveModel {
        business_id: Set(business.0),
        event: Set(kind.as_str().to_owned()),
        target: Set(target.as_str().to_owned()),
    });
    subscriptions::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(true)
}
