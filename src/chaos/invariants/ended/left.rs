//! Nothing of the calls is left (invariant 9).

use super::findings::{Findings, ensure};
use crate::chaos::ended::Ended;
use crate::chaos::invariants::excuses::has_black_holes;
use crate::chaos::story::Story;
use crate::simulate::Left;

pub(super) fn look(findings: &mut Findings, story: &Story, ended: &Ended) {
    let others_side = has_black_holes(story);
    let left =
        if others_side { Left { sessions: 0, requests: 0, ..ended.left } } else { ended.left };
    findings.look(9, ensure(left.is_nothing(), || format!("left: {left}")));
    if !others_side {
        let connections = ended.connections;
        findings.look(9, ensure(connections == 0, || format!("left: {connections} connections")));
        let more = ended.tasks.left();
        let told = || more.iter().map(|(at, count)| format!("{count} of {at}")).collect::<Vec<_>>();
        findings.look(9, ensure(more.is_empty(), || format!("left: tasks, {}", told().join(", "))));
    }
}
