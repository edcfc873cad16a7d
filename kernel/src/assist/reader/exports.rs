//! What a module offers: its own items, its modules, and what it passes on with `pub use`.

use super::krate::Crate;
use crate::assist::index::{Entry, Kind};
use std::collections::BTreeMap;

/// `pub use` chains that are followed at most.
const DEPTH: usize = 6;

/// All crates that were read.
pub(super) struct Exports<'a> {
    pub(super) crates: &'a [Crate],
}

/// A module: crate and place in it.
type Place = (usize, usize);

impl Exports<'_> {
    /// The root of a crate.
    pub(super) fn root(&self, name: &str) -> Option<Place> {
        Some((self.crates.iter().position(|c| c.name == name)?, 0))
    }

    /// A module inside another, whoever may see it.
    pub(super) fn child(&self, (krate, module): Place, name: &str) -> Option<Place> {
        let children = &self.crates[krate].modules[module].children;
        children.iter().find(|(n, ..)| n == name).map(|(_, place, _)| (krate, *place))
    }

    /// The path of a module as others write it; inside a crate that re-exports it another may lead there too.
    pub(super) fn path(&self, (krate, module): Place) -> String {
        let krate_of = &self.crates[krate];
        if module == 0 {
            return krate_of.name.clone();
        }
        let parent = krate_of.modules[module].parent;
        let name = krate_of.modules[parent]
            .children
            .iter()
            .find(|(_, place, _)| *place == module);
        format!("{}::{}", self.path((krate, parent)), name.map_or("", |(n, ..)| n))
    }

    /// Everything that others can take from a module, by name, with the modules that are among it.
    pub(super) fn of(&self, place: Place) -> BTreeMap<String, (Entry, Option<Place>)> {
        let mut out = BTreeMap::new();
        self.collect(place, DEPTH, &mut out);
        out
    }

    fn collect(&self, place: Place, depth: usize, out: &mut BTreeMap<String, (Entry, Option<Place>)>) {
        let (krate, module) = place;
        let this = &self.crates[krate].modules[module];
        for item in &this.items {
            out.entry(item.name.clone()).or_insert_with(|| (item.clone(), None));
        }
        for (name, child, public) in &this.children {
            if *public {
                out.entry(name.clone())
                    .or_insert_with(|| (self.module_entry(name, (krate, *child)), Some((krate, *child))));
            }
        }
        if depth == 0 {
            return;
        }
        for import in this.uses.iter().filter(|u| u.public) {
            match &import.name {
                None => {
                    if let Some(target) = self.walk(place, &import.path) {
                        self.collect(target, depth - 1, out);
                    }
                }
                Some((there, here)) => {
                    if let Some((mut entry, module)) = self.find(place, &import.path, there, depth - 1) {
                        entry.name.clone_from(here);
                        out.entry(here.clone()).or_insert((entry, module));
                    }
                }
            }
        }
    }

    fn module_entry(&self, name: &str, place: Place) -> Entry {
        Entry {
            name: name.into(),
            kind: Kind::Module,
            signature: format!("mod {name}"),
            doc: self.crates[place.0].modules[place.1].doc.clone(),
            result: self.path(place),
            home: self.crates[place.0].name.clone(),
        }
    }

    /// The module at the end of a path that begins in `place`.
    fn walk(&self, place: Place, path: &[String]) -> Option<Place> {
        let mut at = place;
        for (i, word) in path.iter().enumerate() {
            at = match word.as_str() {
                "crate" => (at.0, 0),
                "self" => at,
                "super" => (at.0, self.crates[at.0].modules[at.1].parent),
                name => match self.child(at, name) {
                    Some(child) => child,
                    None if i == 0 => self.root(name)?,
                    None => self.of_shallow(at, name)?,
                },
            };
        }
        Some(at)
    }

    /// A module that another passes on under a name.
    fn of_shallow(&self, at: Place, name: &str) -> Option<Place> {
        let uses = &self.crates[at.0].modules[at.1].uses;
        let import = uses.iter().find(|u| u.name.as_ref().is_some_and(|(_, here)| here == name))?;
        let (there, _) = import.name.as_ref()?;
        if import.path.is_empty() {
            return self.root(there);
        }
        let holder = self.walk(at, &import.path)?;
        self.child(holder, there)
    }

    /// An item or module by its path.
    fn find(&self, place: Place, path: &[String], name: &str, depth: usize) -> Option<(Entry, Option<Place>)> {
        if path.is_empty() || path.len() == 1 && matches!(path[0].as_str(), "crate" | "self") {
            let own = self.child(place, name).or_else(|| self.root(name));
            if let Some(target) = own {
                return Some((self.module_entry(name, target), Some(target)));
            }
        }
        let target = self.walk(place, path)?;
        let module = &self.crates[target.0].modules[target.1];
        if let Some(item) = module.items.iter().find(|item| item.name == name) {
            return Some((item.clone(), None));
        }
        let follow = |named: bool| {
            let uses = module
                .uses
                .iter()
                .filter(|import| import.name.is_some() == named && depth > 0);
            uses.filter(|import| import.name.as_ref().is_none_or(|(_, here)| here == name))
                .find_map(|import| {
                    let there = import.name.as_ref().map_or(name, |(there, _)| there);
                    self.find(target, &import.path, there, depth - 1)
                })
        };
        // A module may have the name of a function, and be seen by nobody: it comes behind what is passed on by name.
        let child = || {
            let child = self.child(target, name)?;
            Some((self.module_entry(name, child), Some(child)))
        };
        follow(true).or_else(child).or_else(|| follow(false))
    }
}
