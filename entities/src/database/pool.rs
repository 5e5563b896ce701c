//! How the pool's connections are used.

use sea_orm::{DbBackend, sqlx};

use super::Database;

/// The pool's connections at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolView {
    pub busy: u32,
    pub idle: u32,
    /// As many as the pool opens.
    pub most: u32,
}

impl Database {
    #[must_use]
    pub fn pool(&self) -> PoolView {
        if self.connection.get_database_backend() == DbBackend::Postgres {
            view(self.connection.get_postgres_connection_pool())
        } else {
            view(self.connection.get_sqlite_connection_pool())
        }
    }
}

fn view<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> PoolView {
    let (open, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
    let most = pool.options().get_max_connections();
    // The two are read one after the other.
    PoolView { busy: open.saturating_sub(idle), idle, most }
}
