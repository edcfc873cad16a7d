//! What a name that is defined anew means for what was made with the earlier one.

use super::cell::Cell;
use super::identifiers::identifiers;
use super::item::Item;
use super::state::{ItemCell, State};
use super::types;
use std::collections::BTreeSet;

/// Whether an earlier cell defines exactly these items, and they still mean what they meant: running a cell again then
/// changes no type, and variables of its types stay.
pub(crate) fn repeated(cell: &Cell, state: &State) -> bool {
    if cell.items.is_empty() || cell.items.iter().any(|item| item.has_state()) {
        return false;
    }
    let mut state = state.clone();
    state.import(&cell.imports);
    let same = |(at, earlier): (usize, &ItemCell)| {
        let texts = |items: &[Item]| items.iter().map(|i| i.fragment.text.clone()).collect::<Vec<_>>();
        if texts(&earlier.items) != texts(&cell.items) {
            return false;
        }
        let names = earlier.items.iter().flat_map(Item::names);
        let whole = names.clone().all(|(name, _)| earlier.names.contains_key(name));
        let words: BTreeSet<String> = texts(&earlier.items).iter().flat_map(|t| identifiers(t)).collect();
        let own: BTreeSet<&String> = names.map(|(name, _)| name).collect();
        let changed = state.item_cells[at + 1..]
            .iter()
            .flat_map(|c| c.names.keys())
            .any(|name| words.contains(name) && !own.contains(name));
        whole && !changed && earlier.imports == state.imports_for(&words)
    };
    state.item_cells.iter().enumerate().any(same)
}

/// What to say of functions and types that were made with names which `items` define anew.
pub(crate) fn notes(items: &[Item], state: &State) -> Vec<String> {
    let anew: BTreeSet<&String> = items.iter().flat_map(Item::names).map(|(name, _)| name).collect();
    let mut out = Vec::new();
    for cell in &state.item_cells {
        for item in &cell.items {
            let Some(name) = item.name().filter(|name| cell.names.contains_key(*name)) else {
                continue;
            };
            if anew.iter().any(|n| n.as_str() == name) {
                continue;
            }
            let words = identifiers(&item.fragment.text);
            let used: Vec<String> = anew
                .iter()
                .filter(|n| words.contains(**n) && state.item_cells.iter().any(|c| c.names.contains_key(**n)))
                .map(|n| format!("`{n}`"))
                .collect();
            if !used.is_empty() {
                out.push(format!(
                    "note: `{name}` still uses the earlier {}; run its cell again to change that",
                    used.join(", ")
                ));
            }
        }
    }
    out
}

/// The first type in a type's name that has been defined anew since, or whose cell is gone.
pub(crate) fn outdated(type_name: &str, cells: &[ItemCell]) -> Option<String> {
    types::mentioned_items(type_name)
        .into_iter()
        .find(|(number, name)| {
            let cell = cells.iter().find(|cell| cell.number == *number);
            cell.is_none_or(|cell| cell.was_replaced(name))
        })
        .map(|(_, name)| name)
}
