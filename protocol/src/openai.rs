//! OpenAI's wires as types: the events of a Realtime session (GA version of the API), and the Responses
//! API for written messages ([`responses`]).
//!
//! In a session the daemon writes [`client_event`]s and [`session`] settings, and reads [`server_event`]s. [`fault`]
//! classifies errors, closes and refusals; [`usage`] computes costs. The socket is owned by
//! `actors::realtime`.

pub mod client_event;
pub mod fault;
pub mod item;
pub mod response_done;
pub mod responses;
pub mod scripted;
pub mod server_event;
pub mod session;
mod session_check;
pub mod transcription;
pub mod usage;

pub use client_event::{ClientEvent, NewItem, ResponseSettings, write_append};
pub use fault::{ConnectionClass, ErrorClass, ErrorEvent, FailureClass, FatalCause};
pub use item::{ConversationItem, FunctionCall, ItemKind, ItemStatus, Role};
pub use response_done::{ResponseDone, ResponseStatus};
pub use server_event::{AudioDelta, MalformedEvent, ServerEvent, ServerFrame};
pub use session::{SessionSettings, realtime_url};
pub use session_check::SessionMismatch;
pub use usage::Usage;
