//! Which file of a crate names items of which other file, and the circles in that.
//!
//! A re-export is followed to the file that defines the item, and is no edge by itself: a module that
//! only declares and re-exports its children depends on none of them. Methods are not followed, so a
//! type's `impl` blocks may be spread over several files.

use std::collections::{BTreeMap, BTreeSet};

use super::module::{Module, read};
use super::use_tree::Use;

/// File to file, with the names that the first takes from the second.
pub(super) type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The texts of a crate's files by their paths.
pub(super) type Sources<'a> = BTreeMap<&'a str, &'a str>;

/// Reads a crate from its sources by path, beginning at `root`.
pub(super) fn edges(root: &str, sources: &Sources<'_>) -> Edges {
    let mut tree = Tree { nodes: Vec::new() };
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    tree.add(read("crate", source(sources, root)), root, folder, None, sources);
    let mut edges = Edges::new();
    for at in 0..tree.nodes.len() {
        tree.edges_of(at, &mut edges);
    }
    edges
}

/// The groups of files that depend on each other in a circle, one line per edge.
pub(super) fn circles(edges: &Edges) -> Vec<String> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|file| (file.as_str(), reachable(edges, file))).collect();
    let mutual = |a: &str, b: &str| reach.get(b).is_some_and(|reached| reached.contains(a));
    let mut lines = Vec::new();
    for (from, targets) in edges {
        for (to, names) in targets.iter().filter(|(to, _)| mutual(from, to)) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            lines.push(format!("{from} -> {to}: {}", names.join(", ")));
        }
    }
    lines
}

fn reachable<'a>(edges: &'a Edges, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&str> = vec![from];
    while let Some(file) = next.pop() {
        for to in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(to.as_str()) {
                next.push(to);
            }
        }
    }
    seen
}

fn source<'a>(sources: &Sources<'a>, file: &str) -> &'a str {
    sources.get(file).unwrap_or_else(|| panic!("{file} is declared as a module, but is missing"))
}

struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    module: Module,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Module(usize),
    /// An item of this module's file.
    ItemOf(usize),
}

impl Tree {
    fn add(
        &mut self,
        mut module: Module,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        sources: &Sources<'_>,
    ) -> usize {
        let at = self.nodes.len();
        let (files, inline) =
            (std::mem::take(&mut module.files), std::mem::take(&mut module.inline));
        let children = BTreeMap::new();
        self.nodes.push(Node { file: file.to_owned(), parent, children, module });
        for name in files {
            let path = format!("{folder}/{name}.rs");
            let child = read(&name, source(sources, &path));
            let child = self.add(child, &path, &format!("{folder}/{name}"), Some(at), sources);
            self.nodes[at].children.insert(name, child);
        }
        for child in inline {
            let name = child.name.clone();
            let child = self.add(child, file, &format!("{folder}/{name}"), Some(at), sources);
            self.nodes[at].children.insert(name, child);
        }
        at
    }

    fn edges_of(&self, at: usize, edges: &mut Edges) {
        let module = &self.nodes[at].module;
        let is_named = |used: &&Use| !used.public || module.words.contains(&used.name);
        let uses = module.uses.iter().filter(is_named).map(|used| &used.path);
        for path in uses.chain(&module.paths) {
            let Some(Target::ItemOf(to)) = self.resolve(at, path, &mut BTreeSet::new()) else {
                continue;
            };
            let (from, to) = (&self.nodes[at].file, &self.nodes[to].file);
            if from != to {
                let name = path.last().cloned().unwrap_or_default();
                let targets = edges.entry(from.clone()).or_default();
                targets.entry(to.clone()).or_default().insert(name);
            }
        }
        for glob in module.uses.iter().filter(|used| used.name == "*" && !used.public) {
            let target = self.resolve(at, &glob.path, &mut BTreeSet::new());
            if let Some(Target::Module(to)) = target
                && self.nodes[to].file != self.nodes[at].file
            {
                let targets = edges.entry(self.nodes[at].file.clone()).or_default();
                targets.entry(self.nodes[to].file.clone()).or_default().insert("*".to_owned());
            }
        }
    }

    /// Follows a path as written in module `at`. `None` if it leads out of the crate, or to a local
    /// item.
    fn resolve(
        &self,
        at: usize,
        path: &[String],
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(at),
            "super" => {
                let mut module = self.nodes[at].parent?;
                while let Some(("super", further)) =
                    rest.split_first().map(|(first, further)| (first.as_str(), further))
                {
                    module = self.nodes[module].parent?;
                    rest = further;
                }
                Target::Module(module)
            }
            name => self.imported(at, name, rest.is_empty(), seen)?,
        };
        let mut target = start;
        for (n, name) in rest.iter().enumerate() {
            // The rest of the path lies within an item: a variant or an associated function.
            let Target::Module(module) = target else { break };
            let last = n + 1 == rest.len();
            target = match self.imported(module, name, last, seen) {
                Some(target) => target,
                None if self.is_external(module, name) => return None,
                None => Target::ItemOf(module),
            };
        }
        Some(target)
    }

    /// What a name means in a module, if that is a child or imported from within the crate.
    fn imported(
        &self,
        at: usize,
        name: &str,
        last: bool,
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Option<Target> {
        let node = &self.nodes[at];
        let child = node.children.get(name).map(|child| Target::Module(*child));
        // The last name of a path may be an imported function with the name of a module.
        if child.is_some() && !last || !seen.insert((at, name.to_owned())) {
            return child;
        }
        let mut named = node.module.uses.iter().filter(|used| used.name == name);
        let imported = named.find_map(|used| self.resolve(at, &used.path, seen));
        imported.or(child).or_else(|| self.by_glob(at, name, seen))
    }

    fn by_glob(
        &self,
        at: usize,
        name: &str,
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Option<Target> {
        let node = &self.nodes[at];
        if node.module.items.contains(name) {
            return None;
        }
        let globs = node.module.uses.iter().filter(|used| used.name == "*");
        globs.into_iter().find_map(|glob| match self.resolve(at, &glob.path, seen)? {
            Target::Module(from) if self.nodes[from].module.items.contains(name) => {
                Some(Target::ItemOf(from))
            }
            Target::Module(from) => self.imported(from, name, true, seen),
            Target::ItemOf(_) => None,
        })
    }

    fn is_external(&self, at: usize, name: &str) -> bool {
        self.nodes[at].module.uses.iter().any(|used| used.name == name)
    }
}
