//! Values that cannot be learned.

use super::arguments::Located;
use super::few;
use crate::audit::Remark;
use crate::dataset::Output;
use cistron_declaration::{Diagnostic, Span};
use cistron_display::count;

/// Refuses missing values unless they are masked, and constant outputs; tells what was masked.
pub(crate) fn output(output: &Output, span: Span, masked: bool, place: &dyn Fn(usize) -> String) -> Located<Vec<Remark>> {
    let tracks = output.tracks.len();
    let bad: Vec<usize> = (0..output.values.len()).filter(|&i| !output.values[i].is_finite()).collect();
    let mut remarks = Vec::new();
    if let Some(&first) = bad.first() {
        if !masked {
            let (row, track) = (first / tracks, first % tracks);
            let value = if output.values[first].is_nan() {
                "a missing value or NaN".into()
            } else {
                output.values[first].to_string()
            };
            let message = format!(
                "output `{}`: {} values are missing or not finite; the first is {value} in column `{}`, row {}",
                output.name,
                count(bad.len()),
                output.tracks[track],
                place(row)
            );
            return Err(Diagnostic::error(span, message)
                .help("leave them out of losses and metrics with `missing = masked`, or remove the rows"));
        }
        remarks.push(Remark::amber(format!(
            "output `{}`: {} missing values are masked",
            output.name,
            count(bad.len())
        )));
    }
    let constant = |track: usize| {
        let mut values = output.values.iter().skip(track).step_by(tracks).filter(|v| v.is_finite());
        let first = values.next().copied();
        values.all(|v| Some(*v) == first).then_some(first)
    };
    let found: Vec<(usize, Option<f32>)> = (0..tracks).filter_map(|t| constant(t).map(|v| (t, v))).collect();
    if found.len() == tracks {
        let value = found[0].1.map_or("nothing but missing values".into(), |v| v.to_string());
        let message = format!(
            "output `{}` is constant: column `{}` holds {value} in every row",
            output.name, output.tracks[0]
        );
        return Err(Diagnostic::error(span, message).help("there is nothing to learn from it; is it the right column?"));
    }
    if !found.is_empty() {
        remarks.push(Remark::amber(format!(
            "output `{}`: {} tracks are constant ({})",
            output.name,
            found.len(),
            few(found.iter().map(|(t, _)| output.tracks[*t].as_str()))
        )));
    }
    Ok(remarks)
}
