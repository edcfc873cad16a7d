//! What was run in this session.

use serde_json::{Value, json};
use std::collections::HashSet;

/// The cells of the session.
#[derive(Clone, Debug, Default)]
pub(super) struct History(Vec<(usize, String)>);

impl History {
    pub(super) fn add(&mut self, count: usize, code: &str) {
        self.0.push((count, code.into()));
    }

    /// The answer to `history_request`.
    pub(super) fn answer(&self, request: &Value) -> Value {
        let number = |name: &str| request[name].as_i64();
        let n = number("n").filter(|n| *n > 0).map_or(usize::MAX, |n| n as usize);
        let mut seen = HashSet::new();
        let unique = request["unique"] == true;
        let mut rows: Vec<&(usize, String)> = match request["hist_access_type"].as_str() {
            Some("range") => {
                let (start, stop) = (number("start").unwrap_or(0), number("stop").unwrap_or(i64::MAX));
                self.0
                    .iter()
                    .filter(|(count, _)| (start..stop).contains(&(*count as i64)))
                    .collect()
            }
            Some("search") => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                let found = self.0.iter().filter(|(_, code)| matches(pattern, code));
                found.filter(|(_, code)| !unique || seen.insert(code.as_str())).collect()
            }
            _ => self.0.iter().collect(),
        };
        rows.drain(..rows.len().saturating_sub(n));
        let output = request["output"] == true;
        let row = |(count, code): &&(usize, String)| {
            let code = if output { json!([code, null]) } else { json!(code) };
            json!([1, count, code])
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
        let rows = |request: Value| history.answer(&request)["history"].clone();
        assert_eq!(rows(json!({"hist_access_type": "tail", "n": 1})), json!([[1, 3, "b1"]]));
        assert_eq!(
            rows(json!({"hist_access_type": "range", "start": 1, "stop": 3})),
            json!([[1, 1, "a"], [1, 2, "b1"]])
        );
        assert_eq!(
            rows(json!({"hist_access_type": "search", "pattern": "b*", "unique": true, "output": true})),
            json!([[1, 2, ["b1", null]]])
        );
    }
}
