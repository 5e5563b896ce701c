//! What became of a wish. How a model is told of it is in `tool`.

use jiff::civil::Date;

use super::refusal::Refusal;
use super::tool::{Answers, Booked, Free};
use crate::call::ToolOutcome;

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// These slots are free.
    Offered {
        /// The date that was asked for.
        asked: Date,
        /// That date's, or those of the next that has some.
        free: Free,
    },
    /// The appointment stands.
    Booked(Booked),
    /// The appointment is no more.
    Cancelled(Booked),
    /// Nothing was cancelled, since it was not said which of these.
    WhichOf(Vec<Booked>),
    /// Nothing was done; what is free instead, if anything is.
    Refused(Refusal, Option<Free>),
}

impl Answers<'_> {
    /// What a model is told of it.
    #[must_use]
    pub fn tell(&self, done: &Done) -> ToolOutcome {
        match done {
            Done::Offered { asked, free } => self.offered(*asked, free),
            Done::Booked(booked) => self.booked(*booked),
            Done::Cancelled(cancelled) => self.cancelled(*cancelled),
            Done::WhichOf(mine) => self.which_of(mine),
            Done::Refused(refusal, free) => self.refused(refusal, free.as_ref()),
        }
    }
}
