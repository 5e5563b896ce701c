//! Whether PostgreSQL would take writes. It is asked and not tried: a row that is rolled back would still be
//! written, and be left for its vacuum.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::error::RecordsError;

/// Tables that a call writes.
const TABLES: [&str; 6] =
    ["calls", "call_turns", "leads", "lead_changes", "appointments", "early_statuses"];

pub(super) async fn may_write(db: &DatabaseConnection) -> Result<(), RecordsError> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let may = TABLES.map(|table| format!("('{table}')")).join(", ");
    let question = format!(
        "SELECT string_agg(name, ', ') FROM (VALUES {may}) AS t (name) \
         WHERE NOT (has_table_privilege(name, 'INSERT') AND has_table_privilege(name, 'UPDATE') \
         AND has_table_privilege(name, 'DELETE'))"
    );
    let answer = db.query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await?;
    let forbidden: Option<String> =
        answer.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    if let Some(tables) = forbidden {
        let text = format!("the database's user may not write {tables}: grant it the rights");
        return Err(RecordsError::Database(DbErr::Custom(text)));
    }
    // Waits for whoever has locked one of them. In a transaction that is read-only, this fails with 25006,
    // although it finds no row.
    let each =
        TABLES.map(|table| format!("{table}_ AS (DELETE FROM {table} WHERE false)")).join(", ");
    db.execute_unprepared(&format!("WITH {each} SELECT 1")).await?;
    Ok(())
}
