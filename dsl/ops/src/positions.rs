//! Features of positions and of distances: constants, computed in double precision.

use crate::error::{OpsError, Result};
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How Enformer's gamma features are normalised; three rules are in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GammaRule {
    /// Each feature by its largest value over all distances: DeepMind's last code and the published weights.
    #[default]
    PerFeature,
    /// All by the largest value of all: DeepMind's first code.
    Global,
    /// Each distance by the largest of its features: enformer-pytorch.
    PerPosition,
}

const NAME: &str = "positions";

/// `count` numbers from `start` to `end`.
fn spaced(start: f64, end: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = if count > 1 { (end - start) / (count - 1) as f64 } else { 0.0 };
    (0..count).map(move |i| start + step * i as f64)
}

/// The symmetric features of the distances `0..positions`, feature by feature.
fn symmetric(positions: usize, each: usize, rule: GammaRule) -> Vec<Vec<f64>> {
    let length = positions as f64;
    let distances: Vec<f64> = (0..positions).map(|a| a as f64).collect();
    let mut features: Vec<Vec<f64>> = spaced(3.0, length.log2(), each)
        .map(|half| distances.iter().map(|a| (-a / half.exp2()).exp2()).collect())
        .collect();
    features.extend((1..=each).map(|i| {
        let reach = (i as f64).exp2() - 1.0;
        distances.iter().map(|a| f64::from(u8::from(*a < reach))).collect()
    }));
    let deviation = length / (2.0 * each as f64);
    let mut gammas: Vec<Vec<f64>> = spaced(length / each as f64, length, each)
        .map(|mean| {
            let (shape, rate) = ((mean / deviation).powi(2), mean / (deviation * deviation));
            let constant = shape * rate.ln() - libm::lgamma(shape);
            let density = |a: &f64| ((shape - 1.0) * a.ln() - rate * a + constant).exp() + 1e-8;
            distances.iter().map(density).collect()
        })
        .collect();
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    match rule {
        GammaRule::PerFeature => {
            for feature in &mut gammas {
                let top = largest(&mut feature.iter().copied());
                feature.iter_mut().for_each(|p| *p /= top);
            }
        }
        GammaRule::Global => {
            let top = largest(&mut gammas.iter().flatten().copied());
            gammas.iter_mut().flatten().for_each(|p| *p /= top);
        }
        GammaRule::PerPosition => {
            for a in 0..positions {
                let top = largest(&mut gammas.iter().map(|feature| feature[a]));
                gammas.iter_mut().for_each(|feature| feature[a] /= top);
            }
        }
    }
    features.extend(gammas);
    features
}

fn check(positions: usize, features: usize, divisor: usize) -> Result<usize> {
    if positions == 0 || features == 0 || !features.is_multiple_of(divisor) {
        return Err(OpsError::Setting {
            operation: NAME,
            what: "the number of features".into(),
            found: format!("{features} for {positions} positions"),
            expected: format!("a multiple of {divisor}, and at least one position"),
        });
    }
    Ok(features / divisor)
}

/// Enformer's features of all distances, `[features, 2 positions - 1]` row by row; computed once for each size.
pub(crate) fn basis(positions: usize, features: usize, rule: GammaRule) -> Result<Arc<Vec<f64>>> {
    type Known = BTreeMap<(usize, usize, GammaRule), Arc<Vec<f64>>>;
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let each = check(positions, features, 6)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(&(positions, features, rule)) {
        return Ok(found.clone());
    }
    let half = symmetric(positions, each, rule);
    let mut all = Vec::with_capacity(features * (2 * positions - 1));
    for sign in [1.0, -1.0] {
        for feature in &half {
            all.extend(feature.iter().skip(1).rev().map(|v| sign * v));
            // The signed features of distance 0 are 0.
            all.push(if sign > 0.0 { feature[0] } else { 0.0 });
            all.extend(&feature[1..]);
        }
    }
    let all = Arc::new(all);
    known.insert((positions, features, rule), all.clone());
    Ok(all)
}

/// Enformer's features of distances `1 - positions ..= positions - 1` (Avsec et al. 2021): a third of them decays
/// exponentially with half-lives from 8 to `positions`, a third says whether the distance is below `2^i - 1`, a third are
/// gamma densities; the first half of the features is symmetric, the second the same times the distance's sign.
///
/// # Shapes
/// `[features, 2 positions - 1]`.
///
/// # Errors
/// Features are not a multiple of 6, or there is no position.
pub fn enformer_positions(positions: usize, features: usize, rule: GammaRule, precision: DType) -> Result<Tensor> {
    let all = basis(positions, features, rule)?;
    Ok(Tensor::from_slice(&all, (features, 2 * positions - 1), &Device::Cpu)?.to_dtype(precision)?)
}

/// The symmetric ones of [`enformer_positions`] for the distances `0..positions`.
///
/// # Shapes
/// `[features, positions]`.
///
/// # Errors
/// Features are not a multiple of 3, or there is no position.
pub fn enformer_positions_unsigned(positions: usize, features: usize, rule: GammaRule, precision: DType) -> Result<Tensor> {
    let each = check(positions, features, 3)?;
    let all = symmetric(positions, each, rule).concat();
    Ok(Tensor::from_vec(all, (features, positions), &Device::Cpu)?.to_dtype(precision)?)
}

/// Sines and cosines of positions (Vaswani et al. 2017): feature `2 i` is `sin(p / 10000^(2 i / width))`, and `2 i + 1`
/// the cosine.
///
/// # Shapes
/// `[width, positions]`.
///
/// # Errors
/// Candle's own.
pub fn sinusoid_positions(positions: usize, width: usize, precision: DType) -> Result<Tensor> {
    let feature = |i: usize| {
        let rate = 10_000f64.powf(-((i / 2 * 2) as f64) / width as f64);
        (0..positions).map(move |p| {
            let angle = p as f64 * rate;
            if i.is_multiple_of(2) { angle.sin() } else { angle.cos() }
        })
    };
    let all: Vec<f64> = (0..width).flat_map(feature).collect();
    Ok(Tensor::from_vec(all, (width, positions), &Device::Cpu)?.to_dtype(precision)?)
}
