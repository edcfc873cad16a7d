//! Lines that begin with a colon, as evcxr's users know them.

use super::aside::Aside;
use super::dependency;
use super::failure::Failure;
use super::session::Engine;
use super::show;
use super::worker::{Emit, Output};
use crate::assist::Index;
use crate::png;
use crate::record::Record;
use serde_json::Value;

impl Engine {
    /// Carries out one command.
    pub(super) fn command(&mut self, line: &str, emit: Emit<'_>) -> Result<(), Failure> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if let Some(shown) = look(word, &self.aside()) {
            if !rest.trim().is_empty() {
                let text = format!(
                    "`:{word}` takes nothing, found `{}`\nhint: `?name` shows the page of a name",
                    rest.trim()
                );
                return Err(Failure::plain("CommandError", &text));
            }
            emit(Output::Result(shown));
            return Ok(());
        }
        match word {
            "record" => emit(Output::Result(Record::of(self, self.began.elapsed()).forms())),
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
            "png" => {
                let refused = |text: &str| Failure::plain("CommandError", text);
                let scale = match rest.trim() {
                    "" => Some(png::SCALE),
                    "off" => None,
                    number => Some(number.parse().map_err(|_| {
                        refused(&format!(
                            "`:png` takes pixels for each of the figure's (`:png 3`) or `off`, found `{number}`"
                        ))
                    })?),
                };
                self.show_png(scale).map_err(|error| refused(&error.to_string()))?;
            }
            _ => {
                let known = show::COMMANDS.map(|(form, _)| form[1..].split(' ').next().unwrap_or_default());
                let distances = known.iter().map(|known| (strsim::damerau_levenshtein(known, word), known));
                let near = distances
                    .min()
                    .filter(|(distance, _)| *distance <= 2 && 2 * distance <= word.len());
                let hint = near.map_or_else(String::new, |(_, near)| format!("did you mean `:{near}`? "));
                let text = format!("there is no command `:{word}`\n{hint}`:help` lists them");
                return Err(Failure::plain("CommandError", &text));
            }
        }
        Ok(())
    }
}

/// What a command shows that only looks; nothing for the others.
pub(super) fn look(word: &str, aside: &Aside) -> Option<Value> {
    Some(match word {
        "vars" => show::variables(&aside.variables, &aside.described, &aside.lost, &aside.kept),
        "runs" => show::runs(&aside.folder),
        "device" => show::machine(&aside.machine),
        "help" => show::help(&aside.source, &Index::load(&aside.libraries)),
        _ => return None,
    })
}
