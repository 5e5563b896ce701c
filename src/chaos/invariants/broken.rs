//! An invariant that did not hold.

use std::any::Any;
use std::fmt;
use std::time::Duration;

/// A number of the list in ARCHITECTURE.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invariant(pub u8);

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub invariant: Invariant,
    /// The call of the story, from 0; `None` if it is about all of them.
    pub call: Option<usize>,
    /// Virtual time since the run began.
    pub at: Duration,
    pub what: String,
}

impl Broken {
    /// The simulation's own thread panicked.
    pub(in crate::chaos) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let what = format!("a panic: {}", text.unwrap_or("without a message"));
        Self { invariant: NO_PANIC, call: None, at: Duration::ZERO, what }
    }
}

/// No part fails by itself.
const NO_PANIC: Invariant = Invariant(16);

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {}", self.0)
    }
}
