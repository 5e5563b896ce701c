//! Draws a story from a seed.

mod aimed;
mod callers;
mod chance;
mod endings;
mod model;
mod nodes;
mod troubles;
mod writers;

use super::story::{Fault, Setting, Story};
use chance::Chance;

pub(super) use callers::Called;

/// Of a hundred runs with several daemons, so many have no other troubles than the daemons'.
const CALM: u64 = 50;

/// Draws the story of this seed, with so many calls, for several daemons. The callers are those of one daemon.
#[must_use]
pub(super) fn story_of_nodes(
    seed: u64,
    calls: usize,
    nodes: usize,
    businesses: &[Called],
) -> Story {
    let mut story = Story { nodes, ..story(seed, calls, businesses) };
    if nodes > 1 {
        let mut chance = Chance::seeded(seed ^ 0x6e6f_6465);
        if chance.percent(CALM) {
            story.troubles.retain(|it| matches!(it.what, Fault::OperatorHangsUp { .. }));
            story.model = practice::openai::Behaviour::default();
        }
        story.troubles.extend(nodes::draw(&mut chance, nodes, &story.callers, nodes::in_a_scene));
    }
    story
}

/// As [`story_of_nodes`], for real processes: nobody sees when a scene of a call begins, and all else is well.
#[must_use]
pub(super) fn story_of_processes(
    seed: u64,
    calls: usize,
    nodes: usize,
    businesses: &[Called],
) -> Story {
    let mut chance = Chance::seeded(seed ^ 0x7072_6f63);
    let mut story = Story { nodes, ..story(seed, calls, businesses) };
    story.setting = Setting::default();
    story.model = practice::openai::Behaviour::default();
    story.writers.clear();
    story.troubles.retain(|it| matches!(it.what, Fault::OperatorHangsUp { .. }));
    let of_nodes = nodes::draw(&mut chance, nodes, &story.callers, nodes::at_a_time);
    for trouble in &mut story.troubles {
        if let Fault::OperatorHangsUp { call, .. } = trouble.what {
            trouble.at = nodes::at_a_time(&mut chance, call, &story.callers);
        }
    }
    story.troubles.extend(of_nodes);
    story
}

/// Draws the story of this seed, with so many calls.
#[must_use]
pub(super) fn story(seed: u64, calls: usize, businesses: &[Called]) -> Story {
    let mut chance = Chance::seeded(seed);
    let callers = callers::draw(&mut chance, calls, businesses);
    let model = model::draw(&mut chance);
    let mut troubles = troubles::draw(&mut chance, &callers);
    troubles.extend(aimed::draw(&mut chance, callers.len()));
    // From a chance of their own, so that the same seed has the same callers without them.
    let mut chance = Chance::seeded(seed ^ 0x7465_7874);
    let (writers, of_writers) = writers::draw(&mut chance, &callers, businesses);
    troubles.extend(of_writers);
    let setting = Setting::default();
    let mut story = Story { seed, nodes: 1, callers, writers, troubles, model, setting };
    endings::draw(&mut Chance::seeded(seed ^ 0x656e_6473), &mut story, businesses);
    story
}

#[cfg(test)]
mod tests;
