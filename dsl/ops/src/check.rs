//! The harness.

/// The names of the operations that the harness covers.
pub fn checked_operations() -> &'static [&'static str] {
    &[
        "add", "subtract", "multiply", "divide", "maximum", "affine", "batch_norm", "concat", "convolution", "crop", "dropout",
        "exp", "flatten", "flip", "gelu(erf)", "gelu(sigmoid)", "gelu(tanh)", "largest", "layer_norm", "linear", "mean",
        "pool(max)", "pool(mean)", "pool(weighted)", "relu", "reverse_complement", "sigmoid", "silu", "softplus", "tanh",
    ]
}
