//! A data frame as a table that scrolls.

use cistron::polars::prelude::{AnyValue, DataFrame, DataType};
use cistron_display::{Bundle, Theme, count, escape, significant};

/// Rows shown from the top and from the end.
const HEAD: usize = 30;
const TAIL: usize = 10;

/// The frame as text (Polars' own) and as HTML.
pub(super) fn bundle(frame: &DataFrame) -> Bundle {
    Bundle::plain(frame.to_string()).html(html(frame))
}

fn html(frame: &DataFrame) -> String {
    let (rows, columns) = frame.shape();
    let mut out = String::from(
        "<div style=\"max-height:420px;overflow:auto\"><table style=\"border-collapse:collapse;font-size:13px;\
         font-variant-numeric:tabular-nums\"><thead><tr>",
    );
    for column in frame.columns() {
        let side = side(column.dtype());
        out.push_str(&format!(
            "<th style=\"text-align:{side};padding:2px 10px;white-space:nowrap;border-bottom:1px solid {soft}\">{name}\
             <br><span style=\"font-weight:400;color:{soft}\">{kind}</span></th>",
            soft = Theme::SOFT,
            name = escape(column.name().as_str()),
            kind = escape(&column.dtype().to_string()),
        ));
    }
    out.push_str("</tr></thead><tbody>");
    let all = rows <= HEAD + TAIL;
    for row in (0..rows).filter(|row| all || *row < HEAD || *row >= rows - TAIL) {
        if !all && row == rows - TAIL {
            out.push_str(&format!(
                "<tr><td colspan=\"{columns}\" style=\"padding:2px 10px;color:{}\">…</td></tr>",
                Theme::SOFT
            ));
        }
        out.push_str("<tr>");
        for column in frame.columns() {
            let value = column.get(row).map_or_else(|_| String::new(), |value| cell(&value));
            let side = side(column.dtype());
            out.push_str(&format!(
                "<td style=\"text-align:{side};padding:2px 10px;white-space:nowrap\">{value}</td>"
            ));
        }
        out.push_str("</tr>");
    }
    let size = format!("{} rows × {} columns", count(rows), count(columns));
    out.push_str(&format!(
        "</tbody></table></div><div style=\"font-size:12px;color:{}\">{size}</div>",
        Theme::SOFT
    ));
    out
}

fn side(kind: &DataType) -> &'static str {
    if kind.is_primitive_numeric() { "right" } else { "left" }
}

fn cell(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => format!("<span style=\"color:{}\">null</span>", Theme::SOFT),
        AnyValue::String(text) => escape(text),
        AnyValue::StringOwned(text) => escape(text.as_str()),
        AnyValue::Float64(number) => significant(*number, 4),
        AnyValue::Float32(number) => significant(f64::from(*number), 4),
        other => escape(&other.to_string()),
    }
}
