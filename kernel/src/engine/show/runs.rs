//! `:runs`: the fits of this notebook's run folder.

use super::table::Table;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest `run.json` that is read, and how many runs are listed.
const LIMIT: u64 = 256 << 20;
const RUNS: usize = 200;

/// The runs below `CISTRON_RUNS`, or below `runs` in the notebook's folder; the newest first.
pub fn runs(folder: &Path) -> Value {
    let set = std::env::var_os("CISTRON_RUNS").filter(|v| !v.is_empty()).map(PathBuf::from);
    list(&set.map_or_else(|| folder.join("runs"), |set| folder.join(set)))
}

fn list(root: &Path) -> Value {
    let mut table = Table::new(&["run", "when", "name", "model", "state", ">epochs", "best"]);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("run.json").is_file())
        .collect();
    folders.sort();
    let all = folders.len();
    for path in folders.iter().rev().take(RUNS) {
        let id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match read(&path.join("run.json")) {
            Ok(run) => table.rows.push(row(id, &run, path)),
            Err(error) => table.notes.push(format!("{id}: its run.json can't be read: {error}")),
        }
    }
    if all == 0 {
        table
            .notes
            .push(format!("no runs in {}; `fit!` makes one for each fit", root.display()));
    } else {
        let more = if all > RUNS {
            format!("the newest {RUNS} of ")
        } else {
            String::new()
        };
        table.notes.push(format!("{more}{all} in {}", root.display()));
    }
    table.without_empty_columns().forms()
}

fn read(path: &Path) -> Result<Value, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text).map_err(|e| e.to_string())?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}

fn row(id: String, run: &Value, path: &Path) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let ending = &run["ending"];
    let started = text(&run["started"]);
    let when = started.get(..16).unwrap_or(&started).replace('T', " ");
    let state = if ending.is_null() {
        "not finished".into()
    } else {
        text(&ending["why"])
    };
    let epochs = std::fs::read_to_string(path.join("metrics.jsonl")).unwrap_or_default();
    let rows: Vec<Value> = epochs.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let best = rows.iter().rev().find(|row| row["best"] == true);
    let best = best.map(|row| {
        let watched = row["watched"].as_f64().map_or("not a number".into(), |x| format!("{x:.4}"));
        format!("{watched} (epoch {})", row["epoch"])
    });
    let hash: String = text(&run["model_hash"]).chars().take(8).collect();
    let count = if rows.is_empty() {
        String::new()
    } else {
        rows.len().to_string()
    };
    vec![id, when, text(&run["name"]), hash, state, count, best.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_listed_newest_first_and_damaged_ones_are_named() {
        let root = tempfile::tempdir().expect("a folder");
        let make = |id: &str, text: &str| {
            std::fs::create_dir(root.path().join(id)).expect("a folder");
            std::fs::write(root.path().join(id).join("run.json"), text).expect("a file");
        };
        make(
            "20260101-1-a",
            "{\"name\": \"first\", \"started\": \"2026-01-01T10:00:00+00:00\", \"model_hash\": \"0123456789\"}",
        );
        make(
            "20260102-1-b",
            "{\"name\": \"<b>\", \"started\": \"2026-01-02T10:00:00+00:00\", \"ending\": {\"why\": \"patience\"}}",
        );
        make("20260103-1-c", "{");
        let row = "{\"epoch\": 3, \"watched\": 0.5, \"best\": true}\n";
        std::fs::write(root.path().join("20260102-1-b/metrics.jsonl"), row).expect("a file");
        let forms = list(root.path());
        let text = forms["text/plain"].as_str().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].starts_with("20260102-1-b") && lines[1].ends_with("0.5000 (epoch 3)"),
            "{text}"
        );
        assert!(lines[2].contains("2026-01-01 10:00  first  01234567  not finished"), "{text}");
        assert!(lines[3].starts_with("20260103-1-c: its run.json can't be read"), "{text}");
        assert!(
            forms["text/html"].as_str().is_some_and(|h| h.contains("&lt;b&gt;")),
            "{forms}"
        );
    }

    #[test]
    fn a_folder_without_runs_says_so() {
        let forms = list(Path::new("/nowhere/runs"));
        assert!(
            forms["text/plain"]
                .as_str()
                .is_some_and(|t| t.starts_with("no runs in /nowhere/runs")),
            "{forms}"
        );
    }
}
