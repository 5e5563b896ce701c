//! What is said on the socket to OpenAI Realtime (the GA shape of the API), as types.
//!
//! [`client_event`] and [`session`] are what the daemon says. The socket itself is the work of
//! `actors::realtime`.

pub mod client_event;
pub mod item;
pub mod scripted;
pub mod session;
mod session_check;

pub use client_event::{ClientEvent, NewItem, ResponseSettings, write_append};
pub use item::{ConversationItem, FunctionCall, ItemKind, ItemStatus, Role};
pub use session::{SessionSettings, realtime_url};
pub use session_check::SessionMismatch;
