//! The number of the bin that a value lies in.

use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Sorts values into bins that are open on the left and closed on the right: a value equal to an edge belongs to the bin
/// before it. What lies outside goes to the first or the last bin, what is no number stays so. There is no gradient.
///
/// # Shapes
/// Any, kept; the numbers travel in the input's own precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Edges in ascending order, one more than bins.
    pub edges: Vec<f64>,
}

impl Bins {
    /// `count` bins of the same width, with edges rounded to single precision as `torch.linspace` gives them.
    ///
    /// # Example
    /// ```
    /// assert_eq!(cistron_ops::Bins::equal(0.0, 10.0, 4).edges, [0.0, 2.5, 5.0, 7.5, 10.0]);
    /// ```
    pub fn equal(lowest: f64, highest: f64, count: usize) -> Self {
        let (first, last) = (lowest as f32, highest as f32);
        let step = (last - first) / count.max(1) as f32;
        let edge = |i: usize| {
            // From the nearer end, as there.
            let value = if i < count.div_ceil(2) {
                first + step * i as f32
            } else {
                last - step * (count - i) as f32
            };
            f64::from(value)
        };
        Self {
            edges: (0..=count).map(edge).collect(),
        }
    }
}

impl Operation for Bins {
    fn name(&self) -> &'static str {
        "bins"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        if self.edges.len() < 2 || !self.edges.is_sorted() {
            return Err(OpsError::Setting {
                operation: self.name(),
                what: "edges".into(),
                found: format!("{:?}", self.edges),
                expected: "at least two, in ascending order".into(),
            });
        }
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let edges: Vec<T> = self.edges.iter().map(|e| <T as Number>::of(*e)).collect();
            let last = edges.len() - 2;
            let bin = |v: &T| {
                if v.wide().is_nan() {
                    return *v;
                }
                let below = edges.partition_point(|e| *e < *v);
                <T as Number>::of(below.saturating_sub(1).min(last) as f64)
            };
            Ok(tensor(x.slice().iter().map(bin).collect(), inputs[0].dims())?.into())
        })
    }

    fn backward(&self, _: &Kept, _: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
