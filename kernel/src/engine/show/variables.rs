//! `:vars`: the variables of the session.

use super::table::{Table, size};
use crate::engine::described::Described;
use crate::engine::state::Variable;
use crate::engine::types::short;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The variables with type, shape, memory and device, and those that were not kept with the reason. `kept` are those that
/// outlive the process that runs the cells.
pub fn variables(
    variables: &BTreeMap<String, Variable>,
    described: &BTreeMap<String, Described>,
    lost: &BTreeMap<String, String>,
    kept: &BTreeSet<String>,
) -> Value {
    let mut table = Table::new(&["name", "type", "shape", ">memory", "device", "saved"]);
    for (name, variable) in variables {
        let about = described.get(name).cloned().unwrap_or_default();
        let mutable = if variable.mutable { "mut " } else { "" };
        table.rows.push(vec![
            format!("{mutable}{name}"),
            short(&variable.type_name),
            about.shape,
            about.bytes.map(size).unwrap_or_default(),
            about.device.unwrap_or_default(),
            if kept.contains(name) { "yes".into() } else { String::new() },
        ]);
    }
    let mut table = table.without_empty_columns();
    let total: u64 = variables.keys().filter_map(|name| described.get(name)?.bytes).sum();
    if variables.is_empty() {
        table.notes.push("no variables yet".into());
    } else if total > 0 {
        table.notes.push(format!("{} in all, as far as it is known", size(total)));
    }
    table
        .notes
        .extend(lost.iter().map(|(name, why)| format!("`{name}` was not kept: {why}")));
    table.forms()
}
