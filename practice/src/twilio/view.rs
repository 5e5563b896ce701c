//! What can be seen of a call from outside: its view while it lasts, and its outcome.

mod call;
mod log;
mod outcome;
mod status;
mod stream;

pub use self::call::CallView;
pub use self::log::{Done, HeardSpeech, VerbRun, Webhook, WebhookRun};
pub use self::outcome::{CallOutcome, Recording, Track};
pub use self::status::{CallStatus, Direction, EndedBy};
pub use self::stream::{Echo, StreamEnd, StreamView};
