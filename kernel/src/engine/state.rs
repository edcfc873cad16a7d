//! What a session knows between cells.

use super::described::Described;
use super::fragment::Source;
use super::imports::Import;
use super::item::{Item, Kind};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A variable of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its type, with full paths.
    pub type_name: String,
    pub(crate) mutable: bool,
    pub(crate) slot: u32,
}

/// A cell that defined items: it lives on as a crate that later cells import.
#[derive(Clone, Debug)]
pub(crate) struct ItemCell {
    pub(crate) number: usize,
    pub(crate) names: BTreeMap<String, Kind>,
    pub(crate) items: Vec<Item>,
    pub(crate) library: PathBuf,
}

/// A crate that `:dep` added.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) crate_name: String,
    pub(crate) library: PathBuf,
    pub(crate) folder: PathBuf,
    /// Tells builds of it apart.
    pub(crate) print: String,
}

/// Text and map of a cell that has been compiled, to find lines of its panics.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) text: String,
    pub(crate) source: Source,
    /// The number that Jupyter shows.
    pub(crate) count: usize,
}

/// What a session knows between cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) variables: BTreeMap<String, Variable>,
    /// What the worker tells of the variables besides their types.
    pub(crate) described: BTreeMap<String, Described>,
    /// Variables that were there and can't be named any more: name, reason.
    pub(crate) lost: BTreeMap<String, String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) item_cells: Vec<ItemCell>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) compiled: BTreeMap<usize, Compiled>,
    pub(crate) next_slot: u32,
}

impl State {
    /// Takes over imports; of two with one name the newer stays.
    pub(crate) fn import(&mut self, imports: &[Import]) {
        for import in imports {
            self.imports
                .retain(|old| old.line != import.line && (old.name.is_none() || old.name != import.name));
            self.imports.push(import.clone());
        }
    }

    /// Takes over the items of a cell; names that it defines anew are no longer imported from elsewhere.
    pub(crate) fn define(&mut self, number: usize, items: Vec<Item>, library: PathBuf) {
        let names: BTreeMap<String, Kind> = items.iter().flat_map(Item::names).cloned().collect();
        // A cell that runs again unchanged is the same crate.
        self.item_cells.retain(|cell| cell.number != number);
        for cell in &mut self.item_cells {
            cell.names.retain(|name, _| !names.contains_key(name));
        }
        self.imports
            .retain(|import| import.name.as_ref().is_none_or(|name| !names.contains_key(name)));
        self.item_cells.push(ItemCell {
            number,
            names,
            items,
            library,
        });
    }
}
