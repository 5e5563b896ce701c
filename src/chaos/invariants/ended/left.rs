//! Nothing of the calls is left (invariant 9).

use super::{Findings, ensure};
use crate::chaos::ended::Ended;

pub(super) fn look(findings: &mut Findings, ended: &Ended) {
    findings.look(9, ensure(ended.left.is_nothing(), || format!("left: {}", ended.left)));
    let connections = ended.connections;
    findings.look(9, ensure(connections == 0, || format!("left: {connections} connections")));
    let more = ended.tasks.after.saturating_sub(ended.tasks.before);
    findings.look(9, ensure(more == 0, || format!("left: {more} tasks")));
}
