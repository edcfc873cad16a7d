//! The report: one HTML file that needs nothing else.
//!
//! Everything from the notebook is escaped. Figures stand in `img`, HTML in a frame without rights: nothing in them runs.

use super::lines::{rows, title};
use super::outputs::Difference;
use super::picture::complete;
use super::{Report, Verdict};
use crate::html::escape;

const STYLE: &str = "body{font:14px/1.45 Helvetica,Arial,sans-serif;color:#222;background:#fff;max-width:1280px;margin:24px auto;padding:0 16px}\
h1{font-size:20px}h2{font-size:15px;margin:28px 0 6px}pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:12px/1.4 monospace}\
table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{border:1px solid #ddd;padding:4px 8px;vertical-align:top;text-align:left}\
.other{background:#fff3d6}.soft{color:#777}.good{color:#17753a}.bad{color:#a33}code{font:12px monospace;background:#f3f5f7;padding:1px 4px}\
img{max-width:100%;background:#fff}iframe{width:100%;height:360px;border:0}.over{position:relative;isolation:isolate}\
.over img+img{position:absolute;left:0;top:0;mix-blend-mode:difference}details pre{padding:6px;background:#f3f5f7}";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let name = escape(&report.name);
    let (class, word) = if report.is_same() {
        ("good", "the same")
    } else {
        ("bad", "not the same")
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}: {word}</title><style>{STYLE}</style></head><body>\n\
         <h1>{name}: <span class=\"{class}\">{word}</span></h1>\n<p>{}</p>\n",
        escape(&report.summary())
    );
    if !report.conditions.is_empty() {
        out.push_str("<p>Not as when the outputs were stored:</p><ul>\n");
        for line in &report.conditions {
            out.push_str(&format!("<li>{}</li>\n", escape(line)));
        }
        out.push_str("</ul>\n");
    }
    for cell in &report.cells {
        let (class, word) = match &cell.verdict {
            Verdict::Same(largest) if *largest > 0.0 => ("good", format!("the same within {largest:.1e}")),
            Verdict::Same(_) => ("good", "the same".into()),
            Verdict::Volatile => ("soft", "left out (volatile)".into()),
            Verdict::NotRun => ("bad", "not run: a cell before it failed".into()),
            Verdict::Differs(_) => ("bad", "differs".into()),
        };
        out.push_str(&format!(
            "<h2>cell {} <code>{}</code> <span class=\"{class}\">{word}</span></h2>\n",
            cell.number,
            escape(&title(&cell.source))
        ));
        if let Verdict::Differs(found) = &cell.verdict {
            out.push_str(&format!(
                "<details><summary>source</summary><pre>{}</pre></details>\n",
                escape(&cell.source)
            ));
            found.iter().for_each(|difference| out.push_str(&side_by_side(difference)));
        }
    }
    out + "</body></html>\n"
}

fn side_by_side(difference: &Difference) -> String {
    let mut out = format!("<p>{}: {}", escape(&difference.place), escape(&difference.what));
    if let Some(share) = difference.pixels {
        out.push_str(&format!("; {:.2} % of its pixels look different", 100.0 * share));
    }
    out.push_str("</p>\n<table><tr><th>stored</th><th>now</th>");
    let text = |side: &Option<String>| side.clone().unwrap_or_default();
    let (stored, now) = (text(&difference.stored), text(&difference.now));
    match difference.media_type.as_str() {
        "image/svg+xml" => {
            let (a, b) = (image(&stored), image(&now));
            out.push_str(&format!(
                "<th>difference (black: none)</th></tr><tr><td>{a}</td><td>{b}</td><td><div class=\"over\">{a}{b}</div></td></tr>"
            ));
        }
        "text/html" => out.push_str(&format!("</tr><tr><td>{}</td><td>{}</td></tr>", frame(&stored), frame(&now))),
        kind if kind.starts_with("text/") || kind.ends_with("json") => {
            out.push_str("</tr>");
            for (a, b) in rows(&stored, &now) {
                let class = if a == b { "" } else { " class=\"other\"" };
                let cell = |line: Option<&str>| format!("<td{class}><pre>{}</pre></td>", escape(line.unwrap_or_default()));
                out.push_str(&format!("<tr>{}{}</tr>\n", cell(a), cell(b)));
            }
        }
        kind => out.push_str(&format!(
            "</tr><tr><td>{} bytes of {}</td><td>{} bytes</td></tr>",
            stored.len(),
            escape(kind),
            now.len()
        )),
    }
    out + "</table>\n"
}

/// A picture as an image: what it might bring along as a program does not run.
fn image(svg: &str) -> String {
    let mut data = String::from("data:image/svg+xml,");
    for byte in complete(svg).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b' ' | b'.' | b'-' | b'=' | b'/' | b':' | b',' | b'(' | b')' | b';' => {
                data.push(char::from(byte));
            }
            _ => data.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("<img alt=\"figure\" src=\"{data}\">")
}

fn frame(html: &str) -> String {
    format!("<iframe sandbox=\"\" srcdoc=\"{}\"></iframe>", escape(html))
}

#[cfg(test)]
mod tests {
    use super::super::Verified;
    use super::*;

    fn report(media_type: &str, stored: &str, now: &str) -> Report {
        let difference = Difference {
            place: format!("output 1, {media_type}"),
            media_type: media_type.into(),
            what: "<what>".into(),
            stored: Some(stored.into()),
            now: Some(now.into()),
            pixels: Some(0.5),
        };
        Report {
            name: "<b>.ipynb".into(),
            cells: vec![Verified {
                number: 1,
                source: "<script>f()</script>".into(),
                verdict: Verdict::Differs(vec![difference]),
            }],
            left_out: Vec::new(),
            conditions: vec!["data: <i> is new".into()],
        }
    }

    #[test]
    fn nothing_of_the_notebook_becomes_part_of_the_page() {
        let attack = "\"'><script>alert(1)</script><svg onload=x>";
        for media_type in ["text/plain", "text/html", "image/svg+xml", "application/json", "image/<png"] {
            let page = page(&report(media_type, attack, "b"));
            assert!(!page.contains("<script"), "{page}");
            assert!(
                !page.contains("<svg") && !page.contains("<what>") && !page.contains("<b>.ipynb"),
                "{page}"
            );
            assert!(page.contains("50.00 % of its pixels"));
        }
    }

    #[test]
    fn changed_lines_are_marked() {
        let page = page(&report("text/plain", "a\nb", "a\nc"));
        assert!(page.contains("<td><pre>a</pre></td><td><pre>a</pre></td>"));
        assert!(page.contains("<td class=\"other\"><pre>b</pre></td><td class=\"other\"><pre>c</pre></td>"));
    }
}
