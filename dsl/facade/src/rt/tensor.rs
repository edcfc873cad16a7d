//! A tensor as its shape, its element type, its device, a summary and a corner of its values.

use super::numbers::Summary;
use cistron::candle_core::{DType, Result, Tensor};
use cistron_display::{Bundle, Theme, count, escape, significant};

/// Rows and columns of the corner.
const ROWS: usize = 6;
const COLUMNS: usize = 8;
/// Values that are looked at together for the summary, and in all: more would keep the cell waiting.
const CHUNK: usize = 1 << 20;
const SUMMED: usize = 100_000_000;

/// The tensor as text and as HTML.
pub(super) fn bundle(tensor: &Tensor) -> Bundle {
    let head = format!("Tensor {:?} {} on {}", tensor.dims(), tensor.dtype().as_str(), device(tensor));
    let summary = summary(tensor);
    let (values, problem) = match corner(tensor) {
        Ok(values) => (values, None),
        Err(error) => (Vec::new(), Some(format!("its values can't be read: {error}"))),
    };
    let (rows, columns) = table_size(tensor);
    let mut text = head.clone();
    let mut html = format!("<div>{}</div>", escape(&head));
    for line in [summary, problem].iter().flatten() {
        text.push_str(&format!("\n{line}"));
        html.push_str(&format!(
            "<div style=\"font-size:12px;color:{}\">{}</div>",
            Theme::SOFT,
            escape(line)
        ));
    }
    html.push_str(
        "<div style=\"overflow-x:auto\"><table style=\"border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums\">",
    );
    for (i, row) in values.iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(|x| significant(*x, 4)).collect();
        if columns > COLUMNS {
            cells.push("…".into());
        }
        text.push_str(&format!(
            "\n{}",
            cells.iter().map(|c| format!("{c:>10}")).collect::<Vec<_>>().join(" ")
        ));
        let cells: Vec<String> = cells
            .iter()
            .map(|c| format!("<td style=\"text-align:right;padding:1px 8px\">{c}</td>"))
            .collect();
        html.push_str(&format!("<tr>{}</tr>", cells.concat()));
        if i + 1 == values.len() && rows > ROWS {
            text.push_str("\n         …");
            html.push_str(&format!("<tr><td style=\"color:{}\">…</td></tr>", Theme::SOFT));
        }
    }
    html.push_str("</table></div>");
    Bundle::plain(text).html(html)
}

fn device(tensor: &Tensor) -> String {
    format!("{:?}", tensor.device().location()).to_lowercase()
}

/// Size of the last two axes.
fn table_size(tensor: &Tensor) -> (usize, usize) {
    match tensor.dims() {
        [] => (1, 1),
        [columns] => (1, *columns),
        [.., rows, columns] => (*rows, *columns),
    }
}

/// Smallest, mean, largest and how many are NaN; nothing for a tensor that the corner shows whole.
fn summary(tensor: &Tensor) -> Option<String> {
    let length = tensor.elem_count();
    if length <= 1 {
        return None;
    }
    if length > SUMMED {
        return Some(format!("no summary of more than {} values", count(SUMMED)));
    }
    let read = || -> Result<Summary> {
        let flat = tensor.flatten_all()?;
        let mut summary = Summary::default();
        for start in (0..length).step_by(CHUNK) {
            let part = flat.narrow(0, start, CHUNK.min(length - start))?.to_dtype(DType::F64)?;
            part.to_vec1::<f64>()?.into_iter().for_each(|x| summary.add(x));
        }
        Ok(summary)
    };
    Some(read().map_or_else(|error| format!("no summary: {error}"), |summary| summary.text()))
}

/// The first values of the last two axes, at index 0 of the others.
fn corner(tensor: &Tensor) -> Result<Vec<Vec<f64>>> {
    let (rows, columns) = table_size(tensor);
    if tensor.elem_count() == 0 {
        return Ok(Vec::new());
    }
    let mut view = tensor.clone();
    while view.rank() > 2 {
        view = view.get(0)?;
    }
    let view = view
        .reshape((rows, columns))?
        .narrow(0, 0, rows.min(ROWS))?
        .narrow(1, 0, columns.min(COLUMNS))?;
    view.contiguous()?.to_dtype(DType::F64)?.to_vec2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron::candle_core::Device;

    #[test]
    fn a_tensor_says_its_shape_its_summary_and_a_corner() {
        let values: Vec<f32> = (0..24).map(|i| if i == 5 { f32::NAN } else { i as f32 }).collect();
        let tensor = Tensor::from_vec(values, (2, 3, 4), &Device::Cpu).expect("a tensor");
        let shown = bundle(&tensor.transpose(1, 2).expect("a view"));
        let lines: Vec<&str> = shown.text().lines().collect();
        assert_eq!(lines[0], "Tensor [2, 4, 3] f32 on cpu");
        assert_eq!(lines[1], "min 0, mean 11.78, max 23.00, 1 NaN");
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["0", "4.000", "8.000"]);
        assert_eq!(lines.len(), 6);
    }
}
