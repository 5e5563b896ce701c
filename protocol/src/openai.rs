//! What is said on the socket to OpenAI Realtime (the GA shape of the API), as types.
//!
//! [`client_event`] and [`session`] are what the daemon says, [`server_event`] what it hears,
//! [`fault`] what an error, a close or a refusal means for the session, [`usage`] what it costs.
//! The socket itself is the work of `actors::realtime`.

pub mod client_event;
pub mod fault;
pub mod item;
pub mod response_done;
pub mod scripted;
pub mod server_event;
pub mod session;
mod session_check;
pub mod usage;

pub use client_event::{ClientEvent, NewItem, ResponseSettings, write_append};
pub use fault::{ErrorClass, ErrorEvent, FailureClass, FatalCause, Remedy};
pub use item::{ConversationItem, FunctionCall, ItemKind, ItemStatus, Role};
pub use response_done::{ResponseDone, ResponseStatus};
pub use server_event::{MalformedEvent, ServerEvent};
pub use session::{SessionSettings, realtime_url};
pub use session_check::SessionMismatch;
pub use usage::Usage;
