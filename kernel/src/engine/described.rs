//! What the worker tells of a variable besides its type.

use super::imports::Import;
use super::item::Item;
use super::session::Engine;
use super::state::ItemCell;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Shape, memory, device of a variable, and the names inside it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Described {
    /// Its sizes in words.
    pub shape: String,
    /// The memory of its content, where it is known.
    pub bytes: Option<u64>,
    /// The device that holds it, where it could be another one than the processor.
    pub device: Option<String>,
    /// Kind (`input`, `output`, `track`, `column`, ..) and name of what is inside.
    pub names: Vec<(String, String)>,
}

impl Described {
    /// Reads the body of the event `described`; what does not read is left out.
    pub(crate) fn read(told: &Value) -> BTreeMap<String, Self> {
        told.as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, one)| Some((name.clone(), Self::deserialize(one).ok()?)))
            .collect()
    }
}

impl Engine {
    /// What the worker tells of the variables besides their types.
    pub fn described(&self) -> &BTreeMap<String, Described> {
        &self.state.described
    }

    /// The items of earlier cells that can still be named, as text in which they are public.
    pub(crate) fn item_text(&self) -> String {
        let named = |cell: &ItemCell| {
            let live = |item: &&Item| item.name().is_none_or(|name| cell.names.contains_key(name));
            let texts: Vec<&str> = cell
                .items
                .iter()
                .filter(live)
                .map(|item| item.fragment.text.as_str())
                .collect();
            texts.join("\n")
        };
        self.state.item_cells.iter().map(named).collect::<Vec<_>>().join("\n")
    }

    /// What `use` lines of earlier cells bring in.
    pub(crate) fn imports(&self) -> &[Import] {
        &self.state.imports
    }

    /// The crates that `:dep` added, as code names them.
    pub(crate) fn dependency_names(&self) -> Vec<String> {
        self.state.dependencies.iter().map(|d| d.name.clone()).collect()
    }

    /// The folder that cells run in.
    pub(crate) fn working_folder(&self) -> &Path {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_description_is_read() {
        let told = json!({"t": {"shape": "[2]", "bytes": 16, "device": null, "names": [["column", "gene"]]}, "u": 3});
        let read = Described::read(&told);
        assert_eq!(read.len(), 1);
        assert_eq!(read["t"].names, [("column".to_string(), "gene".to_string())]);
        assert_eq!(read["t"].bytes, Some(16));
    }
}
