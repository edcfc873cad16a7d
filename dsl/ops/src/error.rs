//! What can go wrong in an operation, a loss or an optimizer.

use candle_core::DType;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, OpsError>;

/// A mistake in the use of an operation, a loss or an optimizer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// A tensor has another shape than the operation takes.
    #[error("{operation}: {what} has shape {found}, expected {expected}")]
    Shape {
        /// The operation.
        operation: &'static str,
        /// Which tensor.
        what: String,
        /// Its shape.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The setting of an operation is impossible.
    #[error("{operation}: {what} is {found}, expected {expected}")]
    Setting {
        /// The operation.
        operation: &'static str,
        /// Which setting.
        what: String,
        /// Its value.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A tensor has a type that no operation computes in.
    #[error("{operation}: the tensor's type is {found:?}, expected F32 or F64; convert it with `to_dtype`")]
    Precision {
        /// The operation.
        operation: &'static str,
        /// The type.
        found: DType,
    },
    /// Backward asked for a tensor that forward did not keep.
    #[error("{operation}: backward needs {what}, which was not kept; `reads` must say that it is read")]
    NotKept {
        /// The operation.
        operation: &'static str,
        /// The tensor.
        what: String,
    },
    /// A number that should be finite is not.
    #[error("{operation}: {what} is not finite")]
    NotFinite {
        /// The operation.
        operation: &'static str,
        /// Which number.
        what: String,
    },
    /// An operation has no implementation for the device of its tensors.
    #[error(
        "`{operation}` has no implementation for {device} yet; move the network and its inputs to the CPU (nothing is copied unasked)"
    )]
    Device {
        /// The operation.
        operation: &'static str,
        /// The device.
        device: String,
    },
    /// A CUDA device is missing, or something went wrong on one.
    #[error("CUDA: {0}")]
    Cuda(String),
    /// The state of an optimizer does not fit.
    #[error("optimizer state: {what}: found {found}, expected {expected}")]
    State {
        /// Which entry.
        what: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A message of Candle's.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl OpsError {
    /// A [`OpsError::Shape`] from the two shapes.
    pub(crate) fn shape(operation: &'static str, what: impl Into<String>, found: &[usize], expected: impl Into<String>) -> Self {
        Self::Shape {
            operation,
            what: what.into(),
            found: format!("{found:?}"),
            expected: expected.into(),
        }
    }
}
