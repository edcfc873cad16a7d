//! What can be answered while a cell runs: the commands that only look. They are answered from what was known after
//! the last cell.

use super::command;
use super::described::Described;
use super::failure::Failure;
use super::session::Engine;
use super::state::Variable;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What was known after a cell.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) described: BTreeMap<String, Described>,
    pub(super) lost: BTreeMap<String, String>,
    /// Variables that a new worker would get back.
    pub(super) kept: BTreeSet<String>,
    pub(super) folder: PathBuf,
    pub(super) source: PathBuf,
    /// Where the libraries of cells lie.
    pub(super) libraries: PathBuf,
    /// What the worker said of the machine.
    pub(super) machine: Value,
}

impl Engine {
    /// What is known now.
    pub fn aside(&self) -> Aside {
        Aside {
            variables: self.state.variables.clone(),
            described: self.state.described.clone(),
            lost: self.state.lost.clone(),
            kept: self.kept().into_iter().collect(),
            folder: self.folder.clone(),
            source: self.sdk.source.clone(),
            libraries: self.sdk.folder.clone(),
            machine: self.worker.as_ref().map(|worker| worker.machine.clone()).unwrap_or_default(),
        }
    }
}

impl Aside {
    /// Carries out commands that look (`:vars`, `:help` and their kin); answers the value of the last.
    ///
    /// # Errors
    /// For commands that change something, and for code.
    pub fn execute(&self, code: &str) -> Result<Option<Value>, Failure> {
        let mut last = None;
        for line in code.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let word = line
                .strip_prefix(':')
                .map(|l| l.split_whitespace().next().unwrap_or_default());
            let answer = word.and_then(|word| command::look(word, self));
            last = Some(answer.ok_or_else(|| {
                let text = format!(
                    "a subshell answers commands that look, such as `:vars` and `:help`, while a cell runs; found `{line}`\n\
                     code runs in the main shell, one cell after the other"
                );
                Failure::plain("SubshellError", &text)
            })?);
        }
        Ok(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_look_are_answered_and_code_is_not() {
        let aside = Aside::default();
        let shown = aside.execute(":vars\n").expect("an answer").expect("a value");
        assert!(
            shown["text/plain"].as_str().is_some_and(|text| text.contains("no variables")),
            "{shown}"
        );
        assert!(aside.execute(":help").expect("an answer").is_some());
        assert_eq!(aside.execute("  \n").expect("an answer"), None);
        for code in ["let x = 1;", ":dep rand = \"1\"", ":vars\nx"] {
            let failure = aside.execute(code).expect_err(code);
            assert_eq!(failure.name, "SubshellError");
            assert!(failure.to_string().contains("main shell"), "{failure}");
        }
    }
}
