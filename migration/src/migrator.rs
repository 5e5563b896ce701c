//! The list of migrations, oldest first, and what their files share.

use sea_orm_migration::prelude::*;

mod m20261121_000001_businesses;
mod m20261121_000002_leads;
mod m20261121_000003_appointments;
mod m20261121_000004_calls;
mod m20261121_000005_messages;
mod m20261121_000006_lead_changes;

/// Every migration of Frontdesk. Prefer [`crate::up`] and [`crate::down`], which hold a lock.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_businesses::Migration),
            Box::new(m20261121_000002_leads::Migration),
            Box::new(m20261121_000003_appointments::Migration),
            Box::new(m20261121_000004_calls::Migration),
            Box::new(m20261121_000005_messages::Migration),
            Box::new(m20261121_000006_lead_changes::Migration),
        ]
    }
}

/// A foreign key over `columns` to columns of the same or of the given names in `parent`.
///
/// Most keys here are pairs with the business's id, so that the database itself refuses a row that
/// would tie one business's record to another's.
fn foreign_key(
    name: &'static str,
    child: (&'static str, &[&'static str]),
    parent: (&'static str, &[&'static str]),
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(name).from_tbl(child.0).to_tbl(parent.0);
    for column in child.1 {
        key.from_col(*column);
    }
    for column in parent.1 {
        key.to_col(*column);
    }
    key.take()
}

fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index.take()
}

fn unique_index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

async fn drop_table(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(table).take()).await
}
