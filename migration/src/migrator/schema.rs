//! Builders of indexes and foreign keys, shared by the migrations.

use sea_orm_migration::prelude::*;

/// A foreign key from the columns of `child` to those of `parent`.
///
/// Most keys contain the business's id, so that the database refuses a row that links records of two
/// businesses.
pub(super) fn foreign_key(
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

pub(super) fn index(
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

pub(super) fn unique_index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

pub(super) async fn drop_table(
    manager: &SchemaManager<'_>,
    table: &'static str,
) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(table).take()).await
}
