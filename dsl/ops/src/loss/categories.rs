//! Losses over classes that exclude each other.

use super::observed::Observed;
use crate::axis::Around;
use crate::buffer::zeroed;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::parallel::map_pieces;

/// What [`super::Loss::Probabilities`] sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entropy {
    /// `-sum t ln(p + 1e-8)` (DRG's `CEloss`).
    Cross,
    /// Half the sum of both cross-entropies, of the targets under the predictions and the other way (DRG's `SCEloss`).
    Symmetric,
    /// The symmetric form and a third of the targets' own `sum t ln(t + 1e-8)` (DRG's `HCEloss`).
    Balanced,
}

/// What is added to a probability before its logarithm.
const TINY: f64 = 1e-8;
/// The share of the targets' own entropy in [`Entropy::Balanced`].
const OWN: f64 = 0.33;

/// The entropies between probabilities of a row.
pub(super) fn of_probabilities(form: Entropy, p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
    let mut total = 0.0;
    for ((slope, p), t) in slopes.iter_mut().zip(p).zip(t) {
        let (of_p, of_t) = ((p + TINY).ln(), (t + TINY).ln());
        let (value, s) = match form {
            Entropy::Cross => (-t * of_p, -t / (p + TINY)),
            Entropy::Symmetric => (-0.5 * (t * of_p + p * of_t), -0.5 * (t / (p + TINY) + of_t)),
            Entropy::Balanced => (-0.5 * (t * of_p + p * of_t) + OWN * t * of_t, -0.5 * (t / (p + TINY) + of_t)),
        };
        total += value;
        *slope = s;
    }
    total
}

/// `-sum t ln softmax(p)`, in the stable form.
pub(super) fn of_logits(p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
    let (top, logarithm) = partition(p.iter().copied());
    let weight: f64 = t.iter().sum();
    let mut total = 0.0;
    for ((slope, p), t) in slopes.iter_mut().zip(p).zip(t) {
        let log = p - top - logarithm;
        // A class without weight may be impossible (a logit of minus infinity).
        if *t != 0.0 {
            total -= t * log;
        }
        *slope = weight * log.exp() - t;
    }
    total
}

/// The largest logit, and the logarithm of the sum of the exponentials relative to it.
fn partition(logits: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    // `f64::max` would lose a logit that is no number; the sum below keeps it.
    let top = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    (top, logits.map(|z| (z - top).exp()).sum::<f64>().ln())
}

/// The mean of `-ln p[class]`, with classes given by number, and its gradient.
///
/// # Errors
/// A class that is no whole number below the number of classes.
pub(super) fn by_number<T: Number>(
    operation: &'static str,
    p: &[T],
    observed: &Observed<'_, T>,
    a: Around,
    logits: bool,
) -> Result<(f64, Vec<T>)> {
    let known = |row: usize| observed.counts(row).then(|| observed.target[row].wide());
    let rows = a.outer * a.inner;
    if let Some(wrong) = (0..rows).filter_map(known).find(|c| c.fract() != 0.0 || *c >= a.size as f64) {
        return Err(OpsError::Setting {
            operation,
            what: "a class".into(),
            found: wrong.to_string(),
            expected: format!("a whole number below {}, or a missing one (NaN, or negative)", a.size),
        });
    }
    let counted = (0..rows).filter_map(known).count();
    let share = 1.0 / counted.max(1) as f64;
    let mut gradient = zeroed::<T>(p.len());
    let block = a.size * a.inner;
    if p.is_empty() {
        return Ok((0.0, gradient));
    }
    let sums = map_pieces(&mut gradient, block, |outer, target| {
        let values = &p[outer * block..][..block];
        let mut total = 0.0;
        for i in 0..a.inner {
            let Some(class) = known(outer * a.inner + i) else { continue };
            let class = class as usize * a.inner + i;
            if !logits {
                total -= values[class].wide();
                target[class] = T::of(-share);
                continue;
            }
            let row = (0..a.size).map(|k| values[k * a.inner + i].wide());
            let (top, logarithm) = partition(row.clone());
            total -= values[class].wide() - top - logarithm;
            for (k, z) in row.enumerate() {
                let at = k * a.inner + i;
                let share_of_class = (z - top - logarithm).exp() - f64::from(u8::from(at == class));
                target[at] = T::of(share_of_class * share);
            }
        }
        total
    });
    Ok((sums.into_iter().sum::<f64>() * share, gradient))
}
