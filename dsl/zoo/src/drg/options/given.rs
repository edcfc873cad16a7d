//! An option string taken apart: values by name, and what is to be said about them.

use super::known::{Fate, OPTIONS, TWO_SIDED};
use super::value::{OptionValue, dictionary};
use crate::{Result, ZooError};
use cistron_declaration::did_you_mean;
use std::collections::BTreeMap;

/// The options of a network.
#[derive(Clone, Debug)]
pub(super) struct Given {
    values: BTreeMap<String, OptionValue>,
    two_sided: bool,
    /// What deserves to be known about the options.
    pub(super) notes: Vec<String>,
    /// What cannot be declared.
    pub(super) impossible: Vec<String>,
}

/// `key=value+key=value`, or the lines of a `model_params.dat`; later ones win.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, OptionValue)>> {
    if !text.contains(['=', '\n']) && std::path::Path::new(text.trim()).is_file() {
        return Err(ZooError::Option {
            number: 1,
            text: text.into(),
            found: "this is the name of a file".into(),
            expected: "its text: `std::fs::read_to_string(path)?`".into(),
        });
    }
    let lines = text.lines().filter(|l| !l.trim().is_empty()).count();
    let of_file = lines > 1 || text.contains(" : ");
    let pieces: Vec<&str> = if of_file {
        text.lines().collect()
    } else {
        text.split('+').collect()
    };
    let (mut found, mut further) = (Vec::new(), Vec::new());
    for (i, piece) in pieces.iter().enumerate() {
        let piece = piece.trim();
        if piece.is_empty() || (of_file && piece.starts_with('_')) {
            continue;
        }
        let wrong = |what: String, expected: &str| ZooError::Option {
            number: i + 1,
            text: piece.into(),
            found: what,
            expected: expected.into(),
        };
        let sign = if of_file || !piece.contains('=') { ':' } else { '=' };
        let (name, value) = piece
            .split_once(sign)
            .ok_or_else(|| wrong("it has no value".into(), "`name=value`, joined by `+`"))?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(wrong(format!("`{name}` is no name"), "letters, digits and `_`"));
        }
        match name {
            // The file names itself.
            "outname" if of_file => continue,
            // Options of training that the program for one sequence writes nowhere else.
            "kwargs" if of_file => {
                let entries = dictionary(value).map_err(|e| wrong(e, "a dictionary of Python"))?;
                further.extend(entries);
                continue;
            }
            _ => {}
        }
        let value = OptionValue::read(value).map_err(|e| wrong(e, "a number, a word, or a list of Python"))?;
        found.push((name.to_string(), value));
    }
    further.retain(|(name, _)| !found.iter().any(|(known, _)| known == name));
    found.extend(further);
    Ok(found)
}

impl Given {
    pub(super) fn new(pairs: Vec<(String, OptionValue)>, two_sided: bool) -> Self {
        let mut given = Self {
            values: BTreeMap::new(),
            two_sided,
            notes: Vec::new(),
            impossible: Vec::new(),
        };
        for (name, value) in pairs {
            given.take(name, value);
        }
        given
    }

    fn take(&mut self, name: String, value: OptionValue) {
        let Some((_, default, fate)) = self.find(&name) else {
            let elsewhere = !self.two_sided && TWO_SIDED.iter().any(|(n, ..)| *n == name);
            let help = if elsewhere {
                "it belongs to networks with two sequences".to_string()
            } else {
                did_you_mean(&name, OPTIONS.iter().chain(TWO_SIDED).map(|(n, ..)| *n))
            };
            self.notes.push(format!(
                "unknown option `{name}={value}`: the original takes it and does nothing; {help}"
            ));
            return;
        };
        let standard = OptionValue::read(default).is_ok_and(|d| same(&d, &value));
        match fate {
            Fate::Ineffective(why) if !standard => {
                self.notes
                    .push(format!("`{name}={value}` has no effect in the original: {why}"));
            }
            Fate::Unless(only) if !OptionValue::read(only).is_ok_and(|d| same(&d, &value)) => {
                self.impossible
                    .push(format!("`{name}={value}` has no word here (only `{name}={only}` does)"));
            }
            _ => {}
        }
        if self.values.contains_key(&name) {
            self.notes
                .push(format!("`{name}` is given twice: the last, `{value}`, counts"));
        }
        self.values.insert(name, value);
    }

    /// Names what was given that concerns the original's program alone, in one note.
    pub(super) fn note_program(&mut self) {
        let given = self
            .values
            .iter()
            .filter(|(name, _)| matches!(self.find(name), Some((.., Fate::Program))));
        let named: Vec<String> = given.map(|(name, value)| format!("`{name}={value}`")).collect();
        if !named.is_empty() {
            let named = named.join(", ");
            self.notes.push(format!(
                "without effect: {named} (files, screen and device of the original's program)"
            ));
        }
    }

    fn find(&self, name: &str) -> Option<(&'static str, &'static str, Fate)> {
        let extra: &[_] = if self.two_sided { TWO_SIDED } else { &[] };
        extra.iter().chain(OPTIONS).find(|(n, ..)| *n == name).copied()
    }

    /// The value of an option, or what it is without being given.
    pub(super) fn value(&self, name: &str) -> OptionValue {
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        let default = self.find(name).map_or("None", |(_, default, _)| default);
        OptionValue::read(default).unwrap_or(OptionValue::Nothing)
    }

    fn wrong(&mut self, name: &str, value: &OptionValue, expected: &str) {
        self.impossible.push(format!("`{name}={value}` is not {expected}"));
    }

    /// A whole number of 0 or more; 0 for `None` and for what is none, which is noted.
    pub(super) fn whole(&mut self, name: &str) -> usize {
        match self.value(name) {
            OptionValue::Whole(n) if n >= 0 => n as usize,
            OptionValue::Number(x) if x >= 0.0 && x.fract() == 0.0 => x as usize,
            OptionValue::Nothing | OptionValue::Truth(false) => 0,
            other => {
                self.wrong(name, &other, "a whole number");
                0
            }
        }
    }

    /// A whole number above 0, or nothing.
    pub(super) fn some_whole(&mut self, name: &str) -> Option<usize> {
        Some(self.whole(name)).filter(|n| *n > 0)
    }

    pub(super) fn number(&mut self, name: &str) -> f64 {
        match self.value(name) {
            OptionValue::Nothing | OptionValue::Truth(false) => 0.0,
            value => value.number().unwrap_or_else(|| {
                self.wrong(name, &value, "a number");
                0.0
            }),
        }
    }

    pub(super) fn truth(&mut self, name: &str) -> bool {
        match self.value(name) {
            OptionValue::Truth(b) => b,
            OptionValue::Nothing => false,
            OptionValue::Whole(n) => n != 0,
            other => {
                self.wrong(name, &other, "True or False");
                false
            }
        }
    }

    /// As text; of a list with one value for all, that value.
    pub(super) fn text(&self, name: &str) -> String {
        match self.value(name) {
            OptionValue::List(items) if !items.is_empty() && items.iter().all(|item| *item == items[0]) => items[0].to_string(),
            value => value.to_string(),
        }
    }

    /// One value for each of `n` things: a list, or the same for all.
    pub(super) fn each(&mut self, name: &str, n: usize) -> Vec<OptionValue> {
        match self.value(name) {
            OptionValue::List(items) if items.len() == n => items,
            OptionValue::List(items) => {
                self.impossible.push(format!("`{name}` lists {} values for {n}", items.len()));
                vec![OptionValue::Nothing; n]
            }
            one => vec![one; n],
        }
    }

    /// Whole numbers above 0, one for each of `n` things.
    pub(super) fn wholes(&mut self, name: &str, n: usize) -> Vec<usize> {
        let each = self.each(name, n);
        let mut found = Vec::new();
        for value in each {
            match value.number().filter(|x| *x >= 1.0 && x.fract() == 0.0) {
                Some(x) => found.push(x as usize),
                None => {
                    self.wrong(name, &value, "a whole number above 0");
                    found.push(1);
                }
            }
        }
        found
    }
}

fn same(a: &OptionValue, b: &OptionValue) -> bool {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => a == b,
        _ => {
            a == b
                || matches!(
                    (a, b),
                    (OptionValue::Truth(false), OptionValue::Whole(0)) | (OptionValue::Whole(0), OptionValue::Truth(false))
                )
        }
    }
}
