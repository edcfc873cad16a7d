//! What a session's numbers came from, as its worker told it.

use serde_json::Value;
use std::collections::BTreeMap;

/// Files that were read, runs that were begun, the device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// By path: size and hash. A file that was read twice with different content stands here as it was last.
    pub files: BTreeMap<String, Value>,
    /// Folders of runs, in order of their beginning, as the session's folder sees them.
    pub runs: Vec<String>,
    /// What computed, for example `cpu, avx512`; nothing before the first cell.
    pub device: Option<String>,
}

impl Sources {
    /// Takes in what the worker said after a cell.
    pub(crate) fn add(&mut self, body: &Value) {
        for file in body["files"].as_array().into_iter().flatten() {
            if let Some(path) = file["path"].as_str() {
                self.files.insert(path.into(), file.clone());
            }
        }
        let runs = body["runs"].as_array().into_iter().flatten();
        self.runs.extend(runs.filter_map(Value::as_str).map(String::from));
        if let Some(device) = body["device"].as_str() {
            self.device = Some(device.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_said_adds_up_and_odd_words_are_passed_over() {
        let mut sources = Sources::default();
        sources.add(&json!({"files": [{"path": "a", "bytes": 1}], "runs": ["runs/x"], "device": "cpu"}));
        sources.add(&json!({"files": [{"path": "a", "bytes": 2}, 3], "runs": [4, "runs/y"]}));
        sources.add(&Value::Null);
        assert_eq!(sources.files["a"]["bytes"], 2);
        assert_eq!(sources.runs, ["runs/x", "runs/y"]);
        assert_eq!(sources.device.as_deref(), Some("cpu"));
    }
}
