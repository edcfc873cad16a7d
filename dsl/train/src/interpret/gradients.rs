//! Input gradients of one example.

use super::question::{Question, question_setters};
use super::stretch::Stretch;
use crate::Result;
use crate::trained::Trained;
use cistron_data::Dataset;
use cistron_display::{Bundle, Show};
use cistron_plot::Figure;
use polars::prelude::{Column, DataFrame};

/// Input gradients of one example, made by [`Trained::gradients`]; [`Gradients::run`] computes them.
#[derive(Clone, Debug)]
pub struct Gradients<'a> {
    question: Question<'a>,
    corrected: bool,
}

/// The gradient of a prediction with respect to the bases of a sequence; the result of [`Gradients::run`].
///
/// Positions are 0-based on the sequence as the data hold it. At the end of a cell it shows its figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    stretch: Stretch,
    prediction: f64,
    corrected: bool,
    gradients: Vec<[f64; 4]>,
}

impl Trained {
    /// The gradient of a prediction of one example with respect to a sequence input, times the input: to first order, what each
    /// base contributes. One pass forward and one back, whatever the length. The prediction is the mean over the tracks of an
    /// output, or what [`Gradients::tracks`] and [`Gradients::against`] choose.
    ///
    /// At each position the mean of the gradient over the four bases is subtracted, as Majdandzic et al. 2023 (Genome Biology 24,
    /// 109) propose: the network has only seen sequences in which the four channels sum to 1, so the part of the gradient that
    /// points out of them is noise. [`Gradients::corrected`] turns that off.
    ///
    /// ```text
    /// let attribution = run.gradients(&data, "GENE00012", "rna", "kd").tracks(&["T8_IL2"]).against(&["T8_PBS"]).run()?;
    /// ```
    pub fn gradients<'a>(&'a self, data: &'a Dataset, example: &str, input: &str, output: &str) -> Gradients<'a> {
        Gradients {
            question: self.question(data, example, input, output),
            corrected: true,
        }
    }
}

impl Gradients<'_> {
    question_setters!();

    /// Whether the mean over the four bases is subtracted at each position (yes unless told otherwise).
    #[must_use]
    pub fn corrected(mut self, corrected: bool) -> Self {
        self.corrected = corrected;
        self
    }

    /// Computes the gradients.
    ///
    /// # Errors
    /// An example, input, output or track that does not exist (with the nearest name), data that do not fit the model, a window
    /// beyond the sequence.
    pub fn run(&self) -> Result<Attribution> {
        let asked = self.question.ask()?;
        let (prediction, gradient) = asked.gradient()?;
        let at = |position: usize| {
            let column = [0, 1, 2, 3].map(|base: usize| gradient[base][position]);
            let mean = if self.corrected {
                column.iter().sum::<f64>() / 4.0
            } else {
                0.0
            };
            column.map(|value| value - mean)
        };
        Ok(Attribution {
            gradients: asked.stretch.positions().map(at).collect(),
            stretch: asked.stretch,
            prediction,
            corrected: self.corrected,
        })
    }
}

impl Attribution {
    /// The prediction for the sequence.
    pub fn prediction(&self) -> f64 {
        self.prediction
    }

    /// The position of the first base.
    pub fn start(&self) -> usize {
        self.stretch.start
    }

    /// The gradient by position and base (A, C, G, T or U), corrected if that was asked for.
    pub fn gradients(&self) -> &[[f64; 4]] {
        &self.gradients
    }

    /// The contribution of each base: the gradient times the input, which is the gradient of the base that stands there; 0 for an N.
    pub fn contributions(&self) -> Vec<f64> {
        let bases = self.stretch.bases().zip(&self.gradients);
        bases.map(|(base, gradient)| base.map_or(0.0, |b| gradient[b])).collect()
    }

    /// One row per position: `position` (0-based), `base`, the gradient of each base (`A`, `C`, `G`, `T` or `U`), `contribution`.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn frame(&self) -> Result<DataFrame> {
        let positions: Vec<u32> = self.stretch.positions().map(|p| p as u32).collect();
        let letters: Vec<String> = self.stretch.letters.iter().map(char::to_string).collect();
        let mut columns = vec![
            Column::new("position".into(), &positions),
            Column::new("base".into(), &letters),
        ];
        for (base, letter) in self.stretch.alphabet().into_iter().enumerate() {
            let values: Vec<f64> = self.gradients.iter().map(|g| g[base]).collect();
            columns.push(Column::new(letter.into(), &values));
        }
        columns.push(Column::new("contribution".into(), &self.contributions()));
        Ok(DataFrame::new(positions.len(), columns)?)
    }

    /// The positions `from` to `to` (0-based, half-open) alone.
    ///
    /// # Errors
    /// A window beyond what was computed.
    pub fn window(&self, from: usize, to: usize) -> Result<Self> {
        Ok(Self {
            gradients: self.gradients[self.stretch.places(from, to)?].to_vec(),
            stretch: self.stretch.window(from, to)?,
            ..*self
        })
    }

    /// Marks the site `start` to `end` (0-based, half-open) in the figure; what lies outside of what is drawn is not shown.
    #[must_use]
    pub fn mark(mut self, start: usize, end: usize, label: impl Into<String>) -> Self {
        self.stretch.mark(start, end, label.into());
        self
    }

    /// The letters as high as their contributions. Of more than 240 positions those with the largest contributions are shown, as
    /// the title says; [`Attribution::window`] chooses others.
    ///
    /// # Errors
    /// Gradients that are not finite; a marked site whose end is not after its start.
    pub fn figure(&self) -> Result<Figure> {
        let height = if self.corrected {
            "Height: the gradient times the input, less the mean gradient of the four bases"
        } else {
            "Height: the gradient times the input"
        };
        self.stretch
            .figure("gradients", height, &self.contributions(), |track, _| track)
    }

    /// Shows the figure as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

impl Show for Attribution {
    fn bundle(&self) -> Bundle {
        match self.figure() {
            Ok(figure) => figure.bundle(),
            Err(error) => Bundle::plain(error.to_string()),
        }
    }
}
