//! In-silico mutagenesis: every base replaced by every other.

use super::question::{Question, question_setters};
use super::stretch::Stretch;
use crate::Result;
use crate::trained::Trained;
use cistron_data::Dataset;
use cistron_display::{Bundle, Show};
use cistron_plot::Figure;
use polars::prelude::{Column, DataFrame};

/// In-silico mutagenesis of one example, made by [`Trained::mutagenesis`]; [`Mutagenesis::run`] does it.
#[derive(Clone, Debug)]
pub struct Mutagenesis<'a> {
    question: Question<'a>,
}

/// What every substitution of a base changes; the result of [`Mutagenesis::run`].
///
/// Positions are 0-based on the sequence as the data hold it. At the end of a cell it shows its figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Substitutions {
    stretch: Stretch,
    prediction: f64,
    changes: Vec<[f64; 4]>,
}

impl Trained {
    /// In-silico mutagenesis of an example: each base of a sequence input is replaced by each of the three others (an N by each
    /// of the four), all else stays, and the change of a prediction is taken: the mean over the tracks of an output, or what
    /// [`Mutagenesis::tracks`] and [`Mutagenesis::against`] choose.
    ///
    /// It takes three predictions per base; [`Mutagenesis::window`] restricts it to a stretch of a long sequence.
    ///
    /// ```text
    /// let changes = run.mutagenesis(&data, "GENE00012", "dna", "kt").tracks(&["T8_IL2"]).window(40, 120).run()?;
    /// ```
    pub fn mutagenesis<'a>(&'a self, data: &'a Dataset, example: &str, input: &str, output: &str) -> Mutagenesis<'a> {
        Mutagenesis {
            question: self.question(data, example, input, output),
        }
    }
}

impl Mutagenesis<'_> {
    question_setters!();

    /// Predicts for all substitutions.
    ///
    /// # Errors
    /// An example, input, output or track that does not exist (with the nearest name), data that do not fit the model, a window
    /// beyond the sequence, an interrupt.
    pub fn run(&self) -> Result<Substitutions> {
        let asked = self.question.ask()?;
        let mut places = Vec::new();
        for (place, base) in asked.stretch.bases().enumerate() {
            places.extend((0..4).filter(|other| Some(*other) != base).map(|other| (place, other)));
        }
        let start = asked.stretch.start;
        let changes: Vec<(usize, usize)> = places.iter().map(|(place, base)| (start + place, *base)).collect();
        let (prediction, found) = asked.substituted(&changes)?;
        let mut changes = vec![[f64::NAN; 4]; asked.stretch.letters.len()];
        for ((place, base), value) in places.into_iter().zip(found) {
            changes[place][base] = value - prediction;
        }
        Ok(Substitutions {
            stretch: asked.stretch,
            prediction,
            changes,
        })
    }
}

impl Substitutions {
    /// The prediction for the sequence as it is.
    pub fn prediction(&self) -> f64 {
        self.prediction
    }

    /// The position of the first base that was replaced.
    pub fn start(&self) -> usize {
        self.stretch.start
    }

    /// The change of the prediction by position and base (A, C, G, T or U); NaN at the base that stands there.
    pub fn changes(&self) -> &[[f64; 4]] {
        &self.changes
    }

    /// The contribution of each base: minus the mean change over its three substitutions. 0 for an N, which has no base to lose.
    pub fn contributions(&self) -> Vec<f64> {
        let one = |(base, changes): (Option<usize>, &[f64; 4])| match base {
            None => 0.0,
            Some(base) => (0..4).filter(|other| *other != base).map(|other| -changes[other] / 3.0).sum(),
        };
        self.stretch.bases().zip(&self.changes).map(one).collect()
    }

    /// One row per substitution: `position` (0-based), `reference`, `alternative`, `change`.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn frame(&self) -> Result<DataFrame> {
        let (mut positions, mut references, mut alternatives, mut changes) = (vec![], vec![], vec![], vec![]);
        let alphabet = self.stretch.alphabet();
        for (place, (letter, values)) in self.stretch.letters.iter().zip(&self.changes).enumerate() {
            for (base, change) in alphabet.iter().zip(values) {
                if *base != letter.to_string() {
                    positions.push((self.stretch.start + place) as u32);
                    references.push(letter.to_string());
                    alternatives.push(*base);
                    changes.push(*change);
                }
            }
        }
        let columns = vec![
            Column::new("position".into(), &positions),
            Column::new("reference".into(), &references),
            Column::new("alternative".into(), &alternatives),
            Column::new("change".into(), &changes),
        ];
        Ok(DataFrame::new(positions.len(), columns)?)
    }

    /// The positions `from` to `to` (0-based, half-open) alone.
    ///
    /// # Errors
    /// A window beyond what was computed.
    pub fn window(&self, from: usize, to: usize) -> Result<Self> {
        Ok(Self {
            changes: self.changes[self.stretch.places(from, to)?].to_vec(),
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

    /// The letters as high as their contributions, over a heat map of all substitutions. Of more than 240 positions those with the
    /// largest contributions are shown, as the title says; [`Substitutions::window`] chooses others.
    ///
    /// # Errors
    /// Predictions that are not finite; a marked site whose end is not after its start.
    pub fn figure(&self) -> Result<Figure> {
        let height = "Height: minus the mean change over the three substitutions";
        let label = format!("change of {}", self.stretch.output);
        let contributions = self.contributions();
        self.stretch
            .figure("in-silico mutagenesis", height, &contributions, |track, places| {
                track.heat(&self.changes[places], label)
            })
    }

    /// Shows the figure as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

impl Show for Substitutions {
    fn bundle(&self) -> Bundle {
        match self.figure() {
            Ok(figure) => figure.bundle(),
            Err(error) => Bundle::plain(error.to_string()),
        }
    }
}
