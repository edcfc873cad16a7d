//! Lines that begin with a colon, as evcxr's users know them.

use super::dependency;
use super::failure::Failure;
use super::session::Engine;
use super::types::short;
use super::worker::{Emit, Output};
use serde_json::json;

const HELP: &str = "\
:vars                    the variables and their types
:dep name = \"1\"          adds a crate; also name = { version = .., features = [..] } and { path = \"..\" }
:opt 0..3                how much plain cells are optimised (functions and types always are)
:help                    this text

Everything of `cistron::prelude` is there without a `use`.
The value of a cell's last expression is shown; a `;` behind it hides it.
An interrupt stops loops and `fit!` and keeps the variables. What takes no notice of it for a second is ended by a
second one; small variables come back then, and those of `keep!(name)`.";

impl Engine {
    /// Carries out one command.
    pub(super) fn command(&mut self, line: &str, emit: Emit<'_>) -> Result<(), Failure> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "vars" => show(&self.variable_table(), emit),
            "help" => show(HELP, emit),
            "dep" => return dependency::add(self, rest.trim(), emit),
            "opt" => match rest.trim().parse() {
                Ok(level @ 0..=3) => {
                    self.compiler.opt_level = level;
                    // The compiler that waits was started with another level.
                    self.compiler.forget();
                }
                _ => {
                    return Err(Failure::plain(
                        "CommandError",
                        &format!("`:opt` takes a number from 0 to 3, found `{}`", rest.trim()),
                    ));
                }
            },
            _ => {
                let text = format!("there is no command `:{word}`\n`:help` lists them");
                return Err(Failure::plain("CommandError", &text));
            }
        }
        Ok(())
    }

    fn variable_table(&self) -> String {
        let width = self
            .state
            .variables
            .keys()
            .chain(self.state.lost.keys())
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines: Vec<String> = self
            .state
            .variables
            .iter()
            .map(|(name, v)| format!("{name:width$}  {}", short(&v.type_name)))
            .collect();
        lines.extend(
            self.state
                .lost
                .iter()
                .map(|(name, why)| format!("{name:width$}  (not kept: {why})")),
        );
        if lines.is_empty() {
            "no variables yet".into()
        } else {
            lines.join("\n")
        }
    }
}

fn show(text: &str, emit: Emit<'_>) {
    emit(Output::Result(json!({"text/plain": text})));
}
