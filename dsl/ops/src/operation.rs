//! What an operation is: a forward and a backward pass over Candle tensors.

use crate::error::{OpsError, Result};
use candle_core::Tensor;

/// The circumstances of one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Whether this is training (dropout drops, batch norm measures the batch).
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// The training step.
    pub step: u64,
    /// The node's number in the graph.
    pub node: u64,
}

/// What a forward pass gives.
#[derive(Debug)]
pub struct Forward {
    /// The result.
    pub output: Tensor,
    /// What backward needs besides inputs and output (statistics, masks, places of maxima).
    pub saved: Vec<Tensor>,
    /// New values of buffers: the input's number and its value (running statistics).
    pub updates: Vec<(usize, Tensor)>,
}

impl From<Tensor> for Forward {
    fn from(output: Tensor) -> Self {
        Self {
            output,
            saved: Vec::new(),
            updates: Vec::new(),
        }
    }
}

/// Which tensors of the forward pass backward reads; all others can be freed before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// The inputs that are activations. (Parameters are there anyway.)
    pub inputs: bool,
    /// The output.
    pub output: bool,
}

impl Reads {
    /// Shapes are enough.
    pub const NOTHING: Self = Self {
        inputs: false,
        output: false,
    };
    /// The inputs.
    pub const INPUTS: Self = Self {
        inputs: true,
        output: false,
    };
    /// The output.
    pub const OUTPUT: Self = Self {
        inputs: false,
        output: true,
    };
}

/// What is left of a forward pass when backward begins.
#[derive(Debug)]
pub struct Kept {
    /// The inputs (activations, then parameters) that were kept.
    pub inputs: Vec<Option<Tensor>>,
    /// The shapes of all inputs.
    pub shapes: Vec<Vec<usize>>,
    /// The output, where it was kept.
    pub output: Option<Tensor>,
    /// What forward saved.
    pub saved: Vec<Tensor>,
}

impl Kept {
    /// Keeps of a pass what `operation` reads; `activations` of the inputs are activations, the rest are parameters.
    pub fn new(operation: &dyn Operation, inputs: &[&Tensor], activations: usize, forward: &Forward) -> Self {
        let reads = operation.reads();
        Self {
            inputs: inputs
                .iter()
                .enumerate()
                .map(|(i, t)| (i >= activations || reads.inputs).then(|| (*t).clone()))
                .collect(),
            shapes: inputs.iter().map(|t| t.dims().to_vec()).collect(),
            output: reads.output.then(|| forward.output.clone()),
            saved: forward.saved.clone(),
        }
    }

    pub(crate) fn input(&self, operation: &'static str, index: usize) -> Result<&Tensor> {
        self.inputs
            .get(index)
            .and_then(Option::as_ref)
            .ok_or_else(|| OpsError::NotKept {
                operation,
                what: format!("input {index}"),
            })
    }

    pub(crate) fn output(&self, operation: &'static str) -> Result<&Tensor> {
        self.output.as_ref().ok_or_else(|| OpsError::NotKept {
            operation,
            what: "the output".into(),
        })
    }

    pub(crate) fn saved(&self, operation: &'static str, index: usize) -> Result<&Tensor> {
        self.saved.get(index).ok_or_else(|| OpsError::NotKept {
            operation,
            what: format!("saved tensor {index}"),
        })
    }

    pub(crate) fn shape(&self, operation: &'static str, index: usize) -> Result<&[usize]> {
        self.shapes.get(index).map(Vec::as_slice).ok_or_else(|| OpsError::NotKept {
            operation,
            what: format!("the shape of input {index}"),
        })
    }
}

/// What an operation needs besides its inputs, its output and the gradients, in bytes: the harness compares it with what
/// the passes do, and the executor predicts the memory of a step from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// What forward saves for backward, in training.
    pub saved: usize,
    /// What forward allocates for itself, at most.
    pub forward: usize,
    /// What backward allocates for itself, at most.
    pub backward: usize,
    /// Whether the output lies in the memory of the first input.
    pub shares_input: bool,
    /// The inputs whose gradient lies in the memory of the output's gradient.
    pub passes_gradient: Passes,
}

/// The inputs whose gradient is the output's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passes {
    /// None of them.
    #[default]
    None,
    /// The first.
    First,
    /// All of them.
    All,
}

impl Passes {
    /// Whether the input at this place is among them.
    pub fn contains(self, place: usize) -> bool {
        self == Self::All || (self == Self::First && place == 0)
    }
}

impl Needs {
    /// An output that is the first input under another shape, with nothing computed either way.
    pub const VIEW: Self = Self {
        saved: 0,
        forward: 0,
        backward: 0,
        shares_input: true,
        passes_gradient: Passes::First,
    };
}

/// A differentiable operation on Candle tensors.
///
/// Layouts are `[batch, channel, position]`, `[batch, channel, row, column]` and `[batch, feature]`. Inputs that are not
/// contiguous are copied first. Results don't depend on the number of threads, bit for bit: work is split by the shape
/// alone and sums have a fixed order. A result lies in memory of its own or in that of the inputs, never in memory that
/// the operation goes on holding: the executor gives it back to the pool of buffers.
pub trait Operation: std::any::Any + std::fmt::Debug + Send + Sync {
    /// The name that messages, the harness and [`crate::checked_operations`] know it by.
    fn name(&self) -> &'static str;

    /// Computes the output from the inputs: activations, then parameters.
    ///
    /// # Errors
    /// A shape that doesn't fit, or a type other than F32 and F64.
    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward>;

    /// Computes the gradients of the inputs that are `wanted` from the gradient of the output.
    ///
    /// # Errors
    /// A tensor that [`Operation::reads`] does not name is missing, or a shape does not fit.
    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>>;

    /// What backward reads.
    fn reads(&self) -> Reads;

    /// Whether the output costs about as little to compute again as to read: one pass over memory, from one activation.
    fn is_cheap(&self) -> bool {
        false
    }

    /// What it needs besides inputs, output and gradients, for inputs of these shapes whose numbers have so many bytes.
    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let _ = (shapes, number_bytes);
        Needs::default()
    }
}

impl<O: Operation + ?Sized> Operation for Box<O> {
    fn name(&self) -> &'static str {
        (**self).name()
    }
    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        (**self).forward(inputs, pass)
    }
    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        (**self).backward(kept, gradient, wanted)
    }
    fn reads(&self) -> Reads {
        (**self).reads()
    }
    fn is_cheap(&self) -> bool {
        (**self).is_cheap()
    }
    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        (**self).needs(shapes, number_bytes)
    }
}

/// Checks the number of inputs.
pub(crate) fn expect_inputs(operation: &'static str, inputs: &[&Tensor], allowed: std::ops::RangeInclusive<usize>) -> Result<()> {
    if allowed.contains(&inputs.len()) {
        return Ok(());
    }
    let expected = if allowed.start() == allowed.end() {
        allowed.start().to_string()
    } else {
        format!("{} to {}", allowed.start(), allowed.end())
    };
    Err(OpsError::Setting {
        operation,
        what: "the number of inputs".into(),
        found: inputs.len().to_string(),
        expected,
    })
}
