//! Two nodes of the same shape: sum, difference, product, quotient, maximum.

use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Passes, Reads, expect_inputs};
use crate::parallel::{map, map2, map3};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// An operation on two tensors of the same shape, element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Sum.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient.
    Divide,
    /// The larger; equals share the gradient, as PyTorch's `maximum`.
    Maximum,
}

impl Arithmetic {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Add, Self::Subtract, Self::Multiply, Self::Divide, Self::Maximum];

    fn apply<T: Number>(self, a: &[T], b: &[T]) -> Vec<T> {
        match self {
            Self::Add => map2(
                a,
                b,
                #[inline(always)]
                |a, b| a + b,
            ),
            Self::Subtract => map2(
                a,
                b,
                #[inline(always)]
                |a, b| a - b,
            ),
            Self::Multiply => map2(
                a,
                b,
                #[inline(always)]
                |a, b| a * b,
            ),
            Self::Divide => map2(
                a,
                b,
                #[inline(always)]
                |a, b| a / b,
            ),
            Self::Maximum => map2(
                a,
                b,
                #[inline(always)]
                |a, b| {
                    let larger = if b > a { b } else { a };
                    // A missing value wins over a number.
                    if b.partial_cmp(&b).is_none() { b } else { larger }
                },
            ),
        }
    }

    fn first<T: Number>(self, known: Option<(&[T], &[T])>, g: &[T]) -> Vec<T> {
        let (zero, half) = (T::of(0.0), T::of(0.5));
        match (self, known) {
            (Self::Multiply, Some((_, b))) => map2(
                g,
                b,
                #[inline(always)]
                |g, b| g * b,
            ),
            (Self::Divide, Some((_, b))) => map2(
                g,
                b,
                #[inline(always)]
                |g, b| g / b,
            ),
            (Self::Maximum, Some((a, b))) => map3(
                g,
                a,
                b,
                #[inline(always)]
                move |g, a, b| {
                    if a > b {
                        g
                    } else if a < b {
                        zero
                    } else {
                        g * half
                    }
                },
            ),
            _ => map(
                g,
                #[inline(always)]
                |g| g,
            ),
        }
    }

    fn second<T: Number>(self, known: Option<(&[T], &[T])>, g: &[T]) -> Vec<T> {
        match (self, known) {
            (Self::Multiply, Some((a, _))) => map2(
                g,
                a,
                #[inline(always)]
                |g, a| g * a,
            ),
            (Self::Divide, Some((a, b))) => map3(
                g,
                a,
                b,
                #[inline(always)]
                |g, a, b| -(g * (a / b) / b),
            ),
            (Self::Maximum, Some((a, b))) => self.first(Some((b, a)), g),
            (Self::Subtract, _) => map(
                g,
                #[inline(always)]
                |g| -g,
            ),
            _ => self.first(None, g),
        }
    }
}

impl Operation for Arithmetic {
    fn name(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::Maximum => "maximum",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=2)?;
        if inputs[0].dims() != inputs[1].dims() {
            return Err(OpsError::shape(
                self.name(),
                "the second input",
                inputs[1].dims(),
                format!("{:?}, the shape of the first", inputs[0].dims()),
            ));
        }
        by_precision!(self.name(), inputs[0], T => {
            let (a, b) = (view::<T>(self.name(), inputs[0])?, view::<T>(self.name(), inputs[1])?);
            Ok(tensor(self.apply(a.slice(), b.slice()), inputs[0].dims())?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        // The gradient of a sum is the sum's gradient itself, shared and not copied.
        let whole = |i: usize| wanted[i].then(|| gradient.clone());
        if *self == Self::Add {
            return Ok(vec![whole(0), whole(1)]);
        }
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let views = if self.reads().inputs {
                Some((view::<T>(self.name(), kept.input(self.name(), 0)?)?, view::<T>(self.name(), kept.input(self.name(), 1)?)?))
            } else {
                None
            };
            let known = views.as_ref().map(|(a, b)| (a.slice(), b.slice()));
            let first = match self {
                Self::Subtract => whole(0),
                _ if wanted[0] => Some(tensor(self.first(known, g.slice()), gradient.dims())?),
                _ => None,
            };
            let second = if wanted[1] { Some(tensor(self.second(known, g.slice()), gradient.dims())?) } else { None };
            Ok(vec![first, second])
        })
    }

    fn reads(&self) -> Reads {
        match self {
            Self::Add | Self::Subtract => Reads::NOTHING,
            _ => Reads::INPUTS,
        }
    }

    fn needs(&self, _: &[Vec<usize>], _: usize) -> Needs {
        Needs {
            passes_gradient: match self {
                Self::Add => Passes::All,
                Self::Subtract => Passes::First,
                _ => Passes::None,
            },
            ..Needs::default()
        }
    }
}
