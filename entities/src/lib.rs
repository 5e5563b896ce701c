//! Frontdesk's tables and every query over them: nothing outside this crate writes SQL.
//!
//! One module per room. The tables themselves are private, and each query takes the
//! [`BusinessId`](protocol::ids::BusinessId) it may see, so that no caller can read or write
//! another business's rows. The exceptions are the ones that find a business in the first place
//! ([`businesses::find_for_voice`], [`businesses::find_by_slug`], [`businesses::list`],
//! [`businesses::import`]) and the start-up sweep, [`calls::live_all`]. Times and keys are
//! arguments: UTC instants, and UUIDs of version 7 made where the clock is read.

pub mod appointments;
pub mod businesses;
pub mod call_turns;
pub mod calls;
mod column;
mod connection;
mod error;
pub mod leads;
pub mod messages;
mod page;
#[expect(unreachable_pub, reason = "SeaORM's derives make everything beside a model public")]
mod tables;

pub use connection::{ConnectError, PoolSettings, connect};
pub use error::RecordsError;
pub use page::Page;
pub use sea_orm::DatabaseConnection;
