//! What a session knows between cells.

use super::described::Described;
use super::diagnostics::Texts;
use super::extra::Extra;
use super::fragment::Source;
use super::identifiers::identifiers;
use super::imports::Import;
use super::item::{Item, Kind};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    /// The names that later cells defined anew.
    pub(crate) replaced: BTreeSet<String>,
    /// The words of its items.
    pub(crate) words: BTreeSet<String>,
    /// The imports that its items were compiled with.
    pub(crate) imports: Vec<String>,
}

impl ItemCell {
    /// Whether a later cell has defined this name anew.
    pub(crate) fn was_replaced(&self, name: &str) -> bool {
        self.replaced.contains(name)
    }
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
    /// The libraries beside the facade that cells have used.
    pub(crate) extras: Vec<&'static Extra>,
    pub(crate) compiled: BTreeMap<usize, Compiled>,
    /// Numbers of the remembered cells that define no items, oldest first, and the bytes of their text.
    plain: VecDeque<usize>,
    plain_size: usize,
    pub(crate) next_slot: u32,
    /// How many cells that define nothing have run.
    pub(crate) runs: usize,
    /// The number of the cell that runs, or ran last.
    pub(crate) running: usize,
    /// Names of values that nothing can name any more; the next cell lets go of them.
    pub(crate) release: BTreeSet<String>,
}

/// Bytes of text of cells without items that are remembered: enough for hundreds, whatever their number.
const REMEMBERED: usize = 4 << 20;

impl Compiled {
    fn size(&self) -> usize {
        self.text.len() + self.source.text.len()
    }
}

impl State {
    /// The remembered cells' texts, with the numbers that Jupyter shows.
    pub(crate) fn texts(&self) -> Texts<'_> {
        let cells = self.compiled.iter();
        cells
            .map(|(number, cell)| (*number, (cell.text.as_str(), cell.count)))
            .collect()
    }

    /// Remembers a cell for its panics. Functions can panic as long as they live; of the other cells, the oldest are
    /// forgotten when there are many.
    pub(crate) fn remember(&mut self, number: usize, compiled: Compiled, has_items: bool) {
        let size = compiled.size();
        let before = self.compiled.insert(number, compiled).map_or(0, |before| before.size());
        if !has_items {
            // A cell that runs again is remembered once.
            self.plain.retain(|earlier| *earlier != number);
            self.plain.push_back(number);
            self.plain_size = self.plain_size + size - before;
        }
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
        // A cell that runs again unchanged is the same crate.
        self.item_cells.retain(|cell| cell.number != number);
        for cell in &mut self.item_cells {
            let replaced = cell.names.keys().filter(|name| names.contains_key(*name)).cloned();
            cell.replaced.extend(replaced);
            cell.names.retain(|name, _| !names.contains_key(name));
        }
        self.imports
            .retain(|import| import.name.as_ref().is_none_or(|name| !names.contains_key(name)));
        let words: BTreeSet<String> = items.iter().flat_map(|item| identifiers(&item.fragment.text)).collect();
        let imports = self.imports_for(&words);
        self.item_cells.push(ItemCell {
            number,
            names,
            items,
            library,
            replaced: BTreeSet::new(),
            words,
            imports,
        });
    }

    /// The imports that code with these words may use.
    pub(crate) fn imports_for(&self, words: &BTreeSet<String>) -> Vec<String> {
        let used = |import: &&Import| import.name.as_ref().is_none_or(|name| words.contains(name));
        let mut lines: Vec<String> = self.imports.iter().filter(used).map(|import| import.line.clone()).collect();
        lines.sort();
        lines
    }

    /// The macros that define items, and the names that each always defines.
    pub(crate) fn item_macros(&self) -> BTreeMap<String, BTreeSet<String>> {
        let alive = |cell: &ItemCell, item: &Item| item.name().is_some_and(|name| cell.names.contains_key(name));
        let cells = self.item_cells.iter();
        cells
            .flat_map(|cell| cell.items.iter().filter(|item| alive(cell, item)))
            .filter_map(Item::makes)
            .collect()
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
