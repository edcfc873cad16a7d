//! Figures of a comparison.

use super::Comparison;
use crate::metrics::Per;
use crate::{Result, TrainError};
use cistron_plot::{Bar, Figure, bars, violins};

impl Comparison {
    /// Bars of the mean Pearson r of an output, per point or per track, one per model that gives it. With several seeds each dot is one seed
    /// (pooled over folds), with one seed and several folds one fold.
    ///
    /// # Errors
    /// No output of this name; no r exists.
    pub fn bars(&self, output: &str, per: Per) -> Result<Figure> {
        self.check_output(output)?;
        let seeds = self
            .labels
            .iter()
            .map(|model| self.of_model(model).count())
            .max()
            .unwrap_or(0);
        let by_fold = seeds < 2 && self.fits.iter().filter(|f| Some(&f.model) == self.labels.first()).count() > 1;
        let mut found = Vec::new();
        for model in &self.labels {
            let metrics: Vec<&crate::Metrics> = if by_fold {
                self.fits.iter().filter(|f| f.model == *model).map(|f| &f.metrics).collect()
            } else {
                self.of_model(model).map(|p| &p.metrics).collect()
            };
            let mut values = Vec::new();
            for metrics in metrics.into_iter().filter(|m| m.outputs().contains(&output)) {
                values.extend(metrics.mean(output, per)?);
            }
            if !values.is_empty() {
                found.push(Bar::new(model, &values));
            }
        }
        if found.is_empty() {
            return Err(TrainError::Impossible(format!("no model has an r per {per} of `{output}`")));
        }
        let caption = match (seeds, by_fold) {
            (2.., _) => "Held-out examples; dots: seeds.",
            (_, true) => "Held-out examples; dots: folds.",
            _ => "Held-out examples.",
        };
        let width = (110.0 + 62.0 * found.len() as f64).clamp(260.0, 1200.0);
        let figure = bars(&found)
            .y_label(format!("{output}: r per {per}"))
            .width(width)
            .height(280);
        Ok(figure.caption(caption).draw()?)
    }

    /// How r per point of an output is distributed over the held-out examples (and classes), averaged over seeds, model by model.
    ///
    /// # Errors
    /// No output of this name; no r exists, as where each class has one track.
    pub fn distributions(&self, output: &str) -> Result<Figure> {
        self.check_output(output)?;
        let groups: Vec<Bar> = self
            .labels
            .iter()
            .map(|model| Bar::new(model, &self.mean_scores(model, output).into_values().collect::<Vec<f64>>()))
            .filter(|group| !group.values.is_empty())
            .collect();
        if groups.is_empty() {
            return Err(TrainError::Impossible(format!("no model has an r per point of `{output}`")));
        }
        let width = (110.0 + 72.0 * groups.len() as f64).clamp(260.0, 1200.0);
        let figure = violins(&groups)
            .y_label(format!("{output}: r per point"))
            .width(width)
            .height(280);
        Ok(figure.caption("Held-out examples; above: medians.").draw()?)
    }
}
