//! The scenario file: the business, the caller's steps, faults, and the expected result.

mod expect;
mod file;
mod model;
mod script;
mod step;
mod twilio;

pub(super) use expect::{
    AgentLine, End, Expectations, HeardLine, LeadExpectation, ModelTold, ToolExpectation,
    TranscriptLine, Words,
};
pub use file::ScenarioError;
pub(crate) use script::Answers;
pub use script::{Scenario, Script};
pub(super) use step::Step;
pub use step::{Action, After, Happening};

#[cfg(test)]
mod tests;
