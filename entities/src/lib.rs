//! Frontdesk's tables and every query over them. Nothing outside this crate writes SQL.
//!
//! Every query goes through one handle, [`Database`]. Nothing here awaits anything but the database.
//!
//! There is one module per subject. The tables are private. Each query takes the
//! [`BusinessId`](protocol::ids::BusinessId) whose rows it may see, so no caller can read or write
//! another business's rows. The exceptions find a business in the first place
//! ([`businesses::find_for_voice`], [`businesses::find_by_slug`],
//! [`businesses::find_by_whatsapp_number`], [`businesses::list`], [`businesses::names`],
//! [`businesses::import`], [`businesses::publish`]), or serve
//! the daemons themselves ([`calls::live_all`], [`calls::live_beside`], [`calls::lease_of_live`],
//! [`calls::check_fences`], [`call_snapshots::left_behind`], [`nodes`], [`outbox::due`]), a resume, which names the call alone
//! ([`call_snapshots::resume`], [`call_snapshots::of_any_business`]), the operator of all businesses
//! ([`calls::of_any_business`], [`tokens`]), know who asks ([`users`], [`sessions`], [`sign_ins`]) and
//! what they have done ([`audit`]), whoever takes up what nobody works on
//! ([`conversations::due_of_all`]), or the hashes of those who were erased
//! ([`privacy::to_carry_out`], [`privacy::kept`], [`calls::erased_of`]).
//!
//! Times and keys are arguments: UTC instants, and UUIDs of version 7 made by the caller's clock.

pub mod appointments;
pub mod audit;
pub mod businesses;
pub mod call_snapshots;
pub mod call_turns;
pub mod calls;
mod column;
mod connection;
pub mod conversations;
mod database;
pub mod drafts;
mod error;
pub mod leads;
pub mod messages;
pub mod nodes;
pub mod outbox;
mod page;
pub mod privacy;
pub mod retention;
mod search;
pub mod sessions;
pub mod settings_versions;
pub mod sign_ins;
#[expect(unreachable_pub, reason = "SeaORM's derives make everything beside a model public")]
mod tables;
pub mod tokens;
pub mod users;
mod values;

pub use connection::{
    ConnectError, OpenMode, PoolSettings, SQLITE_BUSY_TIMEOUT, is_url, sqlite_file,
    why_postgres_is_away,
};
pub use database::{
    Batch, Bell, Database, DatabaseFault, DatabaseFaults, FaultExtent, PoolView, Told, Writes,
};
pub use error::{RecordsError, Trouble};
pub use page::Page;
/// Every value of an enumeration, such as [`calls::CallStatus`].
pub use sea_orm::Iterable;
