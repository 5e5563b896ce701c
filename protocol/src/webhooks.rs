//! Events for other systems (OPS-13): their names, their signature, where they may be sent, and when again.
//!
//! The signature is that of Standard Webhooks. The rows are `entities::outbox`; the sender is in `actors`.

mod address;
mod event;
mod retry;
mod signature;

pub use address::{UrlFlaw, check_url, is_public};
pub use event::{EventKind, Target, event_id};
pub use retry::{GIVE_UP_AFTER, give_up_at, pause_after};
pub use signature::{InvalidSecret, Unverified, WebhookSecret};
