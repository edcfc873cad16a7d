//! Lines that begin with a colon, as evcxr's users know them.

use super::aside::Aside;
use super::dependency;
use super::failure::Failure;
use super::session::Engine;
use super::state::Variable;
use super::types::short;
use super::worker::{Emit, Output};
use serde_json::{Value, json};

const HELP: &str = "\
:vars                    the variables and their types
:dep name = \"1\"          adds a crate; also name = { version = .., features = [..] } and { path = \"..\" }
:opt 0..3                how much plain cells are optimised (functions and types always are)
:help                    this text

Everything of `cistron::prelude` is there without a `use`.
The value of a cell's last expression is shown; a `;` behind it hides it.
An interrupt stops loops and `fit!` and keeps the variables; a second one ends the worker process.";

impl Engine {
    /// Carries out one command.
    pub(super) fn command(&mut self, line: &str, emit: Emit<'_>) -> Result<(), Failure> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if let Some(shown) = look(word, &self.aside()) {
            emit(Output::Result(shown));
            return Ok(());
        }
        match word {
            "dep" => return dependency::add(self, rest.trim(), emit),
            "opt" => match rest.trim().parse() {
                Ok(level @ 0..=3) => self.compiler.opt_level = level,
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
}

/// What a command shows that only looks; nothing for the others.
pub(super) fn look(word: &str, aside: &Aside) -> Option<Value> {
    let text = match word {
        "vars" => variable_table(aside),
        "help" => HELP.to_string(),
        _ => return None,
    };
    Some(json!({"text/plain": text}))
}

fn variable_table(aside: &Aside) -> String {
    let names = aside.variables.keys().chain(aside.lost.keys());
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let variable = |(name, v): (&String, &Variable)| format!("{name:width$}  {}", short(&v.type_name));
    let mut lines: Vec<String> = aside.variables.iter().map(variable).collect();
    lines.extend(
        aside
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
