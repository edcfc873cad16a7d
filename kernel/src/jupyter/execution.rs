//! One cell on its way: its output gathered a little, then published.

use super::iopub::Publisher;
use super::wire::Message;
use crate::engine::{Failure, Output};
use crate::png;
use serde_json::{Value, json};

/// Text that waits to be joined with what follows.
const JOINED: usize = 32 * 1024;

/// The output of one cell.
pub(super) struct Execution<'a> {
    publisher: &'a Publisher,
    parent: &'a Message,
    silent: bool,
    count: usize,
    result: Option<Value>,
}

impl<'a> Execution<'a> {
    pub(super) fn new(publisher: &'a Publisher, parent: &'a Message, silent: bool, count: usize) -> Self {
        Self {
            publisher,
            parent,
            silent,
            count,
            result: None,
        }
    }

    /// Publishes an output. A second result becomes a display: a cell has one.
    pub(super) fn show(&mut self, output: Output) {
        match output {
            Output::Stream(name, text) => {
                let mut rest = text.as_str();
                while !rest.is_empty() {
                    let (part, tail) = rest.split_at(rest.floor_char_boundary(JOINED));
                    self.publish("stream", json!({"name": name, "text": part}));
                    rest = tail;
                }
            }
            Output::Display(content) => self.publish("display_data", content),
            Output::Update(content) => self.publish("update_display_data", content),
            Output::Clear(content) => self.publish("clear_output", content),
            Output::Result(data) => {
                if let Some(before) = self.result.replace(data) {
                    self.publish(
                        "display_data",
                        json!({"metadata": png::metadata(&before), "data": before, "transient": {}}),
                    );
                }
            }
        }
    }

    /// Ends the cell and answers the content of its reply. `expressions` are the answers to `user_expressions`.
    pub(super) fn finish(mut self, result: Result<(), Failure>, expressions: Value) -> Value {
        if let Some(data) = self.result.take() {
            self.publish(
                "execute_result",
                json!({"execution_count": self.count, "metadata": png::metadata(&data), "data": data}),
            );
        }
        match result {
            Ok(()) => json!({"status": "ok", "execution_count": self.count, "payload": [], "user_expressions": expressions}),
            Err(failure) => {
                let mut content = json!({"ename": failure.name, "evalue": failure.value, "traceback": failure.traceback});
                self.publish("error", content.clone());
                content["status"] = json!("error");
                content["execution_count"] = json!(self.count);
                content["payload"] = json!([]);
                content["user_expressions"] = json!({});
                content
            }
        }
    }

    fn publish(&self, kind: &'static str, content: Value) {
        if !self.silent {
            self.publisher.send_blocking(kind, self.parent, content);
        }
    }
}
