//! The migrations: up, down, up again, and what they refuse.

use entities::{Database, OpenMode, PoolSettings};
use migration::cli::{Command, Report, run};
use migration::{MigrateError, MigrationStatus};
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::SchemaManager;

use crate::support::{migrate, on_each, on_each_bare, two_businesses};

const TABLES: [&str; 28] = [
    "businesses",
    "business_numbers",
    "prompts",
    "leads",
    "lead_changes",
    "appointments",
    "calls",
    "call_turns",
    "conversations",
    "call_snapshots",
    "call_snapshot_entries",
    "early_statuses",
    "messages",
    "deleted_counts",
    "erasures",
    "opt_outs",
    "webhooks",
    "subscriptions",
    "outbox",
    "tokens",
    "users",
    "user_businesses",
    "sessions",
    "one_time_links",
    "sign_in_failures",
    "audit_log",
    "settings_versions",
    "drafts",
];

/// How many migrations there are.
const MIGRATIONS: usize = 21;

/// The URL of a database that nobody else can be on.
const ALONE: &str = "sqlite::memory:";

async fn tables_there(db: &Database) -> usize {
    let there = db.read(|db| async move {
        let mut there = 0;
        for table in TABLES {
            there += usize::from(SchemaManager::new(&db).has_table(table).await?);
        }
        Ok::<_, DbErr>(there)
    });
    there.await.unwrap()
}

#[tokio::test]
async fn the_schema_goes_up_down_and_up_again() {
    on_each_bare(async |db| {
        let all = db.read(|db| async move { migration::pending(&db).await }).await.unwrap();
        assert_eq!(
            all.len(),
            MIGRATIONS,
            "every migration is pending on an empty database: {all:?}"
        );
        assert_eq!(
            db.write(move |db| async move { migration::up(&db, None).await })
                .await
                .unwrap()
                .applied,
            all
        );
        assert_eq!(tables_there(db).await, TABLES.len());
        assert!(
            db.read(|db| async move { migration::pending(&db).await }).await.unwrap().is_empty()
        );

        let down =
            db.write(move |db| async move { migration::down(&db, None).await }).await.unwrap();
        assert_eq!(down.reverted, all.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(tables_there(db).await, 0);

        db.write(move |db| async move { migration::up(&db, Some(2)).await }).await.unwrap();
        assert_eq!(
            db.read(|db| async move { migration::pending(&db).await }).await.unwrap(),
            all[2..]
        );
        db.write(move |db| async move { migration::up(&db, None).await }).await.unwrap();
        assert_eq!(tables_there(db).await, TABLES.len());
        two_businesses(db).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_migrations_apply_each_migration_once() {
    on_each_bare(async |db| {
        let mut movers = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let db = db.clone();
            movers.spawn(async move {
                db.write(move |db| async move { migration::up(&db, None).await })
                    .await
                    .unwrap()
                    .applied
                    .len()
            });
        }
        let mut applied = movers.join_all().await;
        applied.sort_unstable();
        assert_eq!(applied, [0, 0, 0, 0, 0, MIGRATIONS]);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_migration_is_refused_by_name() {
    on_each(async |db| {
        let sql = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2099_later', 0)";
        db.write(move |db| async move { db.execute_unprepared(sql).await }).await.unwrap();
        let error =
            db.write(move |db| async move { migration::up(&db, None).await }).await.unwrap_err();
        assert!(
            matches!(&error, MigrateError::UnknownMigrations(names) if names == &["m2099_later"])
        );
        assert!(db.read(|db| async move { migration::pending(&db).await }).await.is_err());
        assert!(
            db.write(move |db| async move { migration::down(&db, Some(1)).await }).await.is_err()
        );
        assert_eq!(tables_there(db).await, TABLES.len());
    })
    .await;
}

#[tokio::test]
async fn the_commands_report_what_they_did_and_fresh_needs_a_confirmation() {
    on_each(async |db| {
        two_businesses(db).await;
        let refused = db
            .write(|db| async move { run(Command::Fresh { yes: false }, &db, ALONE).await })
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("--yes"));
        assert_eq!(entities::businesses::list(db, None, 10).await.unwrap().items.len(), 2);

        let report = db
            .write(|db| async move { run(Command::Fresh { yes: true }, &db, ALONE).await })
            .await
            .unwrap();
        let Report::Changed(progress) = &report else { panic!("{report:?}") };
        assert_eq!((progress.reverted.len(), progress.applied.len()), (MIGRATIONS, MIGRATIONS));
        assert!(entities::businesses::list(db, None, 10).await.unwrap().items.is_empty());

        db.write(|db| async move {
            run(Command::Down { steps: 1, all: false, yes: true }, &db, ALONE).await
        })
        .await
        .unwrap();
        let report =
            db.write(|db| async move { run(Command::Status, &db, ALONE).await }).await.unwrap();
        let Report::Status(statuses) = &report else { panic!("{report:?}") };
        assert_eq!(statuses.iter().filter(|(_, s)| *s == MigrationStatus::Pending).count(), 1);
        assert!(
            report.to_string().ends_with("pending  m20261129_000021_audit_of_user"),
            "{report}"
        );

        db.write(|db| async move { run(Command::Up { steps: None }, &db, ALONE).await })
            .await
            .unwrap();
        let idle = db
            .write(|db| async move { run(Command::Up { steps: None }, &db, ALONE).await })
            .await
            .unwrap();
        assert_eq!(idle.to_string(), "nothing to do");
    })
    .await;
}

#[tokio::test]
async fn a_database_in_memory_outlives_its_statements_and_its_transactions() {
    for url in ["sqlite::memory:", "sqlite://frontdesk?mode=memory"] {
        let db = Database::connect(url, PoolSettings::default(), OpenMode::Create).await.unwrap();
        migrate(&db).await;
        let [locks, clinic] = two_businesses(&db).await;
        assert_ne!(locks, clinic);
        assert_eq!(entities::businesses::list(&db, None, 10).await.unwrap().items.len(), 2);
    }
}
