//! Frontdesk's schema as migrations, up and down, for SQLite and PostgreSQL.
//!
//! The same tables on both; where only the database itself can refuse something (two overlapping
//! appointments), each does it in its own way. The rows' types and queries live in `entities`.

pub mod cli;
mod migrator;
mod runner;

pub use migrator::Migrator;
pub use runner::{MigrateError, Progress, Standing, down, fresh, pending, status, up};
