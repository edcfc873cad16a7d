//! The operations on a device.

mod arrange;
mod attention;
mod batch_norm;
mod convolution;
mod dense;
mod dropout;
mod elementwise;
mod layer_norm;
mod loss;
mod maps;
mod optimizer;
mod parts;
mod pool;
mod reduce;
mod softmax;
mod sums;

pub(super) use loss::evaluate;
pub use optimizer::DeviceOptimizer;

use crate::operation::Operation;
use crate::{
    Activation, Affine, Arithmetic, Attention, BatchNorm, Concat, Convolution, Convolution2d, Crop, Dropout, Flatten, LayerNorm,
    Linear, LogSoftmax, Narrow, OuterSum, Pooling, Reduce, RelativeAttention, Reverse, RmsNorm, Softmax, Symmetric, Token,
    TransposedConvolution, TransposedConvolution2d,
};
use std::any::Any;

/// An operation on a device: the settings are those of the operation on the CPU.
#[derive(Clone, Debug)]
pub(super) struct OnCuda<O>(pub(super) O);

/// The implementation of an operation, where there is one.
pub(super) fn of(operation: &dyn Operation) -> Option<Box<dyn Operation>> {
    let any: &dyn Any = operation;
    // Virtual batches have none yet.
    if any.downcast_ref::<BatchNorm>().is_some_and(|norm| norm.group.is_some()) {
        return None;
    }
    macro_rules! one_of {
        ($($kind:ty),* $(,)?) => {
            $(if let Some(found) = any.downcast_ref::<$kind>() {
                return Some(Box::new(OnCuda(found.clone())));
            })*
        };
    }
    one_of!(
        Activation,
        Affine,
        Arithmetic,
        Attention,
        BatchNorm,
        Concat,
        Convolution,
        Convolution2d,
        Crop,
        Dropout,
        Flatten,
        LayerNorm,
        Linear,
        LogSoftmax,
        Narrow,
        OuterSum,
        Pooling,
        Reduce,
        RelativeAttention,
        Reverse,
        RmsNorm,
        Softmax,
        Symmetric,
        Token,
        TransposedConvolution,
        TransposedConvolution2d,
    );
    None
}
