//! Rows of several sources, joined by name.

use super::arguments::Located;
use super::{Source, few};
use crate::audit::Remark;
use crate::folds::are_numbers;
use cistron_declaration::Diagnostic;
use cistron_display::count;
use std::collections::{HashMap, HashSet};

/// The rows that all sources have, in the order of the first.
pub(crate) struct Joined {
    pub(crate) names: Vec<String>,
    /// For each source: its row for each joined row.
    pub(crate) rows: Vec<Vec<usize>>,
}

impl Joined {
    /// Whether the joined rows are all `count` rows of a source, in its order.
    pub(crate) fn whole(&self, source: usize, count: usize) -> bool {
        self.rows[source].len() == count && self.rows[source].iter().enumerate().all(|(i, &r)| i == r)
    }
}

/// Joins; names matched and dropped are told per source.
pub(crate) fn join(sources: &[Source], remarks: &mut Vec<Remark>) -> Located<Joined> {
    let [first, others @ ..] = sources else {
        return Ok(Joined {
            names: Vec::new(),
            rows: Vec::new(),
        });
    };
    if others.is_empty() {
        return Ok(Joined {
            names: first.names.clone(),
            rows: vec![(0..first.names.len()).collect()],
        });
    }
    let mut numbered = sources.iter().filter(|source| are_numbers(&source.names));
    if let Some(one) = numbered.next()
        && let Some(other) = numbered.find(|other| other.names.len() != one.names.len())
    {
        let (a, b) = (count(one.names.len()), count(other.names.len()));
        let message = format!(
            "{} has {a} rows and {} has {b}, and neither has names to join them by",
            one.label, other.label
        );
        return Err(Diagnostic::error(other.span, message).help("a row that is missing in one would shift all that follow"));
    }
    let mut indices = Vec::new();
    for source in sources {
        indices.push(index(source)?);
    }
    let names: Vec<String> = first
        .names
        .iter()
        .filter(|n| indices.iter().all(|i| i.contains_key(n.as_str())))
        .cloned()
        .collect();
    if names.is_empty() {
        let show = |s: &Source| {
            let few: Vec<String> = s.names.iter().take(2).map(|n| format!("`{n}`")).collect();
            format!("{} ({} names: {}, ..)", s.label, count(s.names.len()), few.join(", "))
        };
        let message = format!(
            "no name is in all sources: {}",
            sources.iter().map(show).collect::<Vec<_>>().join("; ")
        );
        return Err(Diagnostic::error(others[0].span, message)
            .help("names must be equal letter by letter; `name = \"..\"` chooses the column they come from"));
    }
    let kept: HashSet<&str> = names.iter().map(String::as_str).collect();
    for source in sources {
        let dropped: Vec<&str> = source
            .names
            .iter()
            .map(String::as_str)
            .filter(|n| !kept.contains(n))
            .collect();
        let mut text = format!(
            "names in {}: {} matched, {} dropped",
            source.label,
            count(names.len()),
            count(dropped.len())
        );
        if !dropped.is_empty() {
            text.push_str(&format!(" ({})", few(dropped.iter().copied())));
        }
        remarks.push(Remark {
            text,
            amber: !dropped.is_empty(),
        });
    }
    let rows = indices
        .iter()
        .map(|i| names.iter().filter_map(|n| i.get(n.as_str()).copied()).collect())
        .collect();
    Ok(Joined { names, rows })
}

/// Rows by name; a name that stands twice cannot be joined.
fn index(source: &Source) -> Located<HashMap<&str, usize>> {
    let mut found = HashMap::with_capacity(source.names.len());
    let mut twice: Vec<&str> = Vec::new();
    for (row, name) in source.names.iter().enumerate() {
        if found.insert(name.as_str(), row).is_some() {
            twice.push(name);
        }
    }
    if twice.is_empty() {
        return Ok(found);
    }
    let message = format!(
        "{}: {} names stand twice (first `{}`), so that rows cannot be joined by name",
        source.label,
        twice.len(),
        twice[0]
    );
    Err(Diagnostic::error(source.span, message).help("make the names unique, or choose another column with `name = \"..\"`"))
}
