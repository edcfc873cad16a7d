//! Outputs of cells, gathered as a front end would.

use super::file::{joined, lines};
use crate::engine::{Failure, Output};
use crate::png;
use serde_json::{Map, Value, json};

/// The outputs of all cells of a run. A display that is updated changes wherever it was shown.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    cells: Vec<Vec<Entry>>,
    clear_waits: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    output: Value,
    display: Option<String>,
}

impl Outputs {
    /// Begins a cell.
    pub fn begin(&mut self) {
        self.cells.push(Vec::new());
        self.clear_waits = false;
    }

    /// Adds to the newest cell; `count` is its execution count.
    pub fn add(&mut self, output: Output, count: usize) {
        match output {
            Output::Clear(content) => {
                if content["wait"] == true {
                    self.clear_waits = true;
                } else {
                    self.clear();
                }
            }
            Output::Update(content) => self.update(&content),
            Output::Stream(name, text) => self.stream(name, &text),
            Output::Display(content) => {
                let display = content["transient"]["display_id"].as_str().map(String::from);
                self.push(
                    json!({"output_type": "display_data", "data": data(&content["data"]), "metadata": png::metadata(&content["data"])}),
                    display,
                );
            }
            Output::Result(content) => {
                let metadata = png::metadata(&content);
                let result = json!({
                    "output_type": "execute_result", "execution_count": count, "data": data(&content), "metadata": metadata
                });
                self.push(result, None);
            }
        }
    }

    /// Adds the error that ended the newest cell.
    pub fn fail(&mut self, failure: &Failure) {
        let error =
            json!({"output_type": "error", "ename": failure.name, "evalue": failure.value, "traceback": failure.traceback});
        self.push(error, None);
    }

    /// The outputs of every cell begun, as they go into the notebook.
    pub fn finish(&self) -> Vec<Value> {
        let output = |entry: &Entry| {
            let mut output = entry.output.clone();
            if output["output_type"] == "stream" {
                output["text"] = lines(&returned(&joined(&output["text"])));
            }
            output
        };
        self.cells.iter().map(|cell| cell.iter().map(output).collect()).collect()
    }

    fn push(&mut self, output: Value, display: Option<String>) {
        if std::mem::take(&mut self.clear_waits) {
            self.clear();
        }
        if let Some(cell) = self.cells.last_mut() {
            cell.push(Entry { output, display });
        }
    }

    fn clear(&mut self) {
        if let Some(cell) = self.cells.last_mut() {
            cell.clear();
        }
    }

    fn stream(&mut self, name: &str, text: &str) {
        if !self.clear_waits
            && let Some(last) = self.cells.last_mut().and_then(|cell| cell.last_mut())
            && last.output["output_type"] == "stream"
            && last.output["name"] == name
        {
            let whole = joined(&last.output["text"]) + text;
            last.output["text"] = Value::String(whole);
            return;
        }
        self.push(json!({"output_type": "stream", "name": name, "text": text}), None);
    }

    fn update(&mut self, content: &Value) {
        let id = content["transient"]["display_id"].as_str();
        for entry in self
            .cells
            .iter_mut()
            .flatten()
            .filter(|e| e.display.is_some() && e.display.as_deref() == id)
        {
            entry.output["data"] = data(&content["data"]);
        }
    }
}

/// Forms as notebooks store them: text in lines, JSON as it is.
fn data(forms: &Value) -> Value {
    let stored = |(media_type, content): (&String, &Value)| {
        let text = content
            .as_str()
            .filter(|_| media_type.starts_with("text/") || media_type == "image/svg+xml");
        (media_type.clone(), text.map_or_else(|| content.clone(), lines))
    };
    Value::Object(
        forms
            .as_object()
            .map(|forms| forms.iter().map(stored).collect::<Map<_, _>>())
            .unwrap_or_default(),
    )
}

/// What a screen shows of a text with carriage returns: each line's last version.
fn returned(text: &str) -> String {
    let line = |line: &str| {
        let (body, end) = line
            .strip_suffix("\r\n")
            .map(|b| (b, "\n"))
            .or_else(|| line.strip_suffix('\n').map(|b| (b, "\n")))
            .unwrap_or((line, ""));
        let mut shown: Vec<char> = Vec::new();
        for version in body.split('\r') {
            let new: Vec<char> = version.trim_start_matches("\u{1b}[2K").chars().collect();
            let erased = version.starts_with("\u{1b}[2K");
            let kept = if erased || new.len() >= shown.len() {
                Vec::new()
            } else {
                shown.split_off(new.len())
            };
            shown = if version.is_empty() && !erased {
                kept
            } else {
                new.into_iter().chain(kept).collect()
            };
        }
        shown.into_iter().collect::<String>() + end
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_merge_and_carriage_returns_overwrite() {
        let mut outputs = Outputs::default();
        outputs.begin();
        for text in ["a", "b\n", "1%\r", "20%\r", "100%\n"] {
            outputs.add(Output::Stream("stdout", text.into()), 1);
        }
        outputs.add(Output::Stream("stderr", "e".into()), 1);
        let finished = outputs.finish();
        assert_eq!(finished[0][0]["text"], json!(["ab\n", "100%\n"]));
        assert_eq!(finished[0][1]["name"], "stderr");
        assert_eq!(returned("abc\rx"), "xbc");
        assert_eq!(returned("abc\r\nd"), "abc\nd");
    }

    #[test]
    fn an_update_replaces_the_display_of_an_earlier_cell() {
        let show = |text: &str| json!({"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "a"}});
        let mut outputs = Outputs::default();
        outputs.begin();
        outputs.add(Output::Display(show("old")), 1);
        outputs.begin();
        outputs.add(Output::Update(show("new\nlines")), 2);
        let finished = outputs.finish();
        assert_eq!(finished[0][0]["data"]["text/plain"], json!(["new\n", "lines"]));
        assert_eq!(finished[1], json!([]));
    }

    #[test]
    fn clearing_waits_for_the_next_output() {
        let mut outputs = Outputs::default();
        outputs.begin();
        outputs.add(Output::Stream("stdout", "a".into()), 1);
        outputs.add(Output::Clear(json!({"wait": true})), 1);
        assert_eq!(outputs.finish()[0][0]["text"], json!(["a"]));
        outputs.add(Output::Stream("stdout", "b".into()), 1);
        assert_eq!(outputs.finish()[0][0]["text"], json!(["b"]));
    }
}
