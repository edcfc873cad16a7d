//! A tensor as its shape, its element type, its device and a corner of its values.

use cistron::candle_core::{DType, Result, Tensor};
use cistron_display::{Bundle, Theme, escape, significant};

/// Rows and columns of the corner.
const ROWS: usize = 6;
const COLUMNS: usize = 8;

/// The tensor as text and as HTML.
pub(super) fn bundle(tensor: &Tensor) -> Bundle {
    let head = format!("Tensor {:?} {} on {}", tensor.dims(), tensor.dtype().as_str(), device(tensor));
    let values = corner(tensor).unwrap_or_default();
    let (rows, columns) = table_size(tensor);
    let mut text = head.clone();
    let mut html = format!(
        "<div>{}</div><table style=\"border-collapse:collapse;font-size:13px\">",
        escape(&head)
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
    html.push_str("</table>");
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
