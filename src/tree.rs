//! Draws the actors as a tree of text, with the state of each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actors::introspection::{ActorKind, ActorView};
use protocol::ids::CallSid;

use crate::table::{cut, one_line, table};

/// The most characters of a line with an actor's last error: what a terminal shows.
const LONGEST_ERROR: usize = 80;
/// What is shown of a SID: its last characters, which tell calls apart, and by which `frontdesk calls show` finds one.
const END_OF_SID: usize = 8;

/// The tree of each node. With several, the node stands above it.
#[must_use]
pub fn draw(actors: &[ActorView]) -> String {
    let nodes: BTreeSet<_> = actors.iter().map(|actor| &actor.node).collect();
    if nodes.len() < 2 {
        return draw_one(actors);
    }
    let trees = nodes.into_iter().map(|node| {
        let own: Vec<_> = actors.iter().filter(|actor| actor.node == *node).cloned().collect();
        format!("{node}\n{}", draw_one(&own))
    });
    trees.collect::<Vec<_>>().join("\n")
}

/// One line for each actor, and another below it for its last error. Siblings are in the order of their starts. An
/// actor whose supervisor is missing is drawn as a root.
fn draw_one(actors: &[ActorView]) -> String {
    let heading = ["ACTOR", "STATE", "RESTARTS", "DEPTH", "HANDLED", "AGE"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let mut errors = vec![None];
    let forest = Forest::of(actors);
    for root in forest.under(None) {
        forest.add(root, ("", ""), &mut rows, &mut errors);
    }
    align_right(&mut rows, 2..=5);
    let table = table(&rows);
    let lines = table.lines().zip(errors).flat_map(|(line, error)| {
        let error = error.map(|error| cut(&error, LONGEST_ERROR));
        std::iter::once(line.to_owned()).chain(error)
    });
    lines.map(|line| line + "\n").collect()
}

/// Actors by their supervisor's id; the roots are under `None`.
pub(crate) struct Forest<'a>(BTreeMap<Option<u64>, Vec<&'a ActorView>>);

impl<'a> Forest<'a> {
    /// Of one node: each numbers its actors for itself.
    pub(crate) fn of(actors: &'a [ActorView]) -> Self {
        let ids: BTreeSet<_> = actors.iter().map(|actor| actor.id).collect();
        let mut children = BTreeMap::<_, Vec<_>>::new();
        for actor in actors {
            // A supervisor is older than its children. Any other parent would make a circle.
            let parent = actor.parent.filter(|parent| *parent < actor.id && ids.contains(parent));
            children.entry(parent).or_default().push(actor);
        }
        for siblings in children.values_mut() {
            siblings.sort_by_key(|actor| actor.id);
        }
        Self(children)
    }

    pub(crate) fn under(&self, supervisor: Option<u64>) -> &[&'a ActorView] {
        self.0.get(&supervisor).map_or(&[], Vec::as_slice)
    }

    /// Adds `actor` and its descendants. `branch` is drawn before its name, `trunk` before its children.
    fn add(
        &self,
        actor: &ActorView,
        (branch, trunk): (&str, &str),
        rows: &mut Vec<Vec<String>>,
        errors: &mut Vec<Option<String>>,
    ) {
        rows.push(row(actor, branch));
        let error = actor.last_error.as_deref();
        errors.push(error.map(|error| format!("{trunk}   last error: {}", one_line(error))));
        let children = self.under(Some(actor.id));
        for (place, child) in children.iter().enumerate() {
            let is_last = place + 1 == children.len();
            let (branch, on) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let before = (format!("{trunk}{branch}"), format!("{trunk}{on}"));
            self.add(child, (&before.0, &before.1), rows, errors);
        }
    }
}

fn row(actor: &ActorView, branch: &str) -> Vec<String> {
    vec![
        format!("{branch}{}", name(actor)),
        actor.state.clone(),
        actor.restarts.to_string(),
        actor.mailbox_depth.to_string(),
        actor.handled.to_string(),
        age(Duration::from_millis(actor.uptime_ms)),
    ]
}

/// Only a call's supervisor shows the SID: its children belong to the same call.
fn name(actor: &ActorView) -> String {
    match (actor.kind, &actor.call_sid) {
        (ActorKind::CallSupervisor, Some(call)) => {
            format!("{} {}", actor.kind.as_str(), end_of(call))
        }
        _ => actor.kind.as_str().to_owned(),
    }
}

/// In the two largest units.
fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
        86_400.. => format!("{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A call's SID, shortened: an ellipsis and its last characters.
pub(crate) fn end_of(call: &CallSid) -> String {
    let sid = call.as_str();
    format!("…{}", sid.get(sid.len() - END_OF_SID..).unwrap_or(sid))
}

fn align_right(rows: &mut [Vec<String>], columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let width = widths.max().unwrap_or(0);
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            *cell = format!("{cell:>width$}");
        }
    }
}

#[cfg(test)]
mod tests;
