//! Users of the console, their sessions, and what they have changed (CON-2).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, json_binary_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{drop_table, foreign_key, index, unique_index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(users()).await?;
        manager.create_index(unique_index("users_name", "users", &["name_key"])).await?;
        manager.create_table(user_businesses()).await?;
        manager.create_table(sessions()).await?;
        manager.create_index(index("sessions_of_user", "sessions", &["user_id"])).await?;
        manager.create_table(one_time_links()).await?;
        manager.create_table(sign_in_failures()).await?;
        manager.create_table(audit_log()).await?;
        let page = ["business_id", "id"];
        manager.create_index(index("audit_log_page", "audit_log", &page)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "audit_log",
            "sign_in_failures",
            "one_time_links",
            "sessions",
            "user_businesses",
            "users",
        ] {
            drop_table(manager, table).await?;
        }
        Ok(())
    }
}

fn users() -> TableCreateStatement {
    Table::create()
        .table("users")
        .col(uuid("id").primary_key())
        .col(text("name"))
        // The name in small letters: no two users differ by the case alone.
        .col(text("name_key"))
        .col(text("role"))
        // A PHC string. Null: a one-time link was given, and no password is chosen yet.
        .col(text_null("password"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("signed_in_at"))
        .take()
}

fn user_businesses() -> TableCreateStatement {
    Table::create()
        .table("user_businesses")
        .col(uuid("user_id"))
        .col(uuid("business_id"))
        .primary_key(Index::create().col("user_id").col("business_id"))
        .foreign_key(&mut of_user("user_businesses_user", "user_businesses"))
        .foreign_key(&mut foreign_key(
            "user_businesses_business",
            ("user_businesses", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        // Of the secret in the user's cookie.
        .col(text("hash").primary_key())
        .col(uuid("user_id"))
        // Goes into every form; it is worth nothing without the cookie.
        .col(text("csrf"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("seen_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut of_user("sessions_user", "sessions"))
        .take()
}

fn one_time_links() -> TableCreateStatement {
    Table::create()
        .table("one_time_links")
        .col(text("hash").primary_key())
        .col(uuid("user_id"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut of_user("one_time_links_user", "one_time_links"))
        .take()
}

/// Of names and addresses, as hashes: whoever mistakes the field types their password as the name.
fn sign_in_failures() -> TableCreateStatement {
    Table::create()
        .table("sign_in_failures")
        .col(text("subject").primary_key())
        .col(big_integer("failures"))
        .col(timestamp_with_time_zone("failed_at"))
        .col(timestamp_with_time_zone_null("blocked_until"))
        .take()
}

/// It outlives the users in it, so it names them and has no key to their rows.
fn audit_log() -> TableCreateStatement {
    Table::create()
        .table("audit_log")
        .col(uuid("id").primary_key())
        .col(timestamp_with_time_zone("at"))
        .col(uuid_null("user_id"))
        .col(text("user_name"))
        .col(text("action"))
        // Null: it concerns no business.
        .col(uuid_null("business_id"))
        .col(text_null("object"))
        .col(text_null("address"))
        .col(json_binary_null("detail"))
        // The person that the entry tells of, by which it is exported and erased.
        .col(text_null("person"))
        .col(uuid_null("lead_id"))
        .col(text_null("call_sid"))
        .foreign_key(&mut foreign_key(
            "audit_log_business",
            ("audit_log", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}

fn of_user(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    foreign_key(name, (table, &["user_id"]), ("users", &["id"]))
}
