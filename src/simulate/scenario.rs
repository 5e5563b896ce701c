//! The scenario file: the business, the caller's steps, faults, and the expected result.

mod expect;
mod file;
mod model;
mod script;
mod step;
mod twilio;
mod writing;

pub(super) use expect::{
    AgentLine, End, Expectations, HeardLine, LeadExpectation, MessageExpectation, MessageText,
    ModelTold, TextModelExpectation, ToolExpectation, TranscriptLine, Words,
};
pub use file::ScenarioError;
pub(crate) use script::Answers;
pub(super) use script::Calling;
pub use script::{Scenario, Script};
pub(super) use step::Step;
pub use step::{Action, After, Happening};
pub use writing::Writing;

#[cfg(test)]
mod tests;
