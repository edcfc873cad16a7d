//! Differentiable operations on Candle tensors: each a forward and a backward pass of our own, right and fast.
//!
//! Candle gives tensors, storage and devices; its gradients are partly wrong, missing or slow, so none of them is used.
//! An [`Operation`] is a pair of passes; [`check`] holds the harness that proves every pair against float64 central
//! differences, and [`checked_operations`] names those it covers. The executor (`cistron-nn`) runs no others.
//!
//! Results don't depend on the number of threads, bit for bit: work is cut by shapes alone, sums have a fixed order.

mod activation;
mod affine;
mod arithmetic;
mod axis;
mod batch_norm;
pub mod buffer;
pub mod candle;
pub mod check;
mod concat;
mod convolution;
mod convolution2d;
mod crop;
mod dropout;
mod error;
mod flatten;
mod kernel;
mod layer_norm;
mod linear;
mod loss;
mod number;
mod operation;
mod optimizer;
mod parallel;
mod pool;
mod raw;
mod reduce;
mod reverse;
mod single;
mod strand_convolution;
mod transposed_convolution;
mod view;

pub use activation::Activation;
pub use affine::Affine;
pub use arithmetic::Arithmetic;
pub use batch_norm::BatchNorm;
pub use check::checked_operations;
pub use concat::Concat;
pub use convolution::Convolution;
pub use convolution2d::Convolution2d;
pub use crop::Crop;
pub use dropout::Dropout;
pub use error::{OpsError, Result};
pub use flatten::Flatten;
pub use kernel::{instructions, threads, with_threads};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use loss::{Along, Loss};
pub use operation::{Forward, Kept, Needs, Operation, Pass, Passes, Reads};
pub use optimizer::{
    Adam, AdamW, Average, AverageState, Clip, Clock, Group, KerasAdam, Optimizer, OptimizerState, Period, Role, Rules, Schedule,
    Settings, Sgd, Update, Warmup, learning_rate,
};
pub use pool::{PoolKind, Pooling};
pub use reduce::Reduce;
pub use reverse::Reverse;
pub use strand_convolution::{StrandCombine, StrandConvolution};
pub use transposed_convolution::{TransposedConvolution, TransposedConvolution2d};
