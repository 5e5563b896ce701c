//! `frontdesk bench`: what a call costs. The daemon runs as a process of its own, and so does the load:
//! Twilio and OpenAI as small as they can be, both in one process, so that one clock stamps each frame and
//! reads the stamp. A bare relay under the same load is the yardstick. Nothing here is part of the daemon.
//!
//! [`run`], [`soak`] and [`ceiling`] are the bench; `load` and `relay` are its other processes.

mod ceiling;
mod error;
mod findings;
mod load;
mod pinning;
mod process;
mod relay;
mod report;
mod run;
mod runs;
mod soak;
mod subject;
mod svg;
mod texts;
mod trial;
mod wire;

pub use ceiling::{CeilingPlan, Ceilings, MOST, Try, ceiling};
pub use error::BenchError;
pub use load::load;
pub use relay::relay;
pub use report::found::{json as ceiling_json, text as ceiling_text};
pub use report::soaked::{json as soak_json, text as soak_text};
pub use report::{json, text};
pub use run::run;
pub use runs::{Plan, Report, Run, Sample};
pub use soak::{Soak, SoakPlan, soak};
pub use svg::{memory as soak_svg, ratios as svg};
pub use texts::{
    MOST_TEXTS, TextsPlan, TextsReport, json as texts_json, text as texts_text, texts,
};
