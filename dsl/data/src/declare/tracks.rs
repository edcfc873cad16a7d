//! Outputs that measure the same conditions, but not all of them or in another order.

use super::few;
use crate::audit::Remark;
use crate::dataset::Output;
use std::collections::HashSet;

/// One line for each output whose tracks differ from those of the first output that shares some with it. Relations
/// between outputs (`kt - kd`) go by the names of tracks.
pub(crate) fn differences(outputs: &[Output]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (i, output) in outputs.iter().enumerate() {
        let tracks: HashSet<&str> = output.tracks.iter().map(String::as_str).collect();
        let shares = |other: &&Output| other.tracks.iter().any(|t| tracks.contains(t.as_str()));
        let Some(first) = outputs[..i].iter().find(shares) else {
            continue;
        };
        let known: HashSet<&str> = first.tracks.iter().map(String::as_str).collect();
        let only = |of: &Output, not: &HashSet<&str>| -> Vec<String> {
            of.tracks.iter().filter(|t| !not.contains(t.as_str())).cloned().collect()
        };
        let (here, there) = (only(output, &known), only(first, &tracks));
        let mut parts = Vec::new();
        for (name, lost) in [(&output.name, &there), (&first.name, &here)] {
            if !lost.is_empty() {
                parts.push(format!(
                    "`{name}` lacks {} ({})",
                    lost.len(),
                    few(lost.iter().map(String::as_str))
                ));
            }
        }
        if !parts.is_empty() {
            let text = format!(
                "tracks of `{}` and `{}` differ: {}",
                first.name,
                output.name,
                parts.join(", ")
            );
            remarks.push(Remark::amber(text));
        } else if output.tracks != first.tracks {
            let text = format!("tracks of `{}` and `{}` stand in another order", first.name, output.name);
            remarks.push(Remark::amber(text));
        }
    }
    remarks
}
