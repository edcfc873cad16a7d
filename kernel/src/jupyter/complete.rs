//! Completion and inspection: answered from what was known after the last cell, while the next one runs too.
//! Offsets count characters.

use super::executor::Shared;
use crate::assist::Desk;
use serde_json::{Value, json};

/// The text of a request, and the place of the cursor in it.
fn place(request: &Value) -> (Vec<char>, usize) {
    let code: Vec<char> = request["code"].as_str().unwrap_or_default().chars().collect();
    let cursor = request["cursor_pos"].as_u64().map_or(code.len(), |n| n as usize);
    let end = cursor.min(code.len());
    (code, end)
}

/// Asks what is known of a text.
fn ask<T>(shared: &Shared, code: &[char], question: impl FnOnce(&Desk<'_>) -> T) -> T {
    question(&Desk {
        index: &shared.index(),
        session: &shared.session(),
        code,
    })
}

/// The answer to `complete_request`.
pub(super) fn complete(shared: &Shared, request: &Value) -> Value {
    let (code, cursor) = place(request);
    ask(shared, &code, |desk| desk.complete(cursor).reply())
}

/// The answer to `inspect_request`.
pub(super) fn inspect(shared: &Shared, request: &Value) -> Value {
    let (code, cursor) = place(request);
    let page = ask(shared, &code, |desk| desk.inspect(cursor));
    let data = page.as_ref().map_or_else(|| json!({}), |page| page.forms());
    json!({"status": "ok", "found": page.is_some(), "data": data, "metadata": {}})
}

/// The page that a cell asks for which begins with a question mark: `?run.correlation`.
pub(super) fn page(shared: &Shared, code: &str) -> Option<Value> {
    let asked = code.trim().strip_prefix('?')?.trim_end();
    let code: Vec<char> = asked.chars().collect();
    let nothing = || json!({"text/plain": format!("nothing is known of `{}`", asked.trim())});
    let page = ask(shared, &code, |desk| desk.inspect(code.len()));
    let data = page.map_or_else(nothing, |page| page.forms());
    Some(json!({"source": "page", "data": data, "start": 0}))
}
