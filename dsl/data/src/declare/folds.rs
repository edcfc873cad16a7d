//! `folds ..`

use super::arguments::{Call, Located};
use super::join::Joined;
use super::splits::share;
use super::{Reader, at, few};
use crate::audit::Remark;
use crate::dataset::Contents;
use crate::folds::{Folds, count_sets};
use cistron_declaration::{Diagnostic, Entry, Kind, did_you_mean};
use cistron_display::count;
use std::collections::HashMap;

/// The words for rows that are in no set.
const UNASSIGNED: [&str; 2] = ["train", "drop"];

impl Reader<'_> {
    pub(crate) fn read_folds(&mut self, entry: &Entry, joined: &Joined, contents: &Contents) -> Located<Folds> {
        let span = entry.value.span;
        let (mut folds, unassigned) = if matches!(entry.value.kind, Kind::Field { .. }) {
            let (records, title, span) = self.column_of(&entry.value)?;
            let values = self.joined_column(records, &title, joined, span)?;
            (folds_by_values(&title, &values), None)
        } else {
            let rules = "how to make folds: `sets`, `column`, `hash` or `count`";
            let call = Call::of(&entry.value, self.captures, rules)?;
            match call.function {
                "sets" => {
                    call.only(&["unassigned"])?;
                    let unassigned = call.choice("unassigned", &UNASSIGNED)?;
                    (self.folds_by_sets(&call, joined)?, unassigned)
                }
                "column" => {
                    call.only(&["unassigned"])?;
                    let unassigned = call.choice("unassigned", &UNASSIGNED)?;
                    let (records, title, span) = self.column_of(&entry.value)?;
                    let values = self.joined_column(records, &title, joined, span)?;
                    (folds_by_values(&title, &values), unassigned)
                }
                "hash" => (folds_by_hash(&call, contents)?, None),
                "count" => (self.folds_by_count(&call, contents)?, None),
                other => {
                    let message = format!("unknown rule for folds `{other}`");
                    let known = ["sets", "column", "hash", "count"];
                    return Err(Diagnostic::error(call.span, message).help(did_you_mean(other, known)));
                }
            }
        };
        if folds.sets.len() < 3 {
            let message = format!(
                "{} sets ({}); training, validation and test need at least 3",
                folds.sets.len(),
                folds.sets.join(", ")
            );
            return Err(Diagnostic::error(span, message));
        }
        if let Some(empty) = folds.members.iter().position(Vec::is_empty) {
            let message = format!("set `{}` ({}) holds none of the examples", folds.sets[empty], folds.how);
            return Err(Diagnostic::error(span, message));
        }
        let loose = folds.in_no_set(contents.names.len());
        if !loose.is_empty() {
            let names = few(loose.iter().map(|&r| contents.names[r].as_str()));
            let text = format!("{} examples are in no set of the {} ({names})", count(loose.len()), folds.how);
            let Some(word) = unassigned else {
                let help = match entry.value.kind {
                    Kind::Field { .. } => "write `folds column(\"..\", unassigned = train)`, or `unassigned = drop`",
                    _ => {
                        "say what becomes of them: `unassigned = train` always trains on them, `unassigned = drop` leaves them out"
                    }
                };
                return Err(Diagnostic::error(span, text).help(help));
            };
            folds.unassigned_train = UNASSIGNED[word] == "train";
            let what = if folds.unassigned_train {
                "always in training"
            } else {
                "left out"
            };
            self.remarks.push(Remark::amber(format!("folds: {text}: {what}")));
        }
        Ok(folds)
    }

    /// DRG's fold file: for each set a comment line with its name and a line of names, separated by blanks.
    fn folds_by_sets(&mut self, call: &Call<'_>, joined: &Joined) -> Located<Folds> {
        let (path, span) = call.text()?;
        let content = self.open(&path, span)?;
        let text = content.text().map_err(at(span))?;
        let mut sets: Vec<String> = Vec::new();
        let mut set_of: HashMap<&str, usize> = HashMap::new();
        for (line, row) in text.lines().enumerate() {
            let located = |message: String| Diagnostic::error(span, format!("{path}:{}: {message}", line + 1));
            if let Some(title) = row.strip_prefix('#') {
                sets.push(title.trim().to_string());
                continue;
            }
            for name in row.split_whitespace() {
                let Some(set) = sets.len().checked_sub(1) else {
                    let message = "names before the first set; a set begins with a line `# Set_0`";
                    return Err(located(message.into()));
                };
                if set_of.insert(name, set).is_some_and(|other| other != set) {
                    return Err(located(format!("`{name}` is in two sets")));
                }
            }
        }
        if sets.is_empty() {
            let message = format!("{path}: no sets; a set begins with a line `# Set_0`");
            return Err(Diagnostic::error(span, message));
        }
        let set: Vec<Option<usize>> = joined.names.iter().map(|n| set_of.get(n.as_str()).copied()).collect();
        let matched = set.iter().filter(|s| s.is_some()).count();
        if matched == 0 {
            let message = format!(
                "{path}: none of its {} names is the name of an example (such as `{}`)",
                count(set_of.len()),
                joined.names[0]
            );
            return Err(Diagnostic::error(span, message));
        }
        if matched < set_of.len() {
            let known: std::collections::HashSet<&str> = joined.names.iter().map(String::as_str).collect();
            let mut lost: Vec<&str> = set_of.keys().copied().filter(|n| !known.contains(n)).collect();
            lost.sort_unstable();
            if !lost.is_empty() {
                let text = format!(
                    "folds: {} of {} names in {path} belong to no example ({})",
                    count(lost.len()),
                    count(set_of.len()),
                    few(lost.iter().copied())
                );
                self.remarks.push(Remark::amber(text));
            }
        }
        Ok(Folds::of_sets(format!("set file {path}"), sets, &set))
    }

    /// DRG's sets by count: `count(10, seed = 1010, above = 0.5)`.
    fn folds_by_count(&mut self, call: &Call<'_>, contents: &Contents) -> Located<Folds> {
        call.only(&["seed", "above"])?;
        let rows = contents.names.len();
        let (sets, at) = call.number()?;
        if sets.fract() != 0.0 || sets < 3.0 || sets > rows as f64 {
            let message = format!(
                "{sets} sets for {} examples; expected a whole number from 3 to {rows}",
                count(rows)
            );
            return Err(Diagnostic::error(at, message));
        }
        let sets = sets as usize;
        let seed = match call.named_number("seed")? {
            None => 1010,
            Some((seed, _)) if seed.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&seed) => seed as u32,
            Some((seed, at)) => {
                let message = format!(
                    "`seed` is {seed}; NumPy's generator takes whole numbers from 0 to {}",
                    u32::MAX
                );
                return Err(Diagnostic::error(at, message));
            }
        };
        let above = call.named_number("above")?;
        let strong = above.map(|(least, _)| {
            let reaches = |row: usize| {
                contents.outputs.iter().any(|o| {
                    let tracks = o.tracks.len();
                    o.values[row * tracks..(row + 1) * tracks]
                        .iter()
                        .any(|v| f64::from(v.abs()) >= least)
                })
            };
            (0..rows).map(reaches).collect::<Vec<bool>>()
        });
        let found = count_sets(&contents.names, sets, seed, strong.as_deref());
        let how = match above {
            Some((least, _)) => format!("count, seed {seed}, alike in rows with a value of {least} or more"),
            None => format!("count, seed {seed}"),
        };
        let folds = Folds::of_tests(how, found);
        let twice = folds.in_two_sets(rows);
        if twice > 0 {
            self.remarks.push(Remark::amber(format!(
                "folds: {} examples are tested in two folds, because DRG's sets by count overlap when their number does not divide \
                 the examples; no fold validates on what it tests",
                count(twice)
            )));
        }
        Ok(folds)
    }
}

fn folds_by_hash(call: &Call<'_>, contents: &Contents) -> Located<Folds> {
    call.only(&["sets", "seed"])?;
    let sets = call.named_number("sets")?.map_or(10.0, |(s, _)| s) as usize;
    if sets > contents.names.len() {
        let message = format!("{sets} sets for {} examples", contents.names.len());
        return Err(Diagnostic::error(call.span, message));
    }
    let seed = call.named_number("seed")?.map_or(0, |(s, _)| s as u64);
    let place = |n: &String| Some((share(seed, n.as_bytes()) * sets as f64) as usize);
    let set: Vec<Option<usize>> = contents.names.iter().map(place).collect();
    let names = (0..sets).map(|i| i.to_string()).collect();
    Ok(Folds::of_sets(format!("hash of the name, seed {seed}"), names, &set))
}

/// Folds by the values of a column, in order (as numbers when all are).
fn folds_by_values(title: &str, values: &[String]) -> Folds {
    let mut sets: Vec<String> = values.iter().filter(|v| !v.is_empty()).cloned().collect();
    sets.sort();
    sets.dedup();
    if sets.iter().all(|s| s.parse::<f64>().is_ok()) {
        sets.sort_by(|a, b| a.parse::<f64>().unwrap_or(0.0).total_cmp(&b.parse::<f64>().unwrap_or(0.0)));
    }
    let place: HashMap<&str, usize> = sets.iter().enumerate().map(|(i, s)| (s.as_str(), i)).collect();
    let set: Vec<Option<usize>> = values.iter().map(|v| place.get(v.as_str()).copied()).collect();
    Folds::of_sets(format!("column `{title}`"), sets.clone(), &set)
}
