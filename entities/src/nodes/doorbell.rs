//! PostgreSQL's notifications and advisory locks. A notification only wakes: what it is about is in the
//! tables, so a lost one is found by the next look.

use protocol::ids::NodeId;
use sea_orm::sqlx::postgres::{PgListener, PgPoolOptions};
use sea_orm::sqlx::{self, Connection as _, PgConnection};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};

use crate::database::Database;
use crate::error::RecordsError;

/// One channel for all nodes of a database. The payload is the node that is meant.
const CHANNEL: &str = "frontdesk_nodes";
/// The first half of the key of each advisory lock.
const LOCKS: i32 = 0x46_44_4c;

/// Rings at a node as soon as what is written in this unit of work can be read. Only PostgreSQL can.
pub(super) async fn ring(db: &DatabaseConnection, node: NodeId) -> Result<(), RecordsError> {
    if db.get_database_backend() == DbBackend::Postgres {
        let values = [CHANNEL.into(), node.to_string().into()];
        let sql = "SELECT pg_notify($1, $2)";
        db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}

/// A connection that hears when somebody rings at a node.
#[derive(Debug)]
pub struct Doorbell {
    listener: PgListener,
    node: NodeId,
}

impl Doorbell {
    /// On a PostgreSQL database, over a connection of its own.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn listen(db: &Database, node: NodeId) -> Result<Self, RecordsError> {
        let options = db.connection().get_postgres_connection_pool().connect_options();
        let own = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = own.connect_lazy_with((*options).clone());
        let mut listener = PgListener::connect_with(&own).await.map_err(failed)?;
        listener.listen(CHANNEL).await.map_err(failed)?;
        Ok(Self { listener, node })
    }

    /// Returns when somebody rings, or when some rings may have been missed: the connection was lost.
    ///
    /// # Errors
    /// [`RecordsError`] if it can't be made again.
    pub async fn rings(&mut self) -> Result<(), RecordsError> {
        let node = self.node.to_string();
        loop {
            match self.listener.try_recv().await.map_err(failed)? {
                Some(rung) if rung.payload() == node => return Ok(()),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }
}

/// A lock among all nodes of a PostgreSQL database. It is free again when its connection ends: when this is
/// dropped, or its daemon dies.
#[derive(Debug)]
pub struct Lock(PgConnection);

impl Lock {
    /// `None` if another node has it.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn try_take(db: &Database, key: i32) -> Result<Option<Self>, RecordsError> {
        let options = db.connection().get_postgres_connection_pool().connect_options();
        let mut connection = PgConnection::connect_with(&options).await.map_err(failed)?;
        let asked = sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCKS)
            .bind(key)
            .fetch_one(&mut connection);
        let taken = asked.await.map_err(failed)?;
        Ok(taken.then_some(Self(connection)))
    }

    /// Whether the connection, and so the lock, still lives.
    pub async fn is_held(&mut self) -> bool {
        sqlx::query("SELECT 1").execute(&mut self.0).await.is_ok()
    }
}

fn failed(error: sqlx::Error) -> RecordsError {
    RecordsError::Database(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}
