//! Frontdesk's schema as migrations, up and down, for SQLite and PostgreSQL.
//!
//! Both databases have the same tables. Only the rule against overlapping appointments differs: an
//! exclusion constraint in PostgreSQL, triggers in SQLite. The rows' types and queries are in
//! `entities`.

pub mod cli;
mod migrator;
pub mod presence;
mod runner;
pub mod scratch;

pub use migrator::Migrator;
pub use runner::{
    Changes, MigrateError, MigrationStatus, down, fresh, is_foreign, pending, status, up,
};
