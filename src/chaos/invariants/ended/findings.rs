//! What the checks find, and what they look at.

use std::time::Duration;

use super::sessions::Sessions;
use crate::chaos::ended::{Ended, EndedBusiness, EndedCall};
use crate::chaos::invariants::broken::{Broken, Invariant};
use crate::chaos::invariants::excuses::Excuses;
use crate::chaos::story::Setting;

/// One call, with all that is needed to judge it.
pub(super) struct Seen<'a> {
    pub(super) call: &'a EndedCall,
    pub(super) business: &'a EndedBusiness,
    pub(super) ended: &'a Ended,
    pub(super) sessions: &'a Sessions,
    pub(super) excuses: &'a Excuses,
    pub(super) setting: &'a Setting,
}

pub(super) struct Findings {
    at: Duration,
    pub(super) broken: Vec<Broken>,
}

impl Findings {
    pub(super) fn at(at: Duration) -> Self {
        Self { at, broken: Vec::new() }
    }

    pub(super) fn look(&mut self, invariant: u8, found: Result<(), String>) {
        self.look_at(invariant, None, found);
    }

    pub(super) fn look_at(
        &mut self,
        invariant: u8,
        call: Option<usize>,
        found: Result<(), String>,
    ) {
        if let Err(what) = found {
            let invariant = Invariant(invariant);
            self.broken.push(Broken { invariant, call, at: self.at, what });
        }
    }

    pub(super) fn about<'a>(&'a mut self, call: &EndedCall) -> CallFindings<'a> {
        CallFindings { findings: self, call: call.index }
    }
}

pub(super) struct CallFindings<'a> {
    findings: &'a mut Findings,
    call: usize,
}

impl CallFindings<'_> {
    pub(super) fn look(&mut self, invariant: u8, found: Result<(), String>) {
        self.findings.look_at(invariant, Some(self.call), found);
    }
}

/// An error with these words, unless `holds`.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
