//! Subshells (JEP 91): what a front end may ask while a cell runs.
//!
//! Cells of Rust run one after the other, for they share their variables. A subshell answers the commands that look
//! (`:vars`, `:runs`, `:device`, `:help`), completion, inspection and everything else that is no cell.

use super::wire::Message;
use crate::engine::Aside;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The subshells that there are. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Subshells(Arc<Mutex<BTreeSet<String>>>);

impl Subshells {
    fn known(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new one.
    pub(super) fn create(&self) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        self.known().insert(id.clone());
        id
    }

    /// Ends one; false if it is not there.
    pub(super) fn delete(&self, id: &str) -> bool {
        self.known().remove(id)
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<String> {
        self.known().iter().cloned().collect()
    }

    /// Whether one is there.
    pub(super) fn has(&self, id: &str) -> bool {
        self.known().contains(id)
    }
}

/// What comes of a request in a subshell.
pub(super) struct Shown {
    /// Messages for everybody.
    pub(super) published: Vec<(&'static str, Value)>,
    /// The content of the reply.
    pub(super) reply: Value,
}

/// Carries out an `execute_request`. It counts no cell and stands in no history.
pub(super) fn execute(aside: &Aside, message: &Message) -> Shown {
    let code = message.content["code"].as_str().unwrap_or_default();
    let mut published = vec![("execute_input", json!({"code": code, "execution_count": 0}))];
    let reply = match aside.execute(code) {
        Ok(value) => {
            let result = |data: Value| ("execute_result", json!({"execution_count": 0, "data": data, "metadata": {}}));
            published.extend(value.map(result));
            json!({"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {}})
        }
        Err(failure) => {
            let mut content = json!({"ename": failure.name, "evalue": failure.value, "traceback": failure.traceback});
            published.push(("error", content.clone()));
            content["status"] = json!("error");
            content["execution_count"] = json!(0);
            content
        }
    };
    if message.content["silent"] == true {
        published.clear();
    }
    Shown { published, reply }
}
