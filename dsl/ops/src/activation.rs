//! Functions of one value: ReLU, GELU in three forms, SiLU, softplus, sigmoid, tanh, exponential and logarithms, roots.

use crate::error::Result;
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{map, map2};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// A function of one value, applied to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`; gradient 0 at 0, as PyTorch's.
    Relu,
    /// `x Phi(x)` with the normal distribution function (PyTorch's default GELU).
    GeluErf,
    /// `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
    GeluTanh,
    /// `x sigmoid(1.702 x)` (Enformer's GELU).
    GeluSigmoid,
    /// `x sigmoid(x)`.
    Silu,
    /// `ln(1 + exp(x))`, without overflow.
    Softplus,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `exp(x)`.
    Exp,
    /// `ln(x)`.
    Log,
    /// `ln(1 + x)`, exact near 0.
    Log1p,
    /// Square root.
    SquareRoot,
    /// `|x|`; gradient 0 at 0, as PyTorch's.
    Absolute,
    /// `x^2`.
    Square,
    /// Sine.
    Sine,
}

const ROOT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044_715;
const STEEP: f64 = 1.702;

impl Activation {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Relu,
        Self::GeluErf,
        Self::GeluTanh,
        Self::GeluSigmoid,
        Self::Silu,
        Self::Softplus,
        Self::Sigmoid,
        Self::Tanh,
        Self::Exp,
        Self::Log,
        Self::Log1p,
        Self::SquareRoot,
        Self::Absolute,
        Self::Square,
        Self::Sine,
    ];

    fn apply<T: Number>(self, x: &[T]) -> Vec<T> {
        let (zero, one, half) = (T::of(0.0), T::of(1.0), T::of(0.5));
        let (root, cubic, steep) = (T::of(ROOT_2_OVER_PI), T::of(CUBIC), T::of(STEEP));
        match self {
            Self::Relu => map(
                x,
                #[inline(always)]
                move |x| if x <= zero { zero } else { x },
            ),
            Self::GeluErf => map(
                x,
                #[inline(always)]
                |x: T| x * x.normal().0,
            ),
            Self::GeluTanh => map(
                x,
                #[inline(always)]
                move |x: T| half * x * (one + (root * (x + cubic * x * x * x)).tangent()),
            ),
            Self::GeluSigmoid => map(
                x,
                #[inline(always)]
                move |x: T| x * (steep * x).logistic(),
            ),
            Self::Silu => map(
                x,
                #[inline(always)]
                |x: T| x * x.logistic(),
            ),
            Self::Softplus => map(
                x,
                #[inline(always)]
                |x: T| x.soft_plus(),
            ),
            Self::Sigmoid => map(
                x,
                #[inline(always)]
                |x: T| x.logistic(),
            ),
            Self::Tanh => map(
                x,
                #[inline(always)]
                |x: T| x.tangent(),
            ),
            Self::Exp => map(
                x,
                #[inline(always)]
                |x: T| x.exponential(),
            ),
            Self::Log => map(
                x,
                #[inline(always)]
                |x: T| x.logarithm(),
            ),
            Self::Log1p => map(
                x,
                #[inline(always)]
                |x: T| x.logarithm_above_one(),
            ),
            Self::SquareRoot => map(
                x,
                #[inline(always)]
                |x: T| x.root(),
            ),
            Self::Absolute => map(
                x,
                #[inline(always)]
                move |x: T| if x < zero { -x } else { x + zero },
            ),
            Self::Square => map(
                x,
                #[inline(always)]
                |x: T| x * x,
            ),
            Self::Sine => map(x, |x: T| T::of(x.wide().sin())),
        }
    }

    /// The gradient from `known`, which is the output where [`Operation::reads`] says so and the input otherwise.
    fn slope<T: Number>(self, known: &[T], gradient: &[T]) -> Vec<T> {
        let (zero, one, half) = (T::of(0.0), T::of(1.0), T::of(0.5));
        let (root, cubic, cubic3, steep) = (T::of(ROOT_2_OVER_PI), T::of(CUBIC), T::of(3.0 * CUBIC), T::of(STEEP));
        match self {
            Self::Relu => map2(
                known,
                gradient,
                #[inline(always)]
                move |y, g| if y > zero { g } else { zero },
            ),
            Self::GeluErf => map2(
                known,
                gradient,
                #[inline(always)]
                |x: T, g| {
                    let (distribution, density) = x.normal();
                    g * (distribution + x * density)
                },
            ),
            Self::GeluTanh => map2(
                known,
                gradient,
                #[inline(always)]
                move |x: T, g| {
                    let t = (root * (x + cubic * x * x * x)).tangent();
                    g * half * (one + t + x * (one - t * t) * root * (one + cubic3 * x * x))
                },
            ),
            Self::GeluSigmoid => map2(
                known,
                gradient,
                #[inline(always)]
                move |x: T, g| {
                    let s = (steep * x).logistic();
                    g * s * (one + steep * x * (one - s))
                },
            ),
            Self::Silu => map2(
                known,
                gradient,
                #[inline(always)]
                move |x: T, g| {
                    let s = x.logistic();
                    g * s * (one + x * (one - s))
                },
            ),
            Self::Softplus => map2(
                known,
                gradient,
                #[inline(always)]
                |x: T, g| g * x.logistic(),
            ),
            Self::Sigmoid => map2(
                known,
                gradient,
                #[inline(always)]
                move |y, g| g * y * (one - y),
            ),
            Self::Tanh => map2(
                known,
                gradient,
                #[inline(always)]
                move |y, g| g * (one - y * y),
            ),
            Self::Exp => map2(
                known,
                gradient,
                #[inline(always)]
                |y, g| g * y,
            ),
            Self::Log => map2(
                known,
                gradient,
                #[inline(always)]
                |x, g| g / x,
            ),
            Self::Log1p => map2(
                known,
                gradient,
                #[inline(always)]
                move |x, g| g / (one + x),
            ),
            Self::SquareRoot => map2(
                known,
                gradient,
                #[inline(always)]
                move |y, g| g * half / y,
            ),
            Self::Absolute => map2(
                known,
                gradient,
                #[inline(always)]
                move |x, g: T| {
                    if x > zero {
                        g
                    } else if x < zero {
                        -g
                    } else {
                        zero
                    }
                },
            ),
            Self::Square => map2(
                known,
                gradient,
                #[inline(always)]
                move |x, g| g * (x + x),
            ),
            Self::Sine => map2(known, gradient, |x: T, g| g * T::of(x.wide().cos())),
        }
    }
}

impl Operation for Activation {
    fn name(&self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::GeluErf => "gelu(erf)",
            Self::GeluTanh => "gelu(tanh)",
            Self::GeluSigmoid => "gelu(sigmoid)",
            Self::Silu => "silu",
            Self::Softplus => "softplus",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::SquareRoot => "sqrt",
            Self::Absolute => "abs",
            Self::Square => "square",
            Self::Sine => "sin",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            Ok(tensor(self.apply(x.slice()), inputs[0].dims())?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let known = if self.reads().output {
            kept.output(self.name())?
        } else {
            kept.input(self.name(), 0)?
        };
        by_precision!(self.name(), gradient, T => {
            let (x, g) = (view::<T>(self.name(), known)?, view::<T>(self.name(), gradient)?);
            Ok(vec![Some(tensor(self.slope(x.slice(), g.slice()), gradient.dims())?)])
        })
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        match self {
            Self::Relu | Self::Sigmoid | Self::Tanh | Self::Exp | Self::SquareRoot => Reads::OUTPUT,
            _ => Reads::INPUTS,
        }
    }
}
