//! What can go wrong with a network.

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, NetworkError>;

/// A network that cannot be built, fed or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// An operation failed.
    #[error("layer `{layer}`: {source}")]
    Layer {
        /// The node's name.
        layer: String,
        /// What happened.
        #[source]
        source: Box<cistron_ops::OpsError>,
    },
    /// An input is missing or has another shape.
    #[error("input `{name}`: found {found}, expected {expected}")]
    Input {
        /// The input's name.
        name: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A layer that the network doesn't have.
    #[error("the network has no layer `{name}`{}", hint.as_ref().map(|h| format!("; did you mean `{h}`?")).unwrap_or_default())]
    UnknownLayer {
        /// The name.
        name: String,
        /// The nearest layer.
        hint: Option<String>,
    },
    /// Weights that don't fit, all mistakes at once.
    #[error("{source_name}: {} weights don't fit:\n  {}", mistakes.len(), mistakes.join("\n  "))]
    Weights {
        /// Where they come from.
        source_name: String,
        /// What is wrong, one entry per weight.
        mistakes: Vec<String>,
    },
    /// The gradient of an output that doesn't fit it.
    #[error("the gradient of output `{name}`: found {found}, expected {expected}")]
    Gradient {
        /// The output.
        name: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A graph that cannot be executed.
    #[error("the graph cannot be executed: layer `{layer}`: {what}")]
    Graph {
        /// The node's name.
        layer: String,
        /// What is wrong.
        what: String,
    },
    /// A precision that nothing computes in.
    #[error("networks compute in F32 or F64, not {0:?}")]
    Precision(candle_core::DType),
    /// Bytes that are no safetensors file.
    #[error("weights: {0}")]
    Format(String),
    /// An operation failed outside the network, for example in an optimizer.
    #[error(transparent)]
    Operation(#[from] cistron_ops::OpsError),
    /// A message of Candle's.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}
