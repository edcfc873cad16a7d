//! Subshells (JEP 91): what a front end may ask while a cell runs.
//!
//! Cells of Rust run one after the other, for they share their variables. A subshell answers the commands that look
//! (`:vars`, `:runs`, `:device`, `:help`), completion, inspection and everything else that is no cell.

use super::wire::Message;
use crate::engine::Aside;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The end of the last request of each subshell; nothing before the first.
type Ends = BTreeMap<String, Option<oneshot::Receiver<()>>>;

/// The subshells that there are. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Subshells(Arc<Mutex<Ends>>);

/// A request's turn: requests of one subshell are carried out in the order in which they came.
#[derive(Debug)]
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    /// Dropped at the end, which is what the next one waits for.
    _end: oneshot::Sender<()>,
}

impl Turn {
    /// Waits until the request before it has ended.
    pub(super) async fn begin(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = before.await;
        }
    }
}

impl Subshells {
    fn known(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new one.
    pub(super) fn create(&self) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        self.known().insert(id.clone(), None);
        id
    }

    /// Ends one; false if it is not there.
    pub(super) fn delete(&self, id: &str) -> bool {
        self.known().remove(id).is_some()
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<String> {
        self.known().keys().cloned().collect()
    }

    /// Whether one is there.
    pub(super) fn has(&self, id: &str) -> bool {
        self.known().contains_key(id)
    }

    /// The turn of a request that has just come; nothing if there is no such subshell.
    pub(super) fn turn(&self, id: &str) -> Option<Turn> {
        let mut known = self.known();
        let last = known.get_mut(id)?;
        let (end, ended) = oneshot::channel();
        Some(Turn {
            before: last.replace(ended),
            _end: end,
        })
    }
}

/// What comes of a request in a subshell.
pub(super) struct Shown {
    /// Messages for everybody.
    pub(super) published: Vec<(&'static str, Value)>,
    /// The content of the reply.
    pub(super) reply: Value,
}

/// What is shown when a command could not come to its end: everybody still gets an answer.
pub(super) fn failed() -> Shown {
    let text = "the command could not come to its end; this is a mistake of the kernel";
    let content = json!({"ename": "SubshellError", "evalue": text, "traceback": [text]});
    let mut reply = content.clone();
    reply["status"] = json!("error");
    reply["execution_count"] = json!(0);
    Shown {
        published: vec![("error", content)],
        reply,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_subshell_keep_their_order_and_wait_for_no_other() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let subshells = Subshells::default();
            let (one, other) = (subshells.create(), subshells.create());
            assert!(subshells.turn("nobody").is_none());
            let mut first = subshells.turn(&one).expect("a subshell");
            let mut second = subshells.turn(&one).expect("a subshell");
            let mut elsewhere = subshells.turn(&other).expect("a subshell");
            elsewhere.begin().await;
            let order = Arc::new(Mutex::new(Vec::new()));
            let seen = order.clone();
            let waiting = tokio::spawn(async move {
                second.begin().await;
                seen.lock().unwrap_or_else(PoisonError::into_inner).push("second");
            });
            tokio::task::yield_now().await;
            first.begin().await;
            order.lock().unwrap_or_else(PoisonError::into_inner).push("first");
            drop(first);
            waiting.await.expect("a task");
            assert_eq!(*order.lock().unwrap_or_else(PoisonError::into_inner), ["first", "second"]);
        });
    }
}
