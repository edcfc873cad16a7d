//! Ridge regression on features of any kind.

use crate::baseline::solve;
use crate::{DataError, Result};

/// The most features that are solved for.
const MOST: usize = 4_000;

/// A linear map of features with a penalty on its weights: the baseline for features that [`crate::Features`] does not count.
///
/// Features are brought to mean 0 and standard deviation 1 over the examples of the fit and divided by the root of their
/// number; constant ones are left out. The penalty is added to the diagonal of the products of features.
///
/// # Example
/// ```
/// use cistron_data::Ridge;
/// let features: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i), f64::from(i % 3)]).collect();
/// let y: Vec<f64> = features.iter().map(|f| 2.0 * f[0] - f[1] + 1.0).collect();
/// let found = Ridge::fit(&features, &y, 1e-9)?.predict(&features)?;
/// assert!(found.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-5));
/// # Ok::<(), cistron_data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ridge {
    mean: Vec<f64>,
    scale: Vec<f64>,
    weights: Vec<f64>,
    constant: f64,
}

impl Ridge {
    /// Fits; one row of features per example.
    ///
    /// # Errors
    /// Rows of unequal length or another number than targets, values that are not finite, a penalty of 0 or less, more than 4,000 features.
    pub fn fit(features: &[Vec<f64>], targets: &[f64], penalty: f64) -> Result<Self> {
        let count = features.first().map_or(0, Vec::len);
        let wrong = |message: String| Err(DataError::Values(message));
        if count == 0 || count > MOST || features.len() != targets.len() {
            return wrong(format!(
                "{} rows of {count} features (1 to {MOST}) for {} targets",
                features.len(),
                targets.len()
            ));
        }
        if let Some(row) = features
            .iter()
            .position(|f| f.len() != count || f.iter().any(|x| !x.is_finite()))
        {
            return wrong(format!(
                "row {row} of the features has another length than {count}, or values that are not finite"
            ));
        }
        if targets.iter().any(|y| !y.is_finite()) || !(penalty.is_finite() && penalty > 0.0) {
            return wrong(format!("targets have to be finite and the penalty above 0, found {penalty}"));
        }
        let n = features.len() as f64;
        let mut mean = vec![0.0; count];
        for row in features {
            mean.iter_mut().zip(row).for_each(|(m, x)| *m += x / n);
        }
        let mut scale = vec![0.0; count];
        for row in features {
            for ((s, x), m) in scale.iter_mut().zip(row).zip(&mean) {
                *s += (x - m).powi(2) / n;
            }
        }
        let varying = scale.iter().filter(|v| **v > 1e-12).count().max(1) as f64;
        for s in &mut scale {
            *s = if *s > 1e-12 { 1.0 / (s.sqrt() * varying.sqrt()) } else { 0.0 };
        }
        let constant = targets.iter().sum::<f64>() / n;
        let mut products = vec![0.0; count * count];
        let mut right = vec![0.0; count];
        for (row, y) in features.iter().zip(targets) {
            let z = scaled(row, &mean, &scale);
            for (i, a) in z.iter().enumerate().filter(|(_, a)| **a != 0.0) {
                right[i] += a * (y - constant);
                products[i * count..(i + 1) * count]
                    .iter_mut()
                    .zip(&z)
                    .for_each(|(p, b)| *p += a * b);
            }
        }
        for i in 0..count {
            products[i * count + i] += penalty;
        }
        let weights = solve(products, right, count)?;
        Ok(Self {
            mean,
            scale,
            weights,
            constant,
        })
    }

    /// Predictions, one per row.
    ///
    /// # Errors
    /// A row with another number of features.
    pub fn predict(&self, features: &[Vec<f64>]) -> Result<Vec<f64>> {
        let one = |row: &Vec<f64>| {
            if row.len() != self.weights.len() {
                let message = format!("a row has {} features, the fit had {}", row.len(), self.weights.len());
                return Err(DataError::Values(message));
            }
            let z = scaled(row, &self.mean, &self.scale);
            Ok(self.constant + z.iter().zip(&self.weights).map(|(a, w)| a * w).sum::<f64>())
        };
        features.iter().map(one).collect()
    }
}

fn scaled(row: &[f64], mean: &[f64], scale: &[f64]) -> Vec<f64> {
    row.iter().zip(mean).zip(scale).map(|((x, m), s)| (x - m) * s).collect()
}
