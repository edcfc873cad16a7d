//! What a comparison looks like.

use super::Comparison;
use super::pooled::Spread;
use crate::Result;
use crate::history::r;
use crate::metrics::Per;
use cistron_display::{Bundle, Show, Table, count, escape};
use cistron_plot::Figure;

impl Comparison {
    /// How it ended, in one line.
    pub(super) fn closing_line(&self) -> String {
        let mut line = format!("compare: {} of {} fits", self.fits.len(), self.total);
        if self.reused > 0 {
            line.push_str(&format!(", {} taken from earlier runs", self.reused));
        }
        if self.interrupted {
            line.push_str("; interrupted");
        }
        line
    }

    fn summary(&self) -> Result<Table> {
        let mut table = Table::new(
            "",
            &[
                "model",
                "output",
                ">fits",
                ">examples",
                ">r per point",
                ">r per track",
                ">RMSE",
            ],
        );
        let lines = self.lines()?;
        for line in &lines {
            table.row([
                line.model.clone(),
                line.output.clone(),
                count(line.fits),
                count(line.examples),
                text(line.per_point),
                text(line.per_track),
                text(line.rmse),
            ]);
        }
        let spread = if lines.iter().any(|l| l.seeds > 1) {
            "; mean ± standard deviation over seeds"
        } else {
            ""
        };
        table.notes.push(format!(
            "each held-out example once, predicted by the fit that held it out{spread}"
        ));
        table.notes.extend(self.notes.iter().cloned());
        Ok(table)
    }

    fn by_fit(&self) -> Result<Table> {
        let mut table = Table::new(
            "",
            &[
                "model",
                ">fold",
                ">seed",
                "output",
                ">r per point",
                ">r per track",
                ">RMSE",
                "run",
            ],
        );
        for fit in &self.fits {
            for output in fit.metrics.outputs() {
                let number = |value: Option<f64>| value.map_or_else(|| "–".into(), r);
                table.row([
                    fit.model.clone(),
                    fit.fold.map_or_else(String::new, |fold| fold.to_string()),
                    fit.seed.to_string(),
                    output.to_string(),
                    number(fit.metrics.mean_per_point(output)?),
                    number(fit.metrics.mean_per_track(output)?),
                    number(fit.metrics.rmse(output)?),
                    fit.run.folder().display().to_string(),
                ]);
            }
        }
        Ok(table)
    }

    /// The output that most models give: bars, and how r per point is distributed.
    fn figure(&self) -> Option<Figure> {
        let outputs = self.outputs();
        let output = outputs.first()?;
        let panels = [
            self.bars(output, Per::Point),
            self.bars(output, Per::Track),
            self.distributions(output),
        ];
        // A panel without a single r has nothing to show; the table says so.
        let panels: Vec<Figure> = panels.into_iter().filter_map(std::result::Result::ok).collect();
        Figure::grid(&panels, 3).ok()
    }

    /// Shows it as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

fn text(value: Option<Spread>) -> String {
    match value {
        None => "–".into(),
        Some(Spread { mean, sd: None }) => r(mean),
        Some(Spread { mean, sd: Some(sd) }) => format!("{} ± {}", r(mean), r(sd)),
    }
}

impl Show for Comparison {
    fn bundle(&self) -> Bundle {
        let (summary, fits) = match (self.summary(), self.by_fit()) {
            (Ok(summary), Ok(fits)) => (summary, fits),
            (Err(error), _) | (_, Err(error)) => return Bundle::plain(error.to_string()),
        };
        let figure = self.figure().map(|f| f.svg()).unwrap_or_default();
        let number = if self.fits.len() == 1 {
            "1 fit".into()
        } else {
            format!("{} fits", self.fits.len())
        };
        let html = format!(
            "{}{figure}<details style=\"font-size:13px\"><summary>{}</summary>{}</details>",
            summary.html(),
            escape(&number),
            fits.html()
        );
        Bundle::plain(summary.text()).html(html)
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.bundle().text())
    }
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Comparison({}: {})", self.labels.join(", "), self.closing_line())
    }
}
