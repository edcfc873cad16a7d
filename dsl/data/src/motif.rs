//! Sequence motifs as probability matrices.

use crate::alphabet::encode;
use crate::{DataError, Result};
use cistron_display::{Bundle, Show, Table};

/// A motif: one column of probabilities (A, C, G, T) per position.
#[derive(Clone, Debug, PartialEq)]
pub struct Motif {
    /// Its name.
    pub name: String,
    /// Probabilities of A, C, G, T per position; each position sums to 1.
    pub matrix: Vec<[f64; 4]>,
}

/// The strand of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strand {
    /// As the sequence is written.
    Forward,
    /// On the complementary strand.
    Reverse,
}

impl std::fmt::Display for Strand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Forward { "+" } else { "-" })
    }
}

/// How well two motifs agree, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotifMatch {
    /// Pearson correlation over the columns that overlap, -1 to 1.
    pub similarity: f64,
    /// The column of this motif on which the other's first column lies (negative: the other begins before).
    pub offset: isize,
    /// The other's strand.
    pub strand: Strand,
}

/// A place in a sequence that a motif fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// First position, 0-based on the sequence as written.
    pub position: usize,
    /// The strand on which it reads as the motif.
    pub strand: Strand,
    /// Log-odds against the background in bits.
    pub score: f64,
}

/// The fewest columns of an alignment of two motifs.
const MIN_OVERLAP: usize = 4;
/// Keeps logarithms finite where a probability is 0.
const FLOOR: f64 = 1e-4;

impl Motif {
    /// A motif from probabilities; rows that do not sum to 1 are divided by their sum.
    ///
    /// # Errors
    /// No position, or a position with a negative, non-finite or all-zero entry.
    pub fn new(name: impl Into<String>, matrix: Vec<[f64; 4]>) -> Result<Self> {
        Self::from_counts(name, &matrix, 0.0)
    }

    /// A motif from counts of A, C, G, T per position; `pseudocount` is added to every entry.
    ///
    /// # Errors
    /// No position, or a position with a negative, non-finite or all-zero entry.
    pub fn from_counts(name: impl Into<String>, counts: &[[f64; 4]], pseudocount: f64) -> Result<Self> {
        let name = name.into();
        if counts.is_empty() {
            return Err(DataError::Values(format!("motif `{name}` has no positions")));
        }
        let mut matrix = Vec::with_capacity(counts.len());
        for (i, column) in counts.iter().enumerate() {
            let column = column.map(|x| x + pseudocount);
            let sum: f64 = column.iter().sum();
            if column.iter().any(|x| !x.is_finite() || *x < 0.0) || sum <= 0.0 {
                let message = format!("motif `{name}`, position {}: {column:?} cannot be made probabilities", i + 1);
                return Err(DataError::Values(message));
            }
            matrix.push(column.map(|x| x / sum));
        }
        Ok(Self { name, matrix })
    }

    /// The number of positions in bp.
    pub fn len(&self) -> usize {
        self.matrix.len()
    }

    /// Whether it has no position; motifs made here always have some.
    pub fn is_empty(&self) -> bool {
        self.matrix.is_empty()
    }

    /// The most probable base per position; lower case where it holds less than half, `n` where nothing stands out.
    pub fn consensus(&self) -> String {
        let letter = |column: &[f64; 4]| {
            let best = (0..4).max_by(|&a, &b| column[a].total_cmp(&column[b])).unwrap_or(0);
            let base = ['A', 'C', 'G', 'T'][best];
            match column[best] {
                p if p >= 0.5 => base,
                p if p >= 0.35 => base.to_ascii_lowercase(),
                _ => 'n',
            }
        };
        self.matrix.iter().map(letter).collect()
    }

    /// Information per position in bits against a background (A, C, G, T): relative entropy, 0 to 2 for a flat one.
    ///
    /// # Example
    /// ```
    /// let motif = cistron_data::Motif::new("m", vec![[1.0, 0.0, 0.0, 0.0], [0.25; 4]])?;
    /// assert_eq!(motif.information([0.25; 4]), [2.0, 0.0]);
    /// # Ok::<(), cistron_data::DataError>(())
    /// ```
    pub fn information(&self, background: [f64; 4]) -> Vec<f64> {
        let term = |p: f64, q: f64| if p > 0.0 { p * (p / q).log2() } else { 0.0 };
        self.matrix
            .iter()
            .map(|column| (0..4).map(|b| term(column[b], background[b])).sum())
            .collect()
    }

    /// The sum of the information of all positions in bits, flat background.
    pub fn total_information(&self) -> f64 {
        self.information([0.25; 4]).iter().sum()
    }

    /// The motif as it reads on the other strand.
    #[must_use]
    pub fn reverse_complement(&self) -> Self {
        let flip = |c: &[f64; 4]| [c[3], c[2], c[1], c[0]];
        Self {
            name: self.name.clone(),
            matrix: self.matrix.iter().rev().map(flip).collect(),
        }
    }

    /// The best alignment with another motif over offsets and both strands: Pearson correlation over all entries of
    /// the columns that overlap, at least four (or all of the shorter motif).
    pub fn best_match(&self, other: &Self) -> MotifMatch {
        let mut best = MotifMatch {
            similarity: -1.0,
            offset: 0,
            strand: Strand::Forward,
        };
        let least = MIN_OVERLAP.min(self.len()).min(other.len()).max(1);
        for (strand, other) in [
            (Strand::Forward, other.clone()),
            (Strand::Reverse, other.reverse_complement()),
        ] {
            let first = least as isize - other.len() as isize;
            let last = self.len() as isize - least as isize;
            for offset in first..=last {
                let (mut a, mut b) = (Vec::new(), Vec::new());
                for (j, column) in other.matrix.iter().enumerate() {
                    let Ok(i) = usize::try_from(offset + j as isize) else {
                        continue;
                    };
                    if let Some(mine) = self.matrix.get(i) {
                        a.extend_from_slice(mine);
                        b.extend_from_slice(column);
                    }
                }
                let similarity = crate::stats::pearson(&a, &b).unwrap_or(-1.0);
                if similarity > best.similarity {
                    best = MotifMatch {
                        similarity,
                        offset,
                        strand,
                    };
                }
            }
        }
        best
    }

    /// The similarity of the best alignment, -1 to 1; see [`Motif::best_match`].
    pub fn similarity(&self, other: &Self) -> f64 {
        self.best_match(other).similarity
    }

    /// Log-odds of a stretch of codes against the background, in bits; unknown bases count as background.
    fn log_odds(&self, codes: &[u8], background: [f64; 4]) -> f64 {
        let term = |(column, &code): (&[f64; 4], &u8)| {
            let base = code as usize;
            if base < 4 {
                (column[base].max(FLOOR) / background[base]).log2()
            } else {
                0.0
            }
        };
        self.matrix.iter().zip(codes).map(term).sum()
    }

    /// All places of a sequence, on either strand, where the log-odds against the background reach `threshold` bits.
    ///
    /// # Errors
    /// A letter that is no base.
    pub fn scan(&self, sequence: &str, background: [f64; 4], threshold: f64) -> Result<Vec<Site>> {
        let (codes, _) =
            encode(sequence).map_err(|(at, c)| DataError::Values(format!("`{c}` at position {} is no base", at + 1)))?;
        let reverse = self.reverse_complement();
        let mut sites = Vec::new();
        for (position, window) in codes.windows(self.len()).enumerate() {
            for (strand, motif) in [(Strand::Forward, self), (Strand::Reverse, &reverse)] {
                let score = motif.log_odds(window, background);
                if score >= threshold {
                    sites.push(Site { position, strand, score });
                }
            }
        }
        Ok(sites)
    }
}

impl Show for Motif {
    fn bundle(&self) -> Bundle {
        let title = format!("{}: {} ({:.1} bits)", self.name, self.consensus(), self.total_information());
        let mut table = Table::new(title, &[">position", ">A", ">C", ">G", ">T", ">bits"]);
        for (i, (column, bits)) in self.matrix.iter().zip(self.information([0.25; 4])).enumerate() {
            let mut row = vec![(i + 1).to_string()];
            row.extend(column.iter().map(|p| format!("{p:.2}")));
            row.push(format!("{bits:.2}"));
            table.row(row);
        }
        table.bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, consensus: &str) -> Motif {
        let column = |c: char| {
            let mut counts = [0.0; 4];
            counts["ACGT".find(c).unwrap()] = 17.0;
            counts
        };
        Motif::from_counts(name, &consensus.chars().map(column).collect::<Vec<_>>(), 1.0).unwrap()
    }

    #[test]
    fn counts_become_probabilities() {
        let motif = of("gata", "GATA");
        assert!((motif.matrix[0][2] - 18.0 / 21.0).abs() < 1e-12);
        assert_eq!(motif.consensus(), "GATA");
        assert!(
            Motif::from_counts("x", &[[0.0; 4]], 0.0)
                .unwrap_err()
                .to_string()
                .contains("position 1")
        );
    }

    #[test]
    fn information_is_relative_entropy() {
        let motif = Motif::new("m", vec![[0.5, 0.5, 0.0, 0.0]]).unwrap();
        assert!((motif.information([0.25; 4])[0] - 1.0).abs() < 1e-12);
        let skewed = motif.information([0.4, 0.1, 0.1, 0.4])[0];
        assert!((skewed - (0.5 * (1.25f64).log2() + 0.5 * 5f64.log2())).abs() < 1e-12);
    }

    #[test]
    fn a_match_is_found_on_either_strand_and_at_an_offset() {
        let long = of("a", "CCAGATAAGC");
        let hit = long.best_match(&of("b", "AGATAAG"));
        assert!(
            hit.similarity > 0.999 && hit.offset == 2 && hit.strand == Strand::Forward,
            "{hit:?}"
        );
        let hit = long.best_match(&of("c", "CTTATCT"));
        assert!(
            hit.similarity > 0.999 && hit.offset == 2 && hit.strand == Strand::Reverse,
            "{hit:?}"
        );
        assert!(of("d", "AAAAAA").similarity(&of("e", "CGCGCG")) < 0.2);
    }

    #[test]
    fn scanning_finds_both_strands() {
        let motif = of("gata", "AGATAAG");
        let sites = motif.scan("CCCAGATAAGCCCCCTTATCTCC", [0.25; 4], 8.0).unwrap();
        let places: Vec<_> = sites.iter().map(|s| (s.position, s.strand)).collect();
        assert_eq!(places, [(3, Strand::Forward), (14, Strand::Reverse)]);
        assert!(
            motif
                .scan("ACX", [0.25; 4], 0.0)
                .unwrap_err()
                .to_string()
                .contains("`X` at position 3")
        );
    }
}
