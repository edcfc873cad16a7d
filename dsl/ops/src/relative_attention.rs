//! Attention whose logits also depend on distances.

use crate::attend::{Attend, Blocks, Relative, Sizes};
use crate::attention::{check_rate, needs, restored_mask, saved_mask, sizes};
use crate::dropout::Dropout;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::positions::{GammaRule, basis};
use crate::raw::{Steps, parallel_product};
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// Self-attention with relative positions as in Enformer (Avsec et al. 2021, after Dai et al. 2019): the logit of a query
/// and a key is `(scale q + content) k + (scale q + position) r`, where `r` is a projection of Enformer's features of
/// their distance. Neither the matrix of logits nor a shifted copy of it is ever in memory.
///
/// # Shapes
/// Inputs: q `[batch, heads * dk, n]`, k alike, v `[batch, heads * dv, n]`, then the parameters content bias and position
/// bias, both `[heads * dk]`, and the projection of features `[heads * dk, features]`; output `[batch, heads * dv, n]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeAttention {
    /// How many heads.
    pub heads: usize,
    /// The share of probabilities that are dropped in training, in `0..1`.
    pub dropout: f64,
    /// The share of the features of distances that are dropped in training, in `0..1`.
    pub position_dropout: f64,
    /// What queries are multiplied by; `1 / sqrt(dk)` if nothing is said.
    pub scale: Option<f64>,
    /// How the gamma features are normalised.
    pub gamma: GammaRule,
}

const NAME: &str = "relative_attention";

impl RelativeAttention {
    /// The sizes, and how many features a distance has.
    pub(crate) fn sizes(&self, dims: &[&[usize]]) -> Result<(Sizes, usize)> {
        let sizes = sizes(NAME, self.heads, dims[0], dims[1], dims[2])?;
        if sizes.queries != sizes.keys {
            let expected = format!("{} tokens, as many as queries", sizes.queries);
            return Err(OpsError::shape(NAME, "the keys", dims[1], expected));
        }
        let width = sizes.heads * sizes.key_width;
        for (found, what) in dims[3..5].iter().zip(["the content bias", "the position bias"]) {
            if **found != [width] {
                return Err(OpsError::shape(NAME, what, found, format!("[{width}]")));
            }
        }
        match dims[5] {
            &[rows, features] if rows == width => Ok((sizes, features)),
            found => {
                let expected = format!("[{width}, features]");
                Err(OpsError::shape(NAME, "the projection", found, expected))
            }
        }
    }

    pub(crate) fn scale(&self, sizes: Sizes) -> f64 {
        self.scale.unwrap_or(1.0 / (sizes.key_width as f64).sqrt())
    }

    /// The features of distances after their dropout.
    fn features<T: Number>(&self, n: usize, features: usize, pass: &Pass) -> Result<Tensor> {
        let basis = basis(n, features, self.gamma)?;
        let values: Vec<T> = basis.iter().map(|v| T::of(*v)).collect();
        let all = Tensor::from_vec(values, (features, 2 * n - 1), &Device::Cpu)?;
        let dropout = Dropout {
            rate: self.position_dropout,
        };
        Ok(dropout.forward(&[&all], &Self::position_pass(pass))?.output)
    }

    /// The pass of the features' dropout: its own node, so that its stream has nothing in common with that of the
    /// probabilities.
    pub(crate) fn position_pass(pass: &Pass) -> Pass {
        Pass {
            node: !pass.node & 0xFF_FFFF_FFFF,
            ..*pass
        }
    }

    fn run<T: Number>(&self, inputs: &[&Tensor], pass: &Pass, sizes: Sizes, features: usize) -> Result<Forward> {
        let all = inputs.iter().map(|t| view::<T>(NAME, t)).collect::<Result<Vec<_>>>()?;
        let keys = self.keys::<T>(all[5].slice(), &self.features::<T>(sizes.queries, features, pass)?, sizes)?;
        let (mask, saved) = saved_mask(self.dropout, pass)?;
        let attend = self.attend([0, 1, 2, 3, 4].map(|i| all[i].slice()), &keys, sizes);
        let (output, sums) = Attend { mask, ..attend }.forward();
        Ok(Forward {
            output: tensor(output, &[sizes.batch, sizes.heads * sizes.value_width, sizes.queries])?,
            saved: vec![
                tensor(sums, &[sizes.batch, sizes.heads, sizes.queries])?,
                saved,
                Tensor::from_slice(&[u8::from(pass.training)], 1, &Device::Cpu)?,
            ],
            updates: Vec::new(),
        })
    }

    fn run_back<T: Number>(
        &self,
        kept: &Kept,
        gradient: &Tensor,
        wanted: &[bool],
        sizes: Sizes,
        features: usize,
    ) -> Result<Vec<Option<Tensor>>> {
        let all = (0..6)
            .map(|i| kept.input(NAME, i).and_then(|t| view::<T>(NAME, t)))
            .collect::<Result<Vec<_>>>()?;
        let (mask, pass) = restored_mask(self.dropout, kept.saved(NAME, 1)?)?;
        let pass = Pass {
            training: kept.saved(NAME, 2)?.to_vec1::<u8>()? == [1],
            ..pass
        };
        let basis = self.features::<T>(sizes.queries, features, &pass)?;
        let keys = self.keys::<T>(all[5].slice(), &basis, sizes)?;
        let attend = self.attend([0, 1, 2, 3, 4].map(|i| all[i].slice()), &keys, sizes);
        let (output, sums) = (view::<T>(NAME, kept.output(NAME)?)?, view::<T>(NAME, kept.saved(NAME, 0)?)?);
        let g = view::<T>(NAME, gradient)?;
        let gradients =
            Attend { mask, ..attend }.backward(output.slice(), sums.slice(), g.slice(), [wanted[0], wanted[1], wanted[2]]);
        let projection = if wanted[5] {
            let distances = 2 * sizes.queries - 1;
            let width = sizes.heads * sizes.key_width;
            let basis = view::<T>(NAME, &basis)?;
            let mut projection = vec![T::default(); width * features];
            parallel_product(
                (width, features, distances),
                &mut projection,
                false,
                (&gradients.keys, Steps::rows(distances)),
                (basis.slice(), Steps::columns(distances)),
            );
            projection
        } else {
            Vec::new()
        };
        let values = [
            gradients.q,
            gradients.k,
            gradients.v,
            gradients.content,
            gradients.position,
            projection,
        ];
        let one = |(i, values): (usize, Vec<T>)| wanted[i].then(|| tensor(values, kept.shape(NAME, i)?)).transpose();
        values.into_iter().enumerate().map(one).collect()
    }

    /// The relative keys: the projection of the features, `[heads * dk, distance]`.
    fn keys<T: Number>(&self, projection: &[T], features: &Tensor, sizes: Sizes) -> Result<Vec<T>> {
        let (count, distances) = features.dims2()?;
        let features = view::<T>(NAME, features)?;
        let width = sizes.heads * sizes.key_width;
        let mut keys = vec![T::default(); width * distances];
        parallel_product(
            (width, distances, count),
            &mut keys,
            false,
            (projection, Steps::rows(count)),
            (features.slice(), Steps::rows(distances)),
        );
        Ok(keys)
    }

    fn attend<'a, T: Number>(&self, [q, k, v, content, position]: [&'a [T]; 5], keys: &'a [T], sizes: Sizes) -> Attend<'a, T> {
        Attend {
            sizes,
            blocks: Blocks::default(),
            scale: T::of(self.scale(sizes)),
            mask: None,
            q,
            k,
            v,
            relative: Some(Relative { content, position, keys }),
        }
    }
}

impl Operation for RelativeAttention {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 6..=6)?;
        check_rate(NAME, "dropout", self.dropout)?;
        check_rate(NAME, "position dropout", self.position_dropout)?;
        let dims: Vec<&[usize]> = inputs.iter().map(|t| t.dims()).collect();
        let (sizes, features) = self.sizes(&dims)?;
        by_precision!(NAME, inputs[0], T => self.run::<T>(inputs, pass, sizes, features))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = (0..6).map(|i| kept.shape(NAME, i)).collect::<Result<Vec<_>>>()?;
        let (sizes, features) = self.sizes(&dims)?;
        by_precision!(NAME, gradient, T => self.run_back::<T>(kept, gradient, wanted, sizes, features))
    }

    fn reads(&self) -> Reads {
        Reads {
            inputs: true,
            output: true,
        }
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let dims: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
        let Ok((sizes, _)) = self.sizes(&dims) else {
            return Needs::default();
        };
        let needs = needs(sizes, true, number_bytes);
        Needs {
            saved: needs.saved + 1,
            ..needs
        }
    }
}
