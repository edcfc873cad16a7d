//! A stretch of an example's sequence: where it lies, what was asked, how it is drawn.

use crate::{Result, TrainError};
use cistron_display::count;
use cistron_plot::{Figure, Highlight, Letters, letters};
use std::ops::Range;

/// The longest stretch that a figure shows, in bp.
const DRAWN: usize = 240;

/// Letters of one input of one example, and what they are asked about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    example: String,
    input: String,
    /// The output's name.
    pub(super) output: String,
    /// The number that is explained, in words.
    pub(super) number: String,
    /// A, C, G, T (U for RNA), N where nothing is known.
    pub(super) letters: Vec<char>,
    /// The first letter's position in the sequence.
    pub(super) start: usize,
    /// The length of the whole sequence.
    whole: usize,
    pub(super) rna: bool,
    /// Sites, in positions of the sequence.
    marks: Vec<Highlight>,
}

impl Stretch {
    pub(super) fn whole(example: &str, input: &str, output: &str, number: String, letters: &str, rna: bool) -> Self {
        let letters: Vec<char> = letters.chars().collect();
        Self {
            example: example.into(),
            input: input.into(),
            output: output.into(),
            number,
            whole: letters.len(),
            letters,
            start: 0,
            rna,
            marks: Vec::new(),
        }
    }

    /// The positions that it covers.
    pub(super) fn positions(&self) -> Range<usize> {
        self.start..self.start + self.letters.len()
    }

    /// The places of a window within this stretch.
    ///
    /// # Errors
    /// A window that is empty or reaches beyond it.
    pub(super) fn places(&self, from: usize, to: usize) -> Result<Range<usize>> {
        let here = self.positions();
        if from < to && from >= here.start && to <= here.end {
            return Ok(from - self.start..to - self.start);
        }
        let what = if here.len() == self.whole {
            "the sequence has"
        } else {
            "there are"
        };
        Err(TrainError::Impossible(format!(
            "input `{}` of `{}`: the window is {} to {}, but {what} positions {} to {} (0-based, the end not included)",
            self.input,
            self.example,
            count(from),
            count(to),
            count(here.start),
            count(here.end)
        )))
    }

    /// A part of it.
    pub(super) fn window(&self, from: usize, to: usize) -> Result<Self> {
        let places = self.places(from, to)?;
        Ok(Self {
            letters: self.letters[places].to_vec(),
            start: from,
            ..self.clone()
        })
    }

    pub(super) fn mark(&mut self, start: usize, end: usize, label: String) {
        self.marks.push(Highlight { start, end, label });
    }

    /// The letters as bases 0 to 3; none where unknown.
    pub(super) fn bases(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.letters.iter().map(|letter| match letter {
            'A' => Some(0),
            'C' => Some(1),
            'G' => Some(2),
            'T' | 'U' => Some(3),
            _ => None,
        })
    }

    /// The letters of the four bases.
    pub(super) fn alphabet(&self) -> [&'static str; 4] {
        ["A", "C", "G", if self.rna { "U" } else { "T" }]
    }

    /// The window that a figure shows: everything, or where the largest contributions are.
    fn drawn(&self, contributions: &[f64]) -> Range<usize> {
        if self.letters.len() <= DRAWN {
            return self.positions();
        }
        let mut sum: f64 = contributions.iter().take(DRAWN).map(|c| c.abs()).sum();
        let mut best = (sum, 0);
        for first in 1..=contributions.len() - DRAWN {
            sum += contributions[first + DRAWN - 1].abs() - contributions[first - 1].abs();
            if sum > best.0 {
                best = (sum, first);
            }
        }
        let first = self.start + best.1;
        first..first + DRAWN
    }

    /// The letters with their contributions; `method` and `height` say in words what was done and what the height is, `more` adds
    /// to the figure of the places that are drawn.
    pub(super) fn figure(
        &self,
        method: &str,
        height: &str,
        contributions: &[f64],
        more: impl FnOnce(Letters, Range<usize>) -> Letters,
    ) -> Result<Figure> {
        let drawn = self.drawn(contributions);
        let places = self.places(drawn.start, drawn.end)?;
        let text: String = self.letters[places.clone()].iter().collect();
        let inside = self.marks.iter().filter(|m| m.start < drawn.end && m.end > drawn.start);
        let marks: Vec<Highlight> = inside
            .map(|m| {
                let (start, end) = (m.start.max(drawn.start), m.end.min(drawn.end));
                Highlight::new(start - drawn.start, end - drawn.start, m.label.as_str())
            })
            .collect();
        let range = if drawn.len() == self.whole {
            format!("all {} positions", count(self.whole))
        } else {
            format!(
                "positions {} to {} of {}",
                count(drawn.start),
                count(drawn.end),
                count(self.whole)
            )
        };
        let chosen = if drawn.len() < self.letters.len() {
            format!(" Shown are the {DRAWN} positions with the largest contributions.")
        } else {
            String::new()
        };
        let track = letters(&text, &contributions[places.clone()], &marks)
            .first_position(i64::try_from(drawn.start).unwrap_or(i64::MAX))
            .title(format!(
                "{} of {} by {method} of {}, {range}",
                self.output, self.example, self.input
            ))
            .y_label("contribution")
            .caption(format!("Explained is {}. {height}.{chosen}", self.number));
        let track = if self.rna { track.rna() } else { track };
        Ok(more(track, places).draw()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(length: usize) -> Stretch {
        Stretch::whole("g", "dna", "y", "y".into(), &"ACGTN".repeat(length / 5), false)
    }

    #[test]
    fn a_window_keeps_its_place_and_mistakes_say_what_there_is() {
        let part = stretch(20).window(5, 12).unwrap();
        assert_eq!((part.letters.iter().collect::<String>(), part.start), ("ACGTNAC".into(), 5));
        assert_eq!(part.window(6, 8).unwrap().letters, ['C', 'G']);
        let bases: Vec<_> = part.bases().collect();
        assert_eq!(bases[3..6], [Some(3), None, Some(0)]);
        let message = |result: Result<Stretch>| result.unwrap_err().to_string();
        assert!(message(stretch(20).window(5, 21)).contains("5 to 21, but the sequence has positions 0 to 20"));
        assert!(message(stretch(20).window(5, 5)).contains("5 to 5"));
        assert!(message(part.window(4, 6)).contains("there are positions 5 to 12"));
    }

    #[test]
    fn a_long_sequence_is_drawn_where_something_happens() {
        let long = stretch(1_000);
        let mut contributions = vec![0.0; 1_000];
        contributions[700] = -2.0;
        contributions[10] = 1.0;
        contributions[705] = 1.0;
        let shown = long.drawn(&contributions);
        assert!(
            shown.contains(&700) && shown.contains(&705) && shown.len() == DRAWN,
            "{shown:?}"
        );
        let figure = long.figure("gradients", "h", &contributions, |l, _| l).unwrap();
        let title = format!("positions {} to {} of 1,000", shown.start, shown.end);
        assert!(
            figure.title().contains(&title) && figure.text().contains("largest contributions"),
            "{}",
            figure.text()
        );
        let short = stretch(100);
        assert!(
            short
                .figure("x", "h", &[0.0; 100], |l, _| l)
                .unwrap()
                .title()
                .ends_with("all 100 positions")
        );
    }
}
