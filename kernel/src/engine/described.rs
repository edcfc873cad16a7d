//! What the worker tells of a variable besides its type.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

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
