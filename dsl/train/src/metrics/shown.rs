//! What metrics look like.

use super::summary::ALL_CLASSES;
use super::{ClassSummary, Metrics, Per, Summary};
use crate::Result;
use crate::history::r;
use cistron_display::{Bundle, Show, Table, count};
use cistron_plot::{Bar, Figure, bars, violins};

impl Metrics {
    /// How r per point is distributed, output by output; r per track as bars where no output has several tracks in a class.
    ///
    /// # Errors
    /// No r exists at all.
    pub fn figure(&self) -> Result<Figure> {
        let values = |per: Per| -> Vec<Bar> {
            let of = |o: &super::OfOutput| o.scores(per).iter().filter_map(|s| s.r).collect::<Vec<f64>>();
            let groups = self.outputs.iter().map(|o| Bar::new(&o.paired.output, &of(o)));
            groups.filter(|group| !group.values.is_empty()).collect()
        };
        let per_point = values(Per::Point);
        if per_point.is_empty() {
            return Ok(bars(&values(Per::Track)).y_label("r per track").height(280).draw()?);
        }
        let width = (110.0 + 90.0 * per_point.len() as f64).clamp(240.0, 900.0);
        Ok(violins(&per_point).y_label("r per point").width(width).height(280).draw()?)
    }

    fn table(&self, summaries: &[ClassSummary]) -> Table {
        let mut table = Table::new(
            "",
            &[
                "output",
                "class",
                ">tracks",
                ">examples",
                ">r per point",
                ">95 %",
                ">r per track",
                ">95 %",
                ">RMSE",
            ],
        );
        for s in summaries {
            table.row([
                s.output.clone(),
                s.class.clone(),
                count(s.tracks),
                count(s.examples),
                mean_text(&s.per_point),
                interval_text(&s.per_point),
                mean_text(&s.per_track),
                interval_text(&s.per_track),
                s.rmse.map_or_else(|| "–".into(), r),
            ]);
        }
        table.notes = notes(summaries);
        table
    }

    /// Shows it as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

fn mean_text(summary: &Summary) -> String {
    summary.mean.map_or_else(|| "–".into(), r)
}

fn interval_text(summary: &Summary) -> String {
    summary
        .interval
        .map_or_else(String::new, |(low, high)| format!("{} to {}", r(low), r(high)))
}

/// What the numbers are, and which of them do not exist and why.
fn notes(summaries: &[ClassSummary]) -> Vec<String> {
    let mut notes = vec![
        "r per point: of each example over the tracks of the class; r per track: of each track over the examples; means with 95 % bootstrap intervals over examples"
            .to_string(),
    ];
    for s in summaries.iter().filter(|s| s.class != ALL_CLASSES) {
        if s.tracks == 1 {
            notes.push(format!("{} {}: one track, so there is no r per point", s.output, s.class));
        } else if s.per_point.undefined > 0 {
            let (undefined, examples) = (count(s.per_point.undefined), count(s.examples));
            notes.push(format!(
                "{} {}: {undefined} of {examples} examples have no r (constant or fewer than two measured values)",
                s.output, s.class
            ));
        }
        if s.per_track.undefined > 0 {
            let undefined = count(s.per_track.undefined);
            notes.push(format!(
                "{} {}: {undefined} of {} tracks have no r (constant or fewer than two measured values)",
                s.output, s.class, s.tracks
            ));
        }
    }
    notes
}

impl Show for Metrics {
    fn bundle(&self) -> Bundle {
        let table = self.table(&self.summaries());
        let figure = self.figure().map(|f| f.svg()).unwrap_or_default();
        Bundle::plain(table.text()).html(format!("{}{figure}", table.html()))
    }
}

impl std::fmt::Display for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.bundle().text())
    }
}
