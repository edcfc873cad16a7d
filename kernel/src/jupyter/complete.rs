//! Completion and inspection from what the session knows: variables with their types, items, words of
//! the cell. Answered while a cell runs too. Offsets count characters.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const WORDS: &[&str] = &[
    "data!",
    "model!",
    "objective!",
    "fit!",
    "compare!",
    "println!",
    "format!",
    "vec!",
    "assert!",
    "assert_eq!",
    "let",
    "fn",
    "struct",
    "enum",
    "impl",
    "use",
    "for",
    "while",
    "loop",
    "match",
    "if",
    "else",
    "return",
    "Tensor",
    "Device",
    "DType",
    "DataFrame",
    ":vars",
    ":dep",
    ":help",
    ":opt",
];

/// The names of the session, shared with the thread that runs cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Variables and their types.
    pub(super) variables: BTreeMap<String, String>,
    /// Functions, types and macros of earlier cells.
    pub(super) items: Vec<String>,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The answer to `complete_request`.
pub(super) fn complete(names: &Names, request: &Value) -> Value {
    let code: Vec<char> = request["code"].as_str().unwrap_or_default().chars().collect();
    let end = request["cursor_pos"]
        .as_u64()
        .map_or(code.len(), |n| n as usize)
        .min(code.len());
    let mut start = end;
    while start > 0 && is_word(code[start - 1]) {
        start -= 1;
    }
    if start > 0 && code[start - 1] == ':' && (start < 2 || code[start - 2] == '\n') {
        start -= 1;
    }
    let prefix: String = code[start..end].iter().collect();
    let mut known: BTreeSet<String> = names.variables.keys().chain(&names.items).cloned().collect();
    known.extend(WORDS.iter().map(|w| (*w).to_string()));
    let others: String = code[..start]
        .iter()
        .chain(" ".chars().collect::<Vec<_>>().iter())
        .chain(&code[end..])
        .collect();
    known.extend(
        others
            .split(|c: char| !is_word(c))
            .filter(|w| w.chars().count() > 2 && !w.starts_with(char::is_numeric))
            .map(String::from),
    );
    let matches: Vec<&String> = known
        .iter()
        .filter(|name| !prefix.is_empty() && name.starts_with(&prefix) && **name != prefix)
        .collect();
    json!({"status": "ok", "matches": matches, "cursor_start": start, "cursor_end": end, "metadata": {}})
}

/// The answer to `inspect_request`.
pub(super) fn inspect(names: &Names, request: &Value) -> Value {
    let code: Vec<char> = request["code"].as_str().unwrap_or_default().chars().collect();
    let cursor = request["cursor_pos"]
        .as_u64()
        .map_or(code.len(), |n| n as usize)
        .min(code.len());
    let start = code[..cursor].iter().rposition(|c| !is_word(*c)).map_or(0, |at| at + 1);
    let end = code[cursor..]
        .iter()
        .position(|c| !is_word(*c))
        .map_or(code.len(), |at| cursor + at);
    let word: String = code[start..end].iter().collect();
    let text = match names.variables.get(&word) {
        Some(kind) => Some(format!("{word}: {kind}")),
        None if names.items.contains(&word) => Some(format!("{word}: defined in an earlier cell")),
        None => None,
    };
    let data = text.as_ref().map_or_else(|| json!({}), |text| json!({"text/plain": text}));
    json!({"status": "ok", "found": text.is_some(), "data": data, "metadata": {}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            variables: [("network".to_string(), "cistron::Model".to_string())].into(),
            items: vec!["netto".into()],
        }
    }

    #[test]
    fn variables_items_and_words_complete() {
        let answer = complete(&names(), &json!({"code": "let nethér = 1; net", "cursor_pos": 19}));
        assert_eq!(answer["matches"], json!(["nethér", "netto", "network"]));
        assert_eq!(
            (answer["cursor_start"].as_u64(), answer["cursor_end"].as_u64()),
            (Some(16), Some(19))
        );
        let answer = complete(&names(), &json!({"code": ":va", "cursor_pos": 3}));
        assert_eq!(answer["matches"], json!([":vars"]));
    }

    #[test]
    fn a_variable_tells_its_type() {
        let answer = inspect(&names(), &json!({"code": "network.name()", "cursor_pos": 3}));
        assert_eq!(answer["data"]["text/plain"], "network: cistron::Model");
        assert_eq!(
            inspect(&names(), &json!({"code": "nothing", "cursor_pos": 3}))["found"],
            false
        );
    }
}
