//! The Responses API, which answers written messages (WA-1): what is asked and how an answer is read.
//!
//! A [`TextRequest`] is one question to the text model, [`read_answer`] reads what came back. Retries,
//! time limits and the connection are `actors::text_model`'s.

mod answer;
mod error;
mod reply;
mod request;
mod schema;
#[cfg(test)]
mod tests;

pub use answer::{Asked, Outcome, ReplyFault, TextAnswer, ToolCall, ToolCalls, read_answer};
pub use error::{ApiError, ApiErrorClass, api_error};
pub use reply::{Control, EndClaim, ModelReply};
pub use request::{HistoryItem, TextRequest, Tools};
pub use schema::strict;
