//! A map whose copies share their nodes: a hash trie.
//!
//! Copying it costs one reference count. Changing a copy clones the nodes from the root to the
//! entry, each at most 16 slots wide. Neither cost follows the number of entries.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Children of a branch, and entries of a leaf before it is split.
const WIDTH: usize = 1 << BITS;
/// Bits of the hash that choose a child.
const BITS: u32 = 4;
/// The deepest level. Entries whose hashes are equal share a leaf there.
const LEVELS: u32 = u64::BITS / BITS;

#[derive(Debug, Clone)]
pub(super) struct SharedMap<K, V> {
    root: Arc<Node<K, V>>,
}

#[derive(Debug, Clone)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    Branch([Option<Arc<Node<K, V>>>; WIDTH]),
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self { root: Arc::default() }
    }
}

impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> SharedMap<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let (mut node, mut level) = (&*self.root, 0);
        loop {
            match node {
                Node::Leaf(entries) => {
                    return entries.iter().find(|(known, _)| known == key).map(|(_, value)| value);
                }
                Node::Branch(children) => node = children[slot(key, level)].as_deref()?,
            }
            level += 1;
        }
    }

    /// The value to be changed. The nodes on its path are cloned if a copy of the map shares them.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.get(key)?;
        let (mut node, mut level) = (Arc::make_mut(&mut self.root), 0);
        loop {
            match node {
                Node::Leaf(entries) => {
                    let entry = entries.iter_mut().find(|(known, _)| known == key);
                    return entry.map(|(_, value)| value);
                }
                Node::Branch(children) => {
                    node = Arc::make_mut(children[slot(key, level)].as_mut()?);
                }
            }
            level += 1;
        }
    }

    /// Adds an entry. One with the same key is replaced.
    pub(super) fn insert(&mut self, key: K, value: V) {
        Arc::make_mut(&mut self.root).insert(key, value, 0);
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Node<K, V> {
    fn insert(&mut self, key: K, value: V, level: u32) {
        match self {
            Self::Leaf(entries) => {
                if let Some((_, known)) = entries.iter_mut().find(|(known, _)| *known == key) {
                    *known = value;
                    return;
                }
                entries.push((key, value));
                if entries.len() > WIDTH && level < LEVELS {
                    let entries = std::mem::take(entries);
                    *self = Self::Branch(std::array::from_fn(|_| None));
                    entries.into_iter().for_each(|(key, value)| self.insert(key, value, level));
                }
            }
            Self::Branch(children) => {
                let child = children[slot(&key, level)].get_or_insert_default();
                Arc::make_mut(child).insert(key, value, level + 1);
            }
        }
    }
}

fn slot<K: Hash>(key: &K, level: u32) -> usize {
    // Without random keys: a hash must be the same in every copy. The keys are not a caller's
    // choice.
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() >> (level * BITS)) as usize % WIDTH
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    impl<K, V> Node<K, V> {
        /// Nodes from here down that `other` does not have at the same place.
        fn own_nodes(self: &Arc<Self>, other: Option<&Arc<Self>>) -> usize {
            if other.is_some_and(|other| Arc::ptr_eq(self, other)) {
                return 0;
            }
            match &**self {
                Self::Leaf(_) => 1,
                Self::Branch(children) => {
                    let theirs = |slot: usize| match other.map(|other| &**other) {
                        Some(Self::Branch(children)) => children[slot].as_ref(),
                        Some(Self::Leaf(_)) | None => None,
                    };
                    let own = children
                        .iter()
                        .enumerate()
                        .filter_map(|(slot, child)| Some(child.as_ref()?.own_nodes(theirs(slot))));
                    1 + own.sum::<usize>()
                }
            }
        }
    }

    fn filled(entries: u32) -> SharedMap<u32, u32> {
        let mut map = SharedMap::default();
        (0..entries).for_each(|key| map.insert(key, key));
        map
    }

    #[test]
    fn a_change_to_a_copy_clones_one_path_however_large_the_map_is() {
        for entries in [10, 100, 1_000, 10_000, 100_000] {
            let map = filled(entries);
            let mut copy = map.clone();
            assert_eq!(copy.root.own_nodes(Some(&map.root)), 0, "a copy shares everything");
            *copy.get_mut(&(entries / 2)).unwrap() = 0;
            assert!(copy.root.own_nodes(Some(&map.root)) <= 6, "{entries} entries, one changed");
            let mut copy = map.clone();
            copy.insert(entries, 0);
            // A leaf that is split has up to 16 new ones in its place.
            assert!(copy.root.own_nodes(Some(&map.root)) <= 6 + WIDTH, "{entries} and one more");
        }
    }

    proptest! {
        #[test]
        fn it_holds_what_a_hash_map_holds_and_a_copy_stays_as_it_was(
            before in proptest::collection::vec((0_u16..400, any::<u8>()), 0..400),
            after in proptest::collection::vec((0_u16..400, any::<u8>()), 0..100),
        ) {
            let (mut map, mut model) = (SharedMap::default(), BTreeMap::new());
            for (key, value) in before {
                map.insert(key, value);
                model.insert(key, value);
            }
            let (kept, kept_model) = (map.clone(), model.clone());
            for (key, value) in after {
                match map.get_mut(&key) {
                    Some(known) => *known = value,
                    None => map.insert(key, value),
                }
                model.insert(key, value);
            }
            for key in 0..401 {
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(kept.get(&key), kept_model.get(&key));
            }
        }
    }
}
