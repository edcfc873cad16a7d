//! Lines that begin with a colon, as evcxr's users know them.

use super::dependency;
use super::failure::Failure;
use super::session::Engine;
use super::show;
use super::worker::{Emit, Output};
use std::collections::BTreeSet;
use std::path::Path;

impl Engine {
    /// Carries out one command.
    pub(super) fn command(&mut self, line: &str, emit: Emit<'_>) -> Result<(), Failure> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "vars" => emit(Output::Result(show::variables(
                &self.state.variables,
                &self.state.described,
                &self.state.lost,
                &BTreeSet::new(),
            ))),
            "runs" => emit(Output::Result(show::runs(&self.folder))),
            "device" => {
                let told = self.worker.as_ref().map(|worker| worker.machine.clone()).unwrap_or_default();
                emit(Output::Result(show::machine(&told)));
            }
            "help" => emit(Output::Result(show::help(Path::new(&self.sdk.source)))),
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
