//! `:runs`: the fits of this notebook's run folder.

use super::table::Table;
use serde::Deserialize;
use serde_json::Value;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The largest `run.json` that is read, and how many runs are listed.
const LIMIT: u64 = 256 << 20;
const RUNS: usize = 200;

/// Of `metrics.jsonl` the last epochs are read: bytes of them.
const TAIL: u64 = 1 << 20;

/// What is wanted of a `run.json`; the model's graph and whatever else stands in it is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    name: String,
    started: String,
    model_hash: String,
    ending: Option<Ending>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ending {
    why: String,
    best_epoch: Option<u64>,
}

/// What is wanted of `metrics.jsonl`.
#[derive(Debug, Default)]
struct Epochs {
    count: Option<u64>,
    /// What early stopping looks at and the epoch, of the newest that was the best so far.
    best: Option<(String, Value)>,
}

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

fn read(path: &Path) -> Result<Written, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let bytes = file.metadata().map_err(|e| e.to_string())?.len();
    if bytes > LIMIT {
        return Err(format!("it has {bytes} bytes, expected at most {LIMIT}"));
    }
    serde_json::from_reader(BufReader::new(file.take(LIMIT))).map_err(|e| e.to_string())
}

/// Whole lines at the end of a file, and whether they are all of it.
fn tail(path: &Path) -> std::io::Result<(String, bool)> {
    // A pipe of that name would be waited for.
    if !path.is_file() {
        return Ok((String::new(), true));
    }
    let mut file = std::fs::File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if start == 0 {
        return Ok((text, true));
    }
    // Most likely the first line has lost its beginning.
    Ok((text.split_once('\n').map_or(String::new(), |(_, rest)| rest.into()), false))
}

/// What the last epochs say; an epoch that is half written says nothing.
fn epochs(path: &Path) -> Epochs {
    let (text, whole) = tail(path).unwrap_or_default();
    let rows: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let best = rows.iter().rev().find(|row| row["best"] == true);
    let count = if whole {
        Some(rows.len() as u64)
    } else {
        rows.last().and_then(|row| row["epoch"].as_u64())
    };
    let best = best.map(|row| {
        let watched = row["watched"].as_f64().map_or("not a number".into(), |x| format!("{x:.4}"));
        (watched, row["epoch"].clone())
    });
    Epochs {
        count: count.filter(|n| *n > 0),
        best,
    }
}

fn row(id: String, run: &Written, path: &Path) -> Vec<String> {
    let when = run.started.get(..16).unwrap_or(&run.started).replace('T', " ");
    let epochs = epochs(&path.join("metrics.jsonl"));
    let (state, kept) = match &run.ending {
        Some(ending) => (ending.why.clone(), ending.best_epoch),
        None => ("not finished".into(), None),
    };
    let best = match (epochs.best, kept) {
        (Some((watched, epoch)), _) => format!("{watched} (epoch {epoch})"),
        // It lies before the epochs that were read.
        (None, Some(epoch)) => format!("epoch {epoch}"),
        (None, None) => String::new(),
    };
    let hash: String = run.model_hash.chars().take(8).collect();
    let count = epochs.count.map(|n| n.to_string()).unwrap_or_default();
    vec![id, when, run.name.clone(), hash, state, count, best]
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
    fn of_a_huge_file_only_the_end_is_read() {
        let root = tempfile::tempdir().expect("a folder");
        let run = root.path().join("20260101-1-a");
        std::fs::create_dir(&run).expect("a folder");
        std::fs::write(
            run.join("run.json"),
            "{\"ending\": {\"why\": \"patience\", \"best_epoch\": 7}}",
        )
        .expect("a file");
        let metrics = run.join("metrics.jsonl");
        let end = |rows: &str| {
            // Holes before the rows: nobody has as much memory as this file seems to have bytes.
            let mut file = std::fs::File::create(&metrics).expect("a file");
            file.seek(SeekFrom::Start(1 << 40)).expect("a place");
            std::io::Write::write_all(&mut file, rows.as_bytes()).expect("rows");
            list(root.path())["text/plain"].as_str().unwrap_or_default().to_string()
        };
        let text = end("\n{\"epoch\": 41, \"watched\": 0.5, \"best\": true}\n{\"epoch\": 42, \"best\": false}\n{\"epo");
        assert!(text.contains("patience      42  0.5000 (epoch 41)"), "{text}");
        let text = end("\n{\"epoch\": 43, \"best\": false}\n");
        assert!(text.contains("patience      43  epoch 7"), "{text}");
        std::fs::File::create(run.join("run.json"))
            .and_then(|file| file.set_len(LIMIT + 1))
            .expect("a file");
        let text = list(root.path())["text/plain"].as_str().unwrap_or_default().to_string();
        assert!(text.contains("its run.json can't be read: it has 268435457 bytes"), "{text}");
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
