//! What was run, in this session and in earlier ones.
//!
//! Cells are appended to one file in the cache, one line of JSON each. `CISTRON_HISTORY=0` keeps them out of it.

use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Lines of the file that are kept when it has become too long, and when that is.
const KEPT: usize = 5_000;
const MOST: usize = 10_000;

/// A cell: session, number, text.
type Row = (i64, i64, String);

/// The cells of this session and of earlier ones.
#[derive(Debug, Default)]
pub(super) struct History {
    rows: Vec<Row>,
    /// The number of this session; 0 until the file has been read.
    session: i64,
    file: Option<PathBuf>,
}

impl History {
    /// The history that is kept in a file; it is read when it is needed first.
    pub(super) fn kept_in(file: PathBuf) -> Self {
        Self {
            file: Some(file),
            ..Self::default()
        }
    }

    /// The history of this user, or of this session alone if that is wanted.
    pub(super) fn of_user() -> Self {
        match std::env::var("CISTRON_HISTORY").as_deref() {
            Ok("0") => Self::default(),
            _ => Self::kept_in(crate::sdk::cache_folder().join("history.jsonl")),
        }
    }

    /// Reads what earlier sessions left. Lines that do not read are those of a session that was cut off in the middle of
    /// one, and are left out.
    fn open(&mut self) {
        if self.session > 0 {
            return;
        }
        let text = self
            .file
            .as_ref()
            .and_then(|file| std::fs::read_to_string(file).ok())
            .unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let rows = lines.iter().filter_map(|line| serde_json::from_str::<Row>(line).ok());
        self.rows = rows.collect();
        self.session = self.rows.iter().map(|row| row.0).max().unwrap_or(0).saturating_add(1);
        if lines.len() > MOST
            && let Some(file) = &self.file
        {
            let newest = lines[lines.len() - KEPT..].join("\n") + "\n";
            let temporary = file.with_extension(std::process::id().to_string());
            // A history that can't be shortened stays long.
            if std::fs::write(&temporary, newest).is_ok() {
                let _ = std::fs::rename(&temporary, file);
            }
        }
    }

    /// Notes a cell. A file that can't be written keeps nothing, and the session has its history all the same.
    pub(super) fn add(&mut self, count: usize, code: &str) {
        self.open();
        let row = (self.session, count as i64, code.to_string());
        if let Some(file) = &self.file {
            let open = OpenOptions::new().create(true).append(true).open(file);
            if let (Ok(mut open), Ok(line)) = (open, serde_json::to_string(&row)) {
                let _ = open.write_all(format!("{line}\n").as_bytes());
            }
        }
        self.rows.push(row);
    }

    /// The answer to `history_request`.
    pub(super) fn answer(&mut self, request: &Value) -> Value {
        self.open();
        let number = |name: &str| request[name].as_i64();
        let n = number("n").filter(|n| *n > 0).map_or(usize::MAX, |n| n as usize);
        let mut seen = HashSet::new();
        let unique = request["unique"] == true;
        let mut rows: Vec<&Row> = match request["hist_access_type"].as_str() {
            Some("range") => {
                // 0 is this session, -1 the one before.
                let wanted = number("session").unwrap_or(0);
                let wanted = if wanted > 0 {
                    wanted
                } else {
                    self.session.saturating_add(wanted)
                };
                let (start, stop) = (number("start").unwrap_or(0), number("stop").unwrap_or(i64::MAX));
                let inside = |row: &&Row| row.0 == wanted && (start..stop).contains(&row.1);
                self.rows.iter().filter(inside).collect()
            }
            Some("search") => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                let found = self.rows.iter().filter(|(.., code)| matches(pattern, code));
                // Of equal cells the newest stays.
                let mut found: Vec<&Row> = found
                    .rev()
                    .filter(|(.., code)| !unique || seen.insert(code.as_str()))
                    .collect();
                found.reverse();
                found
            }
            _ => self.rows.iter().collect(),
        };
        rows.drain(..rows.len().saturating_sub(n));
        let output = request["output"] == true;
        let row = |(session, count, code): &&Row| {
            let code = if output { json!([code, null]) } else { json!(code) };
            json!([session, count, code])
        };
        json!({"status": "ok", "history": rows.iter().map(row).collect::<Vec<_>>()})
    }
}

/// A shell pattern of `*` and `?`.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("1 +*", "1 + 2") && matches("*b?", "abc") && matches("", ""));
        assert!(!matches("a*c", "abd") && !matches("a", "ab"));
    }

    #[test]
    fn tail_range_and_search() {
        let mut history = History::default();
        for (count, code) in [(1, "a"), (2, "b1"), (3, "b1")] {
            history.add(count, code);
        }
        let mut rows = |request: Value| history.answer(&request)["history"].clone();
        assert_eq!(rows(json!({"hist_access_type": "tail", "n": 1})), json!([[1, 3, "b1"]]));
        assert_eq!(
            rows(json!({"hist_access_type": "range", "start": 1, "stop": 3})),
            json!([[1, 1, "a"], [1, 2, "b1"]])
        );
        assert_eq!(
            rows(json!({"hist_access_type": "search", "pattern": "b*", "unique": true, "output": true})),
            json!([[1, 3, ["b1", null]]])
        );
    }

    #[test]
    fn the_next_session_knows_the_cells_of_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history.jsonl");
        History::kept_in(file.clone()).add(1, "let a = \"two\nlines\";");
        std::fs::write(&file, std::fs::read_to_string(&file).expect("a file") + "[1, cut o").expect("a file");
        let mut second = History::kept_in(file);
        let tail = second.answer(&json!({"hist_access_type": "tail", "n": 5}));
        assert_eq!(tail["history"], json!([[1, 1, "let a = \"two\nlines\";"]]));
        let before = second.answer(&json!({"hist_access_type": "range", "session": -1, "start": 1, "stop": 9}));
        assert_eq!(before["history"].as_array().map(Vec::len), Some(1));
        let own = second.answer(&json!({"hist_access_type": "range", "session": 0, "start": 1, "stop": 9}));
        assert_eq!(own["history"], json!([]));
    }

    #[test]
    fn a_long_history_is_shortened() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history.jsonl");
        let line = |n: usize| format!("[1,{n},\"cell {n}\"]\n");
        std::fs::write(&file, (0..=MOST).map(line).collect::<String>()).expect("a file");
        History::kept_in(file.clone()).add(1, "new");
        let text = std::fs::read_to_string(&file).expect("a file");
        assert_eq!(text.lines().count(), KEPT + 1);
        assert!(text.ends_with("[2,1,\"new\"]\n"));
    }
}
