//! Differentiable operations on Candle tensors: each a forward and a backward pass of our own, right and fast.
//!
//! Candle gives tensors, storage and devices; its gradients are partly wrong, missing or slow, so none of them is used.
//! An [`Operation`] is a pair of passes; [`check`] holds the harness that proves every pair against float64 central
//! differences, and [`checked_operations`] names those it covers. The executor (`cistron-nn`) runs no others.
//!
//! Results don't depend on the number of threads, bit for bit: work is cut by shapes alone, sums have a fixed order.

mod across;
mod activation;
mod affine;
mod arithmetic;
mod attend;
mod attention;
mod attention_pool;
mod axis;
mod batch_norm;
mod bins;
pub mod buffer;
pub mod candle;
mod channelwise;
pub mod check;
mod concat;
mod convolution;
mod convolution2d;
mod crop;
pub mod cuda;
mod dropout;
mod embedding;
mod error;
mod film;
mod flatten;
mod gather;
mod group_norm;
mod kernel;
mod layer_norm;
mod linear;
mod loss;
mod number;
mod operation;
mod optimizer;
mod outer_sum;
mod parallel;
mod pool;
mod positions;
mod power;
mod raw;
mod raw_columns;
mod reduce;
mod relative_attention;
mod reverse;
mod single;
mod softmax;
mod strand_convolution;
mod symmetric;
mod table;
mod token;
mod transpose;
mod transposed_convolution;
mod upsample;
mod view;

pub use activation::Activation;
pub use affine::Affine;
pub use arithmetic::Arithmetic;
pub use attention::Attention;
pub use attention_pool::AttentionPool;
pub use batch_norm::{BatchNorm, Running};
pub use bins::Bins;
pub use check::checked_operations;
pub use concat::Concat;
pub use convolution::Convolution;
pub use convolution2d::Convolution2d;
pub use crop::{Crop, Crop2d, Narrow, Pad};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use error::{OpsError, Result};
pub use film::Film;
pub use flatten::Flatten;
pub use gather::Gather;
pub use group_norm::GroupNorm;
pub use kernel::{instructions, threads, with_threads};
pub use layer_norm::{LayerNorm, RmsNorm};
pub use linear::Linear;
pub use loss::{Along, Contrast, Entropy, Loss, Profile};
pub use operation::{Forward, Kept, Needs, Operation, Pass, Passes, Reads};
pub use optimizer::{
    Adadelta, Adagrad, Adam, AdamW, Average, AverageState, Clip, Clock, Group, KerasAdam, NAdam, Optimizer, OptimizerState,
    Period, Role, Rules, Schedule, Settings, Sgd, Update, Warmup, learning_rate,
};
pub use outer_sum::OuterSum;
pub use pool::{Fill, PaddedPooling, PoolKind, Pooling, Pooling2d, SlidingPooling};
pub use positions::{GammaRule, enformer_positions, enformer_positions_unsigned, sinusoid_positions};
pub use power::{Clamp, Power};
pub use reduce::Reduce;
pub use relative_attention::RelativeAttention;
pub use reverse::Reverse;
pub use softmax::{LogSoftmax, Softmax};
pub use strand_convolution::{StrandCombine, StrandConvolution};
pub use symmetric::Symmetric;
pub use table::Table;
pub use token::{Latents, Positions, Token};
pub use transposed_convolution::{TransposedConvolution, TransposedConvolution2d};
pub use upsample::{Upsample, Upsample2d, UpsampleKind};
