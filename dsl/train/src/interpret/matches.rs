//! Filters beside known motifs: as a table, and as a figure.

use super::search::{Hit, Search, false_discovery_rates};
use crate::trained::Trained;
use crate::{Result, TrainError};
use cistron_data::{Dataset, Motif, Strand};
use cistron_declaration::PortKind;
use cistron_display::significant;
use cistron_plot::{Figure, LogoRow, logos};
use polars::prelude::{Column, DataFrame};
use rayon::prelude::*;

/// A filter's logo beside the motif, shifted so that what is alike stands at the same place; on the motif's strand.
fn row(filter: &Motif, found: &Hit, known: &[Motif]) -> LogoRow {
    let motif = &known[found.motif];
    let reverse = found.strand == Strand::Reverse;
    let (shown, offset) = if reverse {
        // Counted from the filter's other end.
        let offset = filter.len() as isize - motif.len() as isize - found.offset;
        (filter.reverse_complement(), offset)
    } else {
        (filter.clone(), found.offset)
    };
    let strand = if reverse { ", other strand" } else { "" };
    LogoRow::new(&filter.name, &shown.matrix)
        .note(format!("similarity {}{strand}", significant(found.similarity, 2)))
        .compare(&motif.name, &motif.matrix)
        .offset(offset)
}

/// The letters of a motif, with U instead of T for RNA.
fn letters(motif: &Motif, rna: bool) -> String {
    let consensus = motif.consensus();
    if rna {
        consensus.replace('T', "U").replace('t', "u")
    } else {
        consensus
    }
}

impl Trained {
    /// Whether this input is RNA.
    fn is_rna(&self, input: &str) -> bool {
        let inputs = &self.model().signature().inputs;
        inputs.iter().any(|p| p.name == input && p.kind == PortKind::Rna)
    }

    /// Each filter of the first convolution on an input with the known motif that it fits best, most significant first: `filter`,
    /// `consensus`, `motif`, `similarity`, `strand` of the motif, `offset` (the filter's position on which the motif begins, on that
    /// strand; negative where it begins before the filter), `information` of the filter in bits, `p`, `q`.
    ///
    /// The best fit is that of the largest cosine between both, over all offsets and both strands, where columns that do not
    /// overlap count as background: four columns that agree by chance do not win over seven that nearly agree. `similarity` is
    /// Pearson's correlation over the columns that overlap.
    ///
    /// `p` is empirical: the columns of the filter are put into 999 random orders, each is searched for among all known motifs in
    /// the same way, and `p` is the share, the filter itself included, that fits at least as well. So it accounts for the number of
    /// known motifs, and keeps the filter's composition and information. `q` is the false discovery rate over the filters
    /// (Benjamini and Hochberg 1995). Tomtom (Gupta et al. 2007, Genome Biology 8, R24) draws columns from the whole collection
    /// instead, and its p-values are per pair. The seed is the run's.
    ///
    /// # Errors
    /// As [`Trained::filters`]; no known motifs.
    pub fn filter_matches(&self, data: &Dataset, input: &str, known: &[Motif]) -> Result<DataFrame> {
        if known.is_empty() {
            return Err(TrainError::Impossible(
                "no known motifs were given to compare the filters with".into(),
            ));
        }
        let filters = self.filters(data, input)?;
        let (seed, rna) = (self.random_seed(), self.is_rna(input));
        let one = |(number, filter): (usize, &Motif)| {
            let search = Search::new(filter, known);
            (search.best(), search.p_value(seed, number))
        };
        let found: Vec<(Hit, f64)> = filters.par_iter().enumerate().map(one).collect();
        let p: Vec<f64> = found.iter().map(|f| f.1).collect();
        let q = false_discovery_rates(&p);
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by(|&a, &b| {
            let similarity = |i: usize| found[i].0.similarity;
            p[a].total_cmp(&p[b]).then(similarity(b).total_cmp(&similarity(a)))
        });
        let text = |value: &dyn Fn(usize) -> String| order.iter().map(|&i| value(i)).collect::<Vec<String>>();
        let number = |value: &dyn Fn(usize) -> f64| order.iter().map(|&i| value(i)).collect::<Vec<f64>>();
        let offsets: Vec<i64> = order.iter().map(|&i| found[i].0.offset as i64).collect();
        let columns = vec![
            Column::new("filter".into(), text(&|i| filters[i].name.clone())),
            Column::new("consensus".into(), text(&|i| letters(&filters[i], rna))),
            Column::new("motif".into(), text(&|i| known[found[i].0.motif].name.clone())),
            Column::new("similarity".into(), number(&|i| found[i].0.similarity)),
            Column::new("strand".into(), text(&|i| found[i].0.strand.to_string())),
            Column::new("offset".into(), offsets),
            Column::new("information".into(), number(&|i| filters[i].total_information())),
            Column::new("p".into(), number(&|i| p[i])),
            Column::new("q".into(), number(&|i| q[i])),
        ];
        Ok(DataFrame::new(order.len(), columns)?)
    }

    /// The filters of the first convolution as logos, each beside the known motif that it fits best (see
    /// [`Trained::filter_matches`]), with the similarity, most similar first; at most `most` rows. Both are shifted to stand in one
    /// frame, and a filter that resembles a motif's other strand is drawn as its reverse complement. Letters of an RNA input have
    /// U instead of T.
    ///
    /// # Errors
    /// As [`Trained::filters`]; no filter was ever active.
    pub fn filters_figure(&self, data: &Dataset, input: &str, known: &[Motif], most: usize) -> Result<Figure> {
        let mut rows: Vec<(f64, LogoRow)> = Vec::new();
        for filter in self.filters(data, input)? {
            rows.push(if known.is_empty() {
                (filter.total_information(), LogoRow::new(&filter.name, &filter.matrix))
            } else {
                let found = Search::new(&filter, known).best();
                (found.similarity, row(&filter, &found, known))
            });
        }
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let rows: Vec<LogoRow> = rows.into_iter().take(most).map(|(_, row)| row).collect();
        let figure = logos(&rows).title(format!("filters of the first convolution on {input}"));
        let figure = if self.is_rna(input) { figure.rna() } else { figure };
        let figure = if known.is_empty() {
            figure
        } else {
            figure.heads("learned", "known")
        };
        Ok(figure.draw()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(consensus: &str) -> Motif {
        let column = |c: char| ['A', 'C', 'G', 'T'].map(|b| if b == c { 0.91 } else { 0.03 });
        Motif::new(consensus, consensus.chars().map(column).collect()).unwrap()
    }

    #[test]
    fn what_is_alike_stands_at_the_same_place() {
        let known = [of("GGGCGG"), of("TGACTCA")];
        // The letters that stand in each column of the common frame.
        let frame = |row: &LogoRow| {
            let lead = |n: isize| " ".repeat(n.max(0).unsigned_abs());
            let text = |matrix: &[[f64; 4]]| Motif::new("x", matrix.to_vec()).unwrap().consensus();
            let known = row.compare.as_ref().map(|c| text(&c.1)).unwrap();
            (lead(-row.offset) + &text(&row.matrix), lead(row.offset) + &known)
        };
        for (filter, own, other) in [
            ("CCTGACTCA", "CCTGACTCA", "  TGACTCA"),
            ("ACTCAGG", "  ACTCAGG", "TGACTCA"),
            ("CCTGAGTCAG", "CTGACTCAGG", " TGACTCA"),
            ("TGAGT", "  ACTCA", "TGACTCA"),
        ] {
            let filter = of(filter);
            let found = Search::new(&filter, &known).best();
            assert_eq!(
                frame(&row(&filter, &found, &known)),
                (own.to_string(), other.to_string()),
                "{found:?}"
            );
        }
    }
}
