use std::time::Duration;

use super::ended::Endings;
use super::invariants::Broken;

/// What came of one story.
#[derive(Debug)]
pub struct Played {
    /// The first invariant that did not hold.
    pub broken: Option<Broken>,
    /// What happened before it broke: of the call that it is about, or of all.
    pub last_events: Vec<String>,
    /// Virtual time.
    pub took: Duration,
    pub endings: Endings,
}
