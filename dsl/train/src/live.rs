//! What a fit shows while it runs and when it is over.

use crate::history;
use cistron_display::{Bundle, Live, Theme, duration, escape};
use cistron_plot::{Figure, Series, curve};
use cistron_runs::EpochRow;
use std::time::{Duration, Instant};

/// How often the display is redrawn at most.
const EVERY: Duration = Duration::from_millis(250);

/// The loss of both parts by epoch, and beside it r on the validation part by output.
pub(crate) fn curves(rows: &[EpochRow], best_epoch: Option<u64>) -> Option<Figure> {
    let last = rows.last()?;
    let points = |value: &dyn Fn(&EpochRow) -> f64| -> Vec<(f64, f64)> {
        let finite = |y: f64| if y.is_finite() { y } else { f64::NAN };
        rows.iter().map(|row| (row.epoch as f64, finite(value(row)))).collect()
    };
    let mut panels = Vec::new();
    let losses = [
        Series::new("training", &points(&|r| r.train_loss)),
        Series::new("validation", &points(&|r| r.valid_loss)),
    ];
    let correlations: Vec<Series> = last
        .metrics
        .keys()
        .filter_map(|name| Some((name, name.strip_prefix("r ")?)))
        .map(|(name, output)| Series::new(output, &points(&|r| r.metrics.get(name).copied().unwrap_or(f64::NAN))))
        .collect();
    for (series, label) in [(&losses[..], "loss"), (&correlations[..], "validation r")] {
        let mut panel = curve(series).x_label("epoch").y_label(label);
        if let Some(epoch) = best_epoch {
            panel = panel.best(epoch as f64);
        }
        // A panel without a single finite value has nothing to show; the others stand for themselves.
        panels.extend(panel.draw().ok());
    }
    let figure = match panels.len() {
        0 => None,
        1 => panels.pop(),
        n => Figure::grid(&panels, n).ok(),
    };
    figure.map(|f| f.caption(&rounds(rows)))
}

/// Where each round of fine-tuning began, in words; empty without any.
fn rounds(rows: &[EpochRow]) -> String {
    let mut begun: Vec<(u64, u64)> = Vec::new();
    for row in rows.iter().filter(|row| row.round > 0) {
        if begun.last().is_none_or(|(round, _)| *round != row.round) {
            begun.push((row.round, row.epoch));
        }
    }
    let one = |(round, epoch): &(u64, u64)| format!("round {round} from epoch {epoch}");
    match begun.as_slice() {
        [] => String::new(),
        begun => format!("Fine-tuning: {}", begun.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

/// The display of one fit.
pub(crate) struct Screen {
    live: Live,
    name: String,
    watched: String,
    steps_per_epoch: u64,
    began: Instant,
    first_step: u64,
    svg: String,
    drawn_epochs: Option<usize>,
    folder: String,
    quiet: bool,
}

/// Where the fit stands, for the progress line.
pub(crate) struct Standing<'a> {
    /// Epochs done, as they are counted.
    pub(crate) epoch: u64,
    /// The most of them.
    pub(crate) epochs: u64,
    /// The round of fine-tuning, from 1; 0 before it.
    pub(crate) round: u64,
    pub(crate) step_in_epoch: u64,
    /// Steps done since the run began.
    pub(crate) step: u64,
    pub(crate) rows: &'a [EpochRow],
    /// Epoch and watched value of the best.
    pub(crate) best: Option<(u64, f64)>,
}

/// How it ended, for the final form.
pub(crate) struct Summary<'a> {
    pub(crate) rows: &'a [EpochRow],
    pub(crate) best_epoch: Option<u64>,
    pub(crate) lines: &'a [String],
}

impl Screen {
    /// One for a fit that watches something, as `watched` names it.
    pub(crate) fn new(name: &str, watched: String, steps_per_epoch: u64, first_step: u64, folder: &str) -> Self {
        Self {
            live: Live::new(),
            name: name.into(),
            watched,
            steps_per_epoch,
            began: Instant::now(),
            first_step,
            svg: String::new(),
            drawn_epochs: None,
            folder: folder.into(),
            quiet: false,
        }
    }

    /// Lines instead of curves.
    pub(crate) fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// Redraws, if the last time is long enough ago.
    pub(crate) fn update(&mut self, standing: &Standing<'_>) {
        if self.live.is_due(EVERY) {
            let line = self.progress_line(standing);
            if !self.quiet && self.drawn_epochs != Some(standing.rows.len()) {
                self.svg = curves(standing.rows, standing.best.map(|b| b.0))
                    .map(|f| f.svg())
                    .unwrap_or_default();
                self.drawn_epochs = Some(standing.rows.len());
            }
            let html = format!(
                "{}<div style=\"font-size:13px;font-variant-numeric:tabular-nums\">{}</div>",
                self.svg,
                escape(&line)
            );
            self.live.update(&Bundle::plain(line).html(html));
        }
    }

    fn progress_line(&self, standing: &Standing<'_>) -> String {
        let done = standing.step.saturating_sub(self.first_step);
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        let counted = standing.epoch.saturating_mul(self.steps_per_epoch) + standing.step_in_epoch;
        let left = standing.epochs.saturating_mul(self.steps_per_epoch).saturating_sub(counted);
        let mut line = format!(
            "{}: epoch {} of {}, step {} of {}",
            self.name,
            (standing.epoch + 1).min(standing.epochs),
            standing.epochs,
            standing.step_in_epoch,
            self.steps_per_epoch
        );
        if standing.round > 0 {
            line.push_str(&format!(" · round {} of fine-tuning", standing.round));
        }
        if done > 0 {
            let left = Duration::from_secs_f64((left as f64 / rate).min(1e9));
            let speed = if rate >= 10.0 {
                format!("{rate:.0}")
            } else {
                format!("{rate:.2}")
            };
            line.push_str(&format!(" · {speed} steps/s · at most {} left", duration(left)));
        }
        if let Some((epoch, watched)) = standing.best {
            line.push_str(&format!(" · best {} {} (epoch {epoch})", self.watched, history::r(watched)));
        }
        line
    }

    /// Draws the final form, which stays in the saved notebook.
    pub(crate) fn finish(self, summary: &Summary<'_>) {
        let form = if self.quiet { quiet_form } else { final_form };
        self.live.finish(&form(&self.name, &self.folder, summary));
    }
}

/// Curves, how it ended, one row per epoch folded away, the folder; as text: the table of epochs.
pub(crate) fn final_form(name: &str, folder: &str, summary: &Summary<'_>) -> Bundle {
    let table = history::table(summary.rows, summary.best_epoch);
    let mut text = String::new();
    if !summary.rows.is_empty() {
        text.push_str(&table.text());
        text.push('\n');
    }
    text.push_str(&summary.lines.iter().map(|l| format!("{name}: {l}\n")).collect::<String>());
    text.push_str(&format!("run folder: {folder}"));
    let mut html = curves(summary.rows, summary.best_epoch).map(|f| f.svg()).unwrap_or_default();
    let lines: Vec<String> = summary.lines.iter().map(|l| escape(l)).collect();
    html.push_str(&format!(
        "<div style=\"font-size:13px\"><b>{}</b>: {}</div>",
        escape(name),
        lines.join("<br>")
    ));
    if !summary.rows.is_empty() {
        let epochs = if summary.rows.len() == 1 {
            "1 epoch".into()
        } else {
            format!("{} epochs", summary.rows.len())
        };
        html.push_str(&format!(
            "<details style=\"font-size:13px\"><summary>{epochs}</summary>{}</details>",
            table.html()
        ));
    }
    let soft = Theme::SOFT;
    html.push_str(&format!(
        "<div style=\"font-size:12px;color:{soft}\">run folder: <code>{}</code></div>",
        escape(folder)
    ));
    Bundle::plain(text).html(html)
}

/// One line: how it ended, what was kept and what that is worth, the folder.
fn quiet_form(name: &str, folder: &str, summary: &Summary<'_>) -> Bundle {
    let line = summary.lines.join(" · ");
    let html = format!(
        "<div style=\"font-size:13px\"><b>{}</b>: {} · <code>{}</code></div>",
        escape(name),
        escape(&line),
        escape(folder)
    );
    Bundle::plain(format!("{name}: {line} · {folder}")).html(html)
}
