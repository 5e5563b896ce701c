//! The numbered invariants of ARCHITECTURE.md, as they can be seen from outside. While the calls run they
//! are checked on the trace; after their end, on what Twilio, the model and the database hold.

mod broken;
mod ended;
mod excuses;
mod watcher;

pub use broken::{Broken, Invariant};
pub(super) use ended::check as check_ended;
pub(super) use watcher::Watcher;
