//! Asking whoever sits at the notebook.

use super::{events, interrupt};
use serde_json::{Value, json};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError(String);

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputError {}

/// Shows a field with `prompt` before it and waits for a line of text, which comes without its line end.
///
/// `std::io::stdin()` of a cell is always at its end: a line is asked for with this function.
///
/// # Errors
/// Where nobody can be asked: a notebook that runs without a person, or a front end that says `allow_stdin = false`.
///
/// # Example
/// ```text
/// let width: usize = input("width in bp: ")?.trim().parse()?;
/// ```
pub fn input(prompt: &str) -> Result<String, InputError> {
    ask(prompt, false)
}

/// The same with a field that does not show what is typed.
///
/// # Errors
/// As [`input`].
pub fn password(prompt: &str) -> Result<String, InputError> {
    ask(prompt, true)
}

fn ask(prompt: &str, password: bool) -> Result<String, InputError> {
    let question = json!({"prompt": prompt, "password": password});
    let answer = events::ask(&question.to_string());
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    if answer["interrupted"] == true {
        interrupt::told();
    }
    match answer["value"].as_str() {
        Some(value) => Ok(value.to_string()),
        None => Err(InputError(
            answer["refused"].as_str().unwrap_or("the kernel gave no answer").to_string(),
        )),
    }
}
