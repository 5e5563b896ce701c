//! Draws a story from a seed.

mod aimed;
mod callers;
mod chance;
mod model;
mod troubles;

use super::story::Story;
use chance::Chance;

pub(super) use callers::Called;

/// Draws the story of this seed, with so many calls.
#[must_use]
pub(super) fn story(seed: u64, calls: usize, businesses: &[Called]) -> Story {
    let mut chance = Chance::seeded(seed);
    let callers = callers::draw(&mut chance, calls, businesses);
    let model = model::draw(&mut chance);
    let mut troubles = troubles::draw(&mut chance, &callers);
    troubles.extend(aimed::draw(&mut chance, callers.len()));
    Story { seed, callers, troubles, model }
}

#[cfg(test)]
mod tests;
