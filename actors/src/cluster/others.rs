//! What a node knows of the others from the registry: who lives, who is silent, and who is dead.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use entities::nodes::NodeRecord;
use protocol::ids::NodeId;

/// A node whose entry has not changed for so long is silent: it gets no calls.
pub const SILENT_AFTER: Duration = Duration::from_secs(12);
/// The same of an entry with this node's own URL: an earlier process of it, whose place it has taken.
const REPLACED_AFTER: Duration = Duration::from_secs(6);
/// How long a silent node keeps its calls. It may only be cut off from the database: then it writes the rest
/// itself.
pub const LEFT_ALONE: Duration = Duration::from_mins(5);

/// What the registry says of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Alive,
    /// It is dead, or only cut off from the database. Its calls are left alone.
    Silent,
    /// Others finish its calls. It was silent for [`LEFT_ALONE`], or is silent and another process has its address,
    /// or has left the registry.
    Dead,
}

/// The other nodes, as the registry had them.
pub(super) struct Others {
    known: BTreeMap<NodeId, Other>,
    /// When the registry was last read.
    read_at: Instant,
}

struct Other {
    record: NodeRecord,
    /// When its entry was last seen to change.
    changed: Instant,
}

impl Others {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: BTreeMap::new(), read_at: now }
    }

    /// When the database last answered.
    pub(super) fn read_at(&self) -> Instant {
        self.read_at
    }

    /// Takes the registry as it is now. Nobody's silence counts while it was not read.
    pub(super) fn read(&mut self, all: Vec<NodeRecord>, me: NodeId, now: Instant) {
        let watched = self.read_at + SILENT_AFTER > now;
        let mut before = std::mem::take(&mut self.known);
        for record in all.into_iter().filter(|record| record.id != me) {
            let changed = match before.remove(&record.id) {
                Some(other) if watched && other.record.beat == record.beat => other.changed,
                Some(_) | None => now,
            };
            self.known.insert(record.id, Other { record, changed });
        }
        self.read_at = now;
    }

    /// `own_url` is that of the node that asks.
    pub(super) fn life_of(&self, node: NodeId, own_url: &str, now: Instant) -> Life {
        let Some(other) = self.known.get(&node) else { return Life::Dead };
        if other.is_alive(now) {
            return Life::Alive;
        }
        let url = &other.record.url;
        let has_successor = url == own_url || self.living(now).any(|living| living.url == *url);
        if has_successor || other.changed + LEFT_ALONE <= self.read_at {
            Life::Dead
        } else {
            Life::Silent
        }
    }

    /// Those that have died as far as written conversations go: each of them has a claim of its own, so nothing is
    /// lost if one has not.
    pub(super) fn died(&self, own_url: &str, now: Instant) -> Vec<NodeId> {
        let has_died = |other: &Other| {
            let was_ours = other.record.url == own_url;
            let patience = if was_ours { REPLACED_AFTER } else { SILENT_AFTER };
            other.changed + patience <= now
        };
        self.known.iter().filter(|(_, other)| has_died(other)).map(|(id, _)| *id).collect()
    }

    pub(super) fn living(&self, now: Instant) -> impl Iterator<Item = &NodeRecord> {
        self.all(now).filter(|(_, is_alive)| *is_alive).map(|(record, _)| record)
    }

    /// Each with whether it is alive.
    pub(super) fn all(&self, now: Instant) -> impl Iterator<Item = (&NodeRecord, bool)> {
        self.known.values().map(move |other| (&other.record, other.is_alive(now)))
    }
}

impl Other {
    fn is_alive(&self, now: Instant) -> bool {
        self.changed + SILENT_AFTER > now
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::clock::Clock;

    const OWN: &str = "http://node-1";

    fn id(number: u128) -> NodeId {
        NodeId(Uuid::from_u128(number))
    }

    fn entry(number: u128, url: &str, beat: u64) -> NodeRecord {
        let url = url.to_owned();
        NodeRecord { id: id(number), url, beat, draining: false, calls: 0, max_calls: 9 }
    }

    /// Others, read every 3 s from the start until so long after it. Node 2 never beats again, node 3 does.
    fn watched_for(begins: Instant, lasts: Duration) -> Others {
        let mut others = Others::new(begins);
        let (mut at, mut beat) = (begins, 1);
        while at <= begins + lasts {
            let all = vec![entry(1, OWN, beat), entry(2, "b", 1), entry(3, "c", beat)];
            others.read(all, id(1), at);
            (at, beat) = (at + Duration::from_secs(3), beat + 1);
        }
        others
    }

    #[test]
    fn res_9_a_node_is_silent_after_12_s_and_dead_after_5_minutes() {
        let begins = Clock::start().now();
        for (secs, life) in
            [(9, Life::Alive), (12, Life::Silent), (297, Life::Silent), (300, Life::Dead)]
        {
            let lasts = Duration::from_secs(secs);
            let others = watched_for(begins, lasts);
            assert_eq!(others.life_of(id(2), OWN, begins + lasts), life, "after {secs} s");
            assert_eq!(others.life_of(id(3), OWN, begins + lasts), Life::Alive);
            assert_eq!(others.life_of(id(9), OWN, begins + lasts), Life::Dead, "it has left");
        }
    }

    #[test]
    fn res_9_a_silent_node_is_dead_if_another_process_has_its_address() {
        let begins = Clock::start().now();
        let lasts = Duration::from_secs(12);
        let mut others = watched_for(begins, lasts);
        assert_eq!(others.life_of(id(2), "b", begins + lasts), Life::Dead, "the asking one has it");
        let all = vec![entry(2, "b", 1), entry(4, "b", 1)];
        others.read(all, id(1), begins + lasts);
        assert_eq!(others.life_of(id(2), OWN, begins + lasts), Life::Dead);
        assert_eq!(others.life_of(id(4), OWN, begins + lasts), Life::Alive);
    }

    #[test]
    fn res_9_a_node_that_was_itself_cut_off_takes_nobody_for_dead() {
        let begins = Clock::start().now();
        let mut others = watched_for(begins, Duration::from_secs(30));
        let later = begins + LEFT_ALONE * 2;
        assert_eq!(others.life_of(id(2), OWN, later), Life::Silent, "nobody has looked since");
        others.read(vec![entry(2, "b", 1), entry(3, "c", 99)], id(1), later);
        assert_eq!(others.life_of(id(2), OWN, later), Life::Alive);
        assert_eq!(others.life_of(id(2), OWN, later + SILENT_AFTER), Life::Silent);
    }
}
