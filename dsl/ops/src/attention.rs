//! Multi-head attention.

use crate::attend::{Attend, Blocks, Mask, Sizes, extra};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// Scaled dot-product attention in heads (Vaswani et al. 2017), of a sequence to itself or to another.
///
/// The matrix of probabilities is never in memory, only blocks of it. Dropout is that of [`crate::Dropout`] in meaning:
/// it depends on seed, step and node alone.
///
/// # Shapes
/// Inputs: q `[batch, heads * dk, n]`, k `[batch, heads * dk, m]`, v `[batch, heads * dv, m]`; output
/// `[batch, heads * dv, n]`. The channels of a head lie together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// How many heads.
    pub heads: usize,
    /// The share of probabilities that are dropped in training, in `0..1`.
    pub dropout: f64,
    /// What products of queries and keys are multiplied by; `1 / sqrt(dk)` if nothing is said.
    pub scale: Option<f64>,
}

const NAME: &str = "attention";
/// Bytes of what [`saved_mask`] saves.
const MASK_BYTES: usize = 32;

/// Checks the shapes of q, k and v.
pub(crate) fn sizes(operation: &'static str, heads: usize, q: &[usize], k: &[usize], v: &[usize]) -> Result<Sizes> {
    let (&[batch, key_width, queries], &[_, _, keys], &[_, value_width, _]) = (q, k, v) else {
        let wrong = [q, k, v].into_iter().find(|dims| dims.len() != 3).unwrap_or(q);
        return Err(OpsError::shape(operation, "an input", wrong, "[batch, channel, token]"));
    };
    if heads == 0 || !key_width.is_multiple_of(heads) || !value_width.is_multiple_of(heads) || key_width == 0 {
        return Err(OpsError::Setting {
            operation,
            what: "heads".into(),
            found: heads.to_string(),
            expected: format!("a divisor of the {key_width} channels of queries and the {value_width} of values"),
        });
    }
    if k != [batch, key_width, keys] || keys == 0 {
        let expected = format!("[{batch}, {key_width}, tokens] for the queries {q:?}, and at least one token");
        return Err(OpsError::shape(operation, "the keys", k, expected));
    }
    if v != [batch, value_width, keys] {
        let expected = format!("[{batch}, channels, {keys}] for the keys {k:?}");
        return Err(OpsError::shape(operation, "the values", v, expected));
    }
    Ok(Sizes {
        batch,
        heads,
        queries,
        keys,
        key_width: key_width / heads,
        value_width: value_width / heads,
    })
}

/// Checks a share of values to drop.
pub(crate) fn check_rate(operation: &'static str, what: &str, rate: f64) -> Result<()> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    Err(OpsError::Setting {
        operation,
        what: what.into(),
        found: rate.to_string(),
        expected: "0 <= rate < 1".into(),
    })
}

/// The mask of a pass, kept for backward as a tensor of four numbers: seed, step, node, and whether there is one.
pub(crate) fn saved_mask(rate: f64, pass: &Pass) -> Result<(Option<Mask>, Tensor)> {
    let dropped = pass.training && rate > 0.0;
    let numbers = [pass.seed, pass.step, pass.node, u64::from(dropped)].map(|v| v as i64);
    let saved = Tensor::from_slice(&numbers, numbers.len(), &Device::Cpu)?;
    Ok((dropped.then(|| Mask::new(rate, pass)), saved))
}

/// The mask that [`saved_mask`] kept, and its pass.
pub(crate) fn restored_mask(rate: f64, saved: &Tensor) -> Result<(Option<Mask>, Pass)> {
    let numbers = saved.to_vec1::<i64>()?;
    let at = |i: usize| numbers.get(i).map_or(0, |v| *v as u64);
    let pass = Pass {
        training: at(3) == 1,
        seed: at(0),
        step: at(1),
        node: at(2),
    };
    Ok((pass.training.then(|| Mask::new(rate, &pass)), pass))
}

/// What attention needs, with relative keys or without.
pub(crate) fn needs(sizes: Sizes, relative: bool, number_bytes: usize) -> Needs {
    let (forward, backward) = extra(sizes, relative);
    Needs {
        saved: sizes.batch * sizes.heads * sizes.queries * number_bytes + MASK_BYTES,
        forward: forward * number_bytes,
        backward: backward * number_bytes,
        ..Needs::default()
    }
}

impl Attention {
    pub(crate) fn scale(&self, sizes: Sizes) -> f64 {
        self.scale.unwrap_or(1.0 / (sizes.key_width as f64).sqrt())
    }
}

impl Operation for Attention {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 3..=3)?;
        check_rate(NAME, "dropout", self.dropout)?;
        let sizes = sizes(NAME, self.heads, inputs[0].dims(), inputs[1].dims(), inputs[2].dims())?;
        let (mask, saved) = saved_mask(self.dropout, pass)?;
        by_precision!(NAME, inputs[0], T => {
            let (q, k, v) = (view::<T>(NAME, inputs[0])?, view::<T>(NAME, inputs[1])?, view::<T>(NAME, inputs[2])?);
            let (output, sums) = Attend {
                sizes,
                blocks: Blocks::default(),
                scale: <T as Number>::of(self.scale(sizes)),
                mask,
                q: q.slice(),
                k: k.slice(),
                v: v.slice(),
                relative: None,
            }
            .forward();
            Ok(Forward {
                output: tensor(output, &[sizes.batch, sizes.heads * sizes.value_width, sizes.queries])?,
                saved: vec![tensor(sums, &[sizes.batch, sizes.heads, sizes.queries])?, saved],
                updates: Vec::new(),
            })
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let shape = |i| kept.shape(NAME, i);
        let sizes = sizes(NAME, self.heads, shape(0)?, shape(1)?, shape(2)?)?;
        let (mask, _) = restored_mask(self.dropout, kept.saved(NAME, 1)?)?;
        by_precision!(NAME, gradient, T => {
            let input = |i| kept.input(NAME, i).and_then(|t| view::<T>(NAME, t));
            let (q, k, v) = (input(0)?, input(1)?, input(2)?);
            let (output, sums) = (view::<T>(NAME, kept.output(NAME)?)?, view::<T>(NAME, kept.saved(NAME, 0)?)?);
            let g = view::<T>(NAME, gradient)?;
            let gradients = Attend {
                sizes,
                blocks: Blocks::default(),
                scale: <T as Number>::of(self.scale(sizes)),
                mask,
                q: q.slice(),
                k: k.slice(),
                v: v.slice(),
                relative: None,
            }
            .backward(output.slice(), sums.slice(), g.slice(), [wanted[0], wanted[1], wanted[2]]);
            let all = [gradients.q, gradients.k, gradients.v];
            all.into_iter()
                .enumerate()
                .map(|(i, values)| wanted[i].then(|| tensor(values, shape(i)?)).transpose())
                .collect()
        })
    }

    fn reads(&self) -> Reads {
        Reads {
            inputs: true,
            output: true,
        }
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        sizes(NAME, self.heads, &shapes[0], &shapes[1], &shapes[2])
            .map_or_else(|_| Needs::default(), |s| needs(s, false, number_bytes))
    }
}
