//! `frontdesk bench`: what a call costs. The daemon runs as a process of its own, and so does the load:
//! Twilio and OpenAI as small as they can be, both in one process, so that one clock stamps each frame and
//! reads the stamp. A bare relay under the same load is the yardstick. Nothing here is part of the daemon.
//!
//! [`run`] is the bench; `load` and `relay` are its other processes.

mod error;
mod findings;
mod load;
mod pinning;
mod process;
mod relay;
mod report;
mod run;
mod runs;
mod subject;
mod wire;

pub use error::BenchError;
pub use load::load;
pub use relay::relay;
pub use report::{json, text};
pub use run::run;
pub use runs::{Plan, Report, Run};
