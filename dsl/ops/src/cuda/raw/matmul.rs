//! Matrix products.

use super::memory::Place;
use crate::error::Result;
use candle_core::Tensor;

/// A stack of row-major matrices in a tensor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack<'a> {
    /// The tensor.
    pub(crate) tensor: &'a Tensor,
    /// Its first value that belongs to the first matrix.
    pub(crate) start: usize,
    /// Values from row to row, as it is stored.
    pub(crate) row: usize,
    /// Values from matrix to matrix; 0 for the same matrix again and again.
    pub(crate) step: usize,
    /// Whether the factor is the transpose of what is stored.
    pub(crate) transposed: bool,
}

impl<'a> Stack<'a> {
    /// Matrices with rows of this length, one after the other.
    pub(crate) fn new(tensor: &'a Tensor, row: usize, step: usize) -> Self {
        Self {
            tensor,
            start: 0,
            row,
            step,
            transposed: false,
        }
    }

    /// The transposes.
    pub(crate) fn transposed(self) -> Self {
        Self {
            transposed: !self.transposed,
            ..self
        }
    }

    /// From this value on.
    pub(crate) fn from(self, start: usize) -> Self {
        Self { start, ..self }
    }
}

/// `c = scale a b (+ c) (+ bias)` for a stack of matrices: a is `[m, k]`, b is `[k, n]`, c is `[m, n]`, bias `[n]`.
///
/// The factors have one type, c has the same or, for BF16, F32; the bias has the type of c.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a> {
    pub(crate) sizes: (usize, usize, usize),
    pub(crate) count: usize,
    pub(crate) a: Stack<'a>,
    pub(crate) b: Stack<'a>,
    pub(crate) c: Stack<'a>,
    pub(crate) scale: f64,
    pub(crate) add: bool,
    pub(crate) bias: Option<&'a Tensor>,
}

impl<'a> Product<'a> {
    /// `c = a b`.
    pub(crate) fn new(sizes: (usize, usize, usize), count: usize, a: Stack<'a>, b: Stack<'a>, c: Stack<'a>) -> Self {
        Self {
            sizes,
            count,
            a,
            b,
            c,
            scale: 1.0,
            add: false,
            bias: None,
        }
    }
}

/// Computes a product.
///
/// # Errors
/// What cuBLASLt finds wrong.
pub(crate) fn product(place: &Place, product: &Product<'_>) -> Result<()> {
    let (m, n, k) = product.sizes;
    if m == 0 || n == 0 || k == 0 || product.count == 0 {
        return Ok(());
    }
    match place {
        #[cfg(feature = "cuda")]
        Place::Cuda(device) => super::blas::product(device, product),
        #[cfg(feature = "cuda-simulation")]
        Place::Simulated => super::simulated::product(product),
    }
}
