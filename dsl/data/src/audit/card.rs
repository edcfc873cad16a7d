//! The audit as a card in a notebook.

use super::Audit;
use super::text::{checks, lengths, share_gc};
use cistron_display::{Theme, base_colour, count, escape, significant};

/// HTML with inline styles and small pictures; all text from data is escaped.
pub(crate) fn html(audit: &Audit) -> String {
    let mut out = format!(
        "<div style=\"border:1px solid {};border-radius:6px;padding:10px 14px;max-width:860px;font-size:13px\">",
        Theme::LINE
    );
    out.push_str(&format!(
        "<div style=\"font-weight:600;margin-bottom:6px\">{} examples</div>",
        count(audit.examples)
    ));
    out.push_str("<div style=\"display:flex;flex-wrap:wrap;gap:18px\">");
    for input in &audit.inputs {
        let head = format!("{}: {}", escape(&input.name), input.kind);
        let body = match &input.gc {
            Some(gc) => format!(
                "{}, GC {}{}{}",
                lengths(input.lengths),
                share_gc(&input.composition),
                composition(&input.composition),
                gc.svg("GC content per sequence")
            ),
            None => escape(&input.words),
        };
        out.push_str(&block(&head, &body));
    }
    for output in &audit.outputs {
        let h = &output.histogram;
        let tracks = if output.tracks == 1 {
            String::new()
        } else {
            format!(", {} tracks", count(output.tracks))
        };
        let body = format!(
            "mean {}{tracks}<br>{}",
            significant(h.mean, 3),
            h.svg("distribution of the values")
        );
        out.push_str(&block(&escape(&output.name), &body));
    }
    out.push_str("</div>");
    if !audit.how.is_empty() {
        out.push_str(&format!(
            "<div style=\"margin-top:8px\">Split by {}</div>{}",
            escape(&audit.how),
            bar(audit)
        ));
    }
    out.push_str("<div style=\"margin-top:8px\">");
    for (text, amber) in checks(audit) {
        let style = if amber {
            format!("color:{};font-weight:600", Theme::AMBER)
        } else {
            format!("color:{}", Theme::SOFT)
        };
        out.push_str(&format!(
            "<span style=\"margin-right:16px;white-space:nowrap;{style}\">{}</span>",
            escape(&text)
        ));
    }
    out.push_str("</div>");
    for remark in &audit.remarks {
        let colour = if remark.amber { Theme::AMBER } else { Theme::SOFT };
        out.push_str(&format!("<div style=\"color:{colour}\">{}</div>", escape(&remark.text)));
    }
    out.push_str("</div>");
    out
}

fn block(head: &str, body: &str) -> String {
    format!(
        "<div><div style=\"font-weight:600\">{head}</div><div style=\"color:{}\">{body}</div></div>",
        Theme::SOFT
    )
}

/// Base composition as one bar in the bases' colours.
fn composition(shares: &[f64; 4]) -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"168\" height=\"14\" style=\"display:block;margin:2px 0\" role=\"img\" aria-label=\"base composition\">",
    );
    let mut x = 0.0;
    for (base, share) in ['A', 'C', 'G', 'T'].into_iter().zip(shares) {
        let width = 168.0 * share;
        let fill = base_colour(base);
        out.push_str(&format!(
            "<rect x=\"{x:.1}\" y=\"0\" width=\"{width:.1}\" height=\"14\" fill=\"{fill}\" opacity=\"0.75\"/>"
        ));
        if width > 12.0 {
            let middle = x + width / 2.0;
            out.push_str(&format!(
                "<text x=\"{middle:.1}\" y=\"11\" font-size=\"10\" text-anchor=\"middle\" fill=\"{}\">{base}</text>",
                Theme::PAPER
            ));
        }
        x += width;
    }
    out.push_str("</svg>");
    out
}

/// Sizes of the parts as one bar, and under it one line with every part's full number: beside a large part the labels
/// of small ones would have no room at their own places.
fn bar(audit: &Audit) -> String {
    let total = audit.parts.iter().map(|p| p.1).sum::<usize>().max(1) as f64;
    let mut strip = String::from("<div style=\"display:flex;gap:2px;margin-top:2px\">");
    let mut legend = String::from("<div style=\"font-size:11px\">");
    for (i, (name, rows)) in audit.parts.iter().enumerate() {
        let colour = Theme::SERIES[i % Theme::SERIES.len()];
        let share = (100.0 * *rows as f64 / total).max(1.0);
        let label = format!("{}: {}", escape(name), count(*rows));
        strip.push_str(&format!(
            "<div style=\"flex:{share:.1} 1 0;min-width:4px;height:8px;background:{colour}\" title=\"{label}\"></div>"
        ));
        legend.push_str(&format!(
            "<span style=\"display:inline-block;margin-right:14px;white-space:nowrap\">\
             <span style=\"display:inline-block;width:9px;height:9px;margin-right:4px;background:{colour}\"></span>{label}</span>"
        ));
    }
    format!("{strip}</div>{legend}</div>")
}
