//! A simulation as a notebook shows it: the rule, the motifs, five sequences with their sites, the head of the table.

use super::{PlantedSite, Simulation};
use crate::motif::{Motif, Strand};
use cistron_display::{Bundle, Show, Theme, base_colour, escape};

const SHOWN: usize = 5;

impl Show for Simulation {
    fn bundle(&self) -> Bundle {
        Bundle::plain(text(self)).html(html(self))
    }
}

impl Simulation {
    /// Shows it as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

/// The first sequences with two sites or more, then others.
fn examples(simulation: &Simulation) -> Vec<usize> {
    let rows = 0..simulation.sites.len();
    let rich = rows.clone().filter(|&r| simulation.sites[r].len() > 1);
    let poor = rows.filter(|&r| simulation.sites[r].len() == 1);
    rich.take(SHOWN - 1).chain(poor.take(1)).collect()
}

fn text(simulation: &Simulation) -> String {
    let mut out = format!(
        "{} simulated sequences of {} bp\n{}\n",
        simulation.table.height(),
        simulation.settings.length,
        simulation.rule
    );
    for motif in &simulation.motifs {
        out.push_str(&format!(
            "motif {}: {} ({:.1} bits)\n",
            motif.name,
            motif.consensus(),
            motif.total_information()
        ));
    }
    let letters = crate::table::texts(&simulation.table, "sequence").unwrap_or_default();
    let names = crate::table::texts(&simulation.table, "name").unwrap_or_default();
    for row in examples(simulation) {
        let mut marks = vec![' '; letters[row].len()];
        for site in &simulation.sites[row] {
            let motif = &simulation.motifs[site.motif];
            let mark = motif.name.chars().next().unwrap_or('?');
            let mark = if site.strand == Strand::Forward {
                mark
            } else {
                mark.to_ascii_lowercase()
            };
            marks[site.position..site.position + motif.len()].fill(mark);
        }
        let marks: String = marks.into_iter().collect();
        out.push_str(&format!(
            "\n{}  {}\n{}  {}\n",
            names[row],
            letters[row],
            " ".repeat(names[row].len()),
            marks.trim_end()
        ));
    }
    out.push_str("(capital letters under a sequence: forward strand, small letters: reverse strand)\n\n");
    out.push_str(&head(simulation).text());
    out
}

fn head(simulation: &Simulation) -> cistron_display::Table {
    let mut table = simulation.table.head(Some(SHOWN));
    if let Ok(letters) = crate::table::texts(&table, "sequence") {
        let short: Vec<String> = letters.iter().map(|s| format!("{}…", &s[..s.len().min(24)])).collect();
        let _ = table.with_column(polars::prelude::Column::new("sequence".into(), short));
    }
    let mut shown = crate::table::view(&table, SHOWN);
    shown.title = format!("{} rows x {} columns", simulation.table.height(), simulation.table.width());
    shown
}

fn html(simulation: &Simulation) -> String {
    let mut out = format!(
        "<div style=\"font-size:13px;max-width:900px\"><div style=\"font-weight:600\">{} simulated sequences of {} bp</div><div style=\"margin:4px 0\">{}</div>",
        simulation.table.height(),
        simulation.settings.length,
        escape(&simulation.rule)
    );
    out.push_str("<div style=\"display:flex;gap:28px;margin:6px 0\">");
    for (i, motif) in simulation.motifs.iter().enumerate() {
        let label = format!("motif {}, {:.1} bits", escape(&motif.name), motif.total_information());
        let colour = Theme::SERIES[i % Theme::SERIES.len()];
        out.push_str(&format!(
            "<div><div style=\"border-bottom:3px solid {colour}\">{label}</div>{}</div>",
            small_logo(motif)
        ));
    }
    out.push_str("</div>");
    let letters = crate::table::texts(&simulation.table, "sequence").unwrap_or_default();
    let names = crate::table::texts(&simulation.table, "name").unwrap_or_default();
    out.push_str("<div style=\"overflow-x:auto;font:10px monospace;white-space:nowrap;line-height:1.9\">");
    for row in examples(simulation) {
        let marked = marked(&letters[row], &simulation.sites[row], &simulation.motifs);
        out.push_str(&format!("<div>{}&nbsp;&nbsp;{marked}</div>", escape(&names[row])));
    }
    out.push_str(&format!(
        "</div><div style=\"font-size:12px;color:{};margin-bottom:8px\">underlined: planted sites, in the motifs' colours; &gt; forward, &lt; reverse strand</div>",
        Theme::SOFT
    ));
    out.push_str(&head(simulation).html());
    out.push_str("</div>");
    out
}

/// Letters with the sites underlined.
fn marked(letters: &str, sites: &[PlantedSite], motifs: &[Motif]) -> String {
    let mut sites: Vec<&PlantedSite> = sites.iter().collect();
    sites.sort_by_key(|s| s.position);
    let mut out = format!("<span style=\"color:{}\">", Theme::SOFT);
    let mut at = 0;
    for site in sites {
        let end = (site.position + motifs[site.motif].len()).min(letters.len());
        if site.position < at {
            continue;
        }
        let colour = Theme::SERIES[site.motif % Theme::SERIES.len()];
        let arrow = if site.strand == Strand::Forward { "&gt;" } else { "&lt;" };
        out.push_str(&escape(&letters[at..site.position]));
        out.push_str(&format!(
            "<span style=\"color:{};font-weight:600;border-bottom:3px solid {colour}\" title=\"{} {arrow}\">{}</span>",
            Theme::INK,
            escape(&motifs[site.motif].name),
            escape(&letters[site.position..end])
        ));
        at = end;
    }
    out.push_str(&escape(&letters[at..]));
    out.push_str("</span>");
    out
}

/// A small logo: letters as high as their information.
fn small_logo(motif: &Motif) -> String {
    let (step, high) = (18.0, 48.0);
    let width = step * motif.len() as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{high}\" viewBox=\"0 0 {width} {high}\" role=\"img\" aria-label=\"logo of motif {}: {}\"><rect width=\"{width}\" height=\"{high}\" fill=\"{}\"/>",
        escape(&motif.name),
        motif.consensus(),
        Theme::PAPER
    );
    for (i, (column, bits)) in motif.matrix.iter().zip(motif.information([0.25; 4])).enumerate() {
        let mut order: Vec<usize> = (0..4).collect();
        order.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
        let mut foot = high;
        for base in order {
            let height = column[base] * bits / 2.0 * high;
            if height < 1.0 {
                continue;
            }
            // Capitals of the sans fonts are about 0.72 em high.
            let scale = height / (0.72 * 20.0);
            let letter = ['A', 'C', 'G', 'T'][base];
            out.push_str(&format!(
                "<text transform=\"translate({:.1} {foot:.1}) scale(1 {scale:.3})\" font-family=\"{}\" font-size=\"20\" font-weight=\"700\" text-anchor=\"middle\" fill=\"{}\">{letter}</text>",
                (i as f64 + 0.5) * step,
                Theme::FONT,
                base_colour(letter)
            ));
            foot -= height;
        }
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use crate::simulate::{MotifGrammar, motif_grammar};
    use cistron_display::Show;

    #[test]
    fn the_truth_is_shown() {
        let simulation = motif_grammar(MotifGrammar {
            sequences: 60,
            ..MotifGrammar::default()
        })
        .unwrap();
        let bundle = simulation.bundle();
        let html = bundle.get("text/html").unwrap();
        assert_eq!(html.matches("<svg").count(), 2);
        assert!(html.contains("border-bottom:3px") && html.contains("60 rows x 5 columns"));
        assert!(
            bundle.text().contains("motif A: CAGATAAGGA") && bundle.text().contains("AAAAAAAAAA"),
            "{}",
            bundle.text()
        );
    }
}
