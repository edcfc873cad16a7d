//! Linear baselines on sequence features: what a network has to beat before it is worth having.
//!
//! The additive model (one number per base and position) and the pairwise model (one per pair of bases at every two
//! positions) are the classical genotype-phenotype maps; k-mer counts are the usual baseline for regulatory sequence.
//! They are solved in closed form, so they have no seed.

use crate::{DataError, Dataset, Part, Result, stats};

/// The features that a linear baseline counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// Which base stands at which position: `4 L` numbers.
    Additive,
    /// The additive features and which two bases stand at which two positions: `16 L (L - 1) / 2` more.
    Pairwise,
    /// How often each word of this length occurs (1 to 6 bases).
    Kmers(usize),
}

/// A fitted linear baseline.
///
/// # Example
/// ```text
/// let additive = Baseline::fit(&splice, "rna", "psi", Features::Additive, 1e-6)?;
/// let r = additive.correlation(&splice, Part::Test)?;
/// ```
#[derive(Clone, Debug)]
pub struct Baseline {
    features: Features,
    input: String,
    output: String,
    length: usize,
    weights: Vec<f64>,
}

/// The codes of A, C, G, T and U; other letters count for nothing.
fn code(base: u8) -> Option<usize> {
    match base {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' | b'U' => Some(3),
        _ => None,
    }
}

impl Features {
    /// How many features a sequence of this length has, the constant not counted.
    fn count(self, length: usize) -> usize {
        match self {
            Self::Additive => 4 * length,
            Self::Pairwise => 4 * length + 16 * length * length.saturating_sub(1) / 2,
            Self::Kmers(k) => 4usize.pow(k as u32),
        }
    }

    /// The features that are not zero, with their values.
    fn of(self, sequence: &str, length: usize) -> Vec<(usize, f64)> {
        let codes: Vec<Option<usize>> = sequence.bytes().map(code).collect();
        let mut found = Vec::new();
        if let Self::Kmers(k) = self {
            let mut counts = std::collections::BTreeMap::new();
            for word in codes.windows(k) {
                if let Some(index) = word.iter().try_fold(0, |index, base| base.map(|base| 4 * index + base)) {
                    *counts.entry(index).or_insert(0.0) += 1.0;
                }
            }
            return counts.into_iter().collect();
        }
        for (i, a) in codes.iter().enumerate() {
            let Some(a) = *a else { continue };
            found.push((4 * i + a, 1.0));
            if self == Self::Pairwise {
                for (j, b) in codes.iter().enumerate().skip(i + 1) {
                    let Some(b) = *b else { continue };
                    let pair = i * (2 * length - i - 1) / 2 + (j - i - 1);
                    found.push((4 * length + 16 * pair + 4 * a + b, 1.0));
                }
            }
        }
        found
    }
}

/// The largest number of features that is solved: the matrix of their products has to fit into memory.
const MOST_FEATURES: usize = 8192;

impl Baseline {
    /// Fits `output` by least squares on the training rows, with a penalty of `ridge` times the number of rows on every
    /// weight but the constant.
    ///
    /// # Errors
    /// A missing input or output, an output of several tracks, sequences of unequal length (for additive and pairwise
    /// features), more than 8,192 features, no training rows.
    pub fn fit(data: &Dataset, input: &str, output: &str, features: Features, ridge: f64) -> Result<Self> {
        if data.tracks(output)?.len() != 1 {
            return Err(DataError::Values(format!(
                "a baseline is fitted to one track, `{output}` has several"
            )));
        }
        if matches!(features, Features::Kmers(k) if !(1..=6).contains(&k)) {
            return Err(DataError::Values("k-mers have 1 to 6 bases".into()));
        }
        let rows = data.rows(Part::Train, None)?;
        let length = data.sequence(input, rows[0])?.len();
        let count = features.count(length) + 1;
        if count > MOST_FEATURES || !ridge.is_finite() || ridge < 0.0 {
            return Err(DataError::Values(format!(
                "{} features (at most {MOST_FEATURES} are solved) with a ridge of {ridge} (zero or more)",
                count - 1
            )));
        }
        let targets = data.targets(output)?;
        let mut products = vec![0.0; count * count];
        let mut right = vec![0.0; count];
        for &row in &rows {
            let y = f64::from(targets[row]);
            if !y.is_finite() {
                continue;
            }
            let sequence = data.sequence(input, row)?;
            if !matches!(features, Features::Kmers(_)) && sequence.len() != length {
                return Err(DataError::Values(format!(
                    "additive and pairwise features need sequences of one length, found {length} and {}",
                    sequence.len()
                )));
            }
            let mut found = features.of(&sequence, length);
            found.push((count - 1, 1.0));
            for &(i, a) in &found {
                right[i] += a * y;
                for &(j, b) in &found {
                    products[i * count + j] += a * b;
                }
            }
        }
        // One-hot features sum to the constant, so a little more than nothing is needed even for plain least squares.
        let penalty = ridge.max(1e-9) * rows.len() as f64;
        for i in 0..count - 1 {
            products[i * count + i] += penalty;
        }
        let weights = solve(products, right, count)?;
        Ok(Self {
            features,
            input: input.into(),
            output: output.into(),
            length,
            weights,
        })
    }

    /// Predictions for the rows of a part, in their order.
    ///
    /// # Errors
    /// An empty part, or data without the input.
    pub fn predict(&self, data: &Dataset, part: Part) -> Result<Vec<f64>> {
        let constant = self.weights[self.weights.len() - 1];
        data.rows(part, None)?
            .into_iter()
            .map(|row| {
                let found = self.features.of(&data.sequence(&self.input, row)?, self.length);
                Ok(constant
                    + found
                        .iter()
                        .map(|&(i, value)| self.weights.get(i).map_or(0.0, |w| w * value))
                        .sum::<f64>())
            })
            .collect()
    }

    /// Pearson correlation with what was observed in a part.
    ///
    /// # Errors
    /// As [`Baseline::predict`], and a part in which either side is constant.
    pub fn correlation(&self, data: &Dataset, part: Part) -> Result<f64> {
        let targets = data.targets(&self.output)?;
        let observed: Vec<f64> = data
            .rows(part, None)?
            .into_iter()
            .map(|row| f64::from(targets[row]))
            .collect();
        stats::pearson(&observed, &self.predict(data, part)?)
    }
}

/// Solves a symmetric positive system by Cholesky's factorisation.
pub(crate) fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>, n: usize) -> Result<Vec<f64>> {
    for column in 0..n {
        let (done, rest) = matrix.split_at_mut((column + 1) * n);
        let pivot_row = &mut done[column * n..];
        let square: f64 = pivot_row[..column].iter().map(|x| x * x).sum();
        let pivot = pivot_row[column] - square;
        if pivot <= 0.0 || !pivot.is_finite() {
            return Err(DataError::Values(
                "the features depend on each other; use a larger ridge".into(),
            ));
        }
        let pivot = pivot.sqrt();
        pivot_row[column] = pivot;
        for row in rest.chunks_exact_mut(n) {
            let dot: f64 = row[..column].iter().zip(&pivot_row[..column]).map(|(a, b)| a * b).sum();
            row[column] = (row[column] - dot) / pivot;
        }
    }
    for i in 0..n {
        let dot: f64 = (0..i).map(|j| matrix[i * n + j] * right[j]).sum();
        right[i] = (right[i] - dot) / matrix[i * n + i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|j| matrix[j * n + i] * right[j]).sum();
        right[i] = (right[i] - dot) / matrix[i * n + i];
    }
    Ok(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_is_solved() {
        let x = solve(vec![4.0, 2.0, 2.0, 3.0], vec![10.0, 9.0], 2).unwrap();
        assert!((x[0] - 1.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
        assert!(
            solve(vec![1.0, 1.0, 1.0, 1.0], vec![1.0, 1.0], 2)
                .unwrap_err()
                .to_string()
                .contains("larger ridge")
        );
    }

    #[test]
    fn features_are_counted_and_placed() {
        assert_eq!(Features::Additive.of("AC", 2), vec![(0, 1.0), (5, 1.0)]);
        assert_eq!(Features::Pairwise.count(9), 36 + 576);
        assert_eq!(Features::Pairwise.of("UA", 2), vec![(3, 1.0), (8 + 12, 1.0), (4, 1.0)]);
        assert_eq!(Features::Kmers(2).of("ACACN", 5), vec![(1, 2.0), (4, 1.0)]);
        let last = Features::Pairwise.of("TTT", 3).iter().map(|f| f.0).max().unwrap();
        assert_eq!(last, Features::Pairwise.count(3) - 1);
    }
}
