//! Several writes in one transaction.

use std::future::Future;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};

use super::{Database, Told};
use crate::connection::begin_write;
use crate::error::RecordsError;

/// Where a write is made: in a database, as a unit of its own, or in a batch.
pub trait Writes: Sync {
    type Connection: ConnectionTrait
        + TransactionTrait<Transaction = DatabaseTransaction>
        + Send
        + 'static;

    /// To be held by what writes events, until they are written.
    fn told(&self) -> Told;

    fn write_here<T, W>(
        &self,
        work: impl FnOnce(Arc<Self::Connection>) -> W + Send,
    ) -> impl Future<Output = Result<T, RecordsError>> + Send
    where
        W: Future<Output = Result<T, RecordsError>> + Send + 'static,
        T: Send + 'static;
}

impl Writes for Database {
    type Connection = DatabaseConnection;

    fn told(&self) -> Told {
        Self::told(self)
    }

    async fn write_here<T, W>(
        &self,
        work: impl FnOnce(Arc<DatabaseConnection>) -> W + Send,
    ) -> Result<T, RecordsError>
    where
        W: Future<Output = Result<T, RecordsError>> + Send + 'static,
        T: Send + 'static,
    {
        self.write(|db| work(Arc::new(db))).await
    }
}

/// An open transaction. What is written in it is seen by nobody before all of it is done.
#[derive(Debug)]
pub struct Batch {
    transaction: Arc<DatabaseTransaction>,
    told: Told,
}

impl Writes for Batch {
    type Connection = DatabaseTransaction;

    fn told(&self) -> Told {
        self.told.clone()
    }

    async fn write_here<T, W>(
        &self,
        work: impl FnOnce(Arc<DatabaseTransaction>) -> W + Send,
    ) -> Result<T, RecordsError>
    where
        W: Future<Output = Result<T, RecordsError>> + Send + 'static,
        T: Send + 'static,
    {
        work(Arc::clone(&self.transaction)).await
    }
}

impl Database {
    /// The writes of `work`, as one unit in one transaction: all of them are made, or none. After an
    /// error PostgreSQL takes nothing more in the transaction, so `work` ends with the first.
    ///
    /// An asker that has given up may write the same again, and what comes after it. So a batch that
    /// nobody waits for any more is not committed.
    pub async fn write_batch<W>(
        &self,
        work: impl FnOnce(Batch) -> W + Send + 'static,
    ) -> Result<(), RecordsError>
    where
        W: Future<Output = Result<Batch, RecordsError>> + Send + 'static,
    {
        let asker = Arc::new(());
        let waiting = Arc::downgrade(&asker);
        let told = self.told();
        let written = self.write(|db| async move {
            let transaction = Arc::new(begin_write(&db).await?);
            let Batch { transaction, told } = work(Batch { transaction, told }).await?;
            let Some(transaction) = Arc::into_inner(transaction) else {
                return Err(DbErr::Custom("a write of the batch goes on".to_owned()).into());
            };
            if waiting.strong_count() == 0 {
                return Err(DbErr::Custom("nobody waits for the batch".to_owned()).into());
            }
            transaction.commit().await?;
            // Now others see the events.
            drop(told);
            Ok(())
        });
        let written = written.await;
        drop(asker);
        written
    }
}
