//! What implementations have in common: tensors of an operation, their types, new tensors.

use crate::cuda::raw::{Argument, Grid, Place, contiguous, created, launch};
use crate::error::{OpsError, Result};
use candle_core::{DType, Tensor};

/// The place and the type of an operation's activations, from which it makes its tensors.
#[derive(Clone, Debug)]
pub(super) struct Site {
    operation: &'static str,
    pub(super) place: Place,
    pub(super) dtype: DType,
}

impl Site {
    /// Of the first input or the gradient.
    ///
    /// # Errors
    /// A tensor that is not on a device, or of a type that operations don't compute in.
    pub(super) fn of(operation: &'static str, tensor: &Tensor) -> Result<Self> {
        match tensor.dtype() {
            DType::F32 | DType::F64 | DType::BF16 => Ok(Self {
                operation,
                place: Place::of(operation, tensor)?,
                dtype: tensor.dtype(),
            }),
            found => Err(OpsError::Precision { operation, found }),
        }
    }

    /// The type that sums, statistics and gradients of parameters have.
    pub(super) fn computed(&self) -> DType {
        if self.dtype == DType::BF16 { DType::F32 } else { self.dtype }
    }

    /// An activation, in row-major order.
    ///
    /// # Errors
    /// Another type than the first activation's.
    pub(super) fn activation(&self, tensor: &Tensor) -> Result<Tensor> {
        self.expect(tensor, self.dtype)?;
        contiguous(tensor)
    }

    /// A parameter for a matrix product or a convolution: rounded to the activations' type.
    ///
    /// # Errors
    /// Neither the type of activations nor that of sums.
    pub(super) fn factor(&self, tensor: &Tensor) -> Result<Tensor> {
        if tensor.dtype() == self.dtype {
            return contiguous(tensor);
        }
        self.expect(tensor, self.computed())?;
        let (wide, narrow) = (contiguous(tensor)?, self.activations(tensor.dims())?);
        let count = tensor.elem_count();
        self.launch(
            "convert",
            "narrow",
            Grid::each(count),
            &[(&wide).into(), (&narrow).into(), count.into()],
        )?;
        Ok(narrow)
    }

    /// A parameter or statistic of the type of sums, in row-major order.
    ///
    /// # Errors
    /// Another type.
    pub(super) fn statistic(&self, tensor: &Tensor) -> Result<Tensor> {
        self.expect(tensor, self.computed())?;
        contiguous(tensor)
    }

    /// A gradient in the type of sums.
    ///
    /// # Errors
    /// What a kernel finds wrong.
    pub(super) fn widened(&self, tensor: Tensor) -> Result<Tensor> {
        if tensor.dtype() == self.computed() {
            return Ok(tensor);
        }
        let wide = self.statistics(tensor.dims())?;
        let count = tensor.elem_count();
        self.launch(
            "convert",
            "widen",
            Grid::each(count),
            &[(&tensor).into(), (&wide).into(), count.into()],
        )?;
        Ok(wide)
    }

    /// A sum in the activations' type.
    ///
    /// # Errors
    /// What a kernel finds wrong.
    pub(super) fn narrowed(&self, tensor: Tensor) -> Result<Tensor> {
        if tensor.dtype() == self.dtype {
            Ok(tensor)
        } else {
            self.factor(&tensor)
        }
    }

    /// The same place, with the type of sums for activations.
    pub(super) fn wide(&self) -> Self {
        Self {
            dtype: self.computed(),
            ..self.clone()
        }
    }

    /// Zeros of the type of sums.
    ///
    /// # Errors
    /// What a kernel finds wrong.
    pub(super) fn zeros(&self, dims: &[usize]) -> Result<Tensor> {
        let (wide, tensor) = (self.wide(), self.statistics(dims)?);
        let count = tensor.elem_count();
        wide.launch(
            "convert",
            "fill",
            Grid::each(count),
            &[(&tensor).into(), count.into(), 0.0.into()],
        )?;
        Ok(tensor)
    }

    fn expect(&self, tensor: &Tensor, dtype: DType) -> Result<()> {
        if tensor.dtype() == dtype {
            return Ok(());
        }
        Err(OpsError::Setting {
            operation: self.operation,
            what: "the type of an input".into(),
            found: format!("{:?}", tensor.dtype()),
            expected: format!("{dtype:?}"),
        })
    }

    /// A new tensor for activations; the caller writes every value.
    pub(super) fn activations(&self, dims: &[usize]) -> Result<Tensor> {
        created(&self.place, self.dtype, dims)
    }

    /// A new tensor for sums and statistics; the caller writes every value.
    pub(super) fn statistics(&self, dims: &[usize]) -> Result<Tensor> {
        created(&self.place, self.computed(), dims)
    }

    /// A new tensor for places; the caller writes every value.
    pub(super) fn places(&self, dims: &[usize]) -> Result<Tensor> {
        created(&self.place, DType::U32, dims)
    }

    /// Starts a kernel for the activations' type.
    pub(super) fn launch(&self, module: &str, name: &str, grid: Grid, arguments: &[Argument<'_>]) -> Result<()> {
        launch(&self.place, module, name, self.dtype, grid, arguments)
    }
}

/// Arguments of a kernel: tensors by reference, sizes, numbers.
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => {
        &[$($crate::cuda::raw::Argument::from($argument)),*]
    };
}
pub(super) use arguments;
