//! The REST API: authentication, routes, planned faults and a log of every request.

mod calls;
mod json;
pub(super) mod log;
mod messages;
mod reply;
mod route;
mod server;

pub use self::log::{RestFault, RestKind, RestRequest};
pub(super) use self::server::serve;
