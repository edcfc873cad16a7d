//! What a session knows between cells.

use super::fragment::Source;
use super::imports::Import;
use super::item::{Item, Kind};
use std::collections::{BTreeMap, VecDeque};
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
    /// Variables that were there and can't be named any more: name, reason.
    pub(crate) lost: BTreeMap<String, String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) item_cells: Vec<ItemCell>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) compiled: BTreeMap<usize, Compiled>,
    /// Numbers of the remembered cells that define no items, oldest first, and the bytes of their text.
    plain: VecDeque<usize>,
    plain_size: usize,
    pub(crate) next_slot: u32,
}

/// Bytes of text of cells without items that are remembered: enough for hundreds, whatever their number.
const REMEMBERED: usize = 4 << 20;

impl Compiled {
    fn size(&self) -> usize {
        self.text.len() + self.source.text.len()
    }
}

impl State {
    /// Remembers a cell for its panics. Functions can panic as long as they live; of the other cells, the oldest are
    /// forgotten when there are many.
    pub(crate) fn remember(&mut self, number: usize, compiled: Compiled, has_items: bool) {
        self.plain_size += if has_items { 0 } else { compiled.size() };
        if !has_items {
            self.plain.push_back(number);
        }
        self.compiled.insert(number, compiled);
        while self.plain_size > REMEMBERED && self.plain.len() > 1 {
            let oldest = self.plain.pop_front().and_then(|oldest| self.compiled.remove(&oldest));
            self.plain_size -= oldest.map_or(0, |oldest| oldest.size());
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(bytes: usize) -> Compiled {
        Compiled {
            text: "x".repeat(bytes),
            source: Source::default(),
            count: 1,
        }
    }

    #[test]
    fn old_cells_without_items_are_forgotten() {
        let mut state = State::default();
        state.remember(1, cell(2 * REMEMBERED), true);
        for number in 2..1000 {
            state.remember(number, cell(REMEMBERED / 10), false);
        }
        assert!(state.compiled.contains_key(&1), "a cell with items stays");
        assert!(state.compiled.contains_key(&999) && !state.compiled.contains_key(&2));
        assert_eq!(state.compiled.len(), 1 + 10);
    }
}
