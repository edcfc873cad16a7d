//! The audit as plain text.

use super::Audit;
use cistron_display::{Table, count, significant};

/// Reads well in a terminal and in a diff.
pub(crate) fn text(audit: &Audit) -> String {
    let mut parts = vec![format!("data: {} examples", count(audit.examples))];
    let mut inputs = Table::new("", &["input", "kind", "length", "A C G T", "GC", "GC content per sequence"]);
    for input in &audit.inputs {
        let Some(gc) = &input.gc else {
            inputs.row([input.name.as_str(), input.kind, &input.words]);
            continue;
        };
        let [a, c, g, t] = input.composition.map(|x| format!("{:.0}%", 100.0 * x));
        inputs.row([
            input.name.clone(),
            input.kind.into(),
            lengths(input.lengths),
            format!("{a} {c} {g} {t}"),
            share_gc(&input.composition),
            gc.blocks(),
        ]);
    }
    parts.push(inputs.text());
    let mut outputs = Table::new(
        "",
        &["output", ">tracks", ">min", ">mean", ">max", ">missing", "distribution"],
    );
    for output in &audit.outputs {
        let h = &output.histogram;
        let number = |x| significant(x, 3);
        outputs.row([
            output.name.clone(),
            count(output.tracks),
            number(h.min),
            number(h.mean),
            number(h.max),
            count(output.missing),
            h.blocks(),
        ]);
    }
    parts.push(outputs.text());
    if !audit.how.is_empty() {
        let sizes: Vec<String> = audit
            .parts
            .iter()
            .map(|(name, rows)| format!("{name} {}", count(*rows)))
            .collect();
        parts.push(format!("split by {}: {}", audit.how, sizes.join(", ")));
    }
    parts.push(
        checks(audit)
            .iter()
            .map(|(text, amber)| mark(text, *amber))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    if !audit.remarks.is_empty() {
        parts.push(
            audit
                .remarks
                .iter()
                .map(|r| mark(&r.text, r.amber))
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    parts.join("\n\n")
}

fn mark(text: &str, amber: bool) -> String {
    format!("{} {text}", if amber { "!" } else { " " })
}

/// The lengths in bp.
pub(crate) fn lengths((least, most): (usize, usize)) -> String {
    if least == most {
        format!("{} bp", count(most))
    } else {
        format!("{} to {} bp", count(least), count(most))
    }
}

/// GC content in per cent.
pub(crate) fn share_gc(composition: &[f64; 4]) -> String {
    format!("{:.1}%", 100.0 * (composition[1] + composition[2]))
}

/// What is always looked at, and whether it deserves a look.
pub(crate) fn checks(audit: &Audit) -> Vec<(String, bool)> {
    let mut lines = vec![
        (
            format!("duplicated names: {}", count(audit.duplicated_names)),
            audit.duplicated_names > 0,
        ),
        (
            format!("identical sequences: {}", count(audit.identical)),
            audit.identical > 0,
        ),
    ];
    if !audit.how.is_empty() {
        let line = format!("identical sequences across splits: {}", count(audit.identical_across));
        lines.push((line, audit.identical_across > 0));
    }
    let missing = audit.missing_values();
    lines.push((format!("missing values: {}", count(missing)), missing > 0));
    for input in audit.inputs.iter().filter(|i| i.unknown > 0.0) {
        let line = format!(
            "unknown bases (N) in {}: {}%",
            input.name,
            significant(100.0 * input.unknown, 2)
        );
        lines.push((line, input.unknown > 0.01));
    }
    lines
}
