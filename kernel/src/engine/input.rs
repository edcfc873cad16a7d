//! Questions that a cell asks (`input`, `password`), and who answers them.

use super::session::Engine;
use serde_json::{Value, json};
use std::fmt;

/// What a cell asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// What stands before the field.
    pub prompt: String,
    /// Whether what is typed must not be seen.
    pub password: bool,
}

impl Question {
    pub(crate) fn read(body: &Value) -> Self {
        Self {
            prompt: body["prompt"].as_str().unwrap_or_default().into(),
            password: body["password"] == true,
        }
    }
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A line without its end.
    Text(String),
    /// The user has interrupted the cell instead.
    Interrupted,
    /// Nobody can be asked; why.
    Refused(String),
}

impl Answer {
    pub(crate) fn body(&self) -> String {
        match self {
            Self::Text(text) => json!({"value": text}),
            Self::Interrupted => json!({"interrupted": true}),
            Self::Refused(why) => json!({"refused": why}),
        }
        .to_string()
    }
}

type Ask = Box<dyn FnMut(&Question) -> Answer + Send>;

/// Who answers.
#[derive(Default)]
pub(crate) struct Asker(Option<Ask>);

impl Asker {
    pub(crate) fn ask(&mut self, question: &Question) -> Answer {
        match &mut self.0 {
            Some(ask) => ask(question),
            None => Answer::Refused(format!(
                "the cell asks `{}`, but nobody can answer: the front end takes no input (`allow_stdin` is false), or the \
                 notebook runs without one; give the value in the cell, or as a parameter of `cistron run`",
                question.prompt.trim()
            )),
        }
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Asker(somebody)"
        } else {
            "Asker(nobody)"
        })
    }
}

impl Engine {
    /// Whom cells ask from now on. `ask` returns when there is an answer or the user has interrupted.
    pub fn ask_with(&mut self, ask: impl FnMut(&Question) -> Answer + Send + 'static) {
        self.asker = Asker(Some(Box::new(ask)));
    }

    /// Nobody answers from now on; a cell that asks gets an error.
    pub fn ask_nobody(&mut self) {
        self.asker = Asker::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_anybody_the_answer_says_so() {
        let question = Question::read(&json!({"prompt": "width: ", "password": false}));
        let Answer::Refused(why) = Asker::default().ask(&question) else {
            panic!("somebody answered");
        };
        assert!(why.contains("the cell asks `width:`") && why.contains("allow_stdin"), "{why}");
    }

    #[test]
    fn an_answer_may_hold_anything() {
        let text = "a \"quoted\"\nline ✓";
        let body: Value = serde_json::from_str(&Answer::Text(text.into()).body()).expect("JSON");
        assert_eq!(body["value"], text);
    }
}
